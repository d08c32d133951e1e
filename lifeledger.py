"""lifeledger: an event-sourced, encrypted store of personal data."""

from __future__ import annotations

from domain.shared.errors import DomainError, InvalidInput, LifeledgerError
from infrastructure.bootstrap import open_store
from infrastructure.errors import (
    ClaimTaken,
    CommandIdReused,
    ConfigurationError,
    CorruptEvent,
    Erased,
    InvalidCursor,
    InvalidQuery,
    KeyUnavailable,
    NotFound,
    NotYetProjected,
    PastIsReadOnly,
    RootKeyProblem,
    SourceAlreadyKept,
    Unavailable,
    VersionConflict,
)
from infrastructure.ledger.events import Receipt
from infrastructure.settings import Settings
from infrastructure.store.past import Past
from infrastructure.store.reader import Page
from infrastructure.store.session import Session, call
from infrastructure.store.store import Person, Store

__all__ = [
    "ClaimTaken",
    "CommandIdReused",
    "ConfigurationError",
    "CorruptEvent",
    "DomainError",
    "Erased",
    "InvalidCursor",
    "InvalidInput",
    "InvalidQuery",
    "KeyUnavailable",
    "LifeledgerError",
    "NotFound",
    "NotYetProjected",
    "Page",
    "Past",
    "PastIsReadOnly",
    "Person",
    "Receipt",
    "RootKeyProblem",
    "Session",
    "Settings",
    "SourceAlreadyKept",
    "Store",
    "Unavailable",
    "VersionConflict",
    "call",
    "open_store",
]
