"""How a device is lost and found, and when it is gone for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.profile.device import Device
from domain.profile.device_terms import DeviceGone, DeviceNotInUse, DeviceNotLost, DeviceStatus, TrustLevel
from domain.shared.errors import DomainError
from tests.domain.profile.devices import (
    PRINT,
    active,
    lost,
    pairing,
    rejected,
    retired,
    standing,
    topics,
    wiped,
)
from tests.domain.profile.hands import NOON, Hands

pytestmark = pytest.mark.usefixtures("hands")


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


@pytest.mark.parametrize("make", [wiped, retired, rejected])
def test_device_that_is_gone_can_be_paired_anew(make: Callable[[], Device]) -> None:
    assert make().fingerprint == PRINT
    assert make().claims == frozenset()
