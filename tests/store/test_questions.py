"""What each question answers, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter

from domain.catalogue import KINDS, kind_named
from domain.media.album import Album
from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.note import Note
from domain.productivity.note_terms import NoteKind
from domain.productivity.task import Task
from domain.productivity.task_terms import Status
from domain.shared.record import Record
from infrastructure.errors import InvalidCursor, InvalidQuery, NotFound, NotYetProjected
from infrastructure.ledger.codec import state_hints
from infrastructure.store import reader as reader_module
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from projections.catalogue import view_of
from tests.store.asking import NOON, walk, wall

pytestmark = pytest.mark.usefixtures("registered")


def samples(kind: type[Record], name: str) -> Iterable[Any]:
    """Yield values that a filter may be fixed to."""
    hint = state_hints(kind)[name]
    for candidate in (True, uuid4(), "x", "2026-01-01", None):
        try:
            yield TypeAdapter(hint).validate_python(candidate)
        except ValueError:
            continue
    if isinstance(hint, type) and issubclass(hint, Enum):
        yield from hint


def test_every_filter_and_order_that_a_view_lists_can_be_asked(me: Session) -> None:
    asked = 0
    for name in KINDS:
        kind, table = kind_named(name), view_of(name).table
        for order in table.all_orders:
            for order_by in (order, f"-{order}"):
                assert len(me.find(kind, order_by=order_by)) == (name == "user")
                assert len(me.find(kind, order_by=order_by, trashed=True)) == 0
        for filtered in table.filters:
            values = list(samples(kind, filtered))
            assert values, (name, filtered)
            for value in values:
                for order in table.all_orders:
                    assert len(me.find(kind, order_by=order, **{filtered: value})) == 0
                assert me.count(kind, **{filtered: value}) == 0
                asked += 1
    assert asked >= sum(len(view_of(name).table.filters) for name in KINDS)


def many_tasks(me: Session) -> dict[UUID, date | None]:
    """Make 27 tasks: some due on the same day, a third of them on none."""
    days = [None if number % 3 == 0 else date(2026, 5, 1 + number % 7) for number in range(27)]
    receipts = me.do_all([call(Task.create, title=f"t{number}", due=day) for number, day in enumerate(days)])
    return dict(zip([receipt.id for receipt in receipts], days, strict=True))


def test_paging_gives_each_record_once_in_order_and_those_without_a_value_last(
    store: Store, me: Session
) -> None:
    due = many_tasks(me)
    store.catch_up()
    dated = [(day, task_id) for task_id, day in due.items() if day is not None]
    undated = [task_id for task_id, day in due.items() if day is None]
    for limit in (1, 4, len(dated), 26, 27, 1000):
        for descending in (False, True):
            ask = partial(me.find, Task, order_by="-due" if descending else "due", limit=limit)
            found = walk(lambda cursor, ask=ask: ask(cursor=cursor))  # type: ignore[misc]  # bound in the loop
            expected = [task_id for _, task_id in sorted(dated, reverse=descending)]
            assert [task.id for task in found] == expected + sorted(undated, reverse=descending), limit


def test_paging_by_times_that_are_always_there_gives_each_record_once(store: Store, me: Session) -> None:
    made = list(many_tasks(me))
    me.do(Task.start, made[3])
    store.catch_up()

    def paged(order_by: str) -> list[UUID]:
        return [
            task.id for task in walk(lambda cursor: me.find(Task, order_by=order_by, limit=5, cursor=cursor))
        ]

    assert sorted(paged("created_at")) == sorted(made)
    for order_by in ("created_at", "updated_at"):
        up = paged(order_by)
        assert paged(f"-{order_by}") == up[::-1]
    assert paged("-updated_at")[0] == made[3]
    filtered = walk(lambda cursor: me.find(Task, status=Status.TODO, order_by="due", limit=5, cursor=cursor))
    assert sorted(task.id for task in filtered) == sorted(set(made) - {made[3]})


@pytest.mark.parametrize("descending", [False, True])
def test_paging_by_text_or_wall_times_gives_each_record_once(
    store: Store, me: Session, *, descending: bool
) -> None:
    names = [f"{letter}{number}" for letter in ("a", "Z", "é", "'", "\U0001f600") for number in range(3)]
    me.do_all([call(Album.create, name) for name in names])
    moments = [datetime(2026, 1, 1, 0, 0) + timedelta(minutes=7 * number) for number in range(12)]  # noqa: DTZ001 - on the wall
    me.do_all(
        [
            call(CalendarEvent.schedule, "e", time_kind=TimeKind.FLOATING, start_local=moment)
            for moment in moments
        ]
    )
    store.catch_up()
    sign = "-" if descending else ""
    albums = walk(lambda cursor: me.find(Album, order_by=f"{sign}title", limit=4, cursor=cursor))
    assert [album.title for album in albums] == sorted(names, reverse=descending)
    events = walk(
        lambda cursor: me.find(CalendarEvent, order_by=f"{sign}start_local", limit=5, cursor=cursor)
    )
    assert [event.start_local for event in events] == sorted(moments, reverse=descending)


def test_a_cursor_fits_only_the_question_and_the_person_it_was_given_to(
    store: Store, me: Session, stranger: Session
) -> None:
    many_tasks(me)
    many_tasks(stranger)
    store.catch_up()
    cursor = me.find(Task, order_by="due", limit=3).next
    assert cursor is not None
    assert len(me.find(Task, order_by="due", limit=3, cursor=cursor)) == 3  # control
    for refused in (
        lambda: me.find(Task, order_by="-due", limit=3, cursor=cursor),
        lambda: me.find(Task, order_by="due", limit=4, cursor=cursor),
        lambda: me.find(Task, order_by="due", limit=3, cursor=cursor, trashed=True),
        lambda: me.find(Task, order_by="due", limit=3, cursor=cursor, status=Status.TODO),
        lambda: me.find(Note, limit=3, cursor=cursor),
        lambda: me.timeline(limit=3, cursor=cursor),
        lambda: stranger.find(Task, order_by="due", limit=3, cursor=cursor),
    ):
        with pytest.raises(InvalidCursor):
            refused()
    timeline = me.timeline(limit=3).next
    assert timeline is not None
    others: tuple[Callable[[], object], ...] = (
        lambda: me.timeline(limit=3, kind="task", cursor=timeline),
        lambda: me.timeline(limit=3, since=NOON, cursor=timeline),
        lambda: stranger.timeline(limit=3, cursor=timeline),
        lambda: me.audit(limit=3, cursor=timeline),
    )
    for other in others:
        with pytest.raises(InvalidCursor):
            other()


def test_a_cursor_that_was_changed_or_made_up_is_refused(store: Store, me: Session) -> None:
    many_tasks(me)
    store.catch_up()
    cursor = me.find(Task, limit=3).next
    assert cursor is not None
    half = len(cursor) // 2
    swapped = cursor[:half] + ("A" if cursor[half] != "A" else "B") + cursor[half + 1 :]
    for made_up in (swapped, cursor[:-4], cursor + cursor, "x", "AAAA", "ä", "%%%", "A" * 5000):
        with pytest.raises(InvalidCursor):
            me.find(Task, limit=3, cursor=made_up)
        with pytest.raises(InvalidCursor):
            me.timeline(limit=3, cursor=made_up)


def test_what_a_view_does_not_offer_is_refused(me: Session) -> None:
    with pytest.raises(InvalidQuery):
        me.find(Task, title="not a filter")
    with pytest.raises(InvalidQuery):
        me.find(Task, no_such_field=1)
    with pytest.raises(InvalidQuery):
        me.count(Task, title="not a filter")
    with pytest.raises(InvalidQuery):
        me.find(Task, status="no such status")
    for order_by in ("title", "no_such_field", "", "--due", "due; DROP TABLE read.tasks"):
        with pytest.raises(InvalidQuery):
            me.find(Task, order_by=order_by)
    for limit in (0, -1, 1001):
        with pytest.raises(InvalidQuery):
            me.find(Task, limit=limit)
        with pytest.raises(InvalidQuery):
            me.timeline(limit=limit)
    assert len(me.find(Task, limit=1000, status="todo")) == 0  # control


def test_filters_and_counts_take_only_those_that_are_equal(store: Store, me: Session) -> None:
    started, done, _ = (receipt.id for receipt in me.do_all([call(Task.create, title=t) for t in "abc"]))
    me.do_all([call(Task.start, started), call(Task.complete, done)])
    note = me.do(
        Note.write, kind=NoteKind.JOURNAL_ENTRY, body="x", journal_date=date(2026, 1, 1), pinned=True
    )
    me.do(Note.write, body="y")
    store.catch_up()
    assert [task.id for task in me.find(Task, status=Status.DONE)] == [done]
    assert (me.count(Task), me.count(Task, status=Status.DONE), me.count(Task, status=Status.WAITING)) == (
        3,
        1,
        0,
    )
    assert [each.id for each in me.find(Note, kind=NoteKind.JOURNAL_ENTRY, pinned=True)] == [note.id]
    assert len(me.find(Note, kind=NoteKind.JOURNAL_ENTRY, pinned=False)) == 0


def test_trash_is_asked_for_by_itself(store: Store, me: Session) -> None:
    kept, gone = (receipt.id for receipt in me.do_all([call(Task.create, title=t) for t in "ab"]))
    me.do(Task.trash, gone)
    store.catch_up()
    for order_by in ("due", "-due", "created_at", "-updated_at"):
        assert [task.id for task in me.find(Task, order_by=order_by)] == [kept]
        assert [task.id for task in me.find(Task, order_by=order_by, trashed=True)] == [gone]
    assert (me.count(Task), me.count(Task, trashed=True), me.count(Task, trashed=True, status="done")) == (
        1,
        1,
        0,
    )
    assert me.get(Task, gone).deleted_at is not None
    me.do(Task.restore, gone)
    store.catch_up()
    assert (me.count(Task), me.count(Task, trashed=True)) == (2, 0)


def test_a_record_is_got_only_as_its_kind_and_by_its_person(
    store: Store, me: Session, stranger: Session
) -> None:
    made = me.do(Task.create, title="Mine")
    store.catch_up()
    assert me.get(Task, made.id).title == "Mine"
    with pytest.raises(NotFound):
        me.get(Note, made.id)
    with pytest.raises(NotFound):
        stranger.get(Task, made.id)
    with pytest.raises(NotFound):
        me.get(Task, uuid4())
    assert len(stranger.find(Task)) == 0


def test_a_question_waits_for_a_receipt_and_says_when_it_is_not_reached(
    me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = me.do(Task.create, title="Not projected")
    waited = reader_module.Reader.wait_for
    monkeypatch.setattr(
        reader_module.Reader, "wait_for", lambda self, given, nudge: waited(self, given, nudge, seconds=0.05)
    )
    for ask in (me.find, me.count):
        with pytest.raises(NotYetProjected):
            ask(Task, after=receipt)
    with pytest.raises(NotYetProjected):
        me.timeline(after=receipt)
    assert len(me.find(Task)) == 0


def test_the_timeline_tells_what_happened_newest_first(store: Store, me: Session) -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(30)]
    me.do_all([call(Note.write, f"n{day}", journal_date=day, kind=NoteKind.JOURNAL_ENTRY) for day in days])
    other = me.do(CalendarEvent.schedule, "Dinner", time_kind=TimeKind.UTC, start_local=wall(2026, 1, 3, 19))
    store.catch_up()
    january = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    found = walk(lambda cursor: me.timeline(since=january[0], until=january[1], limit=4, cursor=cursor))
    assert len({entry.record_id for entry in found}) == len(found) == 31
    assert all(one.at >= two.at for one, two in pairwise(found))
    assert [entry.record_id for entry in me.timeline(kind="calendar_event")] == [other.id]
    third = datetime(2026, 1, 3, tzinfo=UTC)
    entries = me.timeline(kind="note", since=third, until=third + timedelta(days=1))
    assert [(entry.title, entry.at) for entry in entries] == [
        ("n2026-01-03", third)
    ]  # since is in, until is out
    me.do(CalendarEvent.trash, other.id)
    store.catch_up()
    assert len(me.timeline(kind="calendar_event")) == 0
