"""What each question answers, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from domain.catalogue import KINDS, kind_named
from domain.communication.email import Email
from domain.communication.email_terms import Mailbox
from domain.media.album import Album
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.personal.health_record import HealthRecord
from domain.personal.health_record_terms import Code, Component, RecordType, Sample
from domain.personal.location import LocationDay
from domain.personal.location_terms import Point
from domain.personal.transaction import Transaction
from domain.personal.transaction_terms import BookingStatus, SplitPart
from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.note import Note
from domain.productivity.note_terms import NoteKind
from domain.productivity.task import Task
from domain.productivity.task_terms import Status
from domain.shared.record import Record
from domain.shared.values import StoredContent
from infrastructure.errors import InvalidCursor, InvalidQuery, NotFound, NotYetProjected
from infrastructure.ledger.codec import state_hints
from infrastructure.ledger.events import Receipt
from infrastructure.store import reader as reader_module
from infrastructure.store.reader import Page
from infrastructure.store.session import Session, call
from infrastructure.store.store import Person, Store
from projections.agenda import Occurrence
from projections.catalogue import view_of
from projections.spending import Spending
from projections.threads import thread_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"


@pytest.fixture
def stranger(store: Store) -> Session:
    """Somebody else's session."""
    return store.acting_as(store.register("eve", "eve@example.org"))


def walk(ask: Callable[[str | None], Page[Any]]) -> list[Any]:
    """Return everything that paging with cursors gives."""
    page = ask(None)
    found = list(page)
    while page.next is not None:
        page = ask(page.next)
        assert len(page) > 0
        found += page
    return found


# find, count and get


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


@pytest.fixture(autouse=True)
def _registered(store: Store, person: Person) -> None:  # noqa: ARG001 - asked for to be there
    """The person's own record is in the read tables."""
    store.catch_up()


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


# timeline


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


