"""People with records of every kind, and the read tables of a store as they are and as a rebuild makes them."""

from __future__ import annotations

import secrets
from contextlib import suppress
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
from infrastructure.cache.answers import NoCache
from infrastructure.errors import ClaimTaken
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
            with suppress(ClaimTaken):  # two ways to make a record of the same content
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
    amounts = {"amount": Decimal(-amount), "currency": "EUR", "booked_on": day}
    return me.do(Transaction.record, account_id="cash", **amounts).id  # type: ignore[arg-type]  # each has its own type


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
