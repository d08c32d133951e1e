"""How a notification is shown, put off and dealt with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.core.core_terms import RecordRef
from domain.core.notification import Notification
from domain.core.notification_terms import (
    Action,
    ActionNotFound,
    ActionsAlike,
    Channel,
    ExpiresBeforeShown,
    NotDue,
    NotificationClosed,
    NotificationNotExpired,
    NotificationStatus,
    NotShown,
    NotWaitingToShow,
    Severity,
    SnoozeIntoPast,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.peers import Claim
from domain.shared.record import Origin, state_fields
from domain.shared.values import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMPLETE = Action("complete", "Done", "task.complete")
LATER = Action("later", "Tomorrow", "task.reschedule")
TASK = RecordRef("task", new_id())


class Hands:
    """The hands of the clock, which a test may move."""

    def __init__(self) -> None:
        self.at = NOON

    def pass_hours(self, hours: float) -> None:
        self.at += timedelta(hours=hours)


@pytest.fixture(autouse=True)
def hands() -> Iterator[Hands]:
    hands = Hands()
    with clock.reading(lambda: hands.at):
        yield hands


def hours(number: float) -> datetime:
    return NOON + timedelta(hours=number)


def raised(**details: Any) -> Notification:
    return Notification.raise_now(Origin(new_id()), "task.due", "Renew passport", **details)


def scheduled(**details: Any) -> Notification:
    given: dict[str, Any] = {"scheduled_for": hours(1)}
    return Notification.schedule(Origin(new_id()), "task.due", "Renew passport", **given | details)


def snoozed() -> Notification:
    notification = raised()
    notification.snooze(hours(1))
    return notification


def acted() -> Notification:
    notification = raised(actions=(COMPLETE,), dedup_key="passport")
    notification.act("complete")
    return notification


def dismissed() -> Notification:
    notification = raised(actions=(COMPLETE,), dedup_key="passport")
    notification.dismiss()
    return notification


def expired() -> Notification:
    ends = clock.now() + timedelta(hours=1)
    notification = raised(actions=(COMPLETE,), dedup_key="passport", expires_at=ends)
    with clock.reading(lambda: ends):
        notification.expire()
    return notification


def topics(notification: Notification) -> list[str]:
    return [event.TOPIC for event in notification.pending_events if isinstance(event, Notification.Event)]


def status_of(notification: Notification) -> NotificationStatus:
    return notification.status


def state_of(notification: Notification) -> dict[str, Any]:
    return {name: getattr(notification, name) for name in (*state_fields(Notification), "version")}


def test_raised_notification_is_unread() -> None:
    notification = raised(
        body="It ends in May.",
        severity=Severity.REMINDER,
        about=TASK,
        actions=(COMPLETE, LATER),
        channels=(Channel.EMAIL, Channel.PUSH),
        expires_at=hours(2),
    )
    assert topics(notification) == ["notification.raised"]
    assert (notification.status, notification.kind) == (NotificationStatus.UNREAD, "task.due")
    assert (notification.title, notification.body) == ("Renew passport", "It ends in May.")
    assert (notification.severity, notification.about) == (Severity.REMINDER, TASK)
    assert notification.actions == (COMPLETE, LATER)
    assert notification.channels == (Channel.EMAIL, Channel.PUSH)
    assert (notification.scheduled_for, notification.expires_at) == (None, hours(2))


def test_scheduled_notification_is_shown_when_its_time_has_come(hands: Hands) -> None:
    notification = scheduled()
    assert topics(notification) == ["notification.scheduled"]
    assert (status_of(notification), notification.scheduled_for) == (NotificationStatus.SCHEDULED, hours(1))
    with pytest.raises(NotDue):
        notification.wake()
    hands.pass_hours(1)
    notification.wake()
    assert status_of(notification) is NotificationStatus.UNREAD
    assert topics(notification)[1:] == ["notification.woken"]


@pytest.mark.parametrize("ends", [hours(0), hours(-1)])
def test_raised_notification_ends_in_the_future(ends: datetime) -> None:
    with pytest.raises(ExpiresBeforeShown):
        raised(expires_at=ends)


def test_scheduled_notification_ends_after_it_is_shown() -> None:
    assert scheduled(expires_at=hours(1.1)).expires_at == hours(1.1)
    with pytest.raises(ExpiresBeforeShown):
        scheduled(expires_at=hours(1))


def test_actions_differ_by_id() -> None:
    with pytest.raises(ActionsAlike):
        raised(actions=(COMPLETE, COMPLETE))
    with pytest.raises(ActionsAlike):
        scheduled(actions=(COMPLETE, COMPLETE))


def action(**details: str) -> dict[str, str]:
    return {"id": "complete", "label": "Done", "command": "task.complete"} | details


@pytest.mark.parametrize(
    "details",
    [
        {"actions": [action(id=f"a{number}") for number in range(4)]},
        {"actions": [action(label="x" * 41)]},
        {"actions": [action(command="rm -rf /")]},
        {"body": "x" * 2001},
        {"dedup_key": ""},
        {"dedup_key": "x" * 129},
        {"about": {"kind": "diary", "id": str(new_id())}},
    ],
)
def test_notification_is_short_and_about_what_there_is(details: dict[str, Any]) -> None:
    command = commands_of(Notification)["raise_now"]
    given = {"kind": "task.due", "title": "Renew passport", "about": {"kind": "task", "id": str(new_id())}}
    most = {"actions": [action()] * 3, "body": "x" * 2000, "dedup_key": "x" * 128}
    assert command.arguments_from_json(json.dumps(given | most))
    with pytest.raises(InvalidInput):
        command.arguments_from_json(json.dumps(given | details))


def test_notification_is_read_and_unread_once() -> None:
    notification = raised()
    notification.mark_unread()
    notification.mark_read()
    notification.mark_read()
    assert (status_of(notification), notification.read_at) == (NotificationStatus.READ, NOON)
    notification.mark_unread()
    assert (status_of(notification), notification.read_at) == (NotificationStatus.UNREAD, None)
    assert topics(notification)[1:] == ["notification.marked_read", "notification.marked_unread"]


@pytest.mark.parametrize("read", [False, True])
def test_snoozed_notification_comes_back_unread(hands: Hands, read: bool) -> None:  # noqa: FBT001 - a case
    notification = raised()
    if read:
        notification.mark_read()
    notification.snooze(hours(2))
    assert (status_of(notification), notification.snoozed_until) == (NotificationStatus.SNOOZED, hours(2))
    hands.pass_hours(1)
    with pytest.raises(NotDue):
        notification.wake()
    hands.pass_hours(1)
    notification.wake()
    assert (status_of(notification), notification.snoozed_until) == (NotificationStatus.UNREAD, None)
    assert notification.read_at is None


def test_snoozed_notification_once_scheduled_waits_for_its_snooze(hands: Hands) -> None:
    notification = scheduled()
    hands.pass_hours(1)
    notification.wake()
    notification.snooze(hours(3))
    hands.pass_hours(1)
    with pytest.raises(NotDue):
        notification.wake()


@pytest.mark.parametrize("until", [hours(0), hours(-1)])
def test_notification_is_snoozed_into_the_future(until: datetime) -> None:
    with pytest.raises(SnoozeIntoPast):
        raised().snooze(until)


def test_notification_that_is_shown_need_not_wake() -> None:
    notification = raised()
    with pytest.raises(NotWaitingToShow):
        notification.wake()
    notification.mark_read()
    with pytest.raises(NotWaitingToShow):
        notification.wake()


NEEDS_SHOWN: list[Callable[[Notification], None]] = [
    lambda notification: notification.mark_read(),
    lambda notification: notification.mark_unread(),
    lambda notification: notification.snooze(hours(9)),
    lambda notification: notification.act("complete"),
]

NEEDS_OPEN: list[Callable[[Notification], None]] = [
    *NEEDS_SHOWN,
    lambda notification: notification.wake(),
    lambda notification: notification.coalesce(),
    lambda notification: notification.dismiss(),
    lambda notification: notification.expire(),
]


@pytest.mark.parametrize("command", NEEDS_SHOWN)
@pytest.mark.parametrize("make", [scheduled, snoozed])
def test_notification_not_shown_cannot_be_answered(
    make: Callable[[], Notification], command: Callable[[Notification], None]
) -> None:
    notification = make()
    before = topics(notification)
    with pytest.raises(NotShown):
        command(notification)
    assert topics(notification) == before


@pytest.mark.parametrize("command", NEEDS_OPEN)
@pytest.mark.parametrize("make", [acted, dismissed, expired])
def test_closed_notification_stays_closed(
    make: Callable[[], Notification], command: Callable[[Notification], None]
) -> None:
    notification = make()
    before = topics(notification)
    with pytest.raises(NotificationClosed):
        command(notification)
    assert topics(notification) == before


def test_offered_action_is_taken() -> None:
    notification = raised(actions=(COMPLETE, LATER))
    notification.act("later")
    assert (notification.status, notification.acted_action) == (NotificationStatus.ACTED, "later")
    assert (topics(notification)[-1], notification.closed_at) == ("notification.acted_on", NOON)


def test_action_not_offered_is_refused() -> None:
    with pytest.raises(ActionNotFound):
        raised(actions=(COMPLETE,)).act("later")


@pytest.mark.parametrize("make", [raised, scheduled, snoozed])
def test_notification_can_be_dismissed_until_closed(make: Callable[[], Notification]) -> None:
    notification = make()
    notification.dismiss()
    assert (notification.status, notification.closed_at) == (NotificationStatus.DISMISSED, NOON)
    assert notification.snoozed_until is None
    assert topics(notification)[-1] == "notification.dismissed"


def test_notification_expires_when_its_end_is_reached(hands: Hands) -> None:
    notification = scheduled(expires_at=hours(2))
    with pytest.raises(NotificationNotExpired):
        notification.expire()
    hands.pass_hours(2)
    notification.expire()
    assert (notification.status, notification.closed_at) == (NotificationStatus.EXPIRED, hours(2))
    assert topics(notification)[-1] == "notification.expired"


def test_snoozed_notification_may_expire_before_it_comes_back(hands: Hands) -> None:
    notification = raised(expires_at=hours(1))
    notification.snooze(hours(2))
    hands.pass_hours(1)
    notification.expire()
    assert (notification.status, notification.snoozed_until) == (NotificationStatus.EXPIRED, None)


def test_notification_without_an_end_never_expires(hands: Hands) -> None:
    notification = raised()
    hands.pass_hours(100_000)
    with pytest.raises(NotificationNotExpired):
        notification.expire()


def test_repetition_is_counted_and_unread_again() -> None:
    notification = raised()
    notification.coalesce()
    assert (status_of(notification), notification.occurrence_count) == (NotificationStatus.UNREAD, 2)
    notification.mark_read()
    notification.coalesce()
    assert (status_of(notification), notification.occurrence_count) == (NotificationStatus.UNREAD, 3)
    assert notification.read_at is None
    assert topics(notification)[-1] == "notification.coalesced"


def test_repetition_does_not_wake_what_was_put_off() -> None:
    notification = snoozed()
    notification.coalesce()
    assert status_of(notification) is NotificationStatus.SNOOZED


def test_dedup_key_is_claimed_while_open() -> None:
    claim = Claim("notification.dedup_key", "passport")
    assert raised().claims == frozenset()
    notification = scheduled(dedup_key="passport")
    assert notification.claims == {claim}
    notification.dismiss()
    assert notification.claims == frozenset()
    assert raised(dedup_key="Ju\u0308rg").claims == raised(dedup_key="J\u00fcrg").claims


@pytest.mark.parametrize("make", [acted, dismissed, expired])
def test_closed_notification_leaves_its_dedup_key(make: Callable[[], Notification]) -> None:
    assert make().claims == frozenset()


def test_events_tell_the_whole_story(hands: Hands) -> None:
    notification = scheduled(actions=(COMPLETE,), about=TASK, dedup_key="passport")
    hands.pass_hours(1)
    notification.wake()
    notification.mark_read()
    notification.coalesce()
    notification.mark_read()
    notification.mark_unread()
    notification.snooze(hours(2))
    hands.pass_hours(1)
    notification.wake()
    notification.act("complete")
    for each in (notification, dismissed(), expired()):
        folded: Any = None
        for event in each.pending_events:
            stored = TypeAdapter(type(event)).dump_json(event)
            folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
        assert state_of(folded) == state_of(each)
