"""Rows in the binary format of PostgreSQL's COPY, packed whole ("Binary Format" in the documentation of COPY).

psycopg adapts every value of a row by a call in Python, which took a tenth of an import's processor time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from infrastructure.ledger.events import Append, SealedEvent, SourceEntry

PIECE_ROWS = 64
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LENGTH = struct.Struct(">i")
_NULL = _LENGTH.pack(-1)
# Each value is preceded by its length; the first number of a row is that of its columns.
_PLACE = struct.Struct(">h ih iq i16s i16s iq")  # bucket, position, subject, record, version
_SCHEMA_VERSION = struct.Struct(">ih")
_MOMENT = struct.Struct(">iq")
_SOURCE = struct.Struct(">h ih i32s i16s i16s")  # bucket, blind name, subject, record


def pieces(rows: Iterable[bytes]) -> Iterator[bytes]:
    """Join rows into pieces of PIECE_ROWS: the server takes one in while the next is packed."""
    taken = iter(rows)
    while piece := b"".join(islice(taken, PIECE_ROWS)):
        yield piece


def event_rows(bucket: int, first: int, append: Append) -> Iterator[bytes]:
    """Yield header, a row of ``ledger.events`` for each event from position ``first`` on, and trailer."""
    by = append.attribution
    subject = append.subject_id.bytes
    ids = (by.actor_id, by.command_id, by.correlation_id, by.causation_id)
    attribution = b"".join(_id(each) for each in ids)
    descriptions: dict[object, bytes] = {}
    yield HEADER
    for position, event in enumerate(append.events, first):
        what = (event.kind, event.topic, event.schema_version, event.key_id)
        described = descriptions.get(what)
        if described is None:
            described = descriptions[what] = _description(event)
        yield b"".join(
            (
                _PLACE.pack(
                    16, 2, bucket, 8, position, 16, subject, 16, event.record_id.bytes, 8, event.version
                ),
                described,
                _MOMENT.pack(8, _microseconds(event.recorded_at)),
                attribution,
                _LENGTH.pack(len(event.body)),
                event.body,
                _LENGTH.pack(len(event.digest)),
                event.digest,
            )
        )
    yield TRAILER


def source_rows(bucket: int, subject_id: UUID, sources: Iterable[SourceEntry]) -> Iterator[bytes]:
    """Yield header, a row of ``ledger.sources`` for each entry, and trailer."""
    subject = subject_id.bytes
    yield HEADER
    for each in sources:
        place = _SOURCE.pack(5, 2, bucket, 32, each.source, 16, subject, 16, each.record_id.bytes)
        yield place + _value(each.content_digest)
    yield TRAILER


def _description(event: SealedEvent) -> bytes:
    """Return kind, topic, schema version and key: what most events of an append have in common."""
    kind = _NULL if event.kind is None else _value(event.kind.encode())
    schema_version = _SCHEMA_VERSION.pack(2, event.schema_version)
    return kind + _value(event.topic.encode()) + schema_version + _id(event.key_id)


def _id(value: UUID | None) -> bytes:
    return _NULL if value is None else _value(value.bytes)


def _value(raw: bytes) -> bytes:
    return _LENGTH.pack(len(raw)) + raw


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
