"""Commands that race an erasure are before its fence, whole and erased with the rest, or they are refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.errors import PeerUnusable
from infrastructure.errors import Erased, ProcessingRestricted, SubjectErased
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import Receipt
from infrastructure.ledger.fences import Cause, Fence, raise_fences
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.erasure.lives import readable, rebuilt, tables

WRITERS = 6
AFTER_THE_FENCE = 15
"""Commands each writer gives after its first refusal, or after the erasure is done."""


class Writers:
    """Give commands from many threads, in stores of their own, until they are told to stop."""

    def __init__(self, stores: list[Store], subject_id: UUID, targets: list[UUID]) -> None:
        self._stores = stores
        self._subject_id = subject_id
        self._targets = targets
        self._stop = threading.Event()
        self.receipts: list[Receipt] = []
        self.refusals: list[type[Exception]] = []
        self.begun = threading.Barrier(WRITERS + 1)

    def run(self, erase: Callable[[], object]) -> None:
        """Erase while they write; they go on for some time afterwards."""
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(self._write, number) for number in range(WRITERS)]
            self.begun.wait()
            erase()
            self._stop.set()
            for writer in writers:
                writer.result()

    def _write(self, number: int) -> None:
        me = self._stores[number % len(self._stores)].acting_as(self._subject_id)
        left = AFTER_THE_FENCE
        for turn in count():
            if turn == 3:
                self.begun.wait()
            try:
                self.receipts += self._command(me, number, turn)
            except Erased as refused:
                self.refusals.append(type(refused))
            left -= self._stop.is_set()
            if not left:
                return

    def _command(self, me: Session, number: int, turn: int) -> list[Receipt]:
        match turn % 4:
            case 0:
                return [me.do(Task.create, title=f"{number} {turn}")]
            case 1:
                return [me.do(Note.write, title=f"{number} {turn}")]
            case 2:  # enough events for COPY
                return list(me.do_all([call(Task.create, title=f"{number} {turn} {n}") for n in range(25)]))
            case _:
                target = self._targets[(number + turn) % len(self._targets)]
                return [me.do(Task.retitle, target, f"{number} {turn}")]


@pytest.mark.parametrize("grain", ["person", "kind", "period", "record"])
def test_every_racing_command_is_before_the_fence_or_refused(
    store: Store, reopened: Callable[[], Store], databases: Databases, grain: str
) -> None:
    person, neighbour = (store.register(name, f"{name}@example.org") for name in ("ada", "eve"))
    me, eve = store.acting_as(person), store.acting_as(neighbour)
    eve.do(Task.create, title="stays")
    targets = [me.do(Task.create, title=f"target {number}").id for number in range(5)]
    period = f"{me.load(targets[0]).created_on.year:04}"
    scope: dict[str, dict[str, Any]] = {
        "person": {},
        "kind": {"kind": Task},
        "period": {"kind": Task, "period": period},
        "record": {"record_id": targets[0]},
    }
    writers = Writers([store, reopened(), reopened()], person.id, targets)
    writers.run(lambda: store.erase(person, grounds="race", **scope[grain]))
    (erasure,) = store.erasures.all()
    store.erasures.resume(erasure.id)
    assert store.erasures.verify(erasure.id).holds
    store.catch_up()
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)
    assert SubjectErased in writers.refusals or Erased in writers.refusals
    whole = readable(me)
    rows = store.engine.ledger.tail(bucket_of(person.id), 0, 1_000_000)
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    stored = {(row.record_id, row.version): row for row in rows}
    scope_of = erasure.scope
    assert scope_of is not None
    erased = scope_of.erased(erasure.id)
    for receipt in writers.receipts:
        row = stored[receipt.id, receipt.version]
        assert whole[receipt.id] != erased.covers(row)
    assert all(readable(eve).values())
    notes = [
        receipt.id
        for receipt in writers.receipts
        if receipt.id in whole and not erased.covers(stored[receipt.id, 1])
    ]
    assert grain == "person" or notes


def test_a_command_after_the_fence_is_refused_by_a_process_that_does_not_know_it(
    store: Store, reopened: Callable[[], Store]
) -> None:
    ada = store.register("ada", "ada@example.org")
    me, elsewhere = store.acting_as(ada), reopened().acting_as(ada)
    task = me.do(Task.create, title="task")
    elsewhere.do(Note.write, title="its keys and fences are known now")
    with store.erasures._journal.connection() as connection, connection.transaction():
        raise_fences(connection, [Fence(ada.id, Cause.ERASURE, task.id, kind="task")], ada.id)
    for session in (elsewhere, me):
        with pytest.raises(SubjectErased):
            session.do(Task.retitle, task.id, "late")
        with pytest.raises(SubjectErased):
            session.do_all([call(Task.create, title=str(number)) for number in range(30)])
        assert session.do(Note.write, title="of another kind").version == 1


def test_a_record_that_is_being_erased_gets_no_events_from_commands_of_others(store: Store) -> None:
    ada = store.register("ada", "ada@example.org")
    me = store.acting_as(ada)
    child, parent = (receipt.id for receipt in me.do_all([call(Task.create, title) for title in ("c", "p")]))
    me.do(Task.nest_under, child, parent)
    with store.erasures._journal.connection() as connection, connection.transaction():
        raise_fences(
            connection, [Fence(ada.id, Cause.ERASURE, parent, kind="task", record_id=parent)], ada.id
        )
    me.do(Task.promote, child)
    assert len(me.history(parent)) == 2
    with pytest.raises(PeerUnusable):
        me.do(Task.nest_under, child, parent)


def test_what_was_loaded_before_a_fence_is_not_appended_after_it(store: Store) -> None:
    """The unit of work states the count it began with, even when the process has learned another since."""
    ada = store.register("ada", "ada@example.org")
    me = store.acting_as(ada)
    task = me.do(Task.create, title="task").id
    real, ledger = type(store.engine.ledger).append, store.engine.ledger
    counts: list[int | None] = []

    def late(self: Any, append: Any) -> Any:
        counts.append(append.fences)
        if len(counts) == 1:
            with store.erasures._journal.connection() as connection, connection.transaction():
                raise_fences(connection, [Fence(ada.id, Cause.ERASURE, task, kind="note")], ada.id)
            ledger.fences.learn(bucket_of(ada.id))
        return real(self, append)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(ledger), "append", late)
        me.do(Task.retitle, task, "again from its beginning")
    assert counts == [0, 1]
    assert me.load(task).version == 2


def test_a_fence_of_another_cause_refuses_in_its_own_words(store: Store) -> None:
    ada = store.register("ada", "ada@example.org")
    me = store.acting_as(ada)
    with store.erasures._journal.connection() as connection, connection.transaction():
        raise_fences(connection, [Fence(ada.id, Cause.RESTRICTION, ada.id, kind="task")], ada.id)
    with pytest.raises(ProcessingRestricted):
        me.do(Task.create, title="restricted")
