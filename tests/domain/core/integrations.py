"""Integrations for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.core.integration import Integration
from domain.core.integration_terms import ConnectionKind, IntegrationStatus
from domain.shared.record import Origin
from domain.shared.values import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
READ_MAIL = "https://mail.example/auth/readonly"


def connected(origin: Origin | None = None, **details: Any) -> Integration:
    given: dict[str, Any] = {
        "kind": ConnectionKind.OAUTH2,
        "data_kinds": ("email", "contact"),
        "scopes_granted": (READ_MAIL,),
        "scopes_required": (READ_MAIL,),
    }
    return Integration.connect(origin or Origin(new_id()), "fastmail", "ada", **given | details)


def begun(origin: Origin | None = None, **details: Any) -> Integration:
    given: dict[str, Any] = {
        "kind": ConnectionKind.OAUTH2,
        "data_kinds": ("email", "contact"),
        "scopes_required": (READ_MAIL,),
    }
    return Integration.begin_connect(origin or Origin(new_id()), "fastmail", "ada", **given | details)


def fail_often(integration: Integration, times: int) -> None:
    for _ in range(times):
        integration.start_sync()
        integration.fail_sync("timeout")


def topics(integration: Integration) -> list[str]:
    return [event.TOPIC for event in integration.pending_events if isinstance(event, Integration.Event)]


def status_of(integration: Integration) -> IntegrationStatus:
    return integration.status
