"""Content is kept encrypted, in pieces, bound to its record, and never whole in memory."""

from __future__ import annotations

import hashlib
import secrets
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from domain.communication.email import Email
from domain.shared.values import StoredContent
from infrastructure.blobs.blobs import INLINE_BYTES, PIECE_BYTES, _opened_pieces, _sealed_pieces
from infrastructure.crypto.cipher import Cipher
from infrastructure.errors import CorruptEvent, NotFound
from infrastructure.importers.batch import Intake
from infrastructure.importers.draft import Content, Draft
from infrastructure.ledger.buckets import bucket_of
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases

KEY = bytes(32)


def keep(me: Session, content: Content) -> StoredContent:
    """Import a mail with this source; return what its record says of it."""
    arguments = {"received_at": me.load(me.subject_id).created_on, "subject": "mail"}
    draft = Draft("email", "receive", uuid4().hex, arguments, content=content)
    Intake(me, "test").take([draft])
    row = me.engine.ledger.tail(bucket_of(me.subject_id), 0, 1000)[-1]
    email = me.load(row.record_id)
    assert isinstance(email, Email)
    assert email.source_content is not None
    return email.source_content


@pytest.mark.parametrize("size", [0, 1, INLINE_BYTES, INLINE_BYTES + 1, PIECE_BYTES, PIECE_BYTES * 2 + 17])
def test_content_of_any_size_comes_back_whole(me: Session, size: int) -> None:
    data = secrets.token_bytes(size)
    kept = keep(me, Content("source_content", "message/rfc822", data=data))
    assert (kept.size, kept.media_type) == (size, "message/rfc822")
    assert b"".join(me.content(kept.blob_id)) == data


@pytest.mark.parametrize("size", [0, 11, INLINE_BYTES, INLINE_BYTES + 1, PIECE_BYTES, PIECE_BYTES * 3 + 17])
def test_content_is_stored_with_the_digest_of_its_bytes(me: Session, tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(secrets.token_bytes(size))
    kept = keep(me, Content("source_content", "message/rfc822", path=path))
    assert kept.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_digest_of_content_stands_in_no_table(me: Session, store: Store, databases: Databases) -> None:
    kept = [
        keep(me, Content("source_content", "message/rfc822", data=secrets.token_bytes(size)))
        for size in (9, INLINE_BYTES + 1)
    ]
    store.catch_up()
    rows = list(every_row(databases.ledger)) + list(every_row(databases.keys))
    for content in kept:
        assert content.digest is not None
        found_id = [table for table, row in rows if str(content.blob_id) in row]
        assert found_id == ["ledger.blobs", "read.emails"]
        assert [table for table, row in rows if content.digest in row.lower()] == []


def every_row(url: str) -> Iterator[tuple[str, str]]:
    """Yield every row of a database as text, bytes in hexadecimal."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            for (row,) in connection.execute(f"SELECT each::text FROM {table} each"):
                yield table, row


def test_only_large_content_leaves_the_ledger_and_nothing_is_in_clear(
    me: Session, settings: Settings, databases: Databases
) -> None:
    planted = secrets.token_hex(32).encode()
    keep(me, Content("source_content", "message/rfc822", data=planted))
    keep(me, Content("source_content", "message/rfc822", data=planted * (INLINE_BYTES // 32)))
    with psycopg.connect(databases.ledger) as connection:
        bodies = [row[0] for row in connection.execute("SELECT body FROM ledger.blobs").fetchall()]
    files = [path.read_bytes() for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()]
    assert sorted(body is None for body in bodies) == [False, True]
    assert len(files) == 1
    assert not any(planted in found for found in (*files, *(body for body in bodies if body)))


def test_a_changed_piece_is_noticed(me: Session, settings: Settings) -> None:
    kept = keep(me, Content("source_content", "message/rfc822", data=bytes(PIECE_BYTES * 2)))
    (path,) = (path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file())
    broken = bytearray(path.read_bytes())
    broken[PIECE_BYTES + 100] ^= 1
    path.write_bytes(broken)
    with pytest.raises(CorruptEvent):
        b"".join(me.content(kept.blob_id))


def test_a_file_is_read_and_stored_piece_by_piece(me: Session, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(80 * PIECE_BYTES))
    keep(me, Content("source_content", "message/rfc822", data=b"warm up" * INLINE_BYTES))
    tracemalloc.start()
    keep(me, Content("source_content", "message/rfc822", path=path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 25 * PIECE_BYTES


def test_another_persons_content_is_not_found(store: Store, me: Session) -> None:
    kept = keep(me, Content("source_content", "message/rfc822", data=b"mine"))
    stranger = store.acting_as(store.register("eve", "eve@example.org"))
    with pytest.raises(NotFound):
        b"".join(stranger.content(kept.blob_id))


@example_settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=20), min_size=2, max_size=6), st.data())
def test_pieces_cannot_be_dropped_swapped_or_cut_off(pieces: list[bytes], data: st.DataObject) -> None:
    framed = list(_sealed_pieces(Cipher(KEY), b"blob", pieces))
    assert b"".join(_opened_pieces(Cipher(KEY), b"blob", framed)) == b"".join(pieces)
    first, second = data.draw(st.permutations(range(len(framed))))[:2]
    swapped = list(framed)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    for spoilt in (framed[:-1], framed[1:], swapped, [b"".join(framed)[:-1]]):
        with pytest.raises(CorruptEvent):
            b"".join(_opened_pieces(Cipher(KEY), b"blob", spoilt))


def test_content_that_is_lost_is_not_called_unknown(me: Session, settings: Settings) -> None:
    kept = keep(me, Content("source_content", "message/rfc822", data=secrets.token_bytes(INLINE_BYTES + 1)))
    (stored,) = (each for each in (settings.data_dir / "blobs").rglob("*") if each.is_file())
    stored.unlink()
    with pytest.raises(CorruptEvent):
        list(me.content(kept.blob_id))
    with pytest.raises(NotFound):
        list(me.content(uuid4()))
