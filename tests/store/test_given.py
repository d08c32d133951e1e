"""What is given with a command is checked like its arguments: whatever is stored can be read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactName, Membership
from domain.communication.email import Email
from domain.communication.email_terms import Mailbox
from domain.media.album import Album
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.personal.transaction import Transaction
from domain.personal.transaction_terms import TransferTaken
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.errors import InvalidInput
from domain.shared.record import Source, state_of
from domain.shared.values import StoredContent, new_id
from domain.web.bookmark import Bookmark
from infrastructure.errors import ClaimTaken
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store

UNSTORABLE: list[dict[str, Any]] = [
    {"source": Source("Shop", "order-42")},
    {"source": Source("shop", "a\0b")},
    {"source": Source("shop", "a" * 1001)},
    {"source": Source("shop", "\ud800")},
    {"source": Source("shop", 5)},  # type: ignore[arg-type]  # what a careless caller gives
    {"source": Source("shop", "1", "zz")},  # type: ignore[arg-type]  # see above
    {"source": "shop"},
    {"metadata": {"a": 5}},
    {"metadata": {"a": None}},
    {"metadata": {"a": "x\0y"}},
    {"metadata": {"a\0": "x"}},
    {"metadata": {"a": "\ud800"}},
    {"metadata": None},
    {"metadata": {str(number): "" for number in range(1001)}},
    {"command_id": "x"},
    {"correlation_id": "zz"},
    {"causation_id": 5},
    {"record_id": "zz"},
    {"expected_version": "one"},
    {"expected_version": -1},
]


def state(me: Session, record_id: UUID) -> dict[str, Any]:
    return state_of(me.load(record_id))


def events_of(me: Session) -> int:
    return sum(me.engine.ledger.heads().values())


@pytest.mark.parametrize("circumstances", UNSTORABLE, ids=repr)
def test_circumstances_that_could_not_be_read_again_are_refused(
    me: Session, circumstances: dict[str, Any]
) -> None:
    before = events_of(me)
    with pytest.raises(InvalidInput) as refused:
        me.given(**circumstances).do(Task.create, title="Buy")
    assert str(refused.value).startswith(next(iter(circumstances)))
    assert events_of(me) == before


def test_circumstances_are_kept_and_read_again(me: Session) -> None:
    source, integration = Source("shop", "order-42", new_id()), new_id()
    metadata = {"Größe": "two\nlines"}
    made = me.given(source=source, metadata=metadata, record_id=str(integration), command_id=str(uuid4())).do(
        Task.create, title="Buy"
    )
    me.engine.projector.run_until_idle()
    for record in (me.load(made.id), me.get(Task, made.id, after=made)):
        assert (record.id, record.source, record.metadata) == (integration, source, metadata)


@pytest.mark.parametrize("purpose", [5, "week\0ly", "\ud800", "x" * 1_000_001])
def test_a_purpose_that_could_not_be_read_again_is_refused(store: Store, me: Session, purpose: Any) -> None:
    with pytest.raises(InvalidInput):
        store.acting_as(me.subject_id, purpose=purpose)
    store.acting_as(me.subject_id, purpose="weekly\nreview").do(Task.create, title="Buy")


def test_ids_are_checked_before_anything_is_asked(store: Store, me: Session) -> None:
    made = me.do(Task.create, title="Buy")
    as_text: Any = str(made.id)  # as a program has it from JSON
    me.do(Task.retitle, as_text, "Sell")
    assert me.load(made.id).version == 2
    wrong: Any
    for wrong in ("zz", 5, None, as_text.upper()):
        with pytest.raises(InvalidInput):
            me.do(Task.retitle, wrong, "Buy")
        if wrong is not None:
            with pytest.raises(InvalidInput):
                store.acting_as(me.subject_id, actor_id=wrong)


def test_what_can_be_read_once_only_is_read_whole(me: Session) -> None:
    ids = [
        me.do(Media.add, StoredContent(new_id(), 1, "image/png"), kind=MediaKind.PHOTO).id for _ in range(3)
    ]
    album = me.do(Album.create, "Trip").id
    once: Any = (each for each in ids)
    me.do(Album.add_media, album, once)
    assert state(me, album)["media"] == tuple(ids)
    boxes: Any = map(Mailbox, ("", ""), ("a@example.org", "b@example.org"))
    letter = me.do(Email.draft, subject="s", to=boxes).id
    assert [each.address for each in state(me, letter)["to"]] == ["a@example.org", "b@example.org"]


def test_what_can_be_read_once_only_is_refused_inside_an_argument(me: Session) -> None:
    before = events_of(me)
    once: Any = (unit for unit in ("Sales", "North"))
    works = (Membership("Initech", units=once),)
    nested: Any = [[new_id()], once]
    with pytest.raises(InvalidInput, match="read only once"):
        me.do(Contact.add, ContactName("Ada"), organizations=works)
    with pytest.raises(InvalidInput, match="read only once"):
        me.do(Album.add_media, new_id(), nested)
    assert list(once) == ["Sales", "North"]
    assert events_of(me) == before


def test_two_commands_cannot_make_one_record(me: Session) -> None:
    before = events_of(me)
    with pytest.raises(InvalidInput):
        me.given(record_id=new_id()).do_all([call(Task.create, title="1"), call(Note.write, "2")])
    assert events_of(me) == before


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1890, 1, 1, tzinfo=ZoneInfo("Europe/Lisbon")),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(seconds=12345))),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(minutes=345))),
        datetime(2026, 1, 1, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_as_the_same_moment(me: Session, moment: datetime) -> None:
    made = me.do(Note.write, "n", written_at=moment)
    assert state(me, made.id)["written_at"] == moment


def test_the_other_end_of_a_transfer_is_that_of_one(me: Session) -> None:
    def booked(amount: int, account: str) -> Any:
        day = datetime(2026, 3, 2, tzinfo=UTC).date()
        return me.do(
            Transaction.record, Decimal(amount), currency="EUR", account_id=account, booked_on=day
        ).id

    out, into, another = booked(-10, "a"), booked(10, "b"), booked(-10, "c")
    me.do(Transaction.match_transfer, out, into)
    with pytest.raises(TransferTaken):
        me.do(Transaction.match_transfer, another, into)
    assert state(me, into)["transfer_peer_id"] == out
    me.do(Transaction.unmatch_transfer, out)
    me.do(Transaction.match_transfer, another, into)


def test_what_looks_the_same_is_the_same(me: Session) -> None:
    composed, decomposed = "Caf\u00e9", "Cafe\u0301"
    me.do(Bookmark.add, "https://example.org/", folder=(composed,))
    with pytest.raises(ClaimTaken):
        me.do(Bookmark.add, "https://example.org/", folder=(decomposed,))
    task = me.do(Task.create, title="Buy").id
    me.do(Task.tag, task, composed)
    me.do(Task.tag, task, decomposed)
    assert state(me, task)["tags"] == (composed,)
    me.do(Task.untag, task, decomposed)
    assert state(me, task)["tags"] == ()
