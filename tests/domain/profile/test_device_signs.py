"""What a device tells of itself: that it is there, what runs on it, what condition it is in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.profile.device import Device
from domain.profile.device_terms import DeviceSeenLately, DeviceStatus, TrustLevel
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from tests.domain.profile.devices import active, standing, topics
from tests.domain.profile.hands import NOON, Hands

pytestmark = pytest.mark.usefixtures("hands")


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
