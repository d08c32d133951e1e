"""The part of an integration that says what the platform allows, and what it asks of the person for it."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime

from domain.core.connection import Connection, end_run, standing
from domain.core.integration_terms import (
    AuthorisationPending,
    NoAuthorisationPending,
    RunState,
    Scope,
    UserAction,
)
from domain.shared.known import say
from domain.shared.values import Line, Many, Moment, as_set


class Authorisation(Connection):
    """A connection that the platform allows as far as it has granted scopes, and as long as it asks for nothing."""

    _: KW_ONLY
    scopes_granted: tuple[str, ...] = ()
    scopes_required: tuple[str, ...] = ()
    authorisation_failure: str | None = None
    """Why the person could not be authorised the last time; None where that was not tried, or has succeeded."""

    class Event(Connection.Event):
        """Any event of an integration."""

    class AuthorisationCompleted(Event):
        TOPIC = "integration.authorisation_completed"
        scopes_granted: tuple[str, ...]
        token_expires_at: datetime | None
        refresh_expires_at: datetime | None

        def apply(self, integration: Authorisation) -> None:
            super().apply(integration)
            integration.awaits_authorisation = False
            integration.authorisation_failure = None
            integration.status = standing(integration, self.timestamp)

    class AuthorisationFailed(Event):
        TOPIC = "integration.authorisation_failed"
        authorisation_failure: str

    class Reauthorised(Event):
        TOPIC = "integration.reauthorised"
        scopes_granted: tuple[str, ...]
        token_expires_at: datetime | None
        refresh_expires_at: datetime | None

        def apply(self, integration: Authorisation) -> None:
            super().apply(integration)
            integration.reauthorisation_reason = None
            integration.status = standing(integration, self.timestamp)

    class ReauthorisationNeeded(Event):
        TOPIC = "integration.reauthorisation_needed"
        reason: str

        def apply(self, integration: Authorisation) -> None:
            end_run(integration, RunState.CANCELLED, self.timestamp)
            integration.reauthorisation_reason = self.reason
            integration.status = standing(integration, self.timestamp)

    class ScopesWidened(Event):
        TOPIC = "integration.scopes_widened"
        scopes: tuple[str, ...]

        def apply(self, integration: Authorisation) -> None:
            integration.scopes_granted = as_set((*integration.scopes_granted, *self.scopes))

    class ScopesNarrowed(Event):
        TOPIC = "integration.scopes_narrowed"
        scopes: tuple[str, ...]

        def apply(self, integration: Authorisation) -> None:
            integration.scopes_granted = tuple(
                each for each in integration.scopes_granted if each not in self.scopes
            )

    class UserActionRequested(Event):
        TOPIC = "integration.user_action_requested"
        user_action: UserAction

        def apply(self, integration: Authorisation) -> None:
            super().apply(integration)
            end_run(integration, RunState.CANCELLED, self.timestamp)
            integration.status = standing(integration, self.timestamp)

    class UserActionFinished(Event):
        TOPIC = "integration.user_action_finished"

        def apply(self, integration: Authorisation) -> None:
            integration.user_action = None
            integration.status = standing(integration, self.timestamp)

    def complete_authorisation(
        self,
        *,
        scopes_granted: Many[Scope] = (),
        token_expires_at: Moment | None = None,
        refresh_expires_at: Moment | None = None,
    ) -> None:
        """Record that the person has authorised the account that ``begin_connect`` has announced."""
        self._require_pending()
        self.trigger_event(
            self.AuthorisationCompleted,
            scopes_granted=as_set(scopes_granted),
            token_expires_at=token_expires_at,
            refresh_expires_at=refresh_expires_at,
        )

    def fail_authorisation(self, reason: Line = "") -> None:
        """Record that the person was not authorised; it may be tried again, or given up by ``disconnect``."""
        self._require_pending()
        say(self, self.AuthorisationFailed, authorisation_failure=reason)

    def reauthorise(
        self,
        *,
        scopes_granted: Many[Scope] | None = None,
        token_expires_at: Moment | None = None,
        refresh_expires_at: Moment | None = None,
    ) -> None:
        """Record that the person has authorised the account again; without scopes, for the same as before."""
        self._require_authorised()
        scopes = self.scopes_granted if scopes_granted is None else as_set(scopes_granted)
        self.trigger_event(
            self.Reauthorised,
            scopes_granted=scopes,
            token_expires_at=token_expires_at,
            refresh_expires_at=refresh_expires_at,
        )

    def need_reauthorisation(self, reason: Line = "") -> None:
        """Record that the platform refuses the authorisation; a running sync is cancelled."""
        self._require_authorised()
        if self.reauthorisation_reason is None:
            self.trigger_event(self.ReauthorisationNeeded, reason=reason)

    def widen_scopes(self, scopes: Many[Scope]) -> None:
        self._require_authorised()
        added = as_set(each for each in scopes if each not in self.scopes_granted)
        if added:
            self.trigger_event(self.ScopesWidened, scopes=added)

    def narrow_scopes(self, scopes: Many[Scope]) -> None:
        """Give up scopes; where a required one is among them, no sync starts any more."""
        self._require_authorised()
        removed = as_set(each for each in scopes if each in self.scopes_granted)
        if removed:
            self.trigger_event(self.ScopesNarrowed, scopes=removed)

    def request_user_action(self, action: UserAction) -> None:
        """Record that the platform waits for the person, also while they are being authorised; a running sync is cancelled."""
        self._require_living()
        say(self, self.UserActionRequested, user_action=action)

    def finish_user_action(self) -> None:
        """Record that the person has done what the platform waited for."""
        self._require_living()
        if self.user_action is not None:
            self.trigger_event(self.UserActionFinished)

    def _require_authorised(self) -> None:
        self._require_living()
        if self.awaits_authorisation:
            raise AuthorisationPending

    def _require_pending(self) -> None:
        self._require_living()
        if not self.awaits_authorisation:
            raise NoAuthorisationPending
