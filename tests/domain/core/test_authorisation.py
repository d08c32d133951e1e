"""What a platform allows and asks of the person: nothing is synced before it is satisfied."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.core.integration import Integration
from domain.core.integration_terms import (
    AuthorisationPending,
    ConnectionKind,
    IntegrationDisconnected,
    IntegrationStatus,
    NoAuthorisationPending,
    RunState,
    ScheduleUnclear,
    SyncMode,
    UserAction,
    UserActionNeeded,
)
from domain.shared.peers import Claim
from domain.shared.record import Origin
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

pytestmark = pytest.mark.usefixtures("at_noon")


def test_begun_connection_waits_for_the_person() -> None:
    integration = begun(external_account_label="Ada's mail")
    assert topics(integration) == ["integration.connect_started"]
    assert status_of(integration) is IntegrationStatus.PENDING_AUTHORISATION
    assert (integration.scopes_granted, integration.scopes_required) == ((), (READ_MAIL,))
    with pytest.raises(AuthorisationPending):
        integration.start_sync()


def test_completed_authorisation_connects() -> None:
    integration = begun()
    integration.complete_authorisation(scopes_granted=(READ_MAIL, READ_MAIL), token_expires_at=LATER)
    assert status_of(integration) is IntegrationStatus.CONNECTED
    assert (integration.scopes_granted, integration.token_expires_at) == ((READ_MAIL,), LATER)
    integration.start_sync()


def test_failed_authorisation_is_pending_still_and_may_succeed() -> None:
    integration = begun()
    integration.fail_authorisation("access_denied")
    integration.fail_authorisation("access_denied")
    assert status_of(integration) is IntegrationStatus.PENDING_AUTHORISATION
    assert topics(integration)[1:] == ["integration.authorisation_failed"]
    told = [integration.authorisation_failure]
    integration.complete_authorisation()
    assert [*told, integration.authorisation_failure] == ["access_denied", None]
    assert status_of(integration) is IntegrationStatus.CONNECTED


def test_failure_without_a_reason_is_a_failure() -> None:
    integration = begun()
    integration.fail_authorisation()
    assert integration.authorisation_failure == ""


@pytest.mark.parametrize(
    "command", [Integration.complete_authorisation, Integration.fail_authorisation], ids=["complete", "fail"]
)
def test_authorisation_ends_once(command: Callable[[Integration], None]) -> None:
    completed = begun()
    completed.complete_authorisation()
    for integration in (completed, connected()):
        with pytest.raises(NoAuthorisationPending):
            command(integration)


NEEDS_AUTHORISATION: list[Callable[[Integration], None]] = [
    lambda integration: integration.reauthorise(),
    lambda integration: integration.need_reauthorisation(),
    lambda integration: integration.widen_scopes((READ_MAIL,)),
    lambda integration: integration.narrow_scopes((READ_MAIL,)),
]


@pytest.mark.parametrize("command", NEEDS_AUTHORISATION)
def test_authorisation_changes_only_where_there_is_one(command: Callable[[Integration], None]) -> None:
    integration = begun()
    with pytest.raises(AuthorisationPending):
        command(integration)
    assert topics(integration) == ["integration.connect_started"]


def test_account_is_claimed_from_the_beginning_until_it_is_given_up() -> None:
    integration = begun()
    assert integration.claims == connected().claims == {Claim("integration.account", "fastmail ada")}
    integration.disconnect()
    assert (status_of(integration), integration.claims) == (IntegrationStatus.DISCONNECTED, frozenset())


def test_paused_connection_is_paused_when_it_is_authorised() -> None:
    integration = begun()
    integration.pause()
    assert status_of(integration) is IntegrationStatus.PENDING_AUTHORISATION
    integration.complete_authorisation()
    assert status_of(integration) is IntegrationStatus.PAUSED


def test_schedule_is_as_clear_before_the_authorisation() -> None:
    with pytest.raises(ScheduleUnclear):
        Integration.begin_connect(
            Origin(new_id()),
            "fastmail",
            "ada",
            kind=ConnectionKind.OAUTH2,
            data_kinds=("email",),
            sync_mode=SyncMode.SCHEDULED,
        )


def test_platform_that_waits_for_the_person_is_not_read() -> None:
    integration = connected()
    integration.start_sync()
    integration.request_user_action(UserAction.TWO_FACTOR_SMS)
    run = integration.sync_runs[-1]
    assert (run.state, run.ended_at) == (RunState.CANCELLED, NOON)
    assert status_of(integration) is IntegrationStatus.NEEDS_USER_ACTION
    with pytest.raises(UserActionNeeded):
        integration.start_sync()
    integration.finish_user_action()
    assert (status_of(integration), integration.user_action) == (IntegrationStatus.CONNECTED, None)
    integration.start_sync()


def test_platform_may_wait_for_one_thing_after_another() -> None:
    integration = connected()
    for action in (UserAction.CAPTCHA, UserAction.CAPTCHA, UserAction.TWO_FACTOR_RETRY):
        integration.request_user_action(action)
    assert integration.user_action is UserAction.TWO_FACTOR_RETRY
    integration.finish_user_action()
    integration.finish_user_action()
    assert topics(integration)[1:] == [
        "integration.user_action_requested",
        "integration.user_action_requested",
        "integration.user_action_finished",
    ]


def test_person_may_be_asked_while_they_are_being_authorised() -> None:
    integration = begun()
    integration.request_user_action(UserAction.TWO_FACTOR_EMAIL)
    assert status_of(integration) is IntegrationStatus.PENDING_AUTHORISATION
    integration.complete_authorisation()
    assert status_of(integration) is IntegrationStatus.NEEDS_USER_ACTION


def test_what_only_the_person_can_end_is_told_before_what_ends_by_itself() -> None:
    integration = connected()
    fail_often(integration, 5)
    told = [status_of(integration)]
    holding_up: list[Callable[[], None]] = [
        lambda: integration.report_rate_limit(LATER),
        integration.pause,
        lambda: integration.request_user_action(UserAction.RESET_SESSION),
        integration.need_reauthorisation,
    ]
    for hold_up in holding_up:
        hold_up()
        told.append(status_of(integration))
    assert told == [
        IntegrationStatus.FAILING,
        IntegrationStatus.RATE_LIMITED,
        IntegrationStatus.PAUSED,
        IntegrationStatus.NEEDS_USER_ACTION,
        IntegrationStatus.NEEDS_REAUTHORISATION,
    ]
    for let_go in (integration.reauthorise, integration.finish_user_action, integration.resume):
        let_go()
        told.append(status_of(integration))
    assert told[5:] == told[3:0:-1]


AFTER_END: list[Callable[[Integration], None]] = [
    lambda integration: integration.complete_authorisation(),
    lambda integration: integration.fail_authorisation(),
    lambda integration: integration.request_user_action(UserAction.CAPTCHA),
    lambda integration: integration.finish_user_action(),
    lambda integration: integration.report_rate_limit(LATER),
]


@pytest.mark.parametrize("command", AFTER_END)
def test_nothing_is_asked_of_an_account_that_is_given_up(command: Callable[[Integration], None]) -> None:
    integration = begun()
    integration.disconnect()
    with pytest.raises(IntegrationDisconnected):
        command(integration)
