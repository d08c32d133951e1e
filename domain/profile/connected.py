"""The part of a device that says how it is reached, and how far it is in step with the store."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime
from typing import Annotated

from domain.profile.device_terms import (
    GONE,
    IN_USE,
    DeviceCompromised,
    DeviceGone,
    DeviceNotInUse,
    DeviceStatus,
    EndpointRef,
    PushPlatform,
    PushStatus,
    SyncCursor,
    TrustLevel,
)
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.values import LEDGER_ONLY, Count


class Connected(Content):
    """A device that messages are pushed to and records are synced with, as long as it is in use and not compromised.

    The address that messages are pushed to is a secret, and not kept here: only where the program that sends them keeps it.
    """

    _: KW_ONLY
    status: DeviceStatus = DeviceStatus.PAIRING
    trust_level: TrustLevel = TrustLevel.UNKNOWN
    push_platform: PushPlatform | None = None
    push_status: PushStatus | None = None
    push_endpoint_ref: Annotated[str | None, LEDGER_ONLY] = None
    """What the program that sends messages finds the address by, in its own store of secrets."""
    last_synced_at: datetime | None = None
    sync_backlog: int | None = None
    """How many changes the latest sync has left for the next."""
    sync_cursor: Annotated[str | None, LEDGER_ONLY] = None
    """Where the next sync goes on; may let in who has it."""

    class Event(Content.Event):
        """Any event of a device."""

    class PushRegistered(Event):
        TOPIC = "device.push_registered"
        push_platform: PushPlatform
        push_status: PushStatus

    class PushEndpointKnown(Event):
        TOPIC = "device.push_endpoint_known"
        push_endpoint_ref: str | None

    class PushExpired(Event):
        TOPIC = "device.push_expired"
        push_status: PushStatus

        def apply(self, device: Connected) -> None:
            super().apply(device)
            device.push_endpoint_ref = None

    class Synced(Event):
        TOPIC = "device.synced"
        sync_backlog: int

        def apply(self, device: Connected) -> None:
            super().apply(device)
            device.last_synced_at = self.timestamp

    class SyncCursorMoved(Event):
        TOPIC = "device.sync_cursor_moved"
        sync_cursor: str

    def register_push(self, platform: PushPlatform, *, endpoint_ref: EndpointRef | None = None) -> None:
        """Record that the device has subscribed to messages, in place of an earlier subscription.

        ``endpoint_ref`` names the address where the program that sends messages keeps it, and is never the address.
        """
        self._require_reliable()
        say(self, self.PushRegistered, push_platform=platform, push_status=PushStatus.ACTIVE)
        say(self, self.PushEndpointKnown, push_endpoint_ref=endpoint_ref)

    def expire_push(self) -> None:
        """Record that the platform takes no messages for the device any more."""
        if self.push_status is PushStatus.ACTIVE:
            self.trigger_event(self.PushExpired, push_status=PushStatus.EXPIRED)

    def record_sync(self, backlog: Count = 0, *, cursor: SyncCursor | None = None) -> None:
        """Record that the device was brought in step now, but for a backlog of so many changes.

        The next sync goes on at ``cursor``; without one, at the one that is known.
        """
        self._require_reliable()
        self.trigger_event(self.Synced, sync_backlog=backlog)
        if cursor is not None:
            say(self, self.SyncCursorMoved, sync_cursor=cursor)

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


def cut_off(device: Connected) -> None:
    """End the subscription and the sync of a device that is no longer in the person's hands."""
    if device.push_status is not None:
        device.push_status = PushStatus.EXPIRED
    device.push_endpoint_ref = None
    device.sync_cursor = None
