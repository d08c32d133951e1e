"""The clock as tests of the profile find it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.shared import clock
from tests.domain.profile.hands import Hands


@pytest.fixture
def hands() -> Iterator[Hands]:
    hands = Hands()
    with clock.reading(lambda: hands.at):
        yield hands