def wall(*parts: int) -> datetime:
    """Return a time on a wall."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - local times have no zone of their own


# search


def titles(page: Iterable[Any]) -> set[str]:
    return {hit.title.replace("\x02", "").replace("\x03", "") for hit in page}


@pytest.fixture
def library(store: Store, me: Session, stranger: Session) -> None:
    me.do_all(
        [
            call(Note.write, "Passport renewal", body="Bring the old document to the town hall."),
            call(Note.write, "Town", body="A passport photograph is expired. " + "filler " * 200),
            call(Note.write, "Hall town", body="Nothing"),
            call(Task.create, title="Renew it", notes="the passport"),
        ]
    )
    stranger.do(Note.write, "Passport of Eve", body="town hall zanzibar")
    store.catch_up()


@pytest.mark.usefixtures("library")
def test_search_finds_words_phrases_alternatives_and_leaves_out_what_is_negated(me: Session) -> None:
    assert titles(me.search("passport")) == {"Passport renewal", "Town", "Renew it"}
    assert titles(me.search("PASSPORT")) == {"Passport renewal", "Town", "Renew it"}
    assert titles(me.search("passport -expired")) == {"Passport renewal", "Renew it"}
    assert titles(me.search('"town hall"')) == {"Passport renewal"}
    assert titles(me.search("town hall")) == {"Passport renewal", "Hall town"}
    assert titles(me.search("expired or nothing")) == {"Town", "Hall town"}
    assert titles(me.search("passport", kind="task")) == {"Renew it"}
    assert titles(me.search("passport", kind="email")) == set()
    assert titles(me.search("unheardof")) == set()


@pytest.mark.usefixtures("library")
def test_search_ranks_titles_first_and_marks_what_matched(me: Session) -> None:
    hits = me.search("passport")
    assert hits[0].title == "\x02Passport\x03 renewal"
    assert all(one.rank >= two.rank for one, two in pairwise(hits))
    (town,) = (hit for hit in hits if hit.title == "Town")
    assert "\x02passport\x03 photograph" in town.excerpt
    assert len(town.excerpt) < 400


@pytest.mark.usefixtures("library")
def test_search_never_finds_what_is_somebody_elses(me: Session, stranger: Session) -> None:
    assert titles(stranger.search("zanzibar")) == {"Passport of Eve"}  # control
    assert titles(me.search("zanzibar")) == set()
    for words in ("passport or zanzibar", "-unheardof", '"town hall"', str(stranger.subject_id)):
        assert "Passport of Eve" not in titles(me.search(words)), words
    assert titles(stranger.search("passport")) == {"Passport of Eve"}


@pytest.mark.usefixtures("library")
def test_search_takes_any_words_that_can_be_stored(me: Session) -> None:
    for words in ("'", '"', "a:*b & !", "\\", "<->", "ü" * 5000):
        assert "Passport of Eve" not in titles(me.search(words)), words
    for words in ("", " "):
        with pytest.raises(InvalidQuery):
            me.search(words)
    for words in ("x\x00y", "\udc80"):
        with pytest.raises(InvalidQuery):
            me.search(words)
        with pytest.raises(InvalidQuery):
            me.count(Transaction, account_id=words)


def test_search_follows_the_record_and_pages_through_equal_ranks(store: Store, me: Session) -> None:
    receipts = me.do_all([call(Note.write, f"same {number:02}", body="word") for number in range(25)])
    store.catch_up()
    found = walk(lambda cursor: me.search("word", limit=4, cursor=cursor))
    assert sorted(hit.record_id for hit in found) == sorted(receipt.id for receipt in receipts)
    me.do(Note.retitle, receipts[0].id, "unique")
    me.do(Note.trash, receipts[1].id)
    me.do(Note.tag, receipts[2].id, "labelled")
    store.catch_up()
    assert [hit.record_id for hit in me.search("unique")] == [receipts[0].id]
    assert [hit.record_id for hit in me.search("labelled")] == [receipts[2].id]
    assert len(me.search("word", limit=100)) == 24


# mail


def mail(
    me: Session, hours: int, thread: str, sender: str, subject: str = "Re: plan", **more: Any
) -> Receipt:
    return me.do(
        Email.receive,
        received_at=NOON + timedelta(hours=hours),
        source_content=StoredContent(uuid4(), 10, "message/rfc822"),
        thread_key=thread,
        from_=(Mailbox(sender, f"{sender}@example.org"),),
        subject=subject,
        **more,
    )


def test_mail_is_grouped_into_conversations_the_latest_first(store: Store, me: Session) -> None:
    mail(me, 1, "plan", "bob", "Plan", is_read=True)
    mail(me, 2, "party", "cy", "Party", is_read=True)
    mail(me, 3, "plan", "dee")
    mail(me, 4, "plan", "bob")
    mail(me, 5, "spam", "eve", is_junk=True)
    store.catch_up()
    plan, party = me.threads()
    assert (plan.subject, plan.messages, plan.unread, plan.participants) == ("Plan", 3, 2, ("bob", "dee"))
    assert (plan.last_at, plan.thread) == (NOON + timedelta(hours=4), thread_of("plan"))
    assert (party.subject, party.messages, party.unread) == ("Party", 1, 0)
    assert [thread.thread for thread in me.threads(unread=True)] == [plan.thread]
    assert [message.participant for message in me.thread(plan.thread)] == ["bob", "dee", "bob"]
    assert [message.unread for message in me.thread(plan.thread)] == [False, True, True]
    assert len(me.thread(uuid4())) == 0


def test_reading_moving_and_trashing_mail_changes_its_conversations(store: Store, me: Session) -> None:
    first = mail(me, 1, "a", "bob", "A")
    second = mail(me, 2, "b", "cy", "B")
    store.catch_up()
    assert [thread.subject for thread in me.threads(unread=True)] == ["B", "A"]
    me.do(Email.mark_read, second.id)
    store.catch_up()
    assert [thread.subject for thread in me.threads(unread=True)] == ["A"]
    me.do(Email.move_to_thread, second.id, "a")
    store.catch_up()
    (both,) = me.threads()
    assert (both.messages, both.unread, both.participants) == (2, 1, ("bob", "cy"))
    me.do(Email.trash, first.id)
    store.catch_up()
    (left,) = me.threads()
    assert (left.subject, left.messages, left.unread) == ("B", 1, 0)


def test_conversations_and_their_messages_are_paged_each_once(store: Store, me: Session) -> None:
    for number in range(26):
        mail(me, number, f"t{number % 9}", "bob", is_read=number % 2 == 0)
    store.catch_up()
    found = walk(lambda cursor: me.threads(limit=2, cursor=cursor))
    assert len({thread.thread for thread in found}) == len(found) == 9
    assert all(one.last_at > two.last_at for one, two in pairwise(found))
    assert sum(thread.messages for thread in found) == 26
    unread = walk(lambda cursor: me.threads(unread=True, limit=2, cursor=cursor))
    assert len({thread.thread for thread in unread}) == len(unread) == 9
    messages = walk(lambda cursor: me.thread(found[0].thread, limit=1, cursor=cursor))
    assert len({message.record_id for message in messages}) == len(messages) == found[0].messages
    assert all(one.at < two.at for one, two in pairwise(messages))


# agenda


def day_of(me: Session, store: Store, day: date, zone: str = "UTC", days: int = 1) -> list[Occurrence]:
    store.catch_up()
    since = datetime.combine(day, time(), ZoneInfo(zone))
    until = datetime.combine(day + timedelta(days=days), time(), ZoneInfo(zone))
    return list(me.agenda(since, until, zone=zone))


def test_a_weekly_event_stays_at_its_hour_on_the_wall_across_a_clock_change(
    store: Store, me: Session
) -> None:
    me.do(
        CalendarEvent.schedule, "Standup", time_kind=TimeKind.ZONED, timezone=BERLIN,
        start_local=wall(2026, 10, 5, 9), end_local=wall(2026, 10, 5, 9, 30), rrule="FREQ=WEEKLY",
    )  # fmt: skip
    found = day_of(me, store, date(2026, 10, 18), days=14)
    assert [occurrence.start.astimezone(UTC) for occurrence in found] == [
        datetime(2026, 10, 19, 7, tzinfo=UTC),
        datetime(2026, 10, 26, 8, tzinfo=UTC),
    ]
    assert {occurrence.end - occurrence.start for occurrence in found} == {timedelta(minutes=30)}
    far = day_of(me, store, date(2031, 3, 3))
    assert [occurrence.start.hour for occurrence in far] == [9]


def test_a_time_that_the_clock_change_skips_comes_as_much_later(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Night", time_kind=TimeKind.ZONED, timezone=BERLIN,
        start_local=wall(2026, 3, 28, 2, 30), rrule="FREQ=DAILY;COUNT=3",
    )  # fmt: skip
    found = day_of(me, store, date(2026, 3, 28), zone=BERLIN, days=3)
    assert [(each.start.hour, each.start.minute) for each in found] == [(2, 30), (3, 30), (2, 30)]


def test_single_occurrences_may_be_skipped_moved_renamed_or_cancelled(store: Store, me: Session) -> None:
    made = me.do(
        CalendarEvent.schedule, "Course", time_kind=TimeKind.UTC, start_local=wall(2026, 6, 1, 10),
        end_local=wall(2026, 6, 1, 11), rrule="FREQ=DAILY;COUNT=5",
    )  # fmt: skip
    assert len(day_of(me, store, date(2026, 6, 1), days=10)) == 5  # control
    me.do(CalendarEvent.skip_occurrence, made.id, wall(2026, 6, 2, 10))
    me.do(CalendarEvent.change_occurrence, made.id, wall(2026, 6, 3, 10), cancelled=True)
    me.do(
        CalendarEvent.change_occurrence,
        made.id,
        wall(2026, 6, 4, 10),
        start_local=wall(2026, 6, 20, 15),
        end_local=wall(2026, 6, 20, 17),
        title="Moved",
    )
    found = day_of(me, store, date(2026, 6, 1), days=10)
    assert [(each.start.day, each.title) for each in found] == [(1, "Course"), (5, "Course")]
    (moved,) = day_of(me, store, date(2026, 6, 20))
    assert (moved.start.hour, moved.end.hour, moved.title) == (15, 17, "Moved")
    me.do(CalendarEvent.restore_occurrence, made.id, wall(2026, 6, 2, 10))
    assert [each.start.day for each in day_of(me, store, date(2026, 6, 1), days=10)] == [1, 2, 5]


def test_all_day_and_floating_events_hang_on_the_askers_zone(store: Store, me: Session) -> None:
    me.do(CalendarEvent.schedule, "Holiday", time_kind=TimeKind.ALL_DAY, start_local=wall(2026, 7, 1))
    me.do(CalendarEvent.schedule, "Lunch", time_kind=TimeKind.FLOATING, start_local=wall(2026, 7, 1, 12))
    for zone, offset in (("Pacific/Auckland", 12), ("UTC", 0), ("America/Los_Angeles", -7)):
        holiday, lunch = day_of(me, store, date(2026, 7, 1), zone=zone)
        midnight = datetime(2026, 7, 1, tzinfo=UTC) - timedelta(hours=offset)
        assert (holiday.title, holiday.start, holiday.end) == (
            "Holiday",
            midnight,
            midnight + timedelta(days=1),
        )
        assert (holiday.all_day, lunch.all_day) == (True, False)
        assert lunch.start == midnight + timedelta(hours=12)
        for near in (date(2026, 6, 30), date(2026, 7, 2)):
            assert day_of(me, store, near, zone=zone) == []


def test_the_window_takes_in_what_overlaps_it_and_nothing_else(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Two hours", time_kind=TimeKind.UTC,
        start_local=wall(2026, 8, 1, 10), end_local=wall(2026, 8, 1, 12),
    )  # fmt: skip
    me.do(
        CalendarEvent.schedule, "Expedition", time_kind=TimeKind.UTC,
        start_local=wall(2026, 8, 1), end_local=wall(2026, 10, 20),
    )  # fmt: skip
    me.do(
        CalendarEvent.schedule, "Month", time_kind=TimeKind.UTC,
        start_local=wall(2026, 8, 1), end_local=wall(2026, 8, 31),
    )  # fmt: skip
    store.catch_up()

    def named(since: datetime, until: datetime) -> list[str]:
        return sorted(each.title for each in me.agenda(since.replace(tzinfo=UTC), until.replace(tzinfo=UTC)))

    assert named(wall(2026, 8, 1, 11), wall(2026, 8, 1, 11, 30)) == ["Expedition", "Month", "Two hours"]
    assert named(wall(2026, 8, 1, 12), wall(2026, 8, 1, 13)) == ["Expedition", "Month"]  # the end is outside
    assert named(wall(2026, 8, 1, 9), wall(2026, 8, 1, 10)) == ["Expedition", "Month"]  # so is the window's
    assert named(wall(2026, 8, 30), wall(2026, 8, 31)) == ["Expedition", "Month"]
    assert named(wall(2026, 10, 19), wall(2026, 10, 20)) == ["Expedition"]
    assert named(wall(2026, 10, 20), wall(2026, 10, 21)) == []


def test_cancelled_and_trashed_events_do_not_take_place(store: Store, me: Session) -> None:
    made = me.do(CalendarEvent.schedule, "Talk", time_kind=TimeKind.UTC, start_local=wall(2026, 8, 1, 10))
    assert len(day_of(me, store, date(2026, 8, 1))) == 1
    me.do(CalendarEvent.cancel, made.id)
    assert day_of(me, store, date(2026, 8, 1)) == []
    me.do(CalendarEvent.reinstate, made.id)
    assert len(day_of(me, store, date(2026, 8, 1))) == 1
    me.do(CalendarEvent.trash, made.id)
    assert day_of(me, store, date(2026, 8, 1)) == []


# trees and albums


def test_the_task_tree_shows_parents_before_children(store: Store, me: Session) -> None:
    top, middle, leaf, other = (
        me.do(Task.create, title=title).id for title in ("top", "mid", "leaf", "other")
    )
    me.do_all([call(Task.nest_under, leaf, middle), call(Task.nest_under, middle, top)])
    store.catch_up()
    assert [(node.title, node.depth) for node in me.task_tree(top)] == [("top", 0), ("mid", 1), ("leaf", 2)]
    assert [(node.title, node.depth) for node in me.task_tree(middle)] == [("mid", 0), ("leaf", 1)]
    assert [node.title for node in me.task_tree()] == ["top", "mid", "leaf", "other"]
    me.do_all([call(Task.promote, leaf), call(Task.complete, leaf)])
    store.catch_up()
    assert [node.title for node in me.task_tree(top)] == ["top", "mid"]
    (node,) = me.task_tree(leaf)
    assert (node.parent_id, node.status) == (None, "done")
    assert other in {node.task_id for node in me.task_tree()}
    assert len(me.task_tree(uuid4())) == 0


def test_an_album_shows_its_media_in_its_order_without_those_in_the_trash(store: Store, me: Session) -> None:
    content = [StoredContent(uuid4(), number, "image/jpeg") for number in range(25)]
    media = [
        receipt.id
        for receipt in me.do_all(
            [
                call(Media.add, each, kind=MediaKind.PHOTO, original_filename=f"{number}.jpg")
                for number, each in enumerate(content)
            ]
        )
    ]
    album = me.do(Album.create, "Trip").id
    me.do(Album.add_media, album, tuple(media))
    me.do_all([call(Album.move_media, album, media[24]), call(Album.set_cover, album, media[3])])
    me.do(Media.caption, media[0], "First")
    store.catch_up()
    items = walk(lambda cursor: me.album_contents(album, limit=4, cursor=cursor))
    assert [item.media_id for item in items] == [media[24], *media[:24]]
    assert [item.media_id for item in items if item.is_cover] == [media[3]]
    assert (items[1].caption, items[1].filename) == ("First", "0.jpg")
    me.do(Media.trash, media[1])
    store.catch_up()
    assert media[1] not in {item.media_id for item in me.album_contents(album)}
    assert len(me.album_contents(album)) == 24


# money


def pay(me: Session, amount: str, day: date, category: str | None = None, **more: Any) -> UUID:
    account = more.pop("account_id", "giro")
    return me.do(
        Transaction.record, Decimal(amount), currency=more.pop("currency", "EUR"), account_id=account,
        booked_on=day, category=category, **more,
    ).id  # fmt: skip


def spent(me: Session, store: Store) -> list[tuple[str, str, str, Decimal, Decimal, int]]:
    store.catch_up()

    def line(each: Spending) -> tuple[str, str, str, Decimal, Decimal, int]:
        month = f"{each.month:%Y-%m}"
        return (month, each.currency, each.category, each.money_in, each.money_out, each.transactions)

    return [line(each) for each in me.spending(date(2026, 1, 1), date(2027, 1, 1))]


def test_spending_sums_by_month_currency_and_category(store: Store, me: Session) -> None:
    pay(me, "-10.50", date(2026, 1, 31), "food")
    pay(me, "-2.25", date(2026, 1, 1), "food")
    pay(me, "1000", date(2026, 2, 1))
    pay(me, "-500", date(2026, 2, 1), "food", currency="JPY")
    pay(me, "-7", date(2026, 2, 2), "food", status=BookingStatus.PENDING)
    pay(me, "-7", date(2025, 12, 31), "food")
    pay(me, "-7", date(2027, 1, 1), "food")
    assert spent(me, store) == [
        ("2026-02", "EUR", "", Decimal(1000), Decimal(0), 1),
        ("2026-02", "JPY", "food", Decimal(0), Decimal(500), 1),
        ("2026-01", "EUR", "food", Decimal(0), Decimal("12.75"), 2),
    ]
    january = me.spending(date(2026, 1, 1), date(2026, 2, 1))
    assert [each.money_out for each in january] == [Decimal("12.75")]


def test_sums_follow_corrections_splits_and_the_trash(store: Store, me: Session) -> None:
    payment = pay(me, "-30", date(2026, 1, 5), "food")
    pay(me, "-5", date(2026, 1, 6), "food")
    assert spent(me, store) == [("2026-01", "EUR", "food", Decimal(0), Decimal(35), 2)]
    me.do(Transaction.correct, payment, amount=Decimal(-20))
    assert spent(me, store) == [("2026-01", "EUR", "food", Decimal(0), Decimal(25), 2)]
    me.do(Transaction.split, payment, (SplitPart(Decimal(-12), "food"), SplitPart(Decimal(-8), "books")))
    assert spent(me, store) == [
        ("2026-01", "EUR", "books", Decimal(0), Decimal(8), 1),
        ("2026-01", "EUR", "food", Decimal(0), Decimal(17), 2),
    ]
    me.do(Transaction.unsplit, payment)
    me.do(Transaction.categorise, payment, "home")
    me.do(Transaction.correct, payment, booked_on=date(2026, 2, 1))
    assert spent(me, store) == [
        ("2026-02", "EUR", "home", Decimal(0), Decimal(20), 1),
        ("2026-01", "EUR", "food", Decimal(0), Decimal(5), 1),
    ]
    me.do(Transaction.trash, payment)
    assert spent(me, store) == [("2026-01", "EUR", "food", Decimal(0), Decimal(5), 1)]
    me.do(Transaction.restore, payment)
    assert len(spent(me, store)) == 2


def test_transfers_between_own_accounts_are_no_spending(store: Store, me: Session) -> None:
    out = pay(me, "-100", date(2026, 3, 1), account_id="giro")
    into = pay(me, "100", date(2026, 3, 2), account_id="savings")
    assert spent(me, store) == [("2026-03", "EUR", "", Decimal(100), Decimal(100), 2)]  # control
    me.do(Transaction.match_transfer, out, into)
    me.do(Transaction.match_transfer, into, out)
    assert spent(me, store) == []
    me.do(Transaction.unmatch_transfer, out)
    me.do(Transaction.unmatch_transfer, into)
    assert len(spent(me, store)) == 1


# health and places


def test_measurements_are_summed_up_by_day_and_unit(store: Store, me: Session) -> None:
    weight = Code("Weight", "http://loinc.org", "29463-7")
    for hour, value in ((6, "80"), (20, "81.5")):
        me.do(
            HealthRecord.record, RecordType.VITAL_SIGN, code=weight, value_quantity=Decimal(value),
            value_unit="kg", effective_at=NOON.replace(hour=hour),
        )  # fmt: skip
    wrong = me.do(
        HealthRecord.record, RecordType.VITAL_SIGN, code=weight, value_quantity=Decimal(800),
        value_unit="kg", effective_at=NOON,
    )  # fmt: skip
    store.catch_up()
    window = (NOON.date(), NOON.date() + timedelta(days=1))
    assert [each.count for each in me.health_series("29463-7", *window)] == [3]
    me.do(HealthRecord.mark_entered_in_error, wrong.id)
    store.catch_up()
    (day,) = me.health_series("29463-7", *window)
    assert (day.count, day.least, day.mean, day.greatest) == (
        2,
        Decimal(80),
        Decimal("80.75"),
        Decimal("81.5"),
    )
    assert (day.day, day.label, day.unit) == (NOON.date(), "Weight", "kg")
    assert len(me.health_series("29463-7", window[1], window[1] + timedelta(days=9))) == 0
    assert len(me.health_series("no such code", *window)) == 0


def test_series_and_parts_of_measurements_are_found_under_their_own_code(store: Store, me: Session) -> None:
    beats = tuple(Sample(NOON + timedelta(minutes=number), Decimal(60 + number)) for number in range(5))
    pulse, pressure = Code("Pulse"), Code("Blood pressure")
    me.do(
        HealthRecord.record_series, RecordType.VITAL_SIGN, code=pulse, day=NOON.date(), samples=beats,
        unit="/min",
    )  # fmt: skip
    me.do(
        HealthRecord.record, RecordType.VITAL_SIGN, code=pressure, effective_at=NOON,
        components=(
            Component(Code("Systolic", code="8480-6"), Decimal(120), "mm[Hg]"),
            Component(Code("Diastolic", code="8462-4"), Decimal(80), "mm[Hg]"),
        ),
    )  # fmt: skip
    store.catch_up()
    window = (NOON.date(), NOON.date() + timedelta(days=1))
    (day,) = me.health_series("Pulse", *window)
    assert (day.count, day.least, day.mean, day.greatest) == (5, Decimal(60), Decimal(62), Decimal(64))
    assert [each.mean for each in me.health_series("8480-6", *window)] == [120]
    assert [each.mean for each in me.health_series("8462-4", *window)] == [80]


def test_places_count_visits_and_minutes_and_forget_dismissed_ones(store: Store, me: Session) -> None:
    for number in range(3):
        day = NOON + timedelta(days=number)
        points = (Point(day, 52.5, 13.4),)
        made = me.do(LocationDay.record_batch, day=day.date(), device="phone", points=points)
        me.do(
            LocationDay.detect_visit, made.id, day, latitude=52.5, longitude=13.4,
            left_at=day + timedelta(hours=1), place_name="Library",
        )  # fmt: skip
    visit_id = uuid4()
    me.do(
        LocationDay.detect_visit, made.id, day + timedelta(hours=2), latitude=52.6, longitude=13.5,
        left_at=day + timedelta(hours=3), visit_id=visit_id,
    )  # fmt: skip
    store.catch_up()
    library, nameless = me.places()
    assert (library.place, library.visits, library.minutes) == ("Library", 3, 180)
    assert (library.last_arrived_at, nameless.place) == (day, "52.600, 13.500")
    visits = walk(lambda cursor: me.visits(limit=1, cursor=cursor))
    assert [visit.place for visit in visits] == ["52.600, 13.500", "Library", "Library", "Library"]
    assert [each.place for each in walk(lambda cursor: me.places(limit=1, cursor=cursor))] == [
        "Library",
        "52.600, 13.500",
    ]
    me.do(LocationDay.dismiss_visit, made.id, visit_id)
    store.catch_up()
    assert [place.place for place in me.places()] == ["Library"]
    me.do(LocationDay.trash, made.id)
    store.catch_up()
    assert [(place.visits, place.minutes) for place in me.places()] == [(2, 120)]
    assert len(me.visits()) == 2


# statistics and audit


def test_statistics_count_living_and_trashed_records_events_and_bytes(
    store: Store, me: Session, stranger: Session
) -> None:
    first, second = (receipt.id for receipt in me.do_all([call(Task.create, title=t) for t in "ab"]))
    me.do(Task.start, first)
    me.do(Task.trash, second)
    stranger.do(Task.create, title="Another's")
    store.catch_up()
    counted = {each.kind: each for each in me.statistics()}
    assert set(counted) == {"task", "user"}
    tasks = counted["task"]
    assert (tasks.records, tasks.trashed, tasks.events) == (1, 1, 4)
    assert tasks.bytes > 100
    assert {each.kind: each.events for each in stranger.statistics()} == {"task": 1, "user": 1}


def test_the_audit_tells_who_did_what_and_can_be_narrowed(
    store: Store, me: Session, stranger: Session
) -> None:
    helper = uuid4()
    made = me.do(Task.create, title="A")
    me.do(Task.start, made.id)
    by_helper = store.acting_as(me.subject_id, purpose="help", actor_id=helper)
    trashed = by_helper.do(Task.trash, made.id)
    me.do(Note.write, "N")
    stranger.do(Task.create, title="B")
    store.catch_up()

    def actions(**chosen: Any) -> list[str | None]:
        return [line.action for line in me.audit(**chosen)]

    everything = actions()
    assert everything[1:4] == ["task.trashed", "task.started", "task.created"]
    assert (len(everything), everything[-1]) == (5, "user.registered")
    assert actions(record_id=made.id) == ["task.trashed", "task.started", "task.created"]
    assert actions(kind="note") == everything[:1]
    assert actions(action_class="delete") == actions(actor_id=helper) == ["task.trashed"]
    assert actions(action_class="create", kind="task") == ["task.created"]
    (line,) = me.audit(actor_id=helper)
    assert (line.purpose, line.command_id, line.position) == ("help", trashed.command_id, trashed.position)
    assert line.occurred_at is not None
    assert actions(since=line.occurred_at) == everything[:2]
    assert actions(until=line.occurred_at) == everything[2:]
    assert actions(record_id=uuid4()) == []
    paged = walk(lambda cursor: me.audit(limit=2, cursor=cursor))
    assert [each.action for each in paged] == everything
