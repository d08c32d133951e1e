"""What a sync run reports, and how it ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.core.integration import Integration
from domain.core.integration_terms import (
    FAILURES_TOLERATED,
    KEPT_RUNS,
    CountsDoNotAddUp,
    CountsShrank,
    Cursor,
    DataKindNotChosen,
    IntegrationStatus,
    NoSyncRunning,
    RunState,
    ScopesMissing,
    SyncCounts,
    SyncError,
    SyncRunning,
)
from domain.shared.values import new_id
from tests.domain.core.integrations import LATER, NOON, READ_MAIL, connected, fail_often, status_of, topics

pytestmark = pytest.mark.usefixtures("at_noon")


def syncing() -> Integration:
    integration = connected()
    integration.start_sync()
    return integration


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
