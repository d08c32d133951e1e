"""The digest of content stays under encryption: no row of a read table tells it, whatever the content is part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from domain.catalogue import KINDS
from domain.communication.email import Email
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.personal.document import Document
from domain.personal.health_record import HealthRecord
from domain.personal.health_record_terms import Code, FhirResource
from domain.productivity.note import Note
from domain.shared.record import Origin, Record
from domain.shared.values import StoredContent, new_id
from domain.web.web_page import WebPage
from infrastructure.ledger.codec import decode_state, encode_state
from projections.catalogue import view_of

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DIGEST = "5eed" * 16
CONTENT = StoredContent(new_id(), 3, "text/plain", DIGEST)


def origin() -> Origin:
    return Origin(new_id())


def a_note() -> Note:
    note = Note.write(origin(), "Receipts")
    note.attach("receipt.txt", CONTENT)
    return note


def a_page() -> WebPage:
    page = WebPage.save(origin(), "https://example.org/", saved_at=NOON)
    page.capture(CONTENT)
    return page


def a_condition() -> HealthRecord:
    fhir = FhirResource("Condition", raw=CONTENT)
    return HealthRecord.diagnose(origin(), Code("asthma"), fhir=fhir)


WITH_CONTENT: Mapping[str, Callable[[], Record]] = {
    "media": lambda: Media.add(origin(), CONTENT, kind=MediaKind.PHOTO),
    "email": lambda: Email.receive(origin(), received_at=NOON, source_content=CONTENT),
    "document": lambda: Document.receive(origin(), "Lease", content=CONTENT),
    "note": a_note,
    "web_page": a_page,
    "health_record": a_condition,
}


def test_every_kind_that_keeps_content_is_looked_at() -> None:
    fields = {kind: view_of(kind).table._fields for kind in KINDS}
    schemas = {
        kind: "".join(str(field.adapter.json_schema()) for field in those if field.adapter is not None)
        for kind, those in fields.items()
    }
    assert {kind for kind, schema in schemas.items() if "blob_id" in schema} == WITH_CONTENT.keys()


@pytest.mark.parametrize("kind", WITH_CONTENT)
def test_a_row_tells_the_id_of_content_and_not_its_digest(kind: str) -> None:
    record = WITH_CONTENT[kind]()
    table = view_of(kind).table
    row = table.row(1, record)
    told = repr([row, [list(derived.rows(record)) for derived in view_of(kind).derived]])
    assert str(CONTENT.blob_id) in told
    assert "digest" not in told
    assert DIGEST not in told
    assert str(CONTENT.blob_id) in repr(vars(table.record(row)))
    assert DIGEST not in repr(vars(table.record(row)))


@pytest.mark.parametrize("kind", WITH_CONTENT)
def test_the_state_in_a_snapshot_keeps_the_digest(kind: str) -> None:
    record = WITH_CONTENT[kind]()
    assert DIGEST in repr(decode_state(type(record), encode_state(record)))


def test_content_is_written_as_it_was_before_it_had_a_digest() -> None:
    record = WITH_CONTENT["media"]()
    columns = [column.name for column in view_of("media").table.table.written]
    row = dict(zip(columns, view_of("media").table.row(1, record), strict=True))
    assert (
        row["content"]
        == b'{"blob_id":"%s","size":3,"media_type":"text/plain"}' % str(CONTENT.blob_id).encode()
    )
