"""Windows of time as people type them."""

from __future__ import annotations

import pytest

from infrastructure.store.store import Store
from tests.cli.test_cli import Run, ada, lines, made, run

__all__ = ["ada", "run"]  # fixtures


@pytest.mark.parametrize(
    "window",
    [
        ("--since", "0001-01-01", "--until", "2027-01-01"),
        ("--since", "2026-01-01", "--until", "9999-12-31T23:59:59"),
        ("--since", "0001-01-01T00:00+14:00", "--until", "9999-12-31T23:59-14:00"),
    ],
)
def test_an_agenda_may_begin_and_end_as_far_as_dates_do(
    ada: Run, store: Store, window: tuple[str, ...]
) -> None:
    event = made(
        ada, "calendar_event.schedule", "title=Ferry", "time_kind=zoned", "timezone=Pacific/Apia",
        "start_local=2026-12-02T09:00:00",
    )  # fmt: skip
    store.catch_up()
    assert [each["record_id"] for each in lines(ada("agenda", *window, "--json"))] == [event]


def test_an_agenda_of_the_last_days_there_are_ends_with_them(ada: Run) -> None:
    for since in ("9999-12-25", "9999-12-31T23:00-14:00"):
        assert lines(ada("agenda", "--since", since, "--json")) == []
