"""A command that looks at many records asks the ledger for them together, and sees each as it would see it alone."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

import pytest

from domain.core.link import Link
from domain.core.link_terms import Target, TargetKind
from domain.media.album import Album
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.productivity.task import Task
from domain.productivity.task_terms import Status
from domain.shared.errors import PeerUnusable
from domain.shared.nesting import NestedTooDeep
from domain.shared.values import StoredContent, new_id
from infrastructure.ledger.events import EventRow
from infrastructure.ledger.ledger import Ledger
from infrastructure.ledger.repository import SHORT
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store

MANY = 40


@pytest.fixture
def singly(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The records that the ledger is asked for one by one."""
    asked, replay = list[UUID](), Ledger.replay

    def noted(ledger: Ledger, subject_id: UUID, record_id: UUID, *, up_to: int) -> list[EventRow]:
        asked.append(record_id)
        return replay(ledger, subject_id, record_id, up_to=up_to)

    monkeypatch.setattr(Ledger, "replay", noted)
    return asked


def tasks(me: Session, count: int) -> list[UUID]:
    return [each.id for each in me.do_all([call(Task.create, f"task {n}") for n in range(count)])]


def tasks_under(me: Session, parent: UUID, count: int = MANY) -> list[UUID]:
    """Make tasks that lie in another."""
    made = tasks(me, count)
    me.do_all([call(Task.nest_under, each, parent) for each in made])
    return made


def media(me: Session) -> list[UUID]:
    photos = (StoredContent(new_id(), 10, "image/jpeg") for _ in range(MANY))
    return [each.id for each in me.do_all([call(Media.add, photo, kind=MediaKind.PHOTO) for photo in photos])]


def statuses(me: Session, records: list[UUID]) -> list[Status]:
    loaded = (me.load(each) for each in records)
    return [each.status for each in loaded if isinstance(each, Task)]


def test_tasks_that_are_completed_with_another_are_loaded_together(me: Session, singly: list[UUID]) -> None:
    (parent,) = tasks(me, 1)
    children = tasks_under(me, parent)
    singly.clear()
    me.do(Task.complete, parent, complete_subtasks=True)
    assert singly == [parent]
    assert statuses(me, children) == [Status.DONE] * MANY


def test_a_tree_that_is_moved_is_loaded_level_by_level(me: Session, singly: list[UUID]) -> None:
    top, parent, *above = tasks(me, Task.MAX_DEPTH)
    for child in tasks_under(me, parent, 3):
        tasks_under(me, child, 3)
    for lower, upper in pairwise(above):
        me.do(Task.nest_under, lower, upper)
    singly.clear()
    me.do(Task.nest_under, parent, top)
    assert singly == [parent, top]
    with pytest.raises(NestedTooDeep):
        me.do(Task.nest_under, parent, above[0])


def test_tasks_that_wait_for_one_are_loaded_together(me: Session, singly: list[UUID]) -> None:
    awaited, *waiting = tasks(me, MANY)
    me.do_all([call(Task.add_dependency, each, awaited) for each in waiting])
    assert set(statuses(me, waiting)) == {Status.BLOCKED}
    singly.clear()
    me.do(Task.complete, awaited)
    assert singly == [awaited]
    assert set(statuses(me, waiting)) == {Status.TODO}


def test_a_record_with_many_events_is_loaded_by_itself_and_as_it_is(me: Session, singly: list[UUID]) -> None:
    (parent,) = tasks(me, 1)
    changed, done, *_ = children = tasks_under(me, parent)
    me.do_all([call(Task.retitle, changed, f"title {n}") for n in range(SHORT)])
    me.do(Task.complete, done)
    me.do_all([call(Task.retitle, done, f"title {n}") for n in range(SHORT)])
    singly.clear()
    me.do(Task.complete, parent, complete_subtasks=True)
    assert set(singly) == {parent, changed, done}
    assert statuses(me, children) == [Status.DONE] * MANY


def test_what_is_erased_or_in_the_trash_is_no_more_than_it_is_alone(store: Store, me: Session) -> None:
    (parent,) = tasks(me, 1)
    trashed, erased, *children = tasks_under(me, parent)
    me.do(Task.trash, trashed)
    store.erase(me.subject_id, grounds="art17.1.a", record_id=erased)
    me.do(Task.complete, parent, complete_subtasks=True)
    assert statuses(me, [trashed, *children]) == [Status.TODO] + [Status.DONE] * (MANY - 2)


def test_media_that_are_added_to_an_album_are_looked_at_together(me: Session, singly: list[UUID]) -> None:
    found, album = media(me), me.do(Album.create, "Trip").id
    singly.clear()
    me.do(Album.add_media, album, tuple(found))
    assert singly == [album]
    other = me.do(Album.create, "Home").id
    me.do(Media.trash, found[-1])
    for unusable in (found, [*found[:-1], new_id()], [*found[:-1], album]):
        with pytest.raises(PeerUnusable):
            me.do(Album.add_media, other, tuple(unusable))


def test_records_that_are_named_are_looked_at_together(me: Session, singly: list[UUID]) -> None:
    named = tasks(me, MANY)

    def share(records: list[UUID]) -> None:
        targets = tuple(Target("task", each) for each in records)
        me.do(Link.create, new_id().hex * 2, targets=targets, target_kind=TargetKind.COLLECTION)

    singly.clear()
    share(named)
    assert singly == []
    me.do(Task.trash, named[-1])
    with pytest.raises(PeerUnusable):
        share(named)
