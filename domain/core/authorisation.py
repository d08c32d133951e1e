"""The part of an integration that says what the platform allows."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime

from domain.core.connection import Connection, end_run, standing
from domain.core.integration_terms import RunState, Scope
from domain.shared.values import Line, Many, Moment, as_set


class Authorisation(Connection):
    """A connection that the platform allows as far as it has granted scopes."""

    _: KW_ONLY
    scopes_granted: tuple[str, ...] = ()
    scopes_required: tuple[str, ...] = ()

    class Event(Connection.Event):
        """Any event of an integration."""

    class Reauthorised(Event):
        TOPIC = "integration.reauthorised"
        scopes_granted: tuple[str, ...]
        token_expires_at: datetime | None
        refresh_expires_at: datetime | None

        def apply(self, integration: Authorisation) -> None:
            super().apply(integration)
            integration.reauthorisation_reason = None
            integration.status = standing(integration)

    class ReauthorisationNeeded(Event):
        TOPIC = "integration.reauthorisation_needed"
        reason: str

        def apply(self, integration: Authorisation) -> None:
            end_run(integration, RunState.CANCELLED, self.timestamp)
            integration.reauthorisation_reason = self.reason
            integration.status = standing(integration)

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
            self.Reauthorised,
            scopes_granted=scopes,
            token_expires_at=token_expires_at,
            refresh_expires_at=refresh_expires_at,
        )

    def need_reauthorisation(self, reason: Line = "") -> None:
        """Record that the platform refuses the authorisation; a running sync is cancelled."""
        self._require_living()
        if self.reauthorisation_reason is None:
            self.trigger_event(self.ReauthorisationNeeded, reason=reason)

    def widen_scopes(self, scopes: Many[Scope]) -> None:
        self._require_living()
        added = as_set(each for each in scopes if each not in self.scopes_granted)
        if added:
            self.trigger_event(self.ScopesWidened, scopes=added)

    def narrow_scopes(self, scopes: Many[Scope]) -> None:
        """Give up scopes; where a required one is among them, no sync starts any more."""
        self._require_living()
        removed = as_set(each for each in scopes if each in self.scopes_granted)
        if removed:
            self.trigger_event(self.ScopesNarrowed, scopes=removed)
