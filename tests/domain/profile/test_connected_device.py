"""How a device is reached and brought in step, and what ends that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.profile.device import Device
from domain.profile.device_terms import (
    DeviceCompromised,
    DeviceGone,
    DeviceNotInUse,
    PushPlatform,
    PushStatus,
)
from domain.shared import clock
from domain.shared.record import Origin
from domain.shared.values import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def reached() -> Device:
    device = Device.pair(Origin(new_id()), "Ada's phone")
    device.confirm()
    device.register_push(PushPlatform.APNS)
    return device


def at(hours: int) -> Callable[[], datetime]:
    return lambda: NOON + timedelta(hours=hours)


def compromise(device: Device) -> None:
    device.distrust(compromised=True)


def test_a_device_has_one_subscription_to_messages() -> None:
    device = reached()
    device.register_push(PushPlatform.APNS)
    assert device.version == 3
    device.register_push(PushPlatform.WEBPUSH)
    assert (device.push_platform, device.push_status) == (PushPlatform.WEBPUSH, PushStatus.ACTIVE)
    for _ in range(2):
        device.expire_push()
    assert (device.push_status, device.version) == (PushStatus.EXPIRED, 5)
    device.register_push(PushPlatform.WEBPUSH)
    assert device.push_status is PushStatus.ACTIVE


def test_what_never_subscribed_does_not_expire() -> None:
    device = Device.pair(Origin(new_id()), "Ada's phone")
    device.expire_push()
    device.confirm()
    device.report_lost()
    assert device.push_status is None


@pytest.mark.parametrize(
    ("end", "refusal"),
    [(Device.report_lost, DeviceNotInUse), (compromise, DeviceCompromised), (Device.retire, DeviceGone)],
)
def test_a_device_that_is_lost_compromised_or_gone_is_neither_reached_nor_synced(
    end: Callable[[Device], None], refusal: type[Exception]
) -> None:
    device = reached()
    end(device)
    assert device.push_status is PushStatus.EXPIRED
    with pytest.raises(refusal):
        device.register_push(PushPlatform.APNS)
    with pytest.raises(refusal):
        device.record_sync()


def test_a_device_that_is_found_subscribes_anew() -> None:
    device = reached()
    device.report_lost()
    device.report_found()
    found = device.push_status
    device.register_push(PushPlatform.APNS)
    assert (found, device.push_status) == (PushStatus.EXPIRED, PushStatus.ACTIVE)


def test_withdrawn_trust_alone_ends_no_subscription() -> None:
    device = reached()
    device.trust()
    device.distrust("lent to Bob")
    assert device.push_status is PushStatus.ACTIVE


def test_each_sync_says_what_it_has_left() -> None:
    with clock.reading(at(0)):
        device = reached()
    for hours, backlog in ((1, 12), (2, 0)):
        with clock.reading(at(hours)):
            device.record_sync(backlog)
        assert (device.last_synced_at, device.sync_backlog) == (at(hours)(), backlog)


def test_a_device_that_is_being_paired_is_not_synced() -> None:
    with pytest.raises(DeviceNotInUse):
        Device.pair(Origin(new_id()), "Ada's phone").record_sync()
