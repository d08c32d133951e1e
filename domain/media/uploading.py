"""The part of a medium that is its bytes: whether they are here, and how programs get on with them."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Self

from domain.media.media_terms import (
    MediaQuarantined,
    NothingAwaited,
    NothingUploaded,
    NotProcessing,
    Orientation,
    Pixels,
    Processing,
)
from domain.shared.content import Content
from domain.shared.known import say, with_known
from domain.shared.values import Count, Line, StoredContent


class Uploading(Content):
    """Something whose bytes are announced, come, and are looked at by a program before it is ready.

    Most media are ready at once, because they are recorded when their bytes are stored. There are no bytes as long as
    they are awaited, and where their upload was given up.
    """

    _: KW_ONLY
    content: StoredContent | None = None
    width: int | None = None
    height: int | None = None
    orientation: int = 1
    duration_ms: int | None = None
    processing: Processing = Processing.READY
    processing_problem: str | None = None

    class Event(Content.Event):
        """Any event of a medium."""

    class UploadCompleted(Event):
        """The first bytes: they take nothing back that a source has said of the medium, so they are no edit of it."""

        TOPIC = "media.upload_completed"
        BY_SOURCE = True
        content: StoredContent
        width: int | None
        height: int | None
        orientation: int
        duration_ms: int | None

        def apply(self, media: Uploading) -> None:
            super().apply(media)
            media.processing, media.processing_problem = Processing.UPLOADED, None

    class UploadAborted(Event):
        TOPIC = "media.upload_aborted"
        processing: Processing
        processing_problem: str

    class ProcessingStarted(Event):
        TOPIC = "media.processing_started"

        def apply(self, media: Uploading) -> None:
            media.processing, media.processing_problem = Processing.PROCESSING, None

    class ProcessingFinished(Event):
        TOPIC = "media.processing_finished"

        def apply(self, media: Uploading) -> None:
            media.processing = Processing.READY

    class ProcessingFailed(Event):
        TOPIC = "media.processing_failed"
        processing: Processing
        processing_problem: str

    class Quarantined(Event):
        TOPIC = "media.quarantined"
        IN_TRASH = True  # where a revert brings a medium back to
        processing: Processing
        processing_problem: str

    class Released(Event):
        TOPIC = "media.released"
        processing: Processing
        processing_problem: str | None

    def complete_upload(
        self,
        content: StoredContent,
        *,
        width: Pixels | None = None,
        height: Pixels | None = None,
        orientation: Orientation | None = None,
        duration_ms: Count | None = None,
    ) -> None:
        """Take the bytes that were announced, be it after their upload was given up; measures left out stay as announced."""
        self._require_none()
        measures = with_known(
            self, width=width, height=height, orientation=orientation, duration_ms=duration_ms
        )
        self.trigger_event(self.UploadCompleted, content=content, **measures)

    def abort_upload(self, reason: Line = "") -> None:
        """Note that the announced bytes will not come: the medium has failed, until they come all the same.

        It is not put into the trash: what the person has said of it is theirs to throw away.
        """
        self._require_none()
        say(self, self.UploadAborted, processing=Processing.FAILED, processing_problem=reason)

    def begin_processing(self) -> None:
        """Note that a program looks at the bytes now, for the first time or again."""
        self._require_bytes()
        if self.processing is Processing.QUARANTINED:
            raise MediaQuarantined
        if self.processing is not Processing.PROCESSING:
            self.trigger_event(self.ProcessingStarted)

    def finish_processing(self) -> None:
        """Note that the program has done with the bytes: the medium is ready."""
        if self.processing is not Processing.PROCESSING:
            raise NotProcessing
        self.trigger_event(self.ProcessingFinished)

    def fail_processing(self, reason: Line) -> None:
        """Note that a program could not make anything of the bytes; a quarantine stands."""
        self._require_bytes()
        if self.processing is Processing.QUARANTINED:
            raise MediaQuarantined
        say(self, self.ProcessingFailed, processing=Processing.FAILED, processing_problem=reason)

    def quarantine(self, reason: Line) -> None:
        """Warn of bytes that may do harm, or are not what they say they are; until ``release`` no link shows them."""
        self._require_bytes()
        say(self, self.Quarantined, processing=Processing.QUARANTINED, processing_problem=reason)

    def release(self) -> None:
        """Take back that the bytes are dangerous, or could not be read."""
        self._require_bytes()
        if self.processing in (Processing.FAILED, Processing.QUARANTINED):
            say(self, self.Released, processing=Processing.READY, processing_problem=None)

    @property
    def presentable(self) -> bool:
        """Not under quarantine, and not as long as there is nothing to see or hear."""
        here = self.content is not None and self.processing is not Processing.QUARANTINED
        return here and super().presentable

    def _tell_others(self, before: Self) -> None:
        """Warn again of the same bytes after a revert: who goes back has not looked at them, who releases has."""
        super()._tell_others(before)
        if before.processing is Processing.QUARANTINED and self.content == before.content:
            say(
                self,
                self.Quarantined,
                processing=before.processing,
                processing_problem=before.processing_problem,
            )

    def _require_bytes(self) -> None:
        if self.content is None:
            raise NothingUploaded

    def _require_none(self) -> None:
        if self.content is not None:
            raise NothingAwaited
