"""lifeledger: an event-sourced, encrypted store of personal data."""

from __future__ import annotations

from domain.shared.errors import DomainError, InvalidInput, LifeledgerError
from infrastructure.bootstrap import open_store
from infrastructure.erasure.journal import Erasure
from infrastructure.errors import (
    BrokenErasureFile,
    Busy,
    ClaimTaken,
    CommandIdReused,
    ConfigurationError,
    CorruptEvent,
    Erased,
    ErasureFileProblem,
    ErasureUnfinished,
    HeldByRecord,
    InvalidCursor,
    InvalidQuery,
    KeyUnavailable,
    NoRoom,
    NotFound,
    NotUnderHold,
    NotYetProjected,
    NoWords,
    PastIsReadOnly,
    ProcessingRestricted,
    RootKeyProblem,
    SourceAlreadyKept,
    StaleErasureFile,
    StatementRefused,
    SubjectErased,
    TooLateToHold,
    TooManyWords,
    Unavailable,
    VersionConflict,
    WindowTooLong,
)
from infrastructure.ledger.events import Receipt
from infrastructure.ledger.holds import Hold
from infrastructure.rulings.held_records import HeldRecords
from infrastructure.settings import Settings
from infrastructure.store.past import Past
from infrastructure.store.reader import Page
from infrastructure.store.session import Session, call
from infrastructure.store.store import Person, Store
from infrastructure.store.upload import upload

__all__ = [
    "BrokenErasureFile",
    "Busy",
    "ClaimTaken",
    "CommandIdReused",
    "ConfigurationError",
    "CorruptEvent",
    "DomainError",
    "Erased",
    "Erasure",
    "ErasureFileProblem",
    "ErasureUnfinished",
    "HeldByRecord",
    "HeldRecords",
    "Hold",
    "InvalidCursor",
    "InvalidInput",
    "InvalidQuery",
    "KeyUnavailable",
    "LifeledgerError",
    "NoRoom",
    "NoWords",
    "NotFound",
    "NotUnderHold",
    "NotYetProjected",
    "Page",
    "Past",
    "PastIsReadOnly",
    "Person",
    "ProcessingRestricted",
    "Receipt",
    "RootKeyProblem",
    "Session",
    "Settings",
    "SourceAlreadyKept",
    "StaleErasureFile",
    "StatementRefused",
    "Store",
    "SubjectErased",
    "TooLateToHold",
    "TooManyWords",
    "Unavailable",
    "VersionConflict",
    "WindowTooLong",
    "call",
    "open_store",
    "upload",
]
