"""People with records of every kind, and the read tables of a store as they are and as a rebuild makes them."""

from __future__ import annotations

import secrets
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg import sql

from domain.core.user import User
from domain.personal.transaction import Transaction
from domain.productivity.task import Task
from domain.shared.commands import Command
from domain.shared.record import Source
from infrastructure.blobs.blobs import INLINE_BYTES
from infrastructure.cache.answers import NoCache
from infrastructure.importers.batch import Intake
from infrastructure.importers.draft import Content, Draft
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.projector import schema
from infrastructure.projector.projector import Projector
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from projections.catalogue import all_tables
from tests.privacy.planting import Planter, creating_commands

AGAIN = "read_again"


def live(store: Store, name: str) -> Session:
    """Register somebody, give every creating command and some others; return their session."""
    planter = Planter()
    person = store.register(name, f"{name}@example.org")
    me = store.acting_as(person, purpose="living")
    for command in creating_commands():
        if command.kind is not User:
            create(me, command, planter)
    for number in range(8):
        task = me.do(Task.create, title=f"{name} {number}").id
        me.do((Task.start, Task.trash, Task.complete)[number % 3], task)
        spend(me, number + 1)
    return me


def create(me: Session, command: Command, planter: Planter) -> UUID:
    source = Source("file.test", secrets.token_hex(8))
    arguments = planter.checked(command)
    return me.given(source=source).do(getattr(command.kind, command.verb), **arguments).id


def spend(me: Session, amount: int) -> UUID:
    day = date(2026, 1 + amount % 3, 1)
    paid = Decimal(-amount)
    return me.do(Transaction.record, paid, account_id="cash", currency="EUR", booked_on=day).id


def live_a_little(store: Store, name: str) -> Session:
    """Register somebody with a few records, one of them with content in the object store."""
    me = store.acting_as(store.register(name, f"{name}@example.org"), purpose="living")
    for number in range(4):
        me.do(Task.create, title=f"{name} {number}")
        spend(me, number + 1)
    large = Content("content", "text/plain", secrets.token_bytes(INLINE_BYTES + 1))
    arguments = {"title": "large"}
    Intake(me, "file.test").take([Draft("document", "receive", "large", arguments, content=large)])
    return me


def readable(me: Session) -> dict[UUID, bool]:
    """Return every record of a person, and whether all of it can be read."""
    found: dict[UUID, bool] = {}
    for row in me.engine.ledger.tail(bucket_of(me.subject_id), 0, 1_000_000):
        if row.subject_id == me.subject_id and row.key_id is not None:
            opened = isinstance(me.engine.sealer.open(row), OpenedEvent)
            found[row.record_id] = found.get(row.record_id, True) and opened
    return found


def tables(url: str, name: str = schema.SCHEMA) -> dict[str, list[str]]:
    """Return every row of every read table as text."""
    with psycopg.connect(url, options="-c TimeZone=UTC") as connection:
        return {
            table.name: sorted(
                row
                for (row,) in connection.execute(
                    sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(name, table.name))
                )
            )
            for table in all_tables()
        }


def rebuilt(store: Store, url: str) -> dict[str, list[str]]:
    """Project the whole ledger into a schema of its own; return its rows."""
    with psycopg.connect(url) as connection:
        schema.create(connection, AGAIN, logged=False)
    engine = store.engine
    pool = engine.projector._pool
    Projector(engine.ledger, engine.sealer, pool, NoCache(), schema=AGAIN).run_until_idle()
    return tables(url, AGAIN)


def rows_of(found: dict[str, list[str]], subject_id: UUID) -> dict[str, list[str]]:
    """Return the rows that name a person."""
    return {
        name: named
        for name, rows in found.items()
        if (named := [row for row in rows if str(subject_id) in row])
    }
