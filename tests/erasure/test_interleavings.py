"""Commands, erasures, rebuilds, rotations, holds and deaths in any order: what is erased is nowhere, all else is whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as example_settings
from hypothesis.stateful import run_state_machine_as_test

from infrastructure.projector import projector
from infrastructure.settings import Settings
from tests.conftest import Servers
from tests.erasure.interleavings import Interleavings

EXAMPLES = int(os.environ.get("INTERLEAVINGS", "6"))


@pytest.fixture
def machine(
    servers: Servers,
    templates: tuple[str, str],
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> type[Interleavings]:
    """The machine, each of whose runs has databases and a data directory of its own."""
    monkeypatch.setattr(projector, "BATCH_EVENTS", 8)  # one batch is folded while another is written
    Interleavings.servers, Interleavings.templates = servers, templates
    Interleavings.settings, Interleavings.folder = settings, tmp_path
    return Interleavings


def carry_out(machine: type[Interleavings], *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=example_settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
        ),
    )


@pytest.mark.slow
def test_in_any_order_nothing_erased_is_left_and_nothing_else_is_lost(machine: type[Interleavings]) -> None:
    carry_out(machine, examples=5, steps=12)


@pytest.mark.drill
def test_the_same_holds_for_many_and_longer_orders(machine: type[Interleavings]) -> None:
    carry_out(machine, examples=EXAMPLES, steps=40)
