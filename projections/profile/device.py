"""What can be asked of devices."""

from __future__ import annotations

from domain.profile.device import Device
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(device: Device) -> Moment:
    return Moment(device.first_seen_at or device.created_on, device.name, device.status.value)


def _words(device: Device) -> Words:
    return Words(
        device.name, " ".join(text for text in (device.manufacturer, device.model, device.os) if text)
    )


VIEW = View(
    Device,
    RecordTable(
        Device,
        "devices",
        filters=("status",),
        orders=("last_seen_at",),
        listed=("name", "kind", "status", "last_seen_at"),
    ),
    derived=(on_timeline(_moment), in_search(_words)),
)
