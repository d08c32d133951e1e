"""What can be asked of notifications."""

from __future__ import annotations

from domain.core.notification import Notification
from projections.record_table import RecordTable
from projections.view import View

VIEW = View(
    Notification,
    RecordTable(
        Notification,
        "notifications",
        filters=("status",),
        orders=("scheduled_for",),
        listed=("title", "status", "severity"),
    ),
)
