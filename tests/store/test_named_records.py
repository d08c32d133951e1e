"""What a record names by id is a living record of the same person, of the kind it says; in the ledger, not in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactName, Identity
from domain.core.core_terms import RecordRef
from domain.core.link import Link
from domain.core.link_terms import Target, TargetKind
from domain.core.notification import Notification
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.personal.document import Document
from domain.personal.health_record import HealthRecord
from domain.personal.health_record_terms import Care, Code, RecordType
from domain.personal.transaction import Transaction
from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import Attendee
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.profile.device import Device
from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import ValueType
from domain.shared.content import Content
from domain.shared.errors import PeerUnusable
from domain.shared.peers import PeerRef
from domain.shared.values import StoredContent, new_id
from domain.social.social_account import SocialAccount
from domain.social.social_post import SocialPost
from domain.social.social_post_terms import Attachment, AttachmentKind, Mention
from infrastructure.ledger.events import Receipt
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from infrastructure.store.unit_of_work import UnitOfWork
from tests.domain.productivity.appointments import BERLIN

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAR_OFF = datetime(2900, 1, 1, tzinfo=UTC)
WEIGHT = Code("Weight")

Make = Callable[[Session], Receipt]


def scan() -> StoredContent:
    return StoredContent(new_id(), 12, "application/pdf")


def a_payment(me: Session) -> UUID:
    return me.do(Transaction.record, Decimal(-5), currency="EUR", account_id="giro", booked_on=NOON.date()).id


def an_account(me: Session) -> UUID:
    return me.do(SocialAccount.discover, "mastodon", handle=new_id().hex).id


TO_NAME: Mapping[str, Make] = {
    "contact": lambda me: me.do(Contact.add, ContactName(full="Ana")),
    "device": lambda me: me.do(Device.pair, "scales"),
    "document": lambda me: me.do(Document.receive, "receipt", content=scan()),
    "media": lambda me: me.do(Media.add, scan(), kind=MediaKind.PHOTO),
    "note": lambda me: me.do(Note.write, "shown"),
    "social_account": lambda me: me.do(SocialAccount.discover, "mastodon", handle=new_id().hex),
    "social_post": lambda me: me.do(SocialPost.collect, "named"),
    "task": lambda me: me.do(Task.create, title="named"),
}

NAMING: Mapping[str, tuple[str, Callable[[Session, UUID], object]]] = {
    "link.create": (
        "note",
        lambda me, to: me.do(Link.create, new_id().hex * 2, targets=(Target("note", to),)),
    ),
    "link.add_target": (
        "note",
        lambda me, to: me.do(
            Link.add_target,
            me.do(
                Link.create,
                new_id().hex * 2,
                targets=(Target("task", TO_NAME["task"](me).id),),
                target_kind=TargetKind.COLLECTION,
            ).id,
            Target("note", to),
        ),
    ),
    "task.locate": ("contact", lambda me, to: me.do(Task.locate, TO_NAME["task"](me).id, to)),
    "document.check_out": (
        "device",
        lambda me, to: me.do(Document.check_out, TO_NAME["document"](me).id, to, until=FAR_OFF),
    ),
    "task.assign": ("contact", lambda me, to: me.do(Task.assign, TO_NAME["task"](me).id, to)),
    "notification.raise_now": (
        "task",
        lambda me, to: me.do(Notification.raise_now, "task.due", "Due", about=RecordRef("task", to)),
    ),
    "social_post.draft": (
        "media",
        lambda me, to: me.do(
            SocialPost.draft, "Look", attachments=(Attachment(AttachmentKind.IMAGE, media_id=to),)
        ),
    ),
    "social_post.draft, mention": (
        "contact",
        lambda me, to: me.do(
            SocialPost.draft, "Hello", mentions=(Mention("@ana@example.social", contact_id=to),)
        ),
    ),
    "social_post.collect, author": (
        "social_account",
        lambda me, to: me.do(SocialPost.collect, "Hello", social_account_id=to),
    ),
    "social_post.collect, answered": (
        "social_post",
        lambda me, to: me.do(SocialPost.collect, "Hello", in_reply_to_id=to),
    ),
    "social_account.link_contact": (
        "contact",
        lambda me, to: me.do(SocialAccount.link_contact, an_account(me), to),
    ),
    "social_account.update_profile": (
        "media",
        lambda me, to: me.do(SocialAccount.update_profile, an_account(me), avatar_media_id=to),
    ),
    "contact.add, photo": (
        "media",
        lambda me, to: me.do(Contact.add, ContactName(full="Bo"), photo_media_id=to),
    ),
    "contact.add, identity": (
        "social_account",
        lambda me, to: me.do(
            Contact.add,
            ContactName(full="Bo"),
            identities=(Identity("mastodon", "@bo", social_account_id=to),),
        ),
    ),
    "calendar_event.invite": (
        "contact",
        lambda me, to: me.do(
            CalendarEvent.invite,
            me.do(CalendarEvent.schedule, "Choir", **BERLIN).id,
            "ana@example.org",
            contact_id=to,
        ),
    ),
    "calendar_event.schedule": (
        "contact",
        lambda me, to: me.do(
            CalendarEvent.schedule, "Choir", **BERLIN, attendees=(Attendee("ana@example.org", contact_id=to),)
        ),
    ),
    "document.set_correspondent": (
        "contact",
        lambda me, to: me.do(Document.set_correspondent, TO_NAME["document"](me).id, contact_id=to),
    ),
    "transaction.identify_counterparty": (
        "contact",
        lambda me, to: me.do(Transaction.identify_counterparty, a_payment(me), "Ana", contact_id=to),
    ),
    "transaction.attach_receipt": (
        "document",
        lambda me, to: me.do(Transaction.attach_receipt, a_payment(me), to),
    ),
    "health_record.record, device": (
        "device",
        lambda me, to: me.do(
            HealthRecord.record,
            RecordType.OBSERVATION,
            code=WEIGHT,
            effective_at=NOON,
            value_quantity=Decimal(70),
            value_unit="kg",
            device_id=to,
        ),
    ),
    "health_record.diagnose, practitioner": (
        "contact",
        lambda me, to: me.do(HealthRecord.diagnose, Code("Asthma"), care=Care(practitioner_contact_id=to)),
    ),
    "profile_attribute.state, value": (
        "media",
        lambda me, to: me.do(
            ProfileAttribute.state, "identity", "portrait", value=str(to), value_type=ValueType.MEDIA_REF
        ),
    ),
    "profile_attribute.state": (
        "note",
        lambda me, to: me.do(ProfileAttribute.state, "work", "employer", value="Initech", evidence=(to,)),
    ),
}


def events_of(me: Session) -> int:
    return sum(me.engine.ledger.heads().values())


def refused(me: Session, naming: str, to: UUID) -> None:
    """See that the command is refused, and that nothing of it is stored."""
    with pytest.raises(PeerUnusable):
        NAMING[naming][1](me, to)


@pytest.mark.parametrize("naming", NAMING)
def test_a_living_record_of_ones_own_can_be_named(me: Session, naming: str) -> None:
    NAMING[naming][1](me, TO_NAME[NAMING[naming][0]](me).id)


@pytest.mark.parametrize("naming", NAMING)
def test_what_is_missing_in_the_trash_or_somebody_elses_cannot(
    store: Store, me: Session, naming: str
) -> None:
    make = TO_NAME[NAMING[naming][0]]
    refused(me, naming, new_id())
    other = store.acting_as(store.register("bea", "bea@example.org"))
    refused(me, naming, make(other).id)
    trashed = make(me).id
    kind = type(me.load(trashed))
    assert issubclass(kind, Content)
    me.do(kind.trash, trashed)
    refused(me, naming, trashed)


@pytest.mark.parametrize("naming", [name for name in NAMING if name != "profile_attribute.state"])
def test_a_record_of_another_kind_cannot_be_named(me: Session, naming: str) -> None:
    kind = next(each for each in TO_NAME if each != NAMING[naming][0])
    refused(me, naming, TO_NAME[kind](me).id)


def test_a_refused_command_stores_nothing_of_what_it_was_given_with(me: Session) -> None:
    payment, before = a_payment(me), events_of(me)
    with pytest.raises(PeerUnusable):
        me.do_all(
            [
                call(Transaction.describe, payment, "shoes"),
                call(Transaction.attach_receipt, payment, new_id()),
            ]
        )
    assert events_of(me) == before
    me.do(Transaction.describe, payment, "shoes")
    assert events_of(me) == before + 1


def test_what_goes_to_the_trash_while_it_is_named_is_not_named(
    me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, document = a_payment(me), TO_NAME["document"](me).id
    look = UnitOfWork._require_usable

    def look_and_lose(work: UnitOfWork, peers: frozenset[PeerRef]) -> None:
        look(work, peers)
        if peers:
            monkeypatch.undo()
            me.do(Document.trash, document)

    monkeypatch.setattr(UnitOfWork, "_require_usable", look_and_lose)
    with pytest.raises(PeerUnusable):
        me.do(Transaction.attach_receipt, payment, document)
    assert me.load(document).deleted_at is not None


def test_what_is_named_may_go_to_the_trash_later(me: Session) -> None:
    payment, document = a_payment(me), TO_NAME["document"](me).id
    me.do(Transaction.attach_receipt, payment, document)
    me.do(Document.trash, document)
    me.do(Transaction.describe, payment, "shoes")  # names nothing anew
    me.do(Transaction.detach_receipt, payment, document)
    with pytest.raises(PeerUnusable):
        me.do(Transaction.attach_receipt, payment, document)
