"""The part of an integration that says whether it runs: what holds it up, and what its person wants of it."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from datetime import datetime

from domain.core.integration_terms import (
    FAILURES_TOLERATED,
    DataPolicy,
    IntegrationDisconnected,
    IntegrationStatus,
    RunState,
    SyncCounts,
    SyncRun,
    UserAction,
)
from domain.shared.content import Content


class Connection(Content):
    """A connection that may be held up by several things at a time; the status tells the first of them.

    Each is a fact of its own, so that resuming a paused integration does not hide that it needs reauthorising.
    """

    _: KW_ONLY
    status: IntegrationStatus = IntegrationStatus.CONNECTED
    awaits_authorisation: bool = False
    reauthorisation_reason: str | None = None
    user_action: UserAction | None = None
    paused_at: datetime | None = None
    rate_limited_until: datetime | None = None
    consecutive_failures: int = 0
    disconnected_at: datetime | None = None
    data_policy: DataPolicy | None = None
    tokens_revoked: bool = False
    token_expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    sync_runs: tuple[SyncRun, ...] = ()
    retry_at: datetime | None = None

    class Event(Content.Event):
        """Any event of an integration."""

    class Paused(Event):
        TOPIC = "integration.paused"

        def apply(self, integration: Connection) -> None:
            end_run(integration, RunState.CANCELLED, self.timestamp)
            integration.paused_at = self.timestamp
            integration.status = standing(integration, self.timestamp)

    class Resumed(Event):
        TOPIC = "integration.resumed"

        def apply(self, integration: Connection) -> None:
            integration.paused_at = None
            integration.status = standing(integration, self.timestamp)

    class Disconnected(Event):
        TOPIC = "integration.disconnected"
        data_policy: DataPolicy
        tokens_revoked: bool

        def apply(self, integration: Connection) -> None:
            super().apply(integration)
            end_run(integration, RunState.CANCELLED, self.timestamp)
            integration.disconnected_at = self.timestamp
            integration.token_expires_at = integration.refresh_expires_at = integration.retry_at = None
            integration.status = standing(integration, self.timestamp)

    def pause(self) -> None:
        """Stop syncing until resumed; a running sync is cancelled and keeps its last checkpoint."""
        self._require_living()
        if self.paused_at is None:
            self.trigger_event(self.Paused)

    def resume(self) -> None:
        self._require_living()
        if self.paused_at is not None:
            self.trigger_event(self.Resumed)

    def disconnect(self, data_policy: DataPolicy = DataPolicy.KEEP, *, tokens_revoked: bool = False) -> None:
        """End the integration for good; the caller says whether the platform has taken the tokens back."""
        self._require_living()
        self.trigger_event(self.Disconnected, data_policy=data_policy, tokens_revoked=tokens_revoked)

    def _require_living(self) -> None:
        if self.disconnected_at is not None:
            raise IntegrationDisconnected


def standing(integration: Connection, at: datetime) -> IntegrationStatus:
    """Return the status at the time of an event: what only the person can end comes before what ends by itself.

    The end of a rate limit is no event, so the status keeps it until the next one that looks.
    """
    holds = (
        (integration.disconnected_at is not None, IntegrationStatus.DISCONNECTED),
        (integration.awaits_authorisation, IntegrationStatus.PENDING_AUTHORISATION),
        (integration.reauthorisation_reason is not None, IntegrationStatus.NEEDS_REAUTHORISATION),
        (integration.user_action is not None, IntegrationStatus.NEEDS_USER_ACTION),
        (integration.paused_at is not None, IntegrationStatus.PAUSED),
        (is_rate_limited(integration, at), IntegrationStatus.RATE_LIMITED),
        (integration.consecutive_failures >= FAILURES_TOLERATED, IntegrationStatus.FAILING),
    )
    return next((status for holds_up, status in holds if holds_up), IntegrationStatus.CONNECTED)


def is_rate_limited(integration: Connection, at: datetime) -> bool:
    """Return whether the platform wants to be left alone at a moment."""
    return integration.rate_limited_until is not None and at < integration.rate_limited_until


def end_run(
    integration: Connection, outcome: RunState, at: datetime, counts: SyncCounts | None = None
) -> None:
    """End the run that is under way, if any."""
    if not integration.sync_runs or integration.sync_runs[-1].state is not RunState.RUNNING:
        return
    *ended, run = integration.sync_runs
    done = replace(run, state=outcome, ended_at=at, counts=counts or run.counts)
    integration.sync_runs = (*ended, done)
