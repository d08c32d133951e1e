"""The part of an integration that is its syncs: one at a time, each going on where the one before it has come to."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from datetime import datetime
from uuid import UUID

from domain.core.authorisation import Authorisation
from domain.core.connection import end_run, is_rate_limited, standing
from domain.core.core_terms import KindName
from domain.core.integration_terms import (
    KEPT_RUNS,
    CountsDoNotAddUp,
    CountsShrank,
    Cursor,
    CursorText,
    DataKindNotChosen,
    IntegrationPaused,
    LimitPast,
    NoSyncRunning,
    NotAuthorised,
    RateLimited,
    RunState,
    ScopesMissing,
    SyncCounts,
    SyncError,
    SyncNotAllowed,
    SyncRun,
    SyncRunning,
    UserActionNeeded,
    add_up,
    have_shrunk,
)
from domain.core.user import User, restricts
from domain.shared import clock
from domain.shared.known import say
from domain.shared.record import peers_of, subject_of
from domain.shared.values import Id, Line, Moment, Slug, new_id


class Syncing(Authorisation):
    """A connection by which records are imported, as often as the platform bears it."""

    _: KW_ONLY
    data_kinds: tuple[str, ...] = ()
    cursors: tuple[Cursor, ...] = ()
    last_sync_started_at: datetime | None = None
    last_sync_succeeded_at: datetime | None = None
    last_error: SyncError | None = None

    class Event(Authorisation.Event):
        """Any event of an integration."""

    class SyncStarted(Event):
        TOPIC = "integration.sync_started"
        run_id: UUID

        def apply(self, integration: Syncing) -> None:
            run = SyncRun(self.run_id, self.timestamp)
            integration.sync_runs = (*integration.sync_runs, run)[-KEPT_RUNS:]
            integration.last_sync_started_at = self.timestamp
            integration.retry_at = integration.rate_limited_until = None
            integration.status = standing(integration, self.timestamp)

    class SyncCheckpointed(Event):
        TOPIC = "integration.sync_checkpointed"
        run_id: UUID
        cursor: Cursor
        counts: SyncCounts

        def apply(self, integration: Syncing) -> None:
            *ended, run = integration.sync_runs
            integration.sync_runs = (*ended, replace(run, counts=self.counts))
            others = (each for each in integration.cursors if each.data_kind != self.cursor.data_kind)
            integration.cursors = (*others, self.cursor)
            integration.status = standing(integration, self.timestamp)

    class SyncFinished(Event):
        TOPIC = "integration.sync_finished"
        run_id: UUID
        counts: SyncCounts

        def apply(self, integration: Syncing) -> None:
            outcome = RunState.PARTIALLY_FAILED if self.counts.invalid else RunState.SUCCEEDED
            end_run(integration, outcome, self.timestamp, self.counts)
            integration.last_sync_succeeded_at = self.timestamp
            integration.last_error = None
            integration.consecutive_failures = 0
            integration.status = standing(integration, self.timestamp)

    class SyncFailed(Event):
        TOPIC = "integration.sync_failed"
        run_id: UUID
        code: str
        message: str
        retry_at: datetime | None

        def apply(self, integration: Syncing) -> None:
            end_run(integration, RunState.FAILED, self.timestamp)
            integration.last_error = SyncError(self.code, self.message, self.timestamp)
            integration.consecutive_failures += 1
            integration.retry_at = self.retry_at
            integration.status = standing(integration, self.timestamp)

    class RateLimitReported(Event):
        TOPIC = "integration.rate_limit_reported"
        rate_limited_until: datetime

        def apply(self, integration: Syncing) -> None:
            super().apply(integration)
            integration.status = standing(integration, self.timestamp)

    def start_sync(self, *, run_id: Id | None = None) -> None:
        """Begin a run; a rate limit that is over is forgotten."""
        self._require_authorised()
        if self.reauthorisation_reason is not None:
            raise NotAuthorised
        if self.user_action is not None:
            raise UserActionNeeded
        if self.paused_at is not None:
            raise IntegrationPaused
        if self._running is not None:
            raise SyncRunning
        if is_rate_limited(self, clock.now()):
            raise RateLimited
        if not set(self.scopes_required) <= set(self.scopes_granted):
            raise ScopesMissing
        self._require_permission()
        self.trigger_event(self.SyncStarted, run_id=run_id or new_id())

    def checkpoint_sync(self, position: CursorText, *, data_kind: KindName, counts: SyncCounts) -> None:
        """Keep how far the source was read; counts are those of the whole run so far."""
        run = self._require_running(counts)
        if data_kind not in self.data_kinds:
            raise DataKindNotChosen
        self.trigger_event(
            self.SyncCheckpointed, run_id=run.run_id, cursor=Cursor(data_kind, position), counts=counts
        )

    def finish_sync(self, counts: SyncCounts) -> None:
        run = self._require_running(counts)
        self.trigger_event(self.SyncFinished, run_id=run.run_id, counts=counts)

    def fail_sync(self, code: Slug, *, message: Line = "", retry_at: Moment | None = None) -> None:
        """End the run at its last checkpoint; the fifth failure in a row makes the integration failing."""
        run = self._running
        if run is None:
            raise NoSyncRunning
        self.trigger_event(self.SyncFailed, run_id=run.run_id, code=code, message=message, retry_at=retry_at)

    def report_rate_limit(self, until: Moment) -> None:
        """Record until when the platform wants to be left alone; a running sync waits and goes on then.

        Until that moment no sync starts. The first event of a sync after it makes the integration connected again.
        """
        self._require_living()
        if until <= clock.now():
            raise LimitPast
        say(self, self.RateLimitReported, rate_limited_until=until)

    @property
    def _running(self) -> SyncRun | None:
        latest = self.sync_runs[-1] if self.sync_runs else None
        return latest if latest is not None and latest.state is RunState.RUNNING else None

    def _require_running(self, counts: SyncCounts) -> SyncRun:
        run = self._running
        if run is None:
            raise NoSyncRunning
        if not add_up(counts):
            raise CountsDoNotAddUp
        if have_shrunk(run.counts, counts):
            raise CountsShrank
        return run

    def _require_permission(self) -> None:
        """Refuse where the person, whose record has the id of the subject, allows no import now."""
        user = peers_of(self).get(User, subject_of(self))
        if user is None:
            return
        if user.closing_due_at is not None or any(restricts(user, kind) for kind in self.data_kinds):
            raise SyncNotAllowed
