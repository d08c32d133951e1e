"""What looks after a store: erasures, holds, retention rules, rotation, rebuilds. Commands and questions need none of it."""

from __future__ import annotations

from dataclasses import dataclass

from infrastructure.erasure.erasures import Erasures
from infrastructure.erasure.key_care import KeyCare
from infrastructure.projector.rebuild.rebuilder import Rebuilder
from infrastructure.rulings.held_records import HoldReading
from infrastructure.rulings.holds import Holds
from infrastructure.rulings.rules import RetentionRules


@dataclass(frozen=True, slots=True)
class Care:
    """The parts that an operator works with, and a janitor."""

    erasures: Erasures
    key_care: KeyCare
    holds: Holds
    hold_reading: HoldReading
    retention_rules: RetentionRules
    rebuilder: Rebuilder
