"""How far a device is trusted, from pairing until it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.profile.device import Device
from domain.profile.device_terms import (
    Capability,
    DeviceCompromised,
    DeviceGone,
    DeviceKind,
    DeviceNotInUse,
    DeviceNotLost,
    DeviceNotPairing,
    DeviceSeenLately,
    DeviceStatus,
    TrustLevel,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import DomainError, InvalidInput
from domain.shared.peers import Claim
from domain.shared.record import Origin, state_fields
from domain.shared.values import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRINT = "f" * 64
KEY = "pQECAyYgASFYIGVrSXl4sQ"


class Hands:
    """The hands of the clock, which a test may move."""

    def __init__(self) -> None:
        self.at = NOON

    def pass_days(self, days: float) -> None:
        self.at += timedelta(days=days)


@pytest.fixture(autouse=True)
def hands() -> Iterator[Hands]:
    hands = Hands()
    with clock.reading(lambda: hands.at):
        yield hands


def pairing(**details: Any) -> Device:
    return Device.pair(Origin(new_id()), "Ada's phone", **details)


def active(**details: Any) -> Device:
    device = pairing(**details)
    device.confirm()
    return device


def lost() -> Device:
    device = active(fingerprint=PRINT)
    device.report_lost()
    return device


def wiped() -> Device:
    device = lost()
    device.wipe()
    return device


def retired() -> Device:
    device = active(fingerprint=PRINT)
    device.retire("sold")
    return device


def rejected() -> Device:
    device = pairing(fingerprint=PRINT)
    device.reject("not mine")
    return device


def topics(device: Device) -> list[str]:
    return [event.TOPIC for event in device.pending_events if isinstance(event, Device.Event)]


def standing(device: Device) -> tuple[DeviceStatus, TrustLevel]:
    return device.status, device.trust_level


def state_of(device: Device) -> dict[str, Any]:
    return {name: getattr(device, name) for name in (*state_fields(Device), "version")}


def test_paired_device_is_unknown_until_confirmed() -> None:
    device = pairing(
        kind=DeviceKind.PHONE,
        manufacturer="Fairphone",
        model="5",
        os="Android",
        os_version="15",
        app_version="1.0",
        capabilities=(Capability.LOCATION, Capability.CAMERA, Capability.CAMERA),
        measures_for=("media", "location"),
    )
    assert topics(device) == ["device.paired"]
    assert standing(device) == (DeviceStatus.PAIRING, TrustLevel.UNKNOWN)
    assert (device.kind, device.manufacturer, device.model) == (DeviceKind.PHONE, "Fairphone", "5")
    assert (device.os, device.os_version, device.app_version) == ("Android", "15", "1.0")
    assert device.capabilities == (Capability.CAMERA, Capability.LOCATION)
    assert device.measures_for == ("location", "media")
    assert device.first_seen_at is None


def test_confirmed_device_is_recognised() -> None:
    device = active()
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.RECOGNISED)
    assert (device.first_seen_at, device.last_seen_at) == (NOON, NOON)
    assert topics(device)[-1] == "device.pairing_confirmed"


def test_rejected_device_is_gone() -> None:
    device = rejected()
    assert standing(device) == (DeviceStatus.RETIRED, TrustLevel.UNKNOWN)
    assert (device.retire_reason, device.gone_at) == ("not mine", NOON)
    with pytest.raises(DeviceGone):
        device.confirm()


def test_pairing_ends_once() -> None:
    with pytest.raises(DeviceNotPairing):
        active().confirm()
    with pytest.raises(DeviceNotPairing):
        active().reject()


@pytest.mark.parametrize(
    "details", [{"fingerprint": "F" * 64}, {"fingerprint": "f" * 63}, {"measures_for": ("diary",)}]
)
def test_details_outside_their_range_are_refused(details: dict[str, Any]) -> None:
    command = commands_of(Device)["pair"]
    assert command.arguments(("phone",), {"fingerprint": PRINT, "measures_for": ("location",)})
    with pytest.raises(InvalidInput):
        command.arguments(("phone",), details)


def test_device_is_renamed_by_another_name() -> None:
    device = active()
    device.rename("Ada's phone")
    device.rename("Old phone")
    assert (device.name, topics(device)[2:]) == ("Old phone", ["device.renamed"])


def test_trust_is_given_and_withdrawn_once() -> None:
    device = active()
    device.trust()
    device.trust()
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.TRUSTED)
    device.distrust("lent")
    device.distrust("lent")
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.UNKNOWN)
    assert device.distrust_reason == "lent"
    assert topics(device)[2:] == ["device.trusted", "device.distrusted"]
    device.trust()
    assert device.distrust_reason == ""


def test_compromised_device_is_never_trusted_again() -> None:
    device = active()
    device.distrust("malware", compromised=True)
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.COMPROMISED)
    with pytest.raises(DeviceCompromised):
        device.trust()
    device.distrust()
    device.report_lost()
    device.report_found()
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.COMPROMISED)


def test_distrusted_device_may_turn_out_compromised() -> None:
    device = active()
    device.distrust()
    device.distrust(compromised=True)
    assert device.trust_level is TrustLevel.COMPROMISED


def test_sign_of_life_is_recorded_at_most_once_a_day(hands: Hands) -> None:
    device = active()
    device.see(ip_prefix="192.0.2.0/24")
    assert topics(device)[2:] == []
    hands.pass_days(0.5)
    device.see(ip_prefix="192.0.2.0/24", country="AT")
    device.see(country="DE")
    assert topics(device)[2:] == ["device.seen"]
    assert (device.last_seen_at, device.last_country) == (NOON + timedelta(days=0.5), "AT")
    hands.pass_days(1)
    device.see(country="DE")
    assert (device.last_ip_prefix, device.last_country) == ("192.0.2.0/24", "DE")
    assert topics(device)[2:] == ["device.seen", "device.seen"]
    assert device.first_seen_at == NOON


@pytest.mark.parametrize("address", ["192.0.2.7", "192.0.2.0/25", "2001:db8::/49", "192.0.2.1/24", "home"])
def test_device_is_never_known_by_address(address: str) -> None:
    command = commands_of(Device)["see"]
    assert command.arguments((), {"ip_prefix": "2001:db8::/48"})["ip_prefix"] == "2001:db8::/48"
    with pytest.raises(InvalidInput) as refused:
        command.arguments((), {"ip_prefix": address})
    assert address not in str(refused.value)


def test_device_unseen_for_ninety_days_is_inactive_until_seen(hands: Hands) -> None:
    device = active()
    hands.pass_days(89)
    with pytest.raises(DeviceSeenLately):
        device.deactivate()
    hands.pass_days(1)
    device.deactivate()
    device.deactivate()
    assert standing(device) == (DeviceStatus.INACTIVE, TrustLevel.RECOGNISED)
    device.see()
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.RECOGNISED)
    assert topics(device)[2:] == ["device.deactivated", "device.seen"]


def test_software_update_changes_what_is_given() -> None:
    device = active(os="Android", os_version="15", app_version="1.0")
    device.update_software(app_version="1.0")
    device.update_software()
    assert topics(device)[2:] == []
    device.update_software(os_version="16")
    assert (device.os, device.os_version, device.app_version) == ("Android", "16", "1.0")
    assert topics(device)[2:] == ["device.software_updated"]


def test_lost_device_is_no_longer_trusted_even_when_found() -> None:
    device = active()
    device.trust()
    device.report_lost()
    device.report_lost()
    assert standing(device) == (DeviceStatus.LOST, TrustLevel.UNKNOWN)
    assert device.lost_at == NOON
    with pytest.raises(DeviceNotInUse):
        device.trust()
    device.report_found()
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.UNKNOWN)
    assert topics(device)[3:] == ["device.reported_lost", "device.reported_found"]
    device.trust()
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.TRUSTED)


def test_found_device_is_with_the_person_again(hands: Hands) -> None:
    device = lost()
    hands.pass_days(3)
    device.report_found()
    assert (device.lost_at, device.last_seen_at) == (None, NOON + timedelta(days=3))


def test_inactive_device_may_be_lost(hands: Hands) -> None:
    device = active()
    hands.pass_days(90)
    device.deactivate()
    device.report_lost()
    assert device.status is DeviceStatus.LOST


def test_lost_device_that_is_seen_stays_lost(hands: Hands) -> None:
    device = lost()
    hands.pass_days(1)
    device.see(country="AT")
    assert (device.status, device.last_country) == (DeviceStatus.LOST, "AT")
    assert device.last_seen_at == NOON + timedelta(days=1)


def test_wiped_device_is_gone() -> None:
    device = wiped()
    assert (device.status, device.gone_at) == (DeviceStatus.WIPED, NOON)
    assert topics(device)[-1] == "device.wiped"


@pytest.mark.parametrize("make", [pairing, active])
def test_only_a_lost_device_is_found_or_wiped(make: Callable[[], Device]) -> None:
    with pytest.raises(DeviceNotLost):
        make().report_found()
    with pytest.raises(DeviceNotLost):
        make().wipe()


@pytest.mark.parametrize("make", [pairing, active, lost])
def test_any_device_can_be_retired(make: Callable[[], Device]) -> None:
    device = make()
    device.retire("sold")
    assert (device.status, device.retire_reason, device.gone_at) == (DeviceStatus.RETIRED, "sold", NOON)
    assert topics(device)[-1] == "device.retired"


NEEDS_CONFIRMED: list[Callable[[Device], None]] = [
    lambda device: device.trust(),
    lambda device: device.see(),
    lambda device: device.deactivate(),
    lambda device: device.report_lost(),
]

NEEDS_DEVICE: list[Callable[[Device], None]] = [
    *NEEDS_CONFIRMED,
    lambda device: device.confirm(),
    lambda device: device.reject(),
    lambda device: device.rename("x"),
    lambda device: device.distrust(compromised=True),
    lambda device: device.update_software(os="x"),
    lambda device: device.report_found(),
    lambda device: device.wipe(),
    lambda device: device.retire(),
]


def refused(device: Device, command: Callable[[Device], None], error: type[DomainError]) -> bool:
    before = topics(device)
    with pytest.raises(error):
        command(device)
    return topics(device) == before


@pytest.mark.parametrize("command", NEEDS_CONFIRMED)
def test_device_being_paired_is_not_in_use(command: Callable[[Device], None]) -> None:
    assert refused(pairing(), command, DeviceNotInUse)


@pytest.mark.parametrize("command", NEEDS_DEVICE)
@pytest.mark.parametrize("make", [wiped, retired, rejected])
def test_device_that_is_gone_stays_gone(
    make: Callable[[], Device], command: Callable[[Device], None]
) -> None:
    assert refused(make(), command, DeviceGone)


def test_fingerprint_is_claimed_until_the_device_is_gone() -> None:
    assert pairing().claims == frozenset()
    claim = Claim("device.fingerprint", PRINT)
    assert pairing(fingerprint=PRINT).claims == lost().claims == {claim}


@pytest.mark.parametrize("make", [wiped, retired, rejected])
def test_device_that_is_gone_can_be_paired_anew(make: Callable[[], Device]) -> None:
    assert make().fingerprint == PRINT
    assert make().claims == frozenset()


def test_device_is_not_shown_in_a_traceback() -> None:
    assert "Ada" not in repr(active())


def test_events_tell_the_whole_story(hands: Hands) -> None:
    device = active(fingerprint=PRINT, measures_for=("location",), capabilities=(Capability.CAMERA,))
    device.rename("Old phone")
    device.trust()
    device.distrust("lent")
    hands.pass_days(1)
    device.see(ip_prefix="192.0.2.0/24", country="AT")
    device.update_software(os="Android")
    hands.pass_days(90)
    device.deactivate()
    device.see()
    device.report_lost()
    device.report_found()
    device.trash("drawer")
    device.restore()
    device.report_lost()
    device.wipe()
    for each in (device, retired(), rejected()):
        folded: Any = None
        for event in each.pending_events:
            stored = TypeAdapter(type(event)).dump_json(event)
            folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
        assert state_of(folded) == state_of(each)


def test_key_of_a_device_in_use_is_claimed_until_it_is_gone() -> None:
    with pytest.raises(DeviceNotInUse):
        pairing().register_key(KEY)
    device = active(fingerprint=PRINT)
    device.register_key(KEY)
    device.register_key(KEY)
    assert device.version == 3
    assert device.claims == {Claim("device.public_key", KEY), Claim("device.fingerprint", PRINT)}
    device.retire()
    assert device.claims == frozenset()


@pytest.mark.parametrize("key", ["", "pQECAyYgASFY", "a" * 2049, "a b" * 8, "a+/=" * 8])
def test_key_is_written_in_base64url(key: str) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Device)["register_key"].arguments((key,), {})


def test_condition_is_recorded_once_a_day(hands: Hands) -> None:
    device = active()
    device.report_condition(battery_pct=80, storage_free_bytes=10**9)
    device.report_condition(battery_pct=20)
    assert (device.battery_pct, device.storage_free_bytes, device.condition_at) == (80, 10**9, NOON)
    hands.pass_days(1)
    device.report_condition(battery_pct=20)
    assert (device.battery_pct, device.storage_free_bytes) == (20, 10**9)
    assert device.condition_at == NOON + timedelta(days=1)
    hands.pass_days(1)
    device.report_condition(battery_pct=20)
    assert device.version == 4, "nothing new was told"


@pytest.mark.parametrize("given", [{"battery_pct": 101}, {"battery_pct": -1}, {"storage_free_bytes": -1}])
def test_condition_is_possible(given: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Device)["report_condition"].arguments((), given)
