"""A thing a person uses lifeledger with, or that measures for them, and how far it is trusted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import ClassVar

from domain.profile.connected import Connected, cut_off
from domain.profile.device_terms import (
    GONE,
    UNSEEN_LIMIT,
    Capabilities,
    Capability,
    CoseKey,
    DeviceCompromised,
    DeviceKind,
    DeviceNotLost,
    DeviceNotPairing,
    DeviceSeenLately,
    DeviceStatus,
    Fingerprint,
    IpPrefix,
    MeasuredKind,
    TrustLevel,
)
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import say, with_known
from domain.shared.peers import Claim
from domain.shared.record import Origin
from domain.shared.values import Count, Country, Label, Line, Many, Name, Percent, as_set


class Device(Connected):
    """A phone, a scale, a browser."""

    KIND: ClassVar[str] = "device"
    STAYS = frozenset(
        {
            "fingerprint",
            "public_key",
            "status",
            "trust_level",
            "push_platform",
            "push_status",
            "push_endpoint_ref",
            "sync_cursor",
            "distrust_reason",
            "lost_at",
            "gone_at",
            "retire_reason",
        }
    )

    name: str
    kind: DeviceKind = DeviceKind.OTHER
    manufacturer: str | None = None
    model: str | None = None
    os: str | None = None
    os_version: str | None = None
    app_version: str | None = None
    fingerprint: str | None = None
    public_key: str | None = None
    capabilities: tuple[Capability, ...] = ()
    measures_for: tuple[str, ...] = ()
    distrust_reason: str = ""
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    last_ip_prefix: str | None = None
    last_country: str | None = None
    battery_pct: int | None = None
    storage_free_bytes: int | None = None
    condition_at: datetime | None = None
    """When the two were measured."""
    lost_at: datetime | None = None
    gone_at: datetime | None = None
    retire_reason: str = ""

    class Event(Connected.Event):
        """Any event of a device."""

    class Paired(Event, Content.Created):
        TOPIC = "device.paired"
        name: str
        kind: DeviceKind
        manufacturer: str | None
        model: str | None
        os: str | None
        os_version: str | None
        app_version: str | None
        fingerprint: str | None
        capabilities: tuple[Capability, ...]
        measures_for: tuple[str, ...]

    class PairingConfirmed(Event):
        TOPIC = "device.pairing_confirmed"

        def apply(self, device: Device) -> None:
            device.status = DeviceStatus.ACTIVE
            device.trust_level = TrustLevel.RECOGNISED
            device.first_seen_at = device.last_seen_at = self.timestamp

    class PairingRejected(Event):
        TOPIC = "device.pairing_rejected"
        reason: str

        def apply(self, device: Device) -> None:
            device.status = DeviceStatus.RETIRED
            device.gone_at = self.timestamp
            device.retire_reason = self.reason

    class Renamed(Event):
        TOPIC = "device.renamed"
        name: str

    class Trusted(Event):
        TOPIC = "device.trusted"

        def apply(self, device: Device) -> None:
            device.trust_level = TrustLevel.TRUSTED
            device.distrust_reason = ""

    class Distrusted(Event):
        TOPIC = "device.distrusted"
        trust_level: TrustLevel
        distrust_reason: str

        def apply(self, device: Device) -> None:
            super().apply(device)
            if device.trust_level is TrustLevel.COMPROMISED:
                cut_off(device)

    class Seen(Event):
        TOPIC = "device.seen"
        last_ip_prefix: str | None
        last_country: str | None

        def apply(self, device: Device) -> None:
            super().apply(device)
            device.last_seen_at = self.timestamp
            if device.status is DeviceStatus.INACTIVE:
                device.status = DeviceStatus.ACTIVE

    class KeyRegistered(Event):
        TOPIC = "device.key_registered"
        public_key: str

    class ConditionReported(Event):
        TOPIC = "device.condition_reported"
        battery_pct: int | None
        storage_free_bytes: int | None

        def apply(self, device: Device) -> None:
            super().apply(device)
            device.condition_at = self.timestamp

    class Deactivated(Event):
        TOPIC = "device.deactivated"

        def apply(self, device: Device) -> None:
            device.status = DeviceStatus.INACTIVE

    class SoftwareUpdated(Event):
        TOPIC = "device.software_updated"
        os: str | None
        os_version: str | None
        app_version: str | None

    class ReportedLost(Event):
        TOPIC = "device.reported_lost"

        def apply(self, device: Device) -> None:
            device.status = DeviceStatus.LOST
            device.lost_at = self.timestamp
            cut_off(device)
            if device.trust_level is not TrustLevel.COMPROMISED:
                device.trust_level = TrustLevel.UNKNOWN

    class ReportedFound(Event):
        TOPIC = "device.reported_found"

        def apply(self, device: Device) -> None:
            device.status = DeviceStatus.ACTIVE
            device.lost_at = None
            device.last_seen_at = self.timestamp

    class Wiped(Event):
        TOPIC = "device.wiped"

        def apply(self, device: Device) -> None:
            device.status = DeviceStatus.WIPED
            device.gone_at = self.timestamp

    class Retired(Event):
        TOPIC = "device.retired"
        retire_reason: str

        def apply(self, device: Device) -> None:
            super().apply(device)
            device.status = DeviceStatus.RETIRED
            device.gone_at = self.timestamp
            cut_off(device)

    @classmethod
    def pair(
        cls,
        origin: Origin,
        name: Name,
        *,
        kind: DeviceKind = DeviceKind.OTHER,
        manufacturer: Name | None = None,
        model: Name | None = None,
        os: Label | None = None,
        os_version: Label | None = None,
        app_version: Label | None = None,
        fingerprint: Fingerprint | None = None,
        capabilities: Capabilities = (),
        measures_for: Many[MeasuredKind] = (),
    ) -> Device:
        return cls._begin(
            origin,
            cls.Paired,
            name=name,
            kind=kind,
            manufacturer=manufacturer,
            model=model,
            os=os,
            os_version=os_version,
            app_version=app_version,
            fingerprint=fingerprint,
            capabilities=as_set(capabilities),
            measures_for=as_set(measures_for),
        )

    def confirm(self) -> None:
        self._require_pairing()
        self.trigger_event(Device.PairingConfirmed)

    def reject(self, reason: Line = "") -> None:
        self._require_pairing()
        self.trigger_event(Device.PairingRejected, reason=reason)

    def rename(self, name: Name) -> None:
        self._require_here()
        if name != self.name:
            self.trigger_event(Device.Renamed, name=name)

    def trust(self) -> None:
        """Trust the device; a compromised one never again."""
        self._require_in_use()
        if self.trust_level is TrustLevel.COMPROMISED:
            raise DeviceCompromised
        if self.trust_level is not TrustLevel.TRUSTED:
            self.trigger_event(Device.Trusted)

    def distrust(self, reason: Line = "", *, compromised: bool = False) -> None:
        """Withdraw the trust; from a compromised device for good."""
        self._require_here()
        level = TrustLevel.COMPROMISED if compromised else TrustLevel.UNKNOWN
        if self.trust_level not in (level, TrustLevel.COMPROMISED):
            self.trigger_event(Device.Distrusted, trust_level=level, distrust_reason=reason)

    def see(self, *, ip_prefix: IpPrefix | None = None, country: Country | None = None) -> None:
        """Record a sign of life, at most one a day (UTC); a lost device stays lost."""
        self._require_confirmed()
        if _is_today(self.last_seen_at):
            return
        self.trigger_event(
            Device.Seen,
            last_ip_prefix=ip_prefix or self.last_ip_prefix,
            last_country=country or self.last_country,
        )

    def register_key(self, public_key: CoseKey) -> None:
        """Keep the key by which the device proves that it is itself, in place of an earlier one."""
        self._require_confirmed()
        say(self, Device.KeyRegistered, public_key=public_key)

    def report_condition(
        self, *, battery_pct: Percent | None = None, storage_free_bytes: Count | None = None
    ) -> None:
        """Record how the device is, at most once a day (UTC): no history of every percent."""
        self._require_confirmed()
        if not _is_today(self.condition_at):
            facts = with_known(self, battery_pct=battery_pct, storage_free_bytes=storage_free_bytes)
            say(self, Device.ConditionReported, **facts)

    def deactivate(self) -> None:
        """Record that the device was not seen for 90 days; the next sign of life makes it active again."""
        self._require_in_use()
        if self.last_seen_at is not None and clock.now() - self.last_seen_at < UNSEEN_LIMIT:
            raise DeviceSeenLately
        if self.status is not DeviceStatus.INACTIVE:
            self.trigger_event(Device.Deactivated)

    def update_software(
        self, *, os: Label | None = None, os_version: Label | None = None, app_version: Label | None = None
    ) -> None:
        """Record new versions; what is not given stays."""
        self._require_here()
        now = (os or self.os, os_version or self.os_version, app_version or self.app_version)
        if now != (self.os, self.os_version, self.app_version):
            self.trigger_event(Device.SoftwareUpdated, os=now[0], os_version=now[1], app_version=now[2])

    def report_lost(self) -> None:
        """Report the device lost, which also ends the trust in it, its subscription to messages and its sync."""
        self._require_confirmed()
        if self.status is not DeviceStatus.LOST:
            self.trigger_event(Device.ReportedLost)

    def report_found(self) -> None:
        """Report that the person has the device again; it must be trusted anew."""
        self._require_lost()
        self.trigger_event(Device.ReportedFound)

    def wipe(self) -> None:
        """Record that a lost device has deleted what it held."""
        self._require_lost()
        self.trigger_event(Device.Wiped)

    def retire(self, reason: Line = "") -> None:
        self._require_here()
        self.trigger_event(Device.Retired, retire_reason=reason)

    @property
    def claims(self) -> frozenset[Claim]:
        if self.status in GONE:
            return frozenset()
        marks = {"device.fingerprint": self.fingerprint, "device.public_key": self.public_key}
        return frozenset(Claim(scope, mark) for scope, mark in marks.items() if mark is not None)

    def _require_pairing(self) -> None:
        self._require_here()
        if self.status is not DeviceStatus.PAIRING:
            raise DeviceNotPairing

    def _require_lost(self) -> None:
        self._require_here()
        if self.status is not DeviceStatus.LOST:
            raise DeviceNotLost


def _is_today(moment: datetime | None) -> bool:
    """Whether it is of the present day, or of a later one where the clock was put back."""
    return moment is not None and _day(moment) >= _day(clock.now())


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
