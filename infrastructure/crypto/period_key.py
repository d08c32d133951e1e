"""The secret of one (subject, kind, period), from which the keys of its records derive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infrastructure.errors import Erased


@dataclass(frozen=True, slots=True)
class PeriodKey:
    """The secret of one (subject, kind, period); ``secret`` is None once it is destroyed."""

    id: UUID
    subject_id: UUID
    secret: bytes | None

    def required(self) -> bytes:
        """Return the secret; raises Erased."""
        if self.secret is None:
            raise Erased
        return self.secret


def period_of(kind: str, created: datetime) -> str:
    """Return the period a record belongs to: its year of creation, for locations its month."""
    return f"{created.year:04}-{created.month:02}" if kind == "location" else f"{created.year:04}"
