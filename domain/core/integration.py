"""A connection to an account elsewhere, from which records are imported."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.core.core_terms import KindName
from domain.core.integration_terms import (
    FAILURES_TOLERATED,
    KEPT_RUNS,
    AccountId,
    ConnectionKind,
    CountsDoNotAddUp,
    CountsShrank,
    Cursor,
    CursorText,
    DataKindNotChosen,
    DataKinds,
    DataPolicy,
    IntegrationDisconnected,
    IntegrationPaused,
    IntegrationStatus,
    NoSyncRunning,
    NotAuthorised,
    OnSourceDelete,
    RunState,
    ScheduleUnclear,
    Scope,
    ScopesMissing,
    SyncCounts,
    SyncError,
    SyncMinutes,
    SyncMode,
    SyncNotAllowed,
    SyncRun,
    SyncRunning,
    add_up,
    have_shrunk,
)
from domain.core.user import User, restricts
from domain.shared.content import Content
from domain.shared.peers import Claim
from domain.shared.record import Origin, peers_of, subject_of
from domain.shared.values import Id, Line, Many, Moment, Slug, as_set, new_id


class Integration(Content):
    """An account at a platform, as far as it is imported from.

    The secrets that open the account are in a vault of their own and never in an event. The status follows
    from independent facts, so that resuming a paused integration does not hide that it needs reauthorising.
    """

    KIND: ClassVar[str] = "integration"
    REVERTIBLE = False

    platform: str
    external_account_id: str
    kind: ConnectionKind
    external_account_label: str = ""
    data_kinds: tuple[str, ...] = ()
    scopes_granted: tuple[str, ...] = ()
    scopes_required: tuple[str, ...] = ()
    token_expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    sync_mode: SyncMode = SyncMode.MANUAL
    sync_every_minutes: int | None = None
    on_source_delete: OnSourceDelete = OnSourceDelete.KEEP
    status: IntegrationStatus = IntegrationStatus.CONNECTED
    reauthorisation_reason: str | None = None
    paused_at: datetime | None = None
    disconnected_at: datetime | None = None
    data_policy: DataPolicy | None = None
    tokens_revoked: bool = False
    cursors: tuple[Cursor, ...] = ()
    sync_runs: tuple[SyncRun, ...] = ()
    last_sync_started_at: datetime | None = None
    last_sync_succeeded_at: datetime | None = None
    last_error: SyncError | None = None
    consecutive_failures: int = 0
    retry_at: datetime | None = None

    class Event(Content.Event):
        """Any event of an integration."""

    class Connected(Event, Content.Created):
        TOPIC = "integration.connected"
        platform: str
        external_account_id: str
        kind: ConnectionKind
        external_account_label: str
        data_kinds: tuple[str, ...]
        scopes_granted: tuple[str, ...]
        scopes_required: tuple[str, ...]
        token_expires_at: datetime | None
        refresh_expires_at: datetime | None
        sync_mode: SyncMode
        sync_every_minutes: int | None
        on_source_delete: OnSourceDelete

    class Reauthorised(Event):
        TOPIC = "integration.reauthorised"
        scopes_granted: tuple[str, ...]
        token_expires_at: datetime | None
        refresh_expires_at: datetime | None

        def apply(self, integration: Integration) -> None:
            super().apply(integration)
            integration.reauthorisation_reason = None
            integration.status = _standing(integration)

    class ReauthorisationNeeded(Event):
        TOPIC = "integration.reauthorisation_needed"
        reason: str

        def apply(self, integration: Integration) -> None:
            _end_run(integration, RunState.CANCELLED, self.timestamp)
            integration.reauthorisation_reason = self.reason
            integration.status = _standing(integration)

    class ScopesWidened(Event):
        TOPIC = "integration.scopes_widened"
        scopes: tuple[str, ...]

        def apply(self, integration: Integration) -> None:
            integration.scopes_granted = as_set((*integration.scopes_granted, *self.scopes))

    class ScopesNarrowed(Event):
        TOPIC = "integration.scopes_narrowed"
        scopes: tuple[str, ...]

        def apply(self, integration: Integration) -> None:
            integration.scopes_granted = tuple(
                each for each in integration.scopes_granted if each not in self.scopes
            )

    class SyncStarted(Event):
        TOPIC = "integration.sync_started"
        run_id: UUID

        def apply(self, integration: Integration) -> None:
            run = SyncRun(self.run_id, self.timestamp)
            integration.sync_runs = (*integration.sync_runs, run)[-KEPT_RUNS:]
            integration.last_sync_started_at = self.timestamp
            integration.retry_at = None

    class SyncCheckpointed(Event):
        TOPIC = "integration.sync_checkpointed"
        run_id: UUID
        cursor: Cursor
        counts: SyncCounts

        def apply(self, integration: Integration) -> None:
            *ended, run = integration.sync_runs
            integration.sync_runs = (*ended, replace(run, counts=self.counts))
            others = (each for each in integration.cursors if each.data_kind != self.cursor.data_kind)
            integration.cursors = (*others, self.cursor)

    class SyncFinished(Event):
        TOPIC = "integration.sync_finished"
        run_id: UUID
        counts: SyncCounts

        def apply(self, integration: Integration) -> None:
            outcome = RunState.PARTIALLY_FAILED if self.counts.invalid else RunState.SUCCEEDED
            _end_run(integration, outcome, self.timestamp, self.counts)
            integration.last_sync_succeeded_at = self.timestamp
            integration.last_error = None
            integration.consecutive_failures = 0
            integration.status = _standing(integration)

    class SyncFailed(Event):
        TOPIC = "integration.sync_failed"
        run_id: UUID
        code: str
        message: str
        retry_at: datetime | None

        def apply(self, integration: Integration) -> None:
            _end_run(integration, RunState.FAILED, self.timestamp)
            integration.last_error = SyncError(self.code, self.message, self.timestamp)
            integration.consecutive_failures += 1
            integration.retry_at = self.retry_at
            integration.status = _standing(integration)

    class Paused(Event):
        TOPIC = "integration.paused"

        def apply(self, integration: Integration) -> None:
            _end_run(integration, RunState.CANCELLED, self.timestamp)
            integration.paused_at = self.timestamp
            integration.status = _standing(integration)

    class Resumed(Event):
        TOPIC = "integration.resumed"

        def apply(self, integration: Integration) -> None:
            integration.paused_at = None
            integration.status = _standing(integration)

    class Disconnected(Event):
        TOPIC = "integration.disconnected"
        data_policy: DataPolicy
        tokens_revoked: bool

        def apply(self, integration: Integration) -> None:
            super().apply(integration)
            _end_run(integration, RunState.CANCELLED, self.timestamp)
            integration.disconnected_at = self.timestamp
            integration.token_expires_at = integration.refresh_expires_at = integration.retry_at = None
            integration.status = _standing(integration)

    @classmethod
    def connect(
        cls,
        origin: Origin,
        platform: Slug,
        external_account_id: AccountId,
        *,
        kind: ConnectionKind,
        data_kinds: DataKinds,
        external_account_label: Line = "",
        scopes_granted: Many[Scope] = (),
        scopes_required: Many[Scope] = (),
        token_expires_at: Moment | None = None,
        refresh_expires_at: Moment | None = None,
        sync_mode: SyncMode = SyncMode.MANUAL,
        sync_every_minutes: SyncMinutes | None = None,
        on_source_delete: OnSourceDelete = OnSourceDelete.KEEP,
    ) -> Integration:
        """Begin with an account the person has authorised; the authorisation itself is not told."""
        if (sync_mode is SyncMode.SCHEDULED) != (sync_every_minutes is not None):
            raise ScheduleUnclear
        return cls._begin(
            origin,
            cls.Connected,
            platform=platform,
            external_account_id=external_account_id,
            kind=kind,
            external_account_label=external_account_label,
            data_kinds=as_set(data_kinds),
            scopes_granted=as_set(scopes_granted),
            scopes_required=as_set(scopes_required),
            token_expires_at=token_expires_at,
            refresh_expires_at=refresh_expires_at,
            sync_mode=sync_mode,
            sync_every_minutes=sync_every_minutes,
            on_source_delete=on_source_delete,
        )

    def reauthorise(
        self,
        *,
        scopes_granted: Many[Scope] | None = None,
        token_expires_at: Moment | None = None,
        refresh_expires_at: Moment | None = None,
    ) -> None:
        """Record that the person has authorised the account again; without scopes, for the same as before."""
        self._require_living()
        scopes = self.scopes_granted if scopes_granted is None else as_set(scopes_granted)
        self.trigger_event(
            Integration.Reauthorised,
            scopes_granted=scopes,
            token_expires_at=token_expires_at,
            refresh_expires_at=refresh_expires_at,
        )

    def need_reauthorisation(self, reason: Line = "") -> None:
        """Record that the platform refuses the authorisation; a running sync is cancelled."""
        self._require_living()
        if self.reauthorisation_reason is None:
            self.trigger_event(Integration.ReauthorisationNeeded, reason=reason)

    def widen_scopes(self, scopes: Many[Scope]) -> None:
        self._require_living()
        added = as_set(each for each in scopes if each not in self.scopes_granted)
        if added:
            self.trigger_event(Integration.ScopesWidened, scopes=added)

    def narrow_scopes(self, scopes: Many[Scope]) -> None:
        """Give up scopes; where a required one is among them, no sync starts any more."""
        self._require_living()
        removed = as_set(each for each in scopes if each in self.scopes_granted)
        if removed:
            self.trigger_event(Integration.ScopesNarrowed, scopes=removed)

    def start_sync(self, *, run_id: Id | None = None) -> None:
        self._require_living()
        if self.reauthorisation_reason is not None:
            raise NotAuthorised
        if self.paused_at is not None:
            raise IntegrationPaused
        if self._running is not None:
            raise SyncRunning
        if not set(self.scopes_required) <= set(self.scopes_granted):
            raise ScopesMissing
        self._require_permission()
        self.trigger_event(Integration.SyncStarted, run_id=run_id or new_id())

    def checkpoint_sync(self, position: CursorText, *, data_kind: KindName, counts: SyncCounts) -> None:
        """Keep how far the source was read; counts are those of the whole run so far."""
        run = self._require_running(counts)
        if data_kind not in self.data_kinds:
            raise DataKindNotChosen
        self.trigger_event(
            Integration.SyncCheckpointed, run_id=run.run_id, cursor=Cursor(data_kind, position), counts=counts
        )

    def finish_sync(self, counts: SyncCounts) -> None:
        run = self._require_running(counts)
        self.trigger_event(Integration.SyncFinished, run_id=run.run_id, counts=counts)

    def fail_sync(self, code: Slug, *, message: Line = "", retry_at: Moment | None = None) -> None:
        """End the run at its last checkpoint; the fifth failure in a row makes the integration failing."""
        run = self._running
        if run is None:
            raise NoSyncRunning
        self.trigger_event(
            Integration.SyncFailed, run_id=run.run_id, code=code, message=message, retry_at=retry_at
        )

    def pause(self) -> None:
        """Stop syncing until resumed; a running sync is cancelled and keeps its last checkpoint."""
        self._require_living()
        if self.paused_at is None:
            self.trigger_event(Integration.Paused)

    def resume(self) -> None:
        self._require_living()
        if self.paused_at is not None:
            self.trigger_event(Integration.Resumed)

    def disconnect(self, data_policy: DataPolicy = DataPolicy.KEEP, *, tokens_revoked: bool = False) -> None:
        """End the integration for good; the caller says whether the platform has taken the tokens back."""
        self._require_living()
        self.trigger_event(Integration.Disconnected, data_policy=data_policy, tokens_revoked=tokens_revoked)

    @property
    def claims(self) -> frozenset[Claim]:
        if self.disconnected_at is not None:
            return frozenset()
        account = unicodedata.normalize("NFC", self.external_account_id)
        return frozenset({Claim("integration.account", f"{self.platform} {account}")})

    @property
    def _running(self) -> SyncRun | None:
        latest = self.sync_runs[-1] if self.sync_runs else None
        return latest if latest is not None and latest.state is RunState.RUNNING else None

    def _require_living(self) -> None:
        if self.disconnected_at is not None:
            raise IntegrationDisconnected

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


def _standing(integration: Integration) -> IntegrationStatus:
    if integration.disconnected_at is not None:
        return IntegrationStatus.DISCONNECTED
    if integration.reauthorisation_reason is not None:
        return IntegrationStatus.NEEDS_REAUTHORISATION
    if integration.paused_at is not None:
        return IntegrationStatus.PAUSED
    if integration.consecutive_failures >= FAILURES_TOLERATED:
        return IntegrationStatus.FAILING
    return IntegrationStatus.CONNECTED


def _end_run(
    integration: Integration, outcome: RunState, at: datetime, counts: SyncCounts | None = None
) -> None:
    """End the run that is under way, if any."""
    if not integration.sync_runs or integration.sync_runs[-1].state is not RunState.RUNNING:
        return
    *ended, run = integration.sync_runs
    done = replace(run, state=outcome, ended_at=at, counts=counts or run.counts)
    integration.sync_runs = (*ended, done)
