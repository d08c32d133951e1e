"""How far a program has come with reading a document, and what it read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.personal.document import Document
from domain.personal.document_terms import DocumentNotFiled, DocumentSettled, DocumentState, NotProcessing
from tests.domain.personal.papers import SIGNED, received, topics


def test_text_is_kept_with_the_version_it_was_read_from() -> None:
    document = received(language="de")
    document.start_processing()
    document.start_processing()
    before = document.state
    for _ in range(2):
        document.recognise_text("Mietvertrag", engine="tesseract", confidence=0.9)
    document.add_version(SIGNED)
    assert (document.text, document.text_of_version, document.current_version) == ("Mietvertrag", 1, 2)
    read_at = document.pending_events[2].timestamp
    assert (document.ocr_at, document.pending_events[2].TOPIC) == (read_at, "document.text_recognised")  # type: ignore[attr-defined]  # an event of a document
    assert (document.language, document.ocr_engine, document.ocr_confidence) == ("de", "tesseract", 0.9)
    assert (before, document.state) == (DocumentState.PROCESSING, DocumentState.RECEIVED)
    assert topics(document)[1:] == [
        "document.processing_started",
        "document.text_recognised",
        "document.version_added",
    ]


def test_failure_is_noted_and_a_later_try_ends_it() -> None:
    document = received()
    with pytest.raises(NotProcessing):
        document.fail_processing("unreadable")
    document.start_processing()
    document.fail_processing("unreadable")
    assert (document.state, document.failure) == (DocumentState.FAILED, "unreadable")
    document.recognise_text("Lease", language="en")
    assert (document.state, document.failure, document.language) == (DocumentState.RECEIVED, None, "en")


def test_document_is_looked_at_before_it_is_filed() -> None:
    document = received()
    document.request_review("two pages missing?")
    document.request_review()
    document.recognise_text("Lease")
    waiting = document.state
    with pytest.raises(DocumentNotFiled):
        document.archive()
    document.file("Flat")
    assert (waiting, document.state) == (DocumentState.NEEDS_REVIEW, DocumentState.FILED)


@pytest.mark.parametrize("step", [Document.start_processing, Document.request_review])
def test_filed_document_is_settled_though_its_text_may_still_be_read(
    step: Callable[[Document], None],
) -> None:
    document = received()
    document.file("Flat")
    document.recognise_text("Lease")
    assert document.state is DocumentState.FILED
    with pytest.raises(DocumentSettled):
        step(document)
