"""The words of an integration: connections, sync runs and the rules that may be broken."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from domain.core.core_terms import KindName
from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.values import Count, Id, Line, Many, Moment, Slug, Text

FAILURES_TOLERATED = 5
"""With so many failed runs in a row an integration counts as failing."""

KEPT_RUNS = 20
"""Runs kept in the state; the ledger keeps all of them."""

AccountId = Annotated[Line, StringConstraints(min_length=1, max_length=255)]
"""What a platform calls an account of its own."""

Scope = Annotated[Line, StringConstraints(min_length=1)]
"""A permission at the platform, in the platform's words (RFC 6749 section 3.3)."""

CursorText = Annotated[Text, StringConstraints(max_length=8192)]
"""How far the source was read, in words only the source understands."""

SyncMinutes = Annotated[int, Field(ge=5, le=525_600)]

DataKinds = Annotated[Many[KindName], Field(min_length=1)]
"""The kinds of record an integration imports, at least one."""


class ConnectionKind(StrEnum):
    OAUTH2 = "oauth2"
    API_KEY = "api_key"
    BASIC = "basic"
    WEBDAV = "webdav"
    FILE_IMPORT = "file_import"
    PUSH_API = "push_api"


class IntegrationStatus(StrEnum):
    PENDING_AUTHORISATION = "pending_authorisation"
    CONNECTED = "connected"
    NEEDS_REAUTHORISATION = "needs_reauthorisation"
    NEEDS_USER_ACTION = "needs_user_action"
    PAUSED = "paused"
    RATE_LIMITED = "rate_limited"
    FAILING = "failing"
    DISCONNECTED = "disconnected"


class UserAction(StrEnum):
    """What a platform waits for from the person, besides being authorised."""

    TWO_FACTOR = "two_factor"
    TWO_FACTOR_EMAIL = "two_factor_email"
    TWO_FACTOR_SMS = "two_factor_sms"
    TWO_FACTOR_RETRY = "two_factor_retry"
    """The code was wrong or came too late."""
    RESET_SESSION = "reset_session"
    CAPTCHA = "captcha"


class SyncMode(StrEnum):
    MANUAL = "manual"
    SCHEDULED = "scheduled"
    WEBHOOK = "webhook"


class OnSourceDelete(StrEnum):
    """What becomes of a record that has gone from its source."""

    KEEP = "keep"
    TRASH = "trash"
    ASK = "ask"


class DataPolicy(StrEnum):
    """What becomes of the imported records when the integration ends."""

    KEEP = "keep"
    TRASH = "trash"
    ERASE = "erase"


class RunState(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIALLY_FAILED = "partially_failed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SyncCounts:
    """What became of the records a run has seen so far."""

    seen: Count = 0
    created: Count = 0
    refreshed: Count = 0
    unchanged: Count = 0
    skipped: Count = 0
    invalid: Count = 0


@dataclass(frozen=True, slots=True)
class SyncRun:
    """One pass over the source."""

    run_id: Id
    started_at: Moment
    state: RunState = RunState.RUNNING
    ended_at: Moment | None = None
    counts: SyncCounts = SyncCounts()


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the source was read for a kind of record."""

    data_kind: KindName
    position: CursorText


@dataclass(frozen=True, slots=True)
class SyncError:
    """Why the latest run failed."""

    code: Slug
    message: Line
    at: Moment


class IntegrationDisconnected(IllegalTransition):
    """The integration is disconnected; connect the account anew."""


class IntegrationPaused(IllegalTransition):
    """The integration is paused."""


class NotAuthorised(IllegalTransition):
    """The platform no longer accepts the authorisation; reauthorise first."""


class AuthorisationPending(IllegalTransition):
    """The person has not authorised the account yet; complete the authorisation first."""


class NoAuthorisationPending(IllegalTransition):
    """The account is authorised already; reauthorise it."""


class UserActionNeeded(IllegalTransition):
    """The platform waits for something from the person; finish that first."""


class RateLimited(IllegalTransition):
    """The platform wants to be left alone for a while."""


class LimitPast(RuleBroken):
    """A rate limit must end in the future."""


class SyncRunning(IllegalTransition):
    """A sync is running already."""


class NoSyncRunning(IllegalTransition):
    """No sync is running."""


class ScopesMissing(RuleBroken):
    """The platform has not granted all the scopes a sync needs."""


class CountsDoNotAddUp(RuleBroken):
    """Each record seen must be counted once: created, refreshed, unchanged, skipped or invalid."""


class CountsShrank(RuleBroken):
    """The counts of a run cannot become smaller."""


class DataKindNotChosen(RuleBroken):
    """The integration does not import this kind of record."""


class ScheduleUnclear(RuleBroken):
    """A scheduled integration needs an interval, and no other may have one."""


class SyncNotAllowed(RuleBroken):
    """The person is closing the account or has restricted the processing of what would be imported."""


def add_up(counts: SyncCounts) -> bool:
    """Return whether each record seen is counted once."""
    outcomes = counts.created + counts.refreshed + counts.unchanged + counts.skipped + counts.invalid
    return counts.seen == outcomes


def have_shrunk(earlier: SyncCounts, later: SyncCounts) -> bool:
    """Return whether any count is smaller than it was."""
    return any(getattr(later, each.name) < getattr(earlier, each.name) for each in fields(SyncCounts))
