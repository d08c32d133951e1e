"""Stores and reads content in encrypted pieces, never whole in memory.

Up to 64 KB lie in the ledger, in the transaction of their event; more goes to an object store under the
blob's random id before the event is appended, so no event names content that is not there. Every piece is
bound to store, subject, record, blob, its number and whether it is the last: none can be moved, dropped or
cut off unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg_pool import ConnectionPool

from domain.shared.values import StoredContent
from infrastructure.blobs.objects import Objects
from infrastructure.connections import lent
from infrastructure.crypto.cipher import Cipher
from infrastructure.crypto.period_key import PeriodKey
from infrastructure.errors import CorruptEvent, NotFound, Unavailable
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import BlobEntry
from infrastructure.ledger.sealing import RecordKeys

INLINE_BYTES = 64 * 1024
PIECE_BYTES = 1 << 20
_OVERHEAD = 29  # format byte, nonce and tag of a sealed piece
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Stored:
    """Content that is stored, and what the ledger has to note of it."""

    content: StoredContent
    entry: BlobEntry


class Blobs:
    """The content of all records of a store. Safe to share between threads."""

    def __init__(self, pool: ConnectionPool[Connection[Any]], keys: RecordKeys, objects: Objects) -> None:
        self._pool = pool
        self._keys = keys
        self._objects = objects

    def opened_with(self, keys: RecordKeys) -> Blobs:
        """Return the same content, under keys that are given otherwise."""
        return Blobs(self._pool, keys, self._objects)

    def owner(self, subject_id: UUID, blob_id: UUID) -> UUID:
        """Return the record that content belongs to; raises NotFound, Unavailable."""
        return self._row(subject_id, blob_id)[0]

    def store(
        self,
        subject_id: UUID,
        record_id: UUID,
        key: PeriodKey,
        media_type: str,
        source: BinaryIO,
        *,
        blob_id: UUID | None = None,
    ) -> Stored:
        """Encrypt what ``source`` holds; raises Erased, Unavailable. The event that names it comes after.

        ``blob_id`` is given for content that had its id in another store.
        """
        blob_id = blob_id or uuid4()  # random: a name tells not even the time
        cipher = self._keys.record_cipher(key, record_id)
        bound = self._binding(subject_id, record_id, blob_id)
        first = source.read(INLINE_BYTES + 1)
        if len(first) <= INLINE_BYTES:
            content = StoredContent(blob_id, len(first), media_type, hashlib.sha256(first).hexdigest())
            body = cipher.seal(first, _piece(bound, 0, last=True))
            return Stored(content, BlobEntry(blob_id, record_id, key.id, body))
        measured = _Measured(first, source)
        self._objects.put(object_name(blob_id), _sealed_pieces(cipher, bound, measured.pieces()))
        content = StoredContent(blob_id, measured.size, media_type, measured.digest)
        return Stored(content, BlobEntry(blob_id, record_id, key.id, None))

    def read(self, subject_id: UUID, blob_id: UUID) -> Iterator[bytes]:
        """Yield the content piece by piece; raises NotFound, Erased, CorruptEvent, Unavailable."""
        record_id, key_id, body = self._row(subject_id, blob_id)
        cipher = self._keys.record_cipher(self._keys.key(subject_id, key_id), record_id)
        bound = self._binding(subject_id, record_id, blob_id)
        if body is not None:
            yield cipher.open(bytes(body), _piece(bound, 0, last=True))
        else:
            parts = self._objects.parts(object_name(blob_id), part_bytes=PIECE_BYTES)
            try:
                yield from _opened_pieces(cipher, bound, parts)
            except NotFound:  # the ledger names it: it is lost, and not unknown
                raise CorruptEvent from None

    def delete(self, blob_ids: Iterable[UUID]) -> None:
        """Delete content from the object store; what is not there is passed over. Raises Unavailable."""
        for blob_id in blob_ids:
            self._objects.delete(object_name(blob_id))

    def discard(self, entries: Iterable[BlobEntry]) -> None:
        """Delete content that no event will name; what cannot be deleted now stays."""
        with suppress(Unavailable):
            self.delete(each.blob_id for each in entries if each.body is None)

    def _row(self, subject_id: UUID, blob_id: UUID) -> tuple[UUID, UUID, bytes | None]:
        with lent(self._pool) as connection:
            row = connection.execute(
                "SELECT subject_id, record_id, key_id, body FROM ledger.blobs WHERE bucket = %s AND blob_id = %s",
                (bucket_of(subject_id), blob_id),
            ).fetchone()
        if row is None or row[0] != subject_id:
            raise NotFound
        return row[1], row[2], row[3]

    def of_person(self, subject_id: UUID) -> list[tuple[UUID, UUID]]:
        """Return blob and record id of all content of a person; raises Unavailable."""
        with lent(self._pool) as connection:
            return connection.execute(
                "SELECT blob_id, record_id FROM ledger.blobs WHERE bucket = %s AND subject_id = %s ORDER BY 1",
                (bucket_of(subject_id), subject_id),
            ).fetchall()

    def is_anothers(self, subject_id: UUID, blob_ids: Iterable[UUID]) -> bool:
        """Return whether any of this content belongs to somebody else; looks through all there is."""
        with lent(self._pool) as connection:
            found = connection.execute(
                "SELECT EXISTS (SELECT FROM ledger.blobs WHERE blob_id = ANY(%s) AND subject_id <> %s)",
                (list(blob_ids), subject_id),
            ).fetchone()
        return found is not None and bool(found[0])

    def _binding(self, subject_id: UUID, record_id: UUID, blob_id: UUID) -> bytes:
        return (
            b"lifeledger blob\x01"
            + self._keys.store_id.bytes
            + subject_id.bytes
            + record_id.bytes
            + blob_id.bytes
        )


class _Measured:
    """Cuts a stream into pieces; knows the size and the digest of those it has given."""

    def __init__(self, first: bytes, source: BinaryIO) -> None:
        self._first = first
        self._source = source
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        piece = self._first + self._source.read(PIECE_BYTES - len(self._first))
        while piece:
            self.size += len(piece)
            self._hash.update(piece)
            yield piece
            piece = self._source.read(PIECE_BYTES)


def _sealed_pieces(cipher: Cipher, bound: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    number, waiting = 0, b""
    for piece in pieces:
        if waiting:
            yield _framed(cipher.seal(waiting, _piece(bound, number, last=False)))
            number += 1
        waiting = piece
    yield _framed(cipher.seal(waiting, _piece(bound, number, last=True)))


def _opened_pieces(cipher: Cipher, bound: bytes, parts: Iterable[bytes]) -> Iterator[bytes]:
    number, waiting = 0, None
    for sealed in _unframed(parts):
        if waiting is not None:
            yield cipher.open(waiting, _piece(bound, number, last=False))
            number += 1
        waiting = sealed
    if waiting is None:
        raise CorruptEvent
    yield cipher.open(waiting, _piece(bound, number, last=True))


def _framed(sealed: bytes) -> bytes:
    return len(sealed).to_bytes(_LENGTH_BYTES) + sealed


def _unframed(parts: Iterable[bytes]) -> Iterator[bytes]:
    buffer = b""
    for part in parts:
        buffer += part
        while len(buffer) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(buffer[:_LENGTH_BYTES])
            if end > _LENGTH_BYTES + PIECE_BYTES + _OVERHEAD:
                raise CorruptEvent
            if len(buffer) < end:
                break
            yield buffer[_LENGTH_BYTES:end]
            buffer = buffer[end:]
    if buffer:
        raise CorruptEvent


def _piece(bound: bytes, number: int, *, last: bool) -> bytes:
    return bound + number.to_bytes(8) + (b"\x01" if last else b"\x00")


def object_name(blob_id: UUID) -> str:
    """Return the name of large content in the object store."""
    return f"{blob_id.hex[-2:]}/{blob_id.hex}"
