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
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.record import Origin, copied
from domain.shared.values import new_id
from projections.catalogue import view_of

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


def test_a_subscription_says_where_its_address_is_kept_until_it_ends_or_another_replaces_it() -> None:
    device = reached()
    device.register_push(PushPlatform.WEBPUSH, endpoint_ref="push/phone")
    device.register_push(PushPlatform.WEBPUSH, endpoint_ref="push/phone")
    assert (device.push_endpoint_ref, device.version) == ("push/phone", 5)
    device.register_push(PushPlatform.WEBPUSH, endpoint_ref="push/phone-2")
    assert (device.push_endpoint_ref, device.version) == ("push/phone-2", 6)
    device.register_push(PushPlatform.APNS)
    assert device.push_endpoint_ref is None
    device.register_push(PushPlatform.APNS, endpoint_ref="push/phone-3")
    device.expire_push()
    assert device.push_endpoint_ref is None


@pytest.mark.parametrize("address", ["https://push.example.org/v1/a1b2c3", "HTTP://push.example.org/", ""])
def test_the_address_of_a_subscription_itself_is_not_taken(address: str) -> None:
    command = commands_of(Device)["register_push"]
    assert command.arguments((PushPlatform.WEBPUSH,), {"endpoint_ref": "vault://push/phone"})
    with pytest.raises(InvalidInput) as refused:
        command.arguments((PushPlatform.WEBPUSH,), {"endpoint_ref": address})
    assert not address or address not in str(refused.value)


@pytest.mark.parametrize("end", [Device.report_lost, compromise, Device.retire])
def test_a_device_in_other_hands_is_cut_off_from_messages_and_sync_for_good(
    end: Callable[[Device], None],
) -> None:
    device = reached()
    device.register_push(PushPlatform.APNS, endpoint_ref="push/phone")
    device.record_sync(cursor="c-17")
    in_step = copied(device)
    end(device)
    assert (device.push_endpoint_ref, device.sync_cursor) == (None, None)
    device.revert_to(in_step, "found in an old backup")
    assert (device.push_endpoint_ref, device.sync_cursor) == (None, None)


def test_each_sync_may_move_the_cursor() -> None:
    device = reached()
    for cursor, known in (("c-1", "c-1"), (None, "c-1"), ("c-2", "c-2")):
        device.record_sync(cursor=cursor)
        assert device.sync_cursor == known


def test_neither_is_in_the_row_of_a_read_table() -> None:
    device = reached()
    device.register_push(PushPlatform.APNS, endpoint_ref="push/phone")
    device.record_sync(cursor="c-17")
    row = repr(view_of("device").table.row(1, device))
    assert "Ada's phone" in row
    assert "push/phone" not in row
    assert "c-17" not in row


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
