"""The part of a medium that programs find out: what is written or said in it, what it looks like, whether it is safe."""

from __future__ import annotations

from dataclasses import KW_ONLY

from domain.media.media_terms import MediaQuarantined, PerceptualHash, Processing
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.values import Label, Language, Line, Text


class Recognition(Content):
    """Something seen or heard that a program has looked at or listened to."""

    _: KW_ONLY
    processing: Processing = Processing.READY
    processing_problem: str | None = None
    ocr_text: str = ""
    ocr_language: str | None = None
    ocr_engine: str | None = None
    transcript: str = ""
    transcript_language: str | None = None
    transcript_engine: str | None = None
    phash: str | None = None

    class Event(Content.Event):
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

    class ProcessingFailed(Event):
        TOPIC = "media.processing_failed"
        processing: Processing
        processing_problem: str

    class Quarantined(Event):
        TOPIC = "media.quarantined"
        processing: Processing
        processing_problem: str

    class Released(Event):
        TOPIC = "media.released"
        processing: Processing
        processing_problem: str | None

    def recognise_text(
        self, text: Text, *, language: Language | None = None, engine: Label | None = None
    ) -> None:
        """Keep what a program has read in the picture; it is searched."""
        say(self, self.TextRecognised, ocr_text=text, ocr_language=language, ocr_engine=engine)

    def transcribe(
        self, text: Text, *, language: Language | None = None, engine: Label | None = None
    ) -> None:
        """Keep what a program has heard in the recording; it is searched."""
        say(self, self.Transcribed, transcript=text, transcript_language=language, transcript_engine=engine)

    def record_hash(self, phash: PerceptualHash) -> None:
        """Keep what near-duplicates are found by."""
        say(self, self.Hashed, phash=phash)

    def fail_processing(self, reason: Line) -> None:
        """Note that a program could not make anything of the bytes; a quarantine stands."""
        if self.processing is Processing.QUARANTINED:
            raise MediaQuarantined
        say(self, self.ProcessingFailed, processing=Processing.FAILED, processing_problem=reason)

    def quarantine(self, reason: Line) -> None:
        """Warn of bytes that may do harm, or are not what they say they are."""
        say(self, self.Quarantined, processing=Processing.QUARANTINED, processing_problem=reason)

    def release(self) -> None:
        """Take back that the bytes are dangerous, or could not be read."""
        say(self, self.Released, processing=Processing.READY, processing_problem=None)


def forget_findings(media: Recognition) -> None:
    """Be as before any program looked at the bytes, where others come in their place."""
    media.processing, media.processing_problem, media.phash = Processing.READY, None, None
    media.ocr_text = media.transcript = ""
    media.ocr_language = media.ocr_engine = media.transcript_language = media.transcript_engine = None
