"""The part of a document that says what there is to read in it, and how far reading it has come."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime

from domain.personal.document_terms import DocumentSettled, DocumentState, NotProcessing
from domain.personal.document_versions import Versions
from domain.shared.known import say
from domain.shared.values import Fraction, Label, Language, Line, Text


class Reading(Versions):
    """A document that a program reads, so that it can be found by its words."""

    _: KW_ONLY
    state: DocumentState = DocumentState.RECEIVED
    language: str | None = None
    text: str = ""
    text_of_version: int | None = None
    """The version that the text was read from."""
    ocr_engine: str | None = None
    ocr_confidence: float | None = None
    ocr_at: datetime | None = None
    """When the text was kept."""
    failure: str | None = None

    class Event(Versions.Event):
        """Any event of a document."""

    class ProcessingStarted(Event):
        TOPIC = "document.processing_started"

        def apply(self, document: Reading) -> None:
            document.state = DocumentState.PROCESSING
            document.failure = None

    class ProcessingFailed(Event):
        TOPIC = "document.processing_failed"
        failure: str

        def apply(self, document: Reading) -> None:
            super().apply(document)
            document.state = DocumentState.FAILED

    class TextRecognised(Event):
        TOPIC = "document.text_recognised"
        state: DocumentState
        language: str | None
        text: str
        text_of_version: int
        ocr_engine: str | None
        ocr_confidence: float | None

        def apply(self, document: Reading) -> None:
            super().apply(document)
            document.ocr_at = self.timestamp
            document.failure = None

    class ReviewRequested(Event):
        TOPIC = "document.review_requested"
        reason: str

        def apply(self, document: Reading) -> None:
            document.state = DocumentState.NEEDS_REVIEW

    def start_processing(self) -> None:
        """Note that a program reads the document now."""
        self._require_unsettled()
        if self.state is not DocumentState.PROCESSING:
            self.trigger_event(self.ProcessingStarted)

    def fail_processing(self, reason: Line) -> None:
        """Note that it could not be read; it may be tried again."""
        if self.state is not DocumentState.PROCESSING:
            raise NotProcessing
        self.trigger_event(self.ProcessingFailed, failure=reason)

    def recognise_text(
        self,
        text: Text,
        *,
        language: Language | None = None,
        engine: Label | None = None,
        confidence: Fraction | None = None,
    ) -> None:
        """Keep what a program has read in the current version; a document that was filed stays so."""
        under_way = self.state in (DocumentState.PROCESSING, DocumentState.FAILED)
        said = {
            "state": DocumentState.RECEIVED if under_way else self.state,
            "language": language or self.language,
            "text": text,
            "text_of_version": self.current_version,
            "ocr_engine": engine,
            "ocr_confidence": confidence,
        }
        say(self, self.TextRecognised, **said)

    def request_review(self, reason: Line = "") -> None:
        """Ask a person to look at the document before it is filed; filing it answers that."""
        self._require_unsettled()
        if self.state is not DocumentState.NEEDS_REVIEW:
            self.trigger_event(self.ReviewRequested, reason=reason)

    def _require_unsettled(self) -> None:
        if self.state in (DocumentState.FILED, DocumentState.ARCHIVED):
            raise DocumentSettled
