"""What an integration may do, one sync at a time, and that its numbers add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.catalogue import events_of
from domain.core.integration import Integration
from domain.core.integration_terms import (
    FAILURES_TOLERATED,
    ConnectionKind,
    DataPolicy,
    IntegrationDisconnected,
    IntegrationPaused,
    IntegrationStatus,
    NotAuthorised,
    OnSourceDelete,
    ScheduleUnclear,
    SyncCounts,
    SyncMode,
    SyncNotAllowed,
    UserAction,
)
from domain.core.user import User
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.peers import Claim
from domain.shared.record import Origin, state_fields
from domain.shared.values import new_id
from tests.domain.core.integrations import (
    LATER,
    NOON,
    READ_MAIL,
    begun,
    connected,
    fail_often,
    status_of,
    topics,
)
from tests.domain.core.users import oneself
from tests.domain.shelf import Shelf
from tests.identifiers import without_ids

pytestmark = pytest.mark.usefixtures("at_noon")

SEND_MAIL = "https://mail.example/auth/send"


def disconnected() -> Integration:
    integration = connected()
    integration.disconnect()
    return integration


def state_of(integration: Integration) -> dict[str, Any]:
    return {name: getattr(integration, name) for name in (*state_fields(Integration), "version")}


def test_connected_account_is_ready_to_sync() -> None:
    integration = connected(
        external_account_label="Ada's mail",
        token_expires_at=LATER,
        sync_mode=SyncMode.SCHEDULED,
        sync_every_minutes=15,
        on_source_delete=OnSourceDelete.TRASH,
        data_kinds=("email", "contact", "email"),
    )
    assert topics(integration) == ["integration.connected"]
    assert status_of(integration) is IntegrationStatus.CONNECTED
    assert (integration.platform, integration.external_account_id) == ("fastmail", "ada")
    assert integration.data_kinds == ("contact", "email")
    assert (integration.sync_mode, integration.sync_every_minutes) == (SyncMode.SCHEDULED, 15)
    assert integration.on_source_delete is OnSourceDelete.TRASH
    assert integration.token_expires_at == LATER


@pytest.mark.parametrize(
    "details",
    [
        {"sync_mode": SyncMode.SCHEDULED},
        {"sync_mode": SyncMode.MANUAL, "sync_every_minutes": 15},
        {"sync_mode": SyncMode.WEBHOOK, "sync_every_minutes": 15},
    ],
)
def test_only_a_scheduled_integration_has_an_interval(details: dict[str, Any]) -> None:
    with pytest.raises(ScheduleUnclear):
        connected(**details)


@pytest.mark.parametrize(
    "details", [{"sync_every_minutes": 4}, {"data_kinds": ()}, {"data_kinds": ("diary",)}]
)
def test_settings_outside_their_range_are_refused(details: dict[str, Any]) -> None:
    given = {"kind": ConnectionKind.OAUTH2, "data_kinds": ("email",), "sync_mode": SyncMode.SCHEDULED}
    command = commands_of(Integration)["connect"]
    assert command.arguments(("fastmail", "ada"), given | {"sync_every_minutes": 5})
    with pytest.raises(InvalidInput):
        command.arguments(("fastmail", "ada"), given | {"sync_every_minutes": 5} | details)


@pytest.mark.parametrize("account", ["", "a" * 256, "a\nb"])
def test_account_needs_a_name_of_one_line(account: str) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Integration)["connect"].arguments(
            ("fastmail", account), {"kind": ConnectionKind.OAUTH2, "data_kinds": ("email",)}
        )


def test_no_event_can_hold_a_token() -> None:
    held = {each.name for event in events_of(Integration).values() for each in fields(event)}
    told = {"token_expires_at", "refresh_expires_at", "tokens_revoked"}
    assert {name for name in held if "token" in name or "secret" in name or "refresh_" in name} == told


def test_account_is_claimed_until_disconnected() -> None:
    integration = connected()
    assert integration.claims == {Claim("integration.account", "fastmail ada")}
    integration.disconnect()
    assert integration.claims == frozenset()


def test_accounts_that_look_alike_claim_the_same() -> None:
    one, other = (
        Integration.connect(
            Origin(new_id()), "fastmail", name, kind=ConnectionKind.OAUTH2, data_kinds=("email",)
        )
        for name in ("J\u00fcrg", "Ju\u0308rg")
    )
    assert one.claims == other.claims


def test_account_at_another_platform_is_another_account() -> None:
    elsewhere = Integration.connect(
        Origin(new_id()), "gmail", "ada", kind=ConnectionKind.OAUTH2, data_kinds=("email",)
    )
    assert elsewhere.claims.isdisjoint(connected().claims)


def test_reauthorised_integration_is_connected_again() -> None:
    integration = connected()
    integration.need_reauthorisation("invalid_grant")
    assert status_of(integration) is IntegrationStatus.NEEDS_REAUTHORISATION
    assert (integration.reauthorisation_reason, integration.sync_runs) == ("invalid_grant", ())
    with pytest.raises(NotAuthorised):
        integration.start_sync()
    integration.reauthorise(token_expires_at=LATER, refresh_expires_at=LATER)
    assert status_of(integration) is IntegrationStatus.CONNECTED
    assert (integration.reauthorisation_reason, integration.scopes_granted) == (None, (READ_MAIL,))
    assert (integration.token_expires_at, integration.refresh_expires_at) == (LATER, LATER)
    integration.start_sync()


def test_reauthorising_may_grant_other_scopes() -> None:
    integration = connected()
    integration.reauthorise(scopes_granted=(SEND_MAIL, SEND_MAIL))
    assert integration.scopes_granted == (SEND_MAIL,)


def test_need_of_reauthorisation_is_recorded_once() -> None:
    integration = connected()
    integration.need_reauthorisation()
    integration.need_reauthorisation("again")
    assert topics(integration)[1:] == ["integration.reauthorisation_needed"]
    assert integration.reauthorisation_reason == ""


def test_resuming_does_not_hide_the_need_of_reauthorisation() -> None:
    integration = connected()
    integration.pause()
    integration.need_reauthorisation()
    integration.resume()
    assert status_of(integration) is IntegrationStatus.NEEDS_REAUTHORISATION


def test_reauthorising_does_not_end_a_pause() -> None:
    integration = connected()
    integration.pause()
    integration.need_reauthorisation()
    integration.reauthorise()
    assert status_of(integration) is IntegrationStatus.PAUSED


def test_scopes_are_widened_and_narrowed_by_what_differs() -> None:
    integration = connected()
    integration.widen_scopes((READ_MAIL,))
    integration.narrow_scopes((SEND_MAIL,))
    assert topics(integration) == ["integration.connected"]
    integration.widen_scopes((SEND_MAIL, READ_MAIL))
    assert integration.pending_events[-1].scopes == (SEND_MAIL,)  # type: ignore[attr-defined]
    assert set(integration.scopes_granted) == {READ_MAIL, SEND_MAIL}
    integration.narrow_scopes((READ_MAIL,))
    assert set(integration.scopes_granted) == {SEND_MAIL}
    assert topics(integration)[1:] == ["integration.scopes_widened", "integration.scopes_narrowed"]


def test_paused_integration_does_not_sync_until_resumed() -> None:
    integration = connected()
    integration.pause()
    integration.pause()
    assert (status_of(integration), integration.paused_at) == (IntegrationStatus.PAUSED, NOON)
    with pytest.raises(IntegrationPaused):
        integration.start_sync()
    integration.resume()
    integration.resume()
    assert (status_of(integration), integration.paused_at) == (IntegrationStatus.CONNECTED, None)
    assert topics(integration)[1:] == ["integration.paused", "integration.resumed"]


def test_resumed_integration_that_kept_failing_is_failing() -> None:
    integration = connected()
    fail_often(integration, FAILURES_TOLERATED)
    integration.pause()
    assert status_of(integration) is IntegrationStatus.PAUSED
    integration.resume()
    assert status_of(integration) is IntegrationStatus.FAILING


def test_disconnecting_says_what_becomes_of_the_data() -> None:
    integration = connected(token_expires_at=LATER)
    integration.disconnect(DataPolicy.TRASH, tokens_revoked=True)
    assert status_of(integration) is IntegrationStatus.DISCONNECTED
    assert (integration.data_policy, integration.tokens_revoked) == (DataPolicy.TRASH, True)
    assert (integration.disconnected_at, integration.token_expires_at) == (NOON, None)


AFTER_END: list[Callable[[Integration], None]] = [
    lambda integration: integration.reauthorise(),
    lambda integration: integration.need_reauthorisation(),
    lambda integration: integration.widen_scopes((SEND_MAIL,)),
    lambda integration: integration.narrow_scopes((READ_MAIL,)),
    lambda integration: integration.start_sync(),
    lambda integration: integration.pause(),
    lambda integration: integration.resume(),
    lambda integration: integration.disconnect(),
]


@pytest.mark.parametrize("command", AFTER_END)
def test_disconnected_integration_stays_disconnected(command: Callable[[Integration], None]) -> None:
    integration = disconnected()
    with pytest.raises(IntegrationDisconnected):
        command(integration)
    assert topics(integration) == ["integration.connected", "integration.disconnected"]


def owned(user: User) -> Integration:
    return connected(Origin(user.id, peers=Shelf(user)))


def registered() -> User:
    return User.register(oneself(), "ada", "ada@example.org")


def test_nothing_is_imported_while_the_account_is_closing() -> None:
    user = registered()
    user.request_closure()
    with pytest.raises(SyncNotAllowed):
        owned(user).start_sync()
    user.cancel_closure()
    owned(user).start_sync()


@pytest.mark.parametrize("kind", ["email", None])
def test_nothing_restricted_is_imported(kind: str | None) -> None:
    user = registered()
    user.restrict_processing(kind)
    with pytest.raises(SyncNotAllowed):
        owned(user).start_sync()


def test_restriction_of_other_kinds_lets_the_sync_be() -> None:
    user = registered()
    user.restrict_processing("location")
    owned(user).start_sync()


def test_integration_in_the_trash_does_not_sync() -> None:
    integration = connected()
    integration.trash()
    with pytest.raises(RecordTrashed):
        integration.start_sync()


def test_account_is_not_shown_in_a_traceback() -> None:
    assert "ada" not in without_ids(repr(connected()))


def test_events_tell_the_whole_story() -> None:
    integration = begun()
    integration.fail_authorisation("access_denied")
    integration.complete_authorisation(scopes_granted=(READ_MAIL,), token_expires_at=LATER)
    integration.widen_scopes((SEND_MAIL,))
    integration.narrow_scopes((SEND_MAIL,))
    integration.start_sync()
    integration.request_user_action(UserAction.CAPTCHA)
    integration.finish_user_action()
    integration.start_sync()
    integration.checkpoint_sync("c1", data_kind="email", counts=SyncCounts(seen=1, created=1))
    integration.finish_sync(SyncCounts(seen=2, created=1, invalid=1))
    fail_often(integration, FAILURES_TOLERATED)
    integration.start_sync()
    integration.pause()
    integration.need_reauthorisation("invalid_grant")
    integration.reauthorise(scopes_granted=(READ_MAIL, SEND_MAIL), token_expires_at=LATER)
    integration.resume()
    integration.tag("mail")
    integration.start_sync()
    integration.report_rate_limit(LATER)
    integration.disconnect(DataPolicy.ERASE)
    folded: Any = None
    for event in integration.pending_events:
        stored = TypeAdapter(type(event)).dump_json(event)
        folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
    assert state_of(folded) == state_of(integration)
