"""For how long records are kept: rules per kind, of one person or of everybody, and what they say of a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from domain.catalogue import kind_named
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.record import Record
from infrastructure.connections import lent
from infrastructure.crypto.keyring import EVERYONE
from infrastructure.errors import NotFound
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.holds import Hold
from infrastructure.projector.schema import SCHEMA
from projections.catalogue import view_of

MAX_DAYS = 36_525
"""A hundred years."""

_COLUMNS = "subject_id, kind, days, action, set_by, set_at"


class Action(StrEnum):
    """What becomes of a record that has been kept for long enough."""

    TRASH = "trash"
    ERASE = "erase"


class Outcome(StrEnum):
    """What a rule says of a record."""

    KEEP = "keep"
    TRASH = "trash"
    ERASE = "erase"
    ALREADY_TRASHED = "already trashed"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Keep a kind for some days, then trash or erase it; the subject EVERYONE stands for all who have no rule of their own."""

    subject_id: UUID
    kind: str
    days: int
    action: Action
    set_by: UUID
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one record, and why."""

    kind: str
    record_id: UUID
    outcome: Outcome
    why: str
    due: datetime
    """When the days are over."""


class RetentionRules:
    """The rules of a store. Safe to share between threads. Raises Unavailable."""

    def __init__(
        self, pool: ConnectionPool[Connection[Any]], read_pool: ConnectionPool[Connection[Any]]
    ) -> None:
        self._pool = pool
        self._read_pool = read_pool

    def set(self, kind: str, days: int, action: Action, *, set_by: UUID, subject_id: UUID = EVERYONE) -> None:
        """Set the rule of a kind, in place of an earlier one; raises InvalidInput."""
        offered = commands_of(kind_named(kind))
        if kind == "user" or not 0 <= days <= MAX_DAYS or (action == Action.TRASH and "trash" not in offered):
            msg = "there can be no such rule for this kind"
            raise InvalidInput(msg)
        with lent(self._pool) as connection:
            connection.execute(
                f"INSERT INTO ledger.retention_rules (bucket, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (bucket, subject_id, kind) DO UPDATE SET days = excluded.days,"
                " action = excluded.action, set_by = excluded.set_by, set_at = excluded.set_at",
                (bucket_of(subject_id), subject_id, kind, days, action, set_by, clock.now()),
            )

    def drop(self, kind: str, *, subject_id: UUID = EVERYONE) -> None:
        """Have a kind kept for ever again; raises NotFound."""
        with lent(self._pool) as connection:
            dropped = connection.execute(
                "DELETE FROM ledger.retention_rules WHERE bucket = %s AND subject_id = %s AND kind = %s",
                (bucket_of(subject_id), subject_id, kind),
            ).rowcount
        if not dropped:
            raise NotFound

    def all(self) -> list[RetentionRule]:
        """Return every rule."""
        with lent(self._pool) as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM ledger.retention_rules ORDER BY kind, subject_id"
            ).fetchall()
        return [
            RetentionRule(subject_id, kind, days, Action(action), set_by, set_at)
            for subject_id, kind, days, action, set_by, set_at in rows
        ]

    def in_force(self, only: UUID | None = None) -> Iterator[tuple[UUID, RetentionRule]]:
        """Yield whose records each rule is about, of one person or of all; a person's own rule goes before."""
        rules = self.all()
        own = {(rule.subject_id, rule.kind) for rule in rules if rule.subject_id != EVERYONE}
        for rule in rules:
            if rule.subject_id != EVERYONE:
                subjects = [rule.subject_id]
            else:
                subjects = [each for each in self._holders(rule.kind) if (each, rule.kind) not in own]
            yield from ((each, rule) for each in subjects if only in {None, each})

    def _holders(self, kind: str) -> list[UUID]:
        """Return the people who have records of a kind."""
        with lent(self._read_pool) as connection:
            rows = connection.execute(
                sql.SQL(
                    "SELECT subject_id FROM {}.statistics WHERE kind = %s AND records + trashed > 0"
                ).format(sql.Identifier(SCHEMA)),
                (kind,),
            ).fetchall()
        return sorted(subject_id for (subject_id,) in rows)


def judge(
    rule: RetentionRule, record: Record, holds: Sequence[Hold], *, restricted: bool, now: datetime
) -> Verdict:
    """Return what a rule says of a record: a hold goes before it, and so does a restriction of processing."""
    kept_from = view_of(record.KIND).kept_from
    due = (kept_from(record) if kept_from else record.created_on) + timedelta(days=rule.days)
    outcome, why = Outcome.KEEP, ""
    held = [hold for hold in holds if hold.covers(record.KIND, record.id)]
    if held:
        ends = [hold.until for hold in held if hold.until is not None]
        why = f"held until {max(ends):%Y-%m-%d}" if len(ends) == len(held) else "held"
    elif now < due:
        why = f"within {rule.days} days"
    elif restricted:
        why = "processing is restricted"
    elif rule.action == Action.ERASE:
        outcome, why = Outcome.ERASE, f"{rule.days} days are over"
    elif record.deleted_at is not None:
        outcome, why = Outcome.ALREADY_TRASHED, "in the trash"
    else:
        outcome, why = Outcome.TRASH, f"{rule.days} days are over"
    return Verdict(record.KIND, record.id, outcome, why, due)
