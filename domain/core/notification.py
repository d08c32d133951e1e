"""Something a person is told: now or later, once, until they have dealt with it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.core.core_terms import RecordRef
from domain.core.notification_terms import (
    FINAL,
    SHOWN,
    Action,
    ActionNotFound,
    Actions,
    ActionsAlike,
    Body,
    Channel,
    Channels,
    DedupKey,
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
from domain.shared.peers import Claim, PeerRef
from domain.shared.record import Origin, Record
from domain.shared.values import Moment, Name, Slug


@dataclass(frozen=True)
class Message:
    """What the person is told."""

    kind: str
    title: str
    body: str
    severity: Severity
    about: RecordRef | None
    dedup_key: str | None
    actions: tuple[Action, ...]
    channels: tuple[Channel, ...]
    expires_at: datetime | None


class Notification(Record):
    """One thing a person is told."""

    KIND: ClassVar[str] = "notification"

    kind: str
    """What it is about: ``task.due``, ``integration.reauth_needed``."""
    title: str
    body: str = ""
    severity: Severity = Severity.INFO
    about: RecordRef | None = None
    dedup_key: str | None = None
    actions: tuple[Action, ...] = ()
    channels: tuple[Channel, ...] = (Channel.IN_APP,)
    status: NotificationStatus = NotificationStatus.UNREAD
    occurrence_count: int = 1
    scheduled_for: datetime | None = None
    expires_at: datetime | None = None
    read_at: datetime | None = None
    snoozed_until: datetime | None = None
    closed_at: datetime | None = None
    acted_action: str | None = None

    class Event(Record.Event):
        """Any event of a notification."""

    class Scheduled(Event, Record.Created, Message):
        TOPIC = "notification.scheduled"
        scheduled_for: datetime

        def apply(self, notification: Notification) -> None:
            notification.status = NotificationStatus.SCHEDULED

    class Raised(Event, Record.Created, Message):
        TOPIC = "notification.raised"

    class Coalesced(Event):
        TOPIC = "notification.coalesced"
        occurrence_count: int

        def apply(self, notification: Notification) -> None:
            notification.occurrence_count = self.occurrence_count
            if notification.status is NotificationStatus.READ:
                notification.status = NotificationStatus.UNREAD
                notification.read_at = None

    class Woken(Event):
        TOPIC = "notification.woken"

        def apply(self, notification: Notification) -> None:
            notification.status = NotificationStatus.UNREAD
            notification.snoozed_until = None

    class MarkedRead(Event):
        TOPIC = "notification.marked_read"

        def apply(self, notification: Notification) -> None:
            notification.status = NotificationStatus.READ
            notification.read_at = self.timestamp

    class MarkedUnread(Event):
        TOPIC = "notification.marked_unread"

        def apply(self, notification: Notification) -> None:
            notification.status = NotificationStatus.UNREAD
            notification.read_at = None

    class Snoozed(Event):
        TOPIC = "notification.snoozed"
        snoozed_until: datetime

        def apply(self, notification: Notification) -> None:
            notification.status = NotificationStatus.SNOOZED
            notification.snoozed_until = self.snoozed_until
            notification.read_at = None

    class ActedOn(Event):
        TOPIC = "notification.acted_on"
        acted_action: str

        def apply(self, notification: Notification) -> None:
            notification.status = NotificationStatus.ACTED
            notification.acted_action = self.acted_action
            notification.closed_at = self.timestamp

    class Dismissed(Event):
        TOPIC = "notification.dismissed"

        def apply(self, notification: Notification) -> None:
            notification.status = NotificationStatus.DISMISSED
            notification.snoozed_until = None
            notification.closed_at = self.timestamp

    class Expired(Event):
        TOPIC = "notification.expired"

        def apply(self, notification: Notification) -> None:
            notification.status = NotificationStatus.EXPIRED
            notification.snoozed_until = None
            notification.closed_at = self.timestamp

    @classmethod
    def schedule(
        cls,
        origin: Origin,
        kind: Slug,
        title: Name,
        *,
        scheduled_for: Moment,
        body: Body = "",
        severity: Severity = Severity.INFO,
        about: RecordRef | None = None,
        dedup_key: DedupKey | None = None,
        actions: Actions = (),
        channels: Channels = (Channel.IN_APP,),
        expires_at: Moment | None = None,
    ) -> Notification:
        """Tell the person something later: it waits until ``wake`` finds that its time has come."""
        _require_order(scheduled_for, expires_at)
        _require_distinct(actions)
        return cls._begin(
            origin,
            cls.Scheduled,
            kind=kind,
            title=title,
            body=body,
            severity=severity,
            about=about,
            dedup_key=dedup_key,
            actions=actions,
            channels=channels,
            expires_at=expires_at,
            scheduled_for=scheduled_for,
        )

    @classmethod
    def raise_now(
        cls,
        origin: Origin,
        kind: Slug,
        title: Name,
        *,
        body: Body = "",
        severity: Severity = Severity.INFO,
        about: RecordRef | None = None,
        dedup_key: DedupKey | None = None,
        actions: Actions = (),
        channels: Channels = (Channel.IN_APP,),
        expires_at: Moment | None = None,
    ) -> Notification:
        _require_order(clock.now(), expires_at)
        _require_distinct(actions)
        return cls._begin(
            origin,
            cls.Raised,
            kind=kind,
            title=title,
            body=body,
            severity=severity,
            about=about,
            dedup_key=dedup_key,
            actions=actions,
            channels=channels,
            expires_at=expires_at,
        )

    def coalesce(self) -> None:
        """Record that the same thing has happened again; what was read becomes unread."""
        self._require_open()
        self.trigger_event(Notification.Coalesced, occurrence_count=self.occurrence_count + 1)

    def wake(self) -> None:
        """Show a scheduled or snoozed notification whose time has come."""
        self._require_open()
        if self.status in SHOWN:
            raise NotWaitingToShow
        due = self.snoozed_until or self.scheduled_for
        if due is not None and clock.now() < due:
            raise NotDue
        self.trigger_event(Notification.Woken)

    def mark_read(self) -> None:
        self._require_shown()
        if self.status is not NotificationStatus.READ:
            self.trigger_event(Notification.MarkedRead)

    def mark_unread(self) -> None:
        self._require_shown()
        if self.status is not NotificationStatus.UNREAD:
            self.trigger_event(Notification.MarkedUnread)

    def snooze(self, until: Moment) -> None:
        self._require_shown()
        if until <= clock.now():
            raise SnoozeIntoPast
        self.trigger_event(Notification.Snoozed, snoozed_until=until)

    def act(self, action_id: Slug) -> None:
        """Record which of the offered actions the person took; the action itself is a command of its own."""
        self._require_shown()
        if all(each.id != action_id for each in self.actions):
            raise ActionNotFound
        self.trigger_event(Notification.ActedOn, acted_action=action_id)

    def dismiss(self) -> None:
        """Put the notification away; one that is still to be shown never will be."""
        self._require_open()
        self.trigger_event(Notification.Dismissed)

    def expire(self) -> None:
        """Record that the notification has reached its end."""
        self._require_open()
        if self.expires_at is None or clock.now() < self.expires_at:
            raise NotificationNotExpired
        self.trigger_event(Notification.Expired)

    @property
    def is_open(self) -> bool:
        """Whether the person has still to deal with it."""
        return self.status not in FINAL

    @property
    def claims(self) -> frozenset[Claim]:
        if self.dedup_key is None or not self.is_open:
            return frozenset()
        return frozenset({Claim("notification.dedup_key", unicodedata.normalize("NFC", self.dedup_key))})

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        return frozenset() if self.about is None else frozenset({PeerRef(self.about.kind, self.about.id)})

    def _require_open(self) -> None:
        if not self.is_open:
            raise NotificationClosed

    def _require_shown(self) -> None:
        self._require_open()
        if self.status not in SHOWN:
            raise NotShown


def _require_order(shown_at: datetime, expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= shown_at:
        raise ExpiresBeforeShown


def _require_distinct(actions: tuple[Action, ...]) -> None:
    if len({each.id for each in actions}) != len(actions):
        raise ActionsAlike
