"""The parts a store is made of, put together once in bootstrap.py and handed to whoever works with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.blobs.blobs import Blobs
from infrastructure.cache.answers import AnswerCache, NoCache
from infrastructure.crypto.keyring import KeyRing
from infrastructure.ledger.ledger import Ledger
from infrastructure.ledger.moments import Moments
from infrastructure.ledger.repository import Repository
from infrastructure.ledger.sealing import Sealer
from infrastructure.projector.projector import Projector
from infrastructure.store.reader import Reader

if TYPE_CHECKING:
    from infrastructure.store.care import Care


class Bell(Protocol):
    """Rung after every commit, heard by projectors."""

    def ring(self) -> None:
        """Say that something was appended."""
        ...

    def wait(self, timeout: float) -> None:
        """Return when something was appended, or after ``timeout`` seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything a session needs, and nothing it may close."""

    keys: KeyRing
    ledger: Ledger
    moments: Moments
    sealer: Sealer
    repository: Repository
    reader: Reader
    projector: Projector
    blobs: Blobs
    answers: AnswerCache | NoCache
    bell: Bell
    connect_apart: Callable[[], ConnectionPool[Connection[Any]]]
    """Makes a pool, not open yet, of one connection to the read database that nobody else uses."""
    take_care: Callable[[], Care]
    """Puts the parts that look after the store together, once: a sixth of the time that loading everything takes."""

    @property
    def care(self) -> Care:
        """What looks after the store."""
        return self.take_care()
