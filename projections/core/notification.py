"""What can be asked of notifications."""

from __future__ import annotations

from domain.core.notification import Notification
from projections.record_table import RecordTable
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(notification: Notification) -> Moment | None:
    at = notification.scheduled_for or notification.created_on
    if notification.closed_at is not None and notification.closed_at < at:
        return None  # put away before its time: it never was shown
    return Moment(at, notification.title, notification.status.value)


VIEW = View(
    Notification,
    RecordTable(
        Notification,
        "notifications",
        filters=("status",),
        orders=("scheduled_for",),
        listed=("title", "status", "severity"),
    ),
    derived=(on_timeline(_moment),),
)
