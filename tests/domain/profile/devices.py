"""Devices for tests, at every point of their life."""

from __future__ import annotations

from typing import Any

from domain.profile.device import Device
from domain.profile.device_terms import DeviceStatus, TrustLevel
from domain.shared.record import Origin, state_fields
from domain.shared.values import new_id

PRINT = "f" * 64
KEY = "pQECAyYgASFYIGVrSXl4sQ"


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
