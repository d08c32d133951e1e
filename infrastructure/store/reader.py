"""Asks the read tables for one person, through the cache, and pages through long answers with sealed cursors."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, Generic, LiteralString, TypeVar, overload
from uuid import UUID

import orjson
import psycopg
from psycopg import Connection, sql
from psycopg.rows import kwargs_row
from psycopg_pool import ConnectionPool
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, to_json

from domain.shared.peers import NoPeers
from domain.shared.record import Record, attach
from infrastructure.cache.answers import AnswerCache, NoCache
from infrastructure.connections import reported
from infrastructure.crypto.cipher import Cipher, derive
from infrastructure.crypto.keyring import KeyRing
from infrastructure.errors import CorruptEvent, InvalidCursor, InvalidQuery, NotYetProjected
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.codec import decode_records, encode_records
from infrastructure.ledger.events import Receipt
from infrastructure.projector import rows
from infrastructure.projector.schema import SCHEMA
from projections.catalogue import view_of
from projections.find import Listing
from projections.question import MAX_LIMIT, Question
from projections.record_table import RecordTable

T = TypeVar("T")

WAIT_SECONDS = 10.0
"""How long a question waits for the read model to reach a receipt."""


@dataclass(frozen=True, slots=True)
class Page(Sequence[T], Generic[T]):
    """Part of an answer; ``next`` is the cursor of the following part, None at the end."""

    items: tuple[T, ...]
    next: str | None = None

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)


class Reader:
    """Answers questions from one set of read tables. Safe to share between threads."""

    def __init__(
        self,
        pool: ConnectionPool[Connection[Any]],
        answers: AnswerCache | NoCache,
        keys: KeyRing,
        schema: str = SCHEMA,
    ) -> None:
        self._pool = pool
        self._answers = answers
        self._keys = keys
        self._schema = schema

    def ask(
        self,
        subject_id: UUID,
        question: Question[T],
        limit: int = MAX_LIMIT,
        cursor: str | None = None,
        *,
        fresh: bool = False,
    ) -> Page[T]:
        """Answer a question, from the tables where ``fresh``; raises InvalidCursor, InvalidQuery, Unavailable."""
        if any(
            isinstance(value, datetime) and value.tzinfo is None for value in question.parameters.values()
        ):
            raise InvalidQuery
        _check_limit(limit)
        fingerprint = _fingerprint(question.name, {**question.parameters, "limit": limit})
        after = self._opened(subject_id, fingerprint, cursor) if cursor else [None] * len(question.keyset)
        row: Any = question.row
        adapter = _rows_of(row)
        parameters = {
            **question.parameters,
            **{f"after_{name}": value for name, value in zip(question.keyset, after, strict=True)},
            "limit": limit + 1 if question.keyset else limit,
        }
        found: list[T] = self._cached(
            subject_id,
            question.scope,
            f"{fingerprint} {cursor or ''}",
            lambda: self._fetch(subject_id, question, parameters),
            lambda rows: adapter.dump_json(rows, warnings="none"),  # its warnings quote values
            adapter.validate_json,
            fresh=fresh,
        )
        if not question.keyset or len(found) <= limit:
            return Page(tuple(found))
        last = [getattr(found[limit - 1], name) for name in question.keyset]
        return Page(tuple(found[:limit]), self._sealed(subject_id, fingerprint, last))

    def find(
        self, subject_id: UUID, listing: Listing, limit: int, cursor: str | None, *, fresh: bool = False
    ) -> Page[Any]:
        """Return a page of records of one kind, see ``ask``; raises InvalidCursor, InvalidQuery, Unavailable."""
        _check_limit(limit)
        kind = listing.view.kind
        shape = {"limit": limit, "by": listing.order_by, "down": listing.descending, "trash": listing.trashed}
        fingerprint = _fingerprint(f"find {kind.KIND}", {**listing.filters, "": shape})
        after = self._opened(subject_id, fingerprint, cursor) if cursor else None
        found: list[Record] = self._cached(
            subject_id,
            kind.KIND,
            f"{fingerprint} {cursor or ''}",
            lambda: self._fetch_records(subject_id, listing, limit + 1, after),
            lambda records: encode_records(kind, records),
            lambda answer: decode_records(kind, answer),
            fresh=fresh,
        )
        for record in found:
            attach(record, subject_id, NoPeers())
        if len(found) <= limit:
            return Page(tuple(found))
        last = found[limit - 1]
        return Page(
            tuple(found[:limit]),
            self._sealed(subject_id, fingerprint, [_order_value(last, listing), last.id]),
        )

    def count(self, subject_id: UUID, listing: Listing) -> int:
        """Return how many records a listing has."""
        with self._connection() as connection:
            row = connection.execute(
                listing.count(self._schema), self._parameters(subject_id, listing)
            ).fetchone()
        return int(row[0]) if row else 0

    def get(self, subject_id: UUID, kind: str, record_id: UUID) -> Record | None:
        """Return one record; by id PostgreSQL is faster than a cache."""
        table = view_of(kind).table
        with self._connection() as connection:
            found = rows.fetch(connection, self._schema, table.table, [(bucket_of(subject_id), record_id)])
        return table.record(found[0]) if found and found[0][1] == subject_id else None

    def wait_for(self, receipt: Receipt, nudge: Callable[[], None], seconds: float = WAIT_SECONDS) -> None:
        """Return when the read tables have reached a receipt; raises NotYetProjected, or Unavailable in that time."""
        deadline, pause = time.monotonic() + seconds, 0.001
        while self.reached(receipt.bucket, max(deadline - time.monotonic(), pause)) < receipt.position:
            if time.monotonic() > deadline:
                raise NotYetProjected
            nudge()
            time.sleep(pause)
            pause = min(pause * 2, 0.05)

    def reached(self, bucket: int, patience: float | None = None) -> int:
        """Return the position the read tables have reached in a bucket; wait so many seconds for a connection."""
        with self._connection(patience) as connection:
            row = connection.execute(
                sql.SQL("SELECT position FROM {}.checkpoints WHERE bucket = %s").format(
                    sql.Identifier(self._schema)
                ),
                (bucket,),
            ).fetchone()
        return int(row[0]) if row else 0

    def _cached(
        self,
        subject_id: UUID,
        scope: str,
        question: str,
        compute: Callable[[], list[T]],
        encode: Callable[[list[T]], bytes],
        decode: Callable[[bytes], list[T]],
        *,
        fresh: bool,
    ) -> list[T]:
        if fresh:
            return compute()
        answer, ticket = self._answers.find(subject_id, scope, question)
        if answer is not None:
            with suppress(ValueError):  # an answer of a version of the program whose records had other fields
                return decode(answer)
        found = compute()
        if ticket is not None:
            self._answers.keep(ticket, encode(found))
        return found

    def _fetch(self, subject_id: UUID, question: Question[T], parameters: Mapping[str, Any]) -> list[T]:
        statement = _statement(question.sql, self._schema)
        given = {**parameters, "bucket": bucket_of(subject_id), "subject_id": subject_id}
        with (
            self._connection() as connection,
            connection.cursor(row_factory=kwargs_row(_maker_of(question.row))) as cursor,
        ):
            return cursor.execute(statement, given, binary=True).fetchall()

    def _fetch_records(
        self, subject_id: UUID, listing: Listing, limit: int, after: list[Any] | None
    ) -> list[Record]:
        """Read those that have a value to sort by, then, where the page is not full, those that have none."""
        parameters = self._parameters(subject_id, listing)
        found: list[tuple[Any, ...]] = []
        with self._connection() as connection, connection.cursor() as cursor:
            for nulls in (False, True) if listing.order.nullable else (False,):
                in_this_part = after is not None and (after[0] is None) == nulls
                if after is not None and after[0] is None and not nulls:
                    continue
                given = {**parameters, "limit": limit - len(found)}
                if after is not None and in_this_part:
                    given |= {"after_value": after[0], "after_id": after[1]}
                statement = _page(
                    listing.view,
                    tuple((name, value is None) for name, value in sorted(listing.filters.items())),
                    (listing.order_by, listing.descending, listing.trashed),
                    self._schema,
                    nulls=nulls,
                    after=in_this_part,
                )
                found += cursor.execute(statement, given, binary=True).fetchall()
                if len(found) == limit:
                    break
        return [listing.view.record(row) for row in found]

    def _parameters(self, subject_id: UUID, listing: Listing) -> dict[str, Any]:
        filters = {f"is_{name}": value for name, value in listing.filters.items()}
        return {**filters, "bucket": bucket_of(subject_id), "subject_id": subject_id}

    def _sealed(self, subject_id: UUID, fingerprint: str, values: list[Any]) -> str:
        sealed = self._cursor_cipher(subject_id).seal(to_json(values), fingerprint.encode())
        return base64.urlsafe_b64encode(sealed).decode()

    def _opened(self, subject_id: UUID, fingerprint: str, cursor: str) -> list[Any]:
        try:
            sealed = base64.urlsafe_b64decode(cursor.encode())
            opened: list[Any] = orjson.loads(
                self._cursor_cipher(subject_id).open(sealed, fingerprint.encode())
            )
        except (CorruptEvent, binascii.Error, ValueError):
            raise InvalidCursor from None
        return opened

    def _cursor_cipher(self, subject_id: UUID) -> Cipher:
        return Cipher(derive(self._keys.subject_secret(subject_id, "cache"), b"cursors"))

    @contextmanager
    def _connection(self, patience: float | None = None) -> Iterator[Connection[Any]]:
        with reported():
            try:
                with self._pool.connection(patience) as connection:
                    yield connection
            except (
                psycopg.DataError,
                UnicodeEncodeError,
            ):  # a NUL or a lone surrogate, a number out of range
                raise InvalidQuery from None


@lru_cache(maxsize=256)
def _statement(text: LiteralString, schema: str) -> bytes:
    return sql.SQL(text).format(schema=sql.Identifier(schema)).as_bytes()


@lru_cache(maxsize=1024)
def _page(
    view: RecordTable,
    filters: tuple[tuple[str, bool], ...],
    order: tuple[str, bool, bool],
    schema: str,
    *,
    nulls: bool,
    after: bool,
) -> bytes:
    """Return the statement of a page; of the filters only the columns matter, and which are asked to be empty."""
    listing = Listing(view, {name: None if empty else ... for name, empty in filters}, *order)
    return listing.page(schema, nulls=nulls, after=after).as_bytes()


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidQuery


def _fingerprint(name: str, parameters: Mapping[str, Any]) -> str:
    """Return what tells one question from another; it holds none of the question's words."""
    try:
        wire = to_json(sorted(parameters.items(), key=lambda item: item[0]))
    except PydanticSerializationError:  # a lone surrogate in a text
        raise InvalidQuery from None
    return f"{name} {blake2b(wire, digest_size=16).hexdigest()}"


def _order_value(record: Record, listing: Listing) -> Any:  # noqa: ANN401 - any column
    fixed = {"created_at": record.created_on, "updated_at": record.modified_on}
    return fixed[listing.order_by] if listing.order_by in fixed else getattr(record, listing.order_by)


def _maker_of(row: type[T]) -> Callable[..., T]:
    """Return what makes a row of its columns; arrays are tuples, as they are when they come from the cache."""

    def make(**values: Any) -> T:  # noqa: ANN401 - whatever the columns hold
        return row(**{name: tuple(each) if isinstance(each, list) else each for name, each in values.items()})

    return make


@cache
def _rows_of(row: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - a row's class
    list_of: Any = list
    return TypeAdapter(list_of[row])
