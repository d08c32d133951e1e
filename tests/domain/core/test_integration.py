"""What an integration may do, one sync at a time, and that its numbers add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from domain.catalogue import events_of
from domain.core.integration import Integration
from domain.core.integration_terms import (
    FAILURES_TOLERATED,
    KEPT_RUNS,
    ConnectionKind,
    CountsDoNotAddUp,
    CountsShrank,
    Cursor,
    DataKindNotChosen,
    DataPolicy,
    IntegrationDisconnected,
    IntegrationPaused,
    IntegrationStatus,
    NoSyncRunning,
    NotAuthorised,
    OnSourceDelete,
    RunState,
    ScheduleUnclear,
    ScopesMissing,
    SyncCounts,
    SyncError,
    SyncMode,
    SyncNotAllowed,
    SyncRunning,
)
from domain.core.user import User
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.record import Claim, Origin, R, Record, state_fields
from domain.shared.values import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
READ_MAIL = "https://mail.example/auth/readonly"
SEND_MAIL = "https://mail.example/auth/send"


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with clock.reading(lambda: NOON):
        yield


class OneUser:
    """The peers of an integration, of which there is one."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        found: Record = self.user
        return cast("R", found) if kind is User and record_id == self.user.id else None


def connected(origin: Origin | None = None, **details: Any) -> Integration:
    given: dict[str, Any] = {
        "kind": ConnectionKind.OAUTH2,
        "data_kinds": ("email", "contact"),
        "scopes_granted": (READ_MAIL,),
        "scopes_required": (READ_MAIL,),
    }
    return Integration.connect(origin or Origin(new_id()), "fastmail", "ada", **given | details)


def syncing() -> Integration:
    integration = connected()
    integration.start_sync()
    return integration


def disconnected() -> Integration:
    integration = connected()
    integration.disconnect()
    return integration


def fail_often(integration: Integration, times: int) -> None:
    for _ in range(times):
        integration.start_sync()
        integration.fail_sync("timeout")


def topics(integration: Integration) -> list[str]:
    return [event.TOPIC for event in integration.pending_events if isinstance(event, Integration.Event)]


def status_of(integration: Integration) -> IntegrationStatus:
    return integration.status


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


def test_sync_needs_its_scopes() -> None:
    integration = connected()
    integration.narrow_scopes((READ_MAIL,))
    with pytest.raises(ScopesMissing):
        integration.start_sync()
    integration.widen_scopes((READ_MAIL,))
    integration.start_sync()


def test_only_one_sync_runs() -> None:
    integration = syncing()
    with pytest.raises(SyncRunning):
        integration.start_sync()
    integration.finish_sync(SyncCounts())
    integration.start_sync()
    assert [run.state for run in integration.sync_runs] == [RunState.SUCCEEDED, RunState.RUNNING]


def test_run_may_be_named_by_the_caller() -> None:
    integration = connected()
    run_id = new_id()
    integration.start_sync(run_id=run_id)
    assert (integration.sync_runs[-1].run_id, integration.last_sync_started_at) == (run_id, NOON)


def test_checkpoint_advances_the_cursor_of_its_kind() -> None:
    integration = syncing()
    integration.checkpoint_sync("c1", data_kind="email", counts=SyncCounts(seen=1, created=1))
    integration.checkpoint_sync("k1", data_kind="contact", counts=SyncCounts(seen=2, created=2))
    integration.checkpoint_sync("c2", data_kind="email", counts=SyncCounts(seen=3, created=2, skipped=1))
    assert integration.cursors == (Cursor("contact", "k1"), Cursor("email", "c2"))
    assert integration.sync_runs[-1].counts == SyncCounts(seen=3, created=2, skipped=1)
    assert topics(integration)[2:] == ["integration.sync_checkpointed"] * 3


def test_checkpoint_of_a_kind_not_imported_is_refused() -> None:
    with pytest.raises(DataKindNotChosen):
        syncing().checkpoint_sync("c1", data_kind="task", counts=SyncCounts())


UNEVEN = [SyncCounts(seen=1), SyncCounts(created=1), SyncCounts(seen=5, created=1, refreshed=1, unchanged=1)]


@pytest.mark.parametrize("counts", UNEVEN)
def test_counts_add_up(counts: SyncCounts) -> None:
    integration = syncing()
    with pytest.raises(CountsDoNotAddUp):
        integration.checkpoint_sync("c1", data_kind="email", counts=counts)
    with pytest.raises(CountsDoNotAddUp):
        integration.finish_sync(counts)
    integration.finish_sync(SyncCounts(seen=15, created=1, refreshed=2, unchanged=3, skipped=4, invalid=5))


def test_counts_never_shrink() -> None:
    integration = syncing()
    integration.checkpoint_sync("c1", data_kind="email", counts=SyncCounts(seen=2, created=2))
    with pytest.raises(CountsShrank):
        integration.checkpoint_sync("c2", data_kind="email", counts=SyncCounts(seen=3, created=1, skipped=2))
    with pytest.raises(CountsShrank):
        integration.finish_sync(SyncCounts())


