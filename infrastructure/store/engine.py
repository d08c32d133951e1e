"""The parts a store is made of, put together once in bootstrap.py and handed to whoever works with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.blobs.blobs import Blobs
from infrastructure.cache.answers import AnswerCache, NoCache
from infrastructure.crypto.keyring import KeyRing
from infrastructure.erasure.erasures import Erasures
from infrastructure.erasure.key_care import KeyCare
from infrastructure.ledger.ledger import Ledger
from infrastructure.ledger.moments import Moments
from infrastructure.ledger.repository import Repository
from infrastructure.ledger.sealing import Sealer
from infrastructure.projector.projector import Projector
from infrastructure.projector.rebuild.rebuilder import Rebuilder
from infrastructure.rulings.held_records import HoldReading
from infrastructure.rulings.holds import Holds
from infrastructure.rulings.rules import RetentionRules
from infrastructure.store.reader import Reader


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
    rebuilder: Rebuilder
    blobs: Blobs
    erasures: Erasures
    key_care: KeyCare
    holds: Holds
    hold_reading: HoldReading
    retention_rules: RetentionRules
    answers: AnswerCache | NoCache
    bell: Bell
    connect_apart: Callable[[], ConnectionPool[Connection[Any]]]
    """Makes a pool, not open yet, of one connection to the read database that nobody else uses."""
