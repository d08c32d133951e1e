"""What can be asked of integrations."""

from __future__ import annotations

from domain.core.integration import Integration
from projections.record_table import RecordTable
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(integration: Integration) -> Moment:
    label = integration.external_account_label or integration.platform
    return Moment(integration.created_on, label, integration.status.value)


VIEW = View(
    Integration,
    RecordTable(
        Integration,
        "integrations",
        filters=("status",),
        listed=("platform", "status", "last_sync_succeeded_at"),
    ),
    derived=(on_timeline(_moment),),
)
