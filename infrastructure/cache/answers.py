"""Answers kept in Redis: sealed under a key of the subject, and valid only for the generation they were made in.

Every (subject, kind) has a generation, a random token, and so have the read tables as a whole. An answer
carries both as its reader saw them before it looked at the tables; one MGET fetches them with the answer,
and an answer of another generation is a miss.
While a projector commits, the generation reads CHANGING: nobody takes or leaves an answer. So none is
served that the tables had outgrown. Where Redis fails, questions go to PostgreSQL. Two outages in which
a kept answer can still lag are in docs/adr/0010; questions that name a receipt do not come here at all.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast
from uuid import UUID

from infrastructure.crypto.cipher import Cipher, blind, derive
from infrastructure.crypto.keyring import KeyRing
from infrastructure.errors import CorruptEvent, Erased
from projections.question import EVERY_KIND

if TYPE_CHECKING:
    import redis

CHANGING = b"!"
CHANGING_SECONDS = (
    120  # longer than what stands between the mark and the commit may take: its timeouts end it first
)
REST_SECONDS = 1.0  # how long a Redis that failed is left alone
TOKEN_BYTES = 16

_TABLES_SECONDS = 30 * 24 * 3600  # when the tables' generation runs out, every answer is a miss once

_Generation = bytes


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to leave an answer: where, and made in which generation."""

    key: str
    generation: _Generation
    cipher: Cipher


class AnswerCache:
    """Keeps answers. Safe to share between threads."""

    def __init__(self, connect: Callable[[], redis.Redis], keys: KeyRing, ttl_seconds: int) -> None:
        """``connect`` makes the client when it is first needed: many a command needs none."""
        self._connect = connect
        self._keys = keys
        self._ttl = ttl_seconds
        self._rests_until = float("-inf")
        self._unreached: set[str] = set()
        self._tables = f"g:{keys.store_id.hex}"
        self.hits = 0
        self.misses = 0

    @cached_property
    def _redis(self) -> redis.Redis:
        return self._connect()

    def find(self, subject_id: UUID, kind: str, question: str) -> tuple[bytes | None, Ticket | None]:
        """Return the answer to a question, or a ticket to leave one; neither where there is no caching now."""
        if self._resting():
            return None, None
        try:
            secret = self._keys.subject_secret(subject_id, "cache")
        except Erased:
            return None, None
        key = f"a:{subject_id.hex}:{blind(secret, kind, question).hex()[:32]}"
        generation_key = _generation_key(subject_id, kind)
        try:
            tables, own, kept = cast(
                "list[bytes | None]", self._redis.mget(self._tables, generation_key, key)
            )
            generation = self._combined(tables, own, generation_key)
        except failures():
            self._failed()
            return None, None
        if generation == CHANGING:
            return None, None
        cipher = Cipher(derive(secret, b"answers"))
        if kept is not None and kept[: len(generation)] == generation:
            with contextlib.suppress(CorruptEvent):
                answer = cipher.open(kept[len(generation) :], key.encode() + generation)
                self.hits += 1
                return answer, None
        self.misses += 1
        return None, Ticket(key, generation, cipher)

    def keep(self, ticket: Ticket, answer: bytes) -> None:
        """Leave an answer; it counts only while its generation lasts."""
        sealed = ticket.cipher.seal(answer, ticket.key.encode() + ticket.generation)
        try:
            self._redis.set(ticket.key, ticket.generation + sealed, ex=self._ttl)
        except failures():
            self._failed()

    @contextlib.contextmanager
    def changing(self, touched: Iterable[tuple[UUID, str]]) -> Iterator[None]:
        """Serve no kept answer of these (subject, kind) inside the block, and none made before its end."""
        touched = set(touched)
        keys = {_generation_key(*pair) for pair in touched}
        keys |= {_generation_key(subject_id, EVERY_KIND) for subject_id, _ in touched}
        self._mark(keys, CHANGING, CHANGING_SECONDS)
        try:
            yield
        finally:
            self._mark(keys, None, self._ttl + CHANGING_SECONDS)

    @contextlib.contextmanager
    def replacing(self) -> Iterator[None]:
        """Serve no kept answer of anybody inside the block, and none made before its end."""
        self._mark({self._tables}, CHANGING, CHANGING_SECONDS)
        try:
            yield
        finally:
            self._mark({self._tables}, None, _TABLES_SECONDS)

    def healthy(self) -> bool:
        """Return whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except failures():
            return False

    def _mark(self, keys: set[str], value: bytes | None, seconds: int) -> None:
        """Give keys a value, or each a new generation; what cannot be reached now is made up for later."""
        keys = keys | self._unreached
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.set(key, value or os.urandom(TOKEN_BYTES), ex=seconds)
                pipeline.execute()
            self._unreached.clear()
        except failures():
            self._unreached = keys
            self._failed()

    def _combined(self, tables: bytes | None, own: bytes | None, own_key: str) -> _Generation:
        """Return the generation of tables and subject together; CHANGING while either is changing."""
        tables = tables or self._new_generation(self._tables, _TABLES_SECONDS)
        own = own or self._new_generation(own_key, self._ttl + CHANGING_SECONDS)
        return CHANGING if CHANGING in {tables, own} else tables + own

    def _new_generation(self, key: str, seconds: int) -> _Generation:
        token = os.urandom(TOKEN_BYTES)
        if self._redis.set(key, token, ex=seconds, nx=True):
            return token
        found = self._redis.get(key)
        return found if isinstance(found, bytes) else CHANGING

    def _resting(self) -> bool:
        return time.monotonic() < self._rests_until

    def _failed(self) -> None:
        self._rests_until = time.monotonic() + REST_SECONDS


class NoCache:
    """Keeps nothing: for stores without Redis."""

    def find(self, subject_id: UUID, kind: str, question: str) -> tuple[None, None]:  # noqa: ARG002 - the port's signature
        """Return nothing, always."""
        return None, None

    def keep(self, ticket: Ticket, answer: bytes) -> None:
        """Keep nothing."""

    def changing(self, touched: Iterable[tuple[UUID, str]]) -> contextlib.AbstractContextManager[None]:  # noqa: ARG002 - the port's signature
        """Return a block in which nothing is kept."""
        return contextlib.nullcontext()

    def replacing(self) -> contextlib.AbstractContextManager[None]:
        """Return a block in which nothing is kept."""
        return contextlib.nullcontext()

    def healthy(self) -> bool:
        """Return False: there is no Redis."""
        return False


def failures() -> type[Exception]:
    """Return the class of what Redis fails with."""
    from redis import RedisError  # noqa: PLC0415 - 0.1 s; there is no failure before there was a client

    return RedisError


def _generation_key(subject_id: UUID, kind: str) -> str:
    return f"g:{subject_id.hex}:{kind}"
