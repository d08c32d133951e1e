"""The part of a device that says how it is reached, and how far it is in step with the store."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime

from domain.profile.device_terms import (
    GONE,
    IN_USE,
    DeviceCompromised,
    DeviceGone,
    DeviceNotInUse,
    DeviceStatus,
    PushPlatform,
    PushStatus,
    TrustLevel,
)
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.values import Count


class Connected(Content):
    """A device that messages are pushed to and records are synced with, as long as it is in use and not compromised.

    The address that messages are pushed to is a secret, and not kept here.
    """

    _: KW_ONLY
    status: DeviceStatus = DeviceStatus.PAIRING
    trust_level: TrustLevel = TrustLevel.UNKNOWN
    push_platform: PushPlatform | None = None
    push_status: PushStatus | None = None
    last_synced_at: datetime | None = None
    sync_backlog: int | None = None
    """How many changes the latest sync has left for the next."""

    class Event(Content.Event):
        """Any event of a device."""

    class PushRegistered(Event):
        TOPIC = "device.push_registered"
        push_platform: PushPlatform
        push_status: PushStatus

    class PushExpired(Event):
        TOPIC = "device.push_expired"
        push_status: PushStatus

    class Synced(Event):
        TOPIC = "device.synced"
        sync_backlog: int

        def apply(self, device: Connected) -> None:
            super().apply(device)
            device.last_synced_at = self.timestamp

    def register_push(self, platform: PushPlatform) -> None:
        """Record that the device has subscribed to messages, in place of an earlier subscription."""
        self._require_reliable()
        say(self, self.PushRegistered, push_platform=platform, push_status=PushStatus.ACTIVE)

    def expire_push(self) -> None:
        """Record that the platform takes no messages for the device any more."""
        if self.push_status is PushStatus.ACTIVE:
            self.trigger_event(self.PushExpired, push_status=PushStatus.EXPIRED)

    def record_sync(self, backlog: Count = 0) -> None:
        """Record that the device was brought in step now, but for a backlog of so many changes."""
        self._require_reliable()
        self.trigger_event(self.Synced, sync_backlog=backlog)

    def _require_here(self) -> None:
        if self.status in GONE:
            raise DeviceGone

    def _require_confirmed(self) -> None:
        self._require_here()
        if self.status is DeviceStatus.PAIRING:
            raise DeviceNotInUse

    def _require_in_use(self) -> None:
        self._require_here()
        if self.status not in IN_USE:
            raise DeviceNotInUse

    def _require_reliable(self) -> None:
        self._require_in_use()
        if self.trust_level is TrustLevel.COMPROMISED:
            raise DeviceCompromised


def end_push(device: Connected) -> None:
    """End the subscription of a device that is no longer in the person's hands."""
    if device.push_status is not None:
        device.push_status = PushStatus.EXPIRED
