"""The second half of the composition root: puts the parts together that look after a store, when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from infrastructure.connections import Connections
from infrastructure.crypto.destruction import KeyDestruction
from infrastructure.crypto.root_key import RootKeys
from infrastructure.erasure.erasure_file import ErasureFile
from infrastructure.erasure.erasures import Erasures
from infrastructure.erasure.journal import Journal
from infrastructure.erasure.key_care import KeyCare
from infrastructure.erasure.signing import Signer
from infrastructure.erasure.steps import Steps
from infrastructure.ledger.scan import Scan
from infrastructure.projector.rebuild.rebuilder import Rebuilder
from infrastructure.rulings.held_records import HoldReading
from infrastructure.rulings.holds import Holds
from infrastructure.rulings.rules import RetentionRules
from infrastructure.store.care import Care
from infrastructure.store.engine import Engine


@dataclass(frozen=True, slots=True)
class Premises:
    """What only these parts need: connections of their own, and where the root keys and the erasure file are."""

    ledger_pool: Connections
    keys_pool: Connections
    read_pool: Connections
    as_eraser: Callable[[], Connections]
    """Opens a pool in the role that blanks what is erased."""
    roots: RootKeys
    rotate_after: timedelta
    erasure_file: Path
    erasure_copy: Path | None
    logged: bool
    """Whether the read tables are."""


def care_of(engine: Engine, at: Premises) -> Care:
    """Return what looks after the store of an engine."""
    signer, scan = Signer(engine.keys), Scan(at.ledger_pool)
    rebuilder = Rebuilder(engine.ledger, scan, engine.sealer, at.read_pool, engine.answers, logged=at.logged)
    steps = Steps(
        engine.keys,
        KeyDestruction(at.keys_pool, engine.keys),
        engine.ledger,
        ErasureFile(at.erasure_file, at.erasure_copy, signer),
        signer,
        engine.answers,
        engine.projector,
        rebuilder,
        engine.reader,
        engine.blobs,
        at.read_pool,
    )
    erasures = Erasures(Journal(at.as_eraser(), at.ledger_pool), steps)
    holds = Holds(at.ledger_pool, engine.keys, engine.repository, erasures)
    return Care(
        erasures=erasures,
        key_care=KeyCare(at.keys_pool, at.roots, at.rotate_after, erasures),
        holds=holds,
        hold_reading=HoldReading(holds, engine.ledger, engine.keys, engine.blobs, at.ledger_pool),
        retention_rules=RetentionRules(at.ledger_pool, at.read_pool),
        rebuilder=rebuilder,
    )
