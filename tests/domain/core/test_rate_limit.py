"""How long a platform wants to be left alone, and that a sync under way is not lost by it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.core.integration import Integration
from domain.core.integration_terms import IntegrationStatus, LimitPast, RateLimited, RunState, SyncCounts
from tests.domain.core.integrations import LATER, NOON, connected, status_of, topics
from tests.domain.core.links import Hands


def limited(*, syncing: bool = False) -> Integration:
    integration = connected()
    if syncing:
        integration.start_sync()
    integration.report_rate_limit(LATER)
    return integration


def test_no_sync_starts_before_the_limit_is_over(hands: Hands) -> None:
    integration = limited()
    assert (status_of(integration), integration.rate_limited_until) == (IntegrationStatus.RATE_LIMITED, LATER)
    hands.at = LATER - timedelta(microseconds=1)
    with pytest.raises(RateLimited):
        integration.start_sync()
    hands.at = LATER
    integration.start_sync()
    assert (status_of(integration), integration.rate_limited_until) == (IntegrationStatus.CONNECTED, None)


def test_sync_under_way_goes_on_after_the_limit(hands: Hands) -> None:
    integration = limited(syncing=True)
    assert integration.sync_runs[-1].state is RunState.RUNNING
    integration.checkpoint_sync("c1", data_kind="email", counts=SyncCounts(seen=1, created=1))
    assert status_of(integration) is IntegrationStatus.RATE_LIMITED
    hands.at = LATER
    integration.checkpoint_sync("c2", data_kind="email", counts=SyncCounts(seen=2, created=2))
    assert status_of(integration) is IntegrationStatus.CONNECTED
    integration.finish_sync(SyncCounts(seen=2, created=2))
    assert [run.state for run in integration.sync_runs] == [RunState.SUCCEEDED]


def test_sync_that_ends_before_the_limit_does_not_end_the_limit(hands: Hands) -> None:
    integration = limited(syncing=True)
    integration.finish_sync(SyncCounts())
    assert status_of(integration) is IntegrationStatus.RATE_LIMITED
    with pytest.raises(RateLimited):
        integration.start_sync()
    hands.at = LATER
    integration.start_sync()


def test_limit_that_is_over_is_not_told_again(hands: Hands) -> None:
    integration = limited()
    integration.pause()
    hands.at = LATER
    integration.resume()
    assert status_of(integration) is IntegrationStatus.CONNECTED


def test_the_platform_has_the_last_word_on_its_limit(hands: Hands) -> None:
    integration = limited()
    sooner = NOON + timedelta(minutes=1)
    integration.report_rate_limit(LATER)
    integration.report_rate_limit(sooner)
    assert topics(integration)[1:] == ["integration.rate_limit_reported"] * 2
    hands.at = sooner
    integration.start_sync()


@pytest.mark.parametrize("until", [NOON, NOON - timedelta(days=1)])
@pytest.mark.usefixtures("hands")
def test_limit_ends_in_the_future(until: datetime) -> None:
    with pytest.raises(LimitPast):
        connected().report_rate_limit(until)


@pytest.mark.usefixtures("hands")
def test_limited_integration_can_be_paused_and_given_up() -> None:
    integration = limited()
    integration.pause()
    assert status_of(integration) is IntegrationStatus.PAUSED
    integration.disconnect()
    assert status_of(integration) is IntegrationStatus.DISCONNECTED