def test_finished_sync_keeps_its_counts() -> None:
    integration = syncing()
    integration.finish_sync(SyncCounts(seen=3, created=1, unchanged=2))
    run = integration.sync_runs[-1]
    assert (run.state, run.ended_at) == (RunState.SUCCEEDED, NOON)
    assert run.counts == SyncCounts(seen=3, created=1, unchanged=2)
    assert integration.last_sync_succeeded_at == NOON


def test_sync_with_invalid_records_has_partially_failed() -> None:
    integration = syncing()
    integration.finish_sync(SyncCounts(seen=2, created=1, invalid=1))
    assert integration.sync_runs[-1].state is RunState.PARTIALLY_FAILED


def test_failed_sync_keeps_its_last_checkpoint() -> None:
    integration = syncing()
    integration.checkpoint_sync("c1", data_kind="email", counts=SyncCounts(seen=1, created=1))
    integration.fail_sync("rate_limited", message="too fast", retry_at=LATER)
    assert integration.cursors == (Cursor("email", "c1"),)
    assert integration.sync_runs[-1].state is RunState.FAILED
    assert integration.sync_runs[-1].counts == SyncCounts(seen=1, created=1)
    assert integration.last_error == SyncError("rate_limited", "too fast", NOON)
    assert (integration.consecutive_failures, integration.retry_at) == (1, LATER)
    integration.start_sync()
    assert integration.retry_at is None


def test_fifth_failure_in_a_row_makes_the_integration_failing() -> None:
    integration = connected()
    fail_often(integration, FAILURES_TOLERATED - 1)
    assert status_of(integration) is IntegrationStatus.CONNECTED
    fail_often(integration, 1)
    assert status_of(integration) is IntegrationStatus.FAILING
    fail_often(integration, 1)
    assert status_of(integration) is IntegrationStatus.FAILING


def test_success_forgets_the_failures() -> None:
    integration = connected()
    fail_often(integration, FAILURES_TOLERATED)
    integration.start_sync()
    integration.finish_sync(SyncCounts())
    assert status_of(integration) is IntegrationStatus.CONNECTED
    assert (integration.consecutive_failures, integration.last_error) == (0, None)
    fail_often(integration, FAILURES_TOLERATED - 1)
    assert status_of(integration) is IntegrationStatus.CONNECTED


def test_state_keeps_the_latest_runs_only() -> None:
    integration = connected()
    fail_often(integration, KEPT_RUNS + 3)
    assert len(integration.sync_runs) == KEPT_RUNS
    assert integration.consecutive_failures == KEPT_RUNS + 3


NEEDS_RUN: list[Callable[[Integration], None]] = [
    lambda integration: integration.checkpoint_sync("c", data_kind="email", counts=SyncCounts()),
    lambda integration: integration.finish_sync(SyncCounts()),
    lambda integration: integration.fail_sync("timeout"),
]

ENDS_RUN: list[Callable[[Integration], None]] = [
    lambda integration: integration.pause(),
    lambda integration: integration.need_reauthorisation(),
    lambda integration: integration.disconnect(),
]


@pytest.mark.parametrize("command", NEEDS_RUN)
def test_what_a_run_reports_needs_a_run(command: Callable[[Integration], None]) -> None:
    with pytest.raises(NoSyncRunning):
        command(connected())


@pytest.mark.parametrize("report", NEEDS_RUN)
@pytest.mark.parametrize("end", ENDS_RUN)
def test_run_ends_when_its_integration_may_not_sync(
    end: Callable[[Integration], None], report: Callable[[Integration], None]
) -> None:
    integration = syncing()
    integration.checkpoint_sync("c1", data_kind="email", counts=SyncCounts(seen=1, created=1))
    end(integration)
    run = integration.sync_runs[-1]
    assert (run.state, run.ended_at) == (RunState.CANCELLED, NOON)
    assert run.counts == SyncCounts(seen=1, created=1)
    assert integration.cursors == (Cursor("email", "c1"),)
    with pytest.raises(NoSyncRunning):
        report(integration)


@pytest.mark.parametrize("end", ENDS_RUN)
def test_run_that_has_ended_stays_as_it_ended(end: Callable[[Integration], None]) -> None:
    integration = syncing()
    integration.finish_sync(SyncCounts())
    end(integration)
    assert integration.sync_runs[-1].state is RunState.SUCCEEDED


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
    return connected(Origin(user.id, peers=OneUser(user)))


def registered() -> User:
    return User.register(Origin(new_id()), "ada", "ada@example.org")


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
    assert "ada" not in repr(connected())


def test_events_tell_the_whole_story() -> None:
    integration = connected(token_expires_at=LATER)
    integration.widen_scopes((SEND_MAIL,))
    integration.narrow_scopes((SEND_MAIL,))
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
    integration.disconnect(DataPolicy.ERASE)
    folded: Any = None
    for event in integration.pending_events:
        stored = TypeAdapter(type(event)).dump_json(event)
        folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
    assert state_of(folded) == state_of(integration)
