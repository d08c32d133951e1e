"""lifeledger: an event-sourced, encrypted store of personal data."""

from __future__ import annotations

from domain.shared.errors import DomainError, InvalidInput, LifeledgerError
from infrastructure.bootstrap import open_store
from infrastructure.errors import (
    Busy,
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
    RootKeyProblem,
    SourceAlreadyKept,
    Unavailable,
    VersionConflict,
)
from infrastructure.ledger.events import Receipt
from infrastructure.settings import Settings
from infrastructure.store.reader import Page
from infrastructure.store.session import Session, call
from infrastructure.store.store import Person, Store

__all__ = [
    "Busy",
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
