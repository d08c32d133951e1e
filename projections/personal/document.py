"""What can be asked of documents."""

from __future__ import annotations

from datetime import UTC, datetime, time

from domain.personal.document import Document
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(document: Document) -> Moment:
    day = document.issued_on or document.received_on
    at = datetime.combine(day, time(), UTC) if day is not None else document.created_on
    return Moment(at, document.title, document.doc_type.value)


def _words(document: Document) -> Words:
    texts = (document.correspondent_name, document.reference_number, document.folder, document.text)
    return Words(document.title, "\n".join(text for text in texts if text))


VIEW = View(
    Document,
    RecordTable(
        Document,
        "documents",
        filters=("doc_type", "state"),
        orders=("issued_on", "expires_on"),
        listed=("title", "doc_type", "issued_on", "expires_on"),
    ),
    derived=(on_timeline(_moment), in_search(_words)),
)
