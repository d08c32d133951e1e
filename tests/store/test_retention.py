"""Retention: what is kept for long enough goes, unless a hold or a restriction keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.core.user import User
from domain.personal.transaction import Transaction
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared import clock
from domain.shared.errors import InvalidInput
from infrastructure.crypto.keyring import EVERYONE
from infrastructure.errors import Erased, NotFound
from infrastructure.rulings.rules import Action, Outcome, Verdict
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.erasure.lives import rebuilt, tables

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with clock.reading(lambda: moment):
        yield


def task_of(me: Session, days_ago: int) -> UUID:
    with at(NOW - timedelta(days=days_ago)):
        return me.do(Task.create, title=f"{days_ago} days ago").id


def rule(
    store: Store, me: Session, action: Action, days: int = 30, *, kind: str = "task", everybody: bool = False
) -> None:
    subject_id = EVERYONE if everybody else me.subject_id
    store.retention.rules.set(kind, days, action, set_by=me.subject_id, subject_id=subject_id)


def verdicts(store: Store) -> dict[UUID, Verdict]:
    store.catch_up()
    with at(NOW):
        return {verdict.record_id: verdict for verdict in store.retention.verdicts()}


def outcomes(store: Store) -> dict[UUID, tuple[Outcome, str]]:
    return {record_id: (verdict.outcome, verdict.why) for record_id, verdict in verdicts(store).items()}


def run(store: Store) -> dict[Outcome, int]:
    with at(NOW):
        done = store.retention.run()
        store.catch_up()
    return {outcome: count for outcome, count in done.items() if count}


def is_erased(me: Session, record_id: UUID) -> bool:
    try:
        me.load(record_id)
    except Erased:
        return True
    return False


def test_a_dry_run_explains_each_record_and_changes_nothing(store: Store, me: Session) -> None:
    young, old, gone, held = (task_of(me, days) for days in (29, 31, 40, 50))
    with at(NOW):
        me.do(Task.trash, gone)
        until = NOW + timedelta(days=10)
        store.hold(me.subject_id, reason="r", purpose="p", until=until, record_id=held)
    rule(store, me, Action.TRASH)
    expected = {
        young: (Outcome.KEEP, "within 30 days"),
        old: (Outcome.TRASH, "30 days are over"),
        gone: (Outcome.ALREADY_TRASHED, "in the trash"),
        held: (Outcome.KEEP, "held until 2026-07-11"),
    }
    assert outcomes(store) == expected
    assert verdicts(store)[old].due == NOW - timedelta(days=1)
    assert outcomes(store) == expected
    assert run(store) == {Outcome.TRASH: 1}
    assert [task.id for task in me.find(Task, trashed=True, order_by="created_at")] == [gone, old]
    assert run(store) == {}


def test_the_moment_that_counts_is_that_of_the_kind(store: Store, me: Session) -> None:
    with at(NOW):
        old, new = (
            me.do(Transaction.record, account_id="cash", amount=Decimal(-1), currency="EUR", booked_on=day).id
            for day in (date(2020, 1, 1), date(2026, 6, 30))
        )
    rule(store, me, Action.ERASE, 365, kind="transaction")
    assert {record_id: each[0] for record_id, each in outcomes(store).items()} == {
        old: Outcome.ERASE,
        new: Outcome.KEEP,
    }
    assert run(store) == {Outcome.ERASE: 1}
    assert (is_erased(me, old), is_erased(me, new)) == (True, False)


def test_a_period_that_is_over_and_all_due_goes_whole_and_others_record_by_record_in_one_go(
    store: Store, me: Session, databases: Databases
) -> None:
    whole = [task_of(me, days) for days in (880, 890, 900)]
    mixed = [task_of(me, days) for days in (40, 50, 60)]
    young = task_of(me, 3)
    note = me.do(Note.write, title="of no rule").id
    rule(store, me, Action.ERASE)
    store.catch_up()
    assert run(store) == {Outcome.ERASE: 6}
    assert {record_id: is_erased(me, record_id) for record_id in (*whole, *mixed, young, note)} == {
        **dict.fromkeys((*whole, *mixed), True),
        young: False,
        note: False,
    }
    period, records = store.erasures.all()
    assert (period.request.grain, period.request.period) == ("period", "2024")
    assert (records.request.grain, records.request.record_ids) == ("record", frozenset(mixed))
    assert all(store.erasures.verify(each.id).holds for each in (period, records))
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)
    assert me.do(Task.retitle, young, "lives on").version == 2


def test_a_period_with_a_record_that_is_held_does_not_go_whole(store: Store, me: Session) -> None:
    due, held = task_of(me, 900), task_of(me, 910)
    with at(NOW):
        store.hold(me.subject_id, reason="r", purpose="p", until=NOW + timedelta(days=1), record_id=held)
    rule(store, me, Action.ERASE)
    store.catch_up()
    assert run(store) == {Outcome.ERASE: 1}
    assert (is_erased(me, due), is_erased(me, held)) == (True, False)
    with at(NOW + timedelta(days=2)):
        store.tidy()
        assert run(store) == {}
    assert is_erased(me, held)


def test_a_record_that_no_read_table_has_keeps_its_period_from_going_whole(store: Store, me: Session) -> None:
    due = task_of(me, 900)
    unseen = task_of(me, 910)
    rule(store, me, Action.ERASE)
    store.catch_up()
    with store.engine.care.erasures._steps.read_pool.connection() as connection:
        connection.execute("DELETE FROM read.tasks WHERE id = %s", (unseen,))
    assert run(store) == {Outcome.ERASE: 1}
    assert (is_erased(me, due), is_erased(me, unseen)) == (True, False)


def test_restricted_records_are_kept(store: Store, me: Session) -> None:
    old = task_of(me, 40)
    rule(store, me, Action.ERASE)
    me.do(User.restrict_processing, me.subject_id, "task")
    assert outcomes(store) == {old: (Outcome.KEEP, "processing is restricted")}
    assert run(store) == {}
    me.do(User.lift_restriction, me.subject_id, "task")
    assert run(store) == {Outcome.ERASE: 1}


def test_a_rule_of_ones_own_goes_before_that_of_everybody(store: Store, me: Session) -> None:
    eve = store.acting_as(store.register("eve", "eve@example.org"))
    mine, hers = task_of(me, 40), task_of(eve, 40)
    rule(store, me, Action.TRASH, 30, everybody=True)
    rule(store, me, Action.TRASH, 60)
    assert outcomes(store) == {
        mine: (Outcome.KEEP, "within 60 days"),
        hers: (Outcome.TRASH, "30 days are over"),
    }
    store.retention.rules.drop("task", subject_id=me.subject_id)
    assert outcomes(store)[mine] == (Outcome.TRASH, "30 days are over")
    with pytest.raises(NotFound):
        store.retention.rules.drop("task", subject_id=me.subject_id)


def test_what_is_erased_is_no_concern_of_a_rule(store: Store, me: Session) -> None:
    old = task_of(me, 40)
    rule(store, me, Action.TRASH)
    store.erase(me.subject_id, grounds="asked for", record_id=old)
    assert outcomes(store) == {}
    assert run(store) == {}


@pytest.mark.parametrize(
    ("kind", "days", "action"),
    [
        ("user", 1, Action.ERASE),
        ("task", -1, Action.TRASH),
        ("task", 10**6, Action.TRASH),
        ("notification", 1, Action.TRASH),
        ("nothing", 1, Action.ERASE),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(store: Store, kind: str, days: int, action: Action) -> None:
    with pytest.raises(InvalidInput):
        store.retention.rules.set(kind, days, action, set_by=EVERYONE)
    assert store.retention.rules.all() == []


def test_a_janitor_goes_on_where_its_bounded_run_ended(store: Store, me: Session) -> None:
    for days in range(40, 45):
        task_of(me, days)
    rule(store, me, Action.TRASH)
    with at(NOW):
        assert store.retention.run(at_most=2) == {Outcome.TRASH: 2}
        store.catch_up()
        store.tidy()
    store.catch_up()
    assert me.count(Task) == 0
