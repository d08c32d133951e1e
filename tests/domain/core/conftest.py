"""Clocks that stand still, or that a test moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.shared import clock
from tests.domain.core.integrations import NOON
from tests.domain.core.links import Hands


@pytest.fixture
def at_noon() -> Iterator[None]:
    with clock.reading(lambda: NOON):
        yield


@pytest.fixture
def hands() -> Iterator[Hands]:
    hands = Hands()
    with clock.reading(lambda: hands.at):
        yield hands
