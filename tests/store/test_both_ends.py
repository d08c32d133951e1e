"""Commands that change or make other records besides their own: all are stored in one append, or none."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactName, Relation, Relationship
from domain.media.album import Album
from domain.personal.transaction import Transaction
from domain.productivity.task import Task
from domain.productivity.task_terms import Status, SubtasksOpen
from domain.shared.nesting import NestedTooDeep
from domain.shared.record import R
from domain.shared.values import new_id
from infrastructure.ledger.events import Append
from infrastructure.store.reverting import Action, Reversal
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from infrastructure.store.unit_of_work import UnitOfWork

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def tasks(me: Session, count: int) -> list[UUID]:
    return [receipt.id for receipt in me.do_all([call(Task.create, f"task {n}") for n in range(count)])]


def loaded(me: Session, kind: type[R], record_id: UUID) -> R:
    record = me.load(record_id)
    assert isinstance(record, kind)
    return record


def a_movement(me: Session, amount: int, account: str) -> UUID:
    return me.do(
        Transaction.record, Decimal(amount), currency="EUR", account_id=account, booked_on=NOON.date()
    ).id


def test_task_with_open_ones_under_it_in_the_ledger_is_not_completed(me: Session) -> None:
    parent, child = tasks(me, 2)
    me.do(Task.nest_under, child, parent)
    with pytest.raises(SubtasksOpen):
        me.do(Task.complete, parent)
    receipt = me.do(Task.complete, parent, complete_subtasks=True)
    assert receipt.id == parent
    assert {loaded(me, Task, each).status for each in (parent, child)} == {Status.DONE}


def test_task_that_comes_to_lie_under_one_while_that_is_completed_holds_it_up(
    me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, child = tasks(me, 2)
    append = UnitOfWork.append

    def too_late(work: UnitOfWork, *arguments: Any) -> Append | None:
        monkeypatch.undo()
        me.do(Task.nest_under, child, parent)
        return append(work, *arguments)

    monkeypatch.setattr(UnitOfWork, "append", too_late)
    with pytest.raises(SubtasksOpen):
        me.do(Task.complete, parent)
    assert loaded(me, Task, parent).is_open


def test_erased_task_holds_nothing_up(store: Store, me: Session) -> None:
    parent, child = tasks(me, 2)
    me.do(Task.nest_under, child, parent)
    store.erase(me.subject_id, grounds="asked for", record_id=child)
    me.do(Task.complete, parent)
    assert not loaded(me, Task, parent).is_open


def test_albums_under_an_album_count_when_it_is_moved(me: Session) -> None:
    albums = [me.do(Album.create, f"album {n}").id for n in range(Album.MAX_DEPTH + 1)]
    for upper, lower in pairwise(albums[1:]):
        me.do(Album.nest_under, lower, upper)
    with pytest.raises(NestedTooDeep):
        me.do(Album.nest_under, albums[1], albums[0])
    me.do(Album.unnest, albums[-1])
    me.do(Album.nest_under, albums[1], albums[0])
    assert loaded(me, Album, albums[0]).children == (albums[1],)


def test_revert_of_a_move_is_known_to_both_parents(me: Session) -> None:
    child, parent, other = tasks(me, 3)
    before = me.do(Task.nest_under, child, parent).recorded_at
    me.do(Task.nest_under, child, other)
    assert loaded(me, Task, other).children == (child,)
    me.revert(to=before, record_id=child)
    assert loaded(me, Task, child).parent_id == parent
    assert (loaded(me, Task, parent).children, loaded(me, Task, other).children) == ((child,), ())


def test_task_that_comes_to_wait_for_one_while_that_is_completed_is_not_left_blocked(
    me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, after = tasks(me, 2)
    append = UnitOfWork.append

    def too_late(work: UnitOfWork, *arguments: Any) -> Append | None:
        monkeypatch.undo()
        me.do(Task.complete, first)
        return append(work, *arguments)

    monkeypatch.setattr(UnitOfWork, "append", too_late)
    me.do(Task.add_dependency, after, first)
    assert loaded(me, Task, after).status is Status.TODO
    assert loaded(me, Task, first).dependents == (after,)


def test_task_is_found_as_blocked_until_what_it_waits_for_has_ended(store: Store, me: Session) -> None:
    first, second, after = tasks(me, 3)
    for predecessor in (first, second):
        me.do(Task.add_dependency, after, predecessor)
    found: list[list[UUID]] = []
    for step in (Task.start, Task.complete):
        me.do(step, first)
        me.do(step, second)
        store.catch_up()
        found.append([each.id for each in me.find(Task, status="blocked")])
    assert found == [[after], []]


def test_task_that_an_erased_one_held_up_goes_on(store: Store, me: Session) -> None:
    first, begun, freed = tasks(me, 3)
    for task in (begun, freed):
        me.do(Task.add_dependency, task, first)
    store.erase(me.subject_id, grounds="asked for", record_id=first)
    me.do(Task.start, begun)
    me.do(Task.remove_dependency, freed, first)
    assert [loaded(me, Task, each).status for each in (begun, freed)] == [Status.IN_PROGRESS, Status.TODO]


def test_next_instance_is_stored_with_the_completion(store: Store, me: Session) -> None:
    due = NOON.date()
    made = me.do(Task.create, "Water", due=due, recurrence="FREQ=WEEKLY")
    me.do(Task.complete, made.id, completed_at=NOON)
    store.catch_up()
    (following,) = me.find(Task, status="todo")
    assert (following.title, following.due) == ("Water", due.replace(day=9))
    assert loaded(me, Task, made.id).next_id == following.id


def test_repeated_completion_makes_no_second_instance_and_returns_the_same_receipts(me: Session) -> None:
    task = me.do(Task.create, "Water", due=NOON.date(), recurrence="FREQ=DAILY").id
    calls = [call(Task.complete, task), call(Task.create, "Rest")]
    once = me.given(command_id=new_id())
    first = once.do_all(calls)
    assert [loaded(me, Task, receipt.id).title for receipt in first] == ["Water", "Rest"]
    events = me.engine.ledger.heads()
    assert [(each.id, each.version) for each in once.do_all(calls)] == [
        (each.id, each.version) for each in first
    ]
    assert me.engine.ledger.heads() == events


def test_repeated_command_returns_the_receipt_of_its_own_record(me: Session) -> None:
    child, parent = tasks(me, 2)
    once = me.given(command_id=new_id())
    first = once.do(Task.nest_under, child, parent)
    again = once.do(Task.nest_under, child, parent)
    assert (again.id, again.version) == (first.id, first.version) == (child, 2)


def test_both_ends_of_a_transfer_are_matched_in_one_append(store: Store, me: Session) -> None:
    out, into = a_movement(me, -10, "a"), a_movement(me, 10, "b")
    me.do(Transaction.match_transfer, out, into)
    assert loaded(me, Transaction, into).transfer_peer_id == out
    (mine,) = (event for event in me.history(out) if event.row.version == 2)
    (theirs,) = (event for event in me.history(into) if event.row.version == 2)
    assert mine.row.command_id == theirs.row.command_id
    store.erase(me.subject_id, grounds="asked for", record_id=out)
    me.do(Transaction.unmatch_transfer, into)
    assert loaded(me, Transaction, into).transfer_peer_id is None


def test_tie_between_contacts_is_stored_with_both_and_a_revert_takes_it_back_from_both(me: Session) -> None:
    ada, bob = (me.do(Contact.add, ContactName(full=name)).id for name in ("Ada", "Bob"))
    before = me.load(ada).modified_on
    me.do(Contact.relate, ada, Relation.CHILD, contact_id=bob)
    said = loaded(me, Contact, bob).relationships
    me.revert(to=before, record_id=ada)
    assert said == (Relationship(Relation.PARENT, ada),)
    assert loaded(me, Contact, bob).relationships == loaded(me, Contact, ada).relationships == ()


def contacts(me: Session, *names: str) -> list[UUID]:
    return [me.do(Contact.add, ContactName(full=name)).id for name in names]


def merged_into(me: Session, *contact_ids: UUID) -> list[UUID | None]:
    return [loaded(me, Contact, each).merged_into for each in contact_ids]


def test_contacts_that_were_merged_into_one_go_where_it_goes_in_the_same_append(
    store: Store, me: Session
) -> None:
    lady, countess, ada = contacts(me, "Lady", "Countess", "Ada")
    me.do(Contact.merge_into, lady, countess)
    receipt = me.do(Contact.merge_into, countess, ada)
    assert receipt.id == countess
    assert merged_into(me, lady, countess) == [ada, ada]
    assert loaded(me, Contact, ada).absorbed == (countess, lady)
    commands = {me.history(each)[-1].row.command_id for each in (lady, countess, ada)}
    assert len(commands) == 1
    store.catch_up()
    assert [me.get(Contact, each).merged_into for each in (lady, countess)] == [ada, ada]


def test_revert_of_a_merge_is_known_to_the_survivor(me: Session) -> None:
    lady, countess, ada = contacts(me, "Lady", "Countess", "Ada")
    before = me.load(ada).modified_on
    me.do(Contact.merge_into, lady, countess)
    between = me.do(Contact.merge_into, countess, ada).recorded_at
    me.revert(to=before, record_id=countess)
    assert merged_into(me, lady, countess) == [ada, None]
    assert loaded(me, Contact, ada).absorbed == (lady,)

    # Merged again by a revert, it takes along what it has taken in meanwhile.
    (late,) = contacts(me, "Late")
    me.do(Contact.merge_into, late, countess)
    me.revert(to=between, record_id=countess)
    assert merged_into(me, lady, countess, late) == [ada, ada, ada]
    assert set(loaded(me, Contact, ada).absorbed) == {lady, countess, late}
    assert loaded(me, Contact, countess).absorbed == ()


def test_revert_brings_back_no_merge_into_a_contact_that_went_on(me: Session) -> None:
    lady, countess, ada = contacts(me, "Lady", "Countess", "Ada")
    between = me.do(Contact.merge_into, lady, countess).recorded_at
    me.do(Contact.merge_into, countess, ada)
    refused: list[Reversal] = []
    me.revert(to=between, record_id=lady, each=refused.append)
    assert [(each.action, each.reason) for each in refused] == [(Action.LEFT, "peer_merged")]
    assert merged_into(me, lady, countess) == [ada, ada]
    me.revert(to=between, record_id=countess)
    me.revert(to=between, record_id=lady)
    assert merged_into(me, lady, countess) == [countess, None]
    assert loaded(me, Contact, countess).absorbed == (lady,)
    assert loaded(me, Contact, ada).absorbed == ()


def test_merge_that_a_person_goes_back_on_is_undone_for_all_of_them(me: Session) -> None:
    people = contacts(me, "Lady", "Countess", "Ada")
    lady, countess, ada = people
    between = me.do(Contact.merge_into, lady, countess).recorded_at
    me.do(Contact.merge_into, countess, ada)
    me.revert(to=between)
    assert merged_into(me, *people) == [countess, None, None]
    assert [loaded(me, Contact, each).absorbed for each in people] == [(), (lady,), ()]


def test_contact_merged_into_one_that_was_erased_holds_nothing_up(store: Store, me: Session) -> None:
    lady, countess, ada = contacts(me, "Lady", "Countess", "Ada")
    me.do(Contact.merge_into, lady, countess)
    store.erase(me.subject_id, grounds="asked for", record_id=lady)
    me.do(Contact.merge_into, countess, ada)
    assert merged_into(me, countess) == [ada]
