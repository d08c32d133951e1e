"""The part of a medium that programs find out: what is written or said in it, and what it looks like, until other bytes come."""

from __future__ import annotations

from dataclasses import KW_ONLY

from domain.media.media_terms import Orientation, PerceptualHash, Pixels, Processing
from domain.media.uploading import Uploading
from domain.shared.known import say
from domain.shared.values import Count, Label, Language, StoredContent, Text


class Recognition(Uploading):
    """Something seen or heard that a program has looked at or listened to."""

    _: KW_ONLY
    ocr_text: str = ""
    ocr_language: str | None = None
    ocr_engine: str | None = None
    transcript: str = ""
    transcript_language: str | None = None
    transcript_engine: str | None = None
    phash: str | None = None

    class Event(Uploading.Event):
        """Any event of a medium."""

    class TextRecognised(Event):
        TOPIC = "media.text_recognised"
        ocr_text: str
        ocr_language: str | None
        ocr_engine: str | None

    class Transcribed(Event):
        TOPIC = "media.transcribed"
        transcript: str
        transcript_language: str | None
        transcript_engine: str | None

    class Hashed(Event):
        TOPIC = "media.hashed"
        phash: str

    class ContentReplaced(Event):
        TOPIC = "media.content_replaced"
        content: StoredContent
        width: int | None
        height: int | None
        orientation: int
        duration_ms: int | None

        def apply(self, media: Recognition) -> None:
            super().apply(media)
            forget_findings(media)

    def replace_content(
        self,
        content: StoredContent,
        *,
        width: Pixels | None = None,
        height: Pixels | None = None,
        orientation: Orientation = 1,
        duration_ms: Count | None = None,
    ) -> None:
        """Put other bytes in the place of the original, such as an edited or better copy."""
        self._require_bytes()
        if self.content is not None and content.is_same_as(self.content):
            content = self.content
        say(
            self,
            self.ContentReplaced,
            content=content,
            width=width,
            height=height,
            orientation=orientation,
            duration_ms=duration_ms,
        )

    def recognise_text(
        self, text: Text, *, language: Language | None = None, engine: Label | None = None
    ) -> None:
        """Keep what a program has read in the picture; it is searched."""
        self._require_bytes()
        say(self, self.TextRecognised, ocr_text=text, ocr_language=language, ocr_engine=engine)

    def transcribe(
        self, text: Text, *, language: Language | None = None, engine: Label | None = None
    ) -> None:
        """Keep what a program has heard in the recording; it is searched."""
        self._require_bytes()
        say(self, self.Transcribed, transcript=text, transcript_language=language, transcript_engine=engine)

    def record_hash(self, phash: PerceptualHash) -> None:
        """Keep what near-duplicates are found by."""
        self._require_bytes()
        say(self, self.Hashed, phash=phash)


def forget_findings(media: Recognition) -> None:
    """Be as before any program looked at the bytes, where others come in their place."""
    media.processing, media.processing_problem, media.phash = Processing.READY, None, None
    media.ocr_text = media.transcript = ""
    media.ocr_language = media.ocr_engine = media.transcript_language = media.transcript_engine = None
