"""Trees, sums, statistics and the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.media.album import Album
from domain.media.album_terms import AlbumKind, AlbumRule
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.personal.health_record import HealthRecord
from domain.personal.health_record_terms import Code, Comparator, Component, RecordType, Sample
from domain.personal.location import LocationDay
from domain.personal.location_terms import Point
from domain.personal.transaction import Transaction
from domain.personal.transaction_terms import BookingStatus, SplitPart
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.values import StoredContent
from infrastructure.store.reader import Page
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from projections.spending import Spending
from tests.store.asking import NOON, walk

pytestmark = pytest.mark.usefixtures("registered")


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


def paged(ask: Callable[..., Page[Any]], cursor: str | None, *, limit: int) -> Page[Any]:
    """Ask for a page of an answer."""
    return ask(limit=limit, cursor=cursor)


def test_a_tree_is_paged_through_whole(store: Store, me: Session) -> None:
    tops = [me.do(Task.create, title=f"top {number}").id for number in range(3)]
    for top in tops:
        for number in range(3):
            leaf = me.do(Task.create, title=f"leaf {number}").id
            me.do(Task.nest_under, leaf, top)
    store.catch_up()
    whole = list(me.task_tree())
    assert len(whole) == 12
    assert all(node.path[-1] == node.task_id for node in whole)
    for limit in (1, 4, 12):
        assert walk(partial(paged, me.task_tree, limit=limit)) == whole


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


SUMMER = datetime(2025, 7, 1, 23, 30, tzinfo=UTC)
ROME = SUMMER.replace(hour=1, day=2, tzinfo=None)


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (AlbumRule(kind=MediaKind.VIDEO), {"video"}),
        (AlbumRule(is_favourite=True), {"favourite", "video"}),
        (AlbumRule(is_favourite=False, kind=MediaKind.PHOTO), {"plain", "rated", "tagged", "local"}),
        (AlbumRule(rating=4), {"rated"}),
        (AlbumRule(tag="Zo\u00eb"), {"tagged"}),
        (AlbumRule(captured_from=SUMMER.date()), {"plain", "local"}),
        (AlbumRule(captured_until=SUMMER.date()), {"plain", "rated"}),
        (AlbumRule(captured_from=ROME.date(), captured_until=ROME.date()), {"local"}),
        (AlbumRule(rating=4, tag="Zo\u00eb"), set()),
    ],
)
def test_a_smart_album_holds_what_its_rule_finds(
    store: Store, me: Session, rule: AlbumRule, found: set[str]
) -> None:
    pictures: dict[str, dict[str, Any]] = {
        "plain": {"captured_at": SUMMER},
        "rated": {"rating": 5, "captured_at": SUMMER - timedelta(days=1)},
        "local": {"captured_at": SUMMER, "captured_local": ROME},
        "favourite": {"is_favourite": True},
        "video": {"kind": MediaKind.VIDEO, "is_favourite": True},
        "tagged": {},
        "trashed": {"rating": 5, "is_favourite": True, "captured_at": SUMMER},
    }
    ids = {
        name: me.do(
            Media.add,
            StoredContent(uuid4(), 1, "image/jpeg"),
            **{"kind": MediaKind.PHOTO, "original_filename": name} | given,
        ).id
        for name, given in pictures.items()
    }
    me.do(Media.tag, ids["tagged"], "Zoe\u0308")
    me.do(Media.trash, ids["trashed"])
    album = me.do(Album.create, "Smart", kind=AlbumKind.SMART, rule=rule).id
    store.catch_up()
    pages = walk(lambda cursor: me.album_contents(album, limit=1, cursor=cursor))
    assert {item.filename for item in pages} == found
    assert [item.place for item in pages] == list(range(len(found)))


def test_a_frozen_album_holds_what_it_was_given_whatever_its_rule_would_find(
    store: Store, me: Session
) -> None:
    for _ in range(2):
        last = me.do(Media.add, StoredContent(uuid4(), 1, "image/jpeg"), kind=MediaKind.PHOTO, rating=5).id
    album = me.do(Album.create, "Best", kind=AlbumKind.SMART, rule=AlbumRule(rating=5)).id
    me.do(Album.freeze, album, (last,))
    store.catch_up()
    assert [item.media_id for item in me.album_contents(album)] == [last]


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


def test_spending_and_series_are_paged_through_whole(store: Store, me: Session) -> None:
    for number, category in enumerate(("food", "Äpfel", "books", None)):
        for currency, month in (("EUR", 1), ("JPY", 1), ("EUR", 3)):
            pay(me, f"-{number + 1}", date(2026, month, 2), category, currency=currency)
    for day, unit in ((2, "kg"), (2, "lb"), (1, "kg"), (5, "g")):
        me.do(
            HealthRecord.record, RecordType.VITAL_SIGN, code=Code("Weight"), value_quantity=Decimal(day),
            value_unit=unit, effective_at=NOON.replace(day=day),
        )  # fmt: skip
    store.catch_up()
    year = date(2026, 1, 1), date(2027, 1, 1)
    for ask, rows in ((partial(me.spending, *year), 12), (partial(me.health_series, "Weight", *year), 4)):
        whole = list(ask())
        assert len(whole) == rows
        assert all(walk(partial(paged, ask, limit=limit)) == whole for limit in (1, 3, rows))


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
    assert spent(me, store) == []
    me.do(Transaction.unmatch_transfer, out)
    assert len(spent(me, store)) == 1


def test_what_was_reversed_and_what_reversed_it_are_no_spending(store: Store, me: Session) -> None:
    charged = pay(me, "-50", date(2026, 1, 31), "shop")
    back = pay(me, "50", date(2026, 2, 2), "shop")
    assert len(spent(me, store)) == 2  # control
    me.do(Transaction.reverse, charged, reversal_id=back)
    assert spent(me, store) == []


def test_transaction_counts_once_in_each_category_of_its_parts(store: Store, me: Session) -> None:
    mixed = pay(me, "-30", date(2026, 1, 1))
    amounts = {"food": ("-5", "-10"), "home": ("-15",)}
    parts = tuple(SplitPart(Decimal(amount), name) for name, some in amounts.items() for amount in some)
    me.do(Transaction.split, mixed, parts)
    assert [(line[2], line[4], line[5]) for line in spent(me, store)] == [
        ("food", Decimal(15), 1),
        ("home", Decimal(15), 1),
    ]


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
    me.do(
        HealthRecord.record, RecordType.VITAL_SIGN, code=weight, value_quantity=Decimal(20),
        comparator=Comparator.LESS, value_unit="kg", effective_at=NOON,
    )  # fmt: skip
    store.catch_up()
    assert "<20 kg" in {line.detail for line in me.timeline()}
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
