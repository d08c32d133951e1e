"""What of contacts, notifications, facts, devices and accounts has a place on the timeline, and what a line says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactName, InteractionKind, Membership
from domain.core.notification import Notification
from domain.profile.device import Device
from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import Provenance
from domain.shared import clock
from domain.social.social_account import SocialAccount
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.store.asking import NOON

pytestmark = pytest.mark.usefixtures("registered")


def told(store: Store, me: Session, kind: str) -> list[tuple[UUID, datetime, str, str]]:
    """Return the lines of a kind, newest first."""
    store.catch_up()
    return [(each.record_id, each.at, each.title, each.detail) for each in me.timeline(kind=kind)]


def test_a_contact_is_there_by_its_last_interaction(store: Store, me: Session) -> None:
    grace = me.do(Contact.add, ContactName("Grace Hopper")).id
    navy = me.do(Contact.add, ContactName(), organizations=(Membership("Navy"),)).id
    assert told(store, me, "contact") == []
    later = NOON + timedelta(days=3)
    for contact, at in ((grace, NOON), (navy, later), (grace, NOON - timedelta(days=1))):
        me.do(Contact.log_interaction, contact, InteractionKind.CALL, at=at, note="about compilers")
    assert told(store, me, "contact") == [
        (navy, later, "Navy", "last interaction"),
        (grace, NOON, "Grace Hopper", "last interaction"),
    ]
    me.do(Contact.trash, grace)
    assert [line[0] for line in told(store, me, "contact")] == [navy]


def test_a_notification_is_there_when_it_was_or_is_to_be_raised(store: Store, me: Session) -> None:
    due = clock.now().replace(microsecond=0) + timedelta(days=30)
    now = me.do(Notification.raise_now, "task.due", "Passport").id
    later, never = (
        me.do(Notification.schedule, "task.due", title, scheduled_for=due).id for title in ("Visa", "Ticket")
    )
    me.do(Notification.mark_read, now)
    me.do(Notification.dismiss, never)
    raised = me.load(now).created_on
    assert told(store, me, "notification") == [
        (later, due, "Visa", "scheduled"),
        (now, raised, "Passport", "read"),
    ]
    me.do(Notification.dismiss, now)
    assert told(store, me, "notification")[-1] == (now, raised, "Passport", "dismissed")


def test_a_fact_is_there_from_the_day_it_holds_on(store: Store, me: Session) -> None:
    day, since = date(2019, 4, 1), datetime(2019, 4, 1, tzinfo=UTC)
    job = me.do(ProfileAttribute.state, "work", "employer", value="Navy", valid_from=day).id
    me.do(ProfileAttribute.state, "work", "title", value="Admiral")
    height = me.do(ProfileAttribute.state, "body", "height_cm", value="172", valid_from=date(2001, 1, 1)).id
    guess = me.do(
        ProfileAttribute.propose,
        "skill",
        "language",
        value="pt",
        provenance=Provenance.DERIVED,
        confidence=0.5,
        valid_from=date(2020, 1, 1),
    ).id
    tall = (height, datetime(2001, 1, 1, tzinfo=UTC), "body.height_cm", "172 cm")
    assert told(store, me, "profile_attribute") == [(job, since, "work.employer", "Navy"), tall]
    me.do(ProfileAttribute.accept, guess)
    me.do(ProfileAttribute.retract, job)
    known = (guess, datetime(2020, 1, 1, tzinfo=UTC), "skill.language", "pt")
    assert told(store, me, "profile_attribute") == [known, tall]


def test_a_device_is_there_when_it_was_paired_and_then_when_it_was_first_seen(
    store: Store, me: Session
) -> None:
    phone = me.do(Device.pair, "Telephone").id
    paired = me.load(phone).created_on
    assert told(store, me, "device") == [(phone, paired, "Telephone", "pairing")]
    me.do(Device.confirm, phone)
    lines = told(store, me, "device")
    seen = me.get(Device, phone).first_seen_at
    assert seen is not None
    assert seen > paired
    assert lines == [(phone, seen, "Telephone", "active")]


def test_a_social_account_is_there_when_it_was_opened(store: Store, me: Session) -> None:
    me.do(SocialAccount.discover, "mastodon", handle="nobody")
    named = me.do(SocialAccount.discover, "mastodon", handle="grace", display_name="Grace", joined_at=NOON).id
    mine = me.do(SocialAccount.claim, "bluesky", handle="ada.example", joined_at=NOON + timedelta(days=1)).id
    assert told(store, me, "social_account") == [
        (mine, NOON + timedelta(days=1), "ada.example", "joined bluesky"),
        (named, NOON, "Grace", "joined mastodon"),
    ]
