"""The clock as tests of health records find it."""

from __future__ import annotations

from typing import Any

import pytest

from domain.shared import clock
from tests.domain.personal.health_entries import NOW


@pytest.fixture
def stopped_clock() -> Any:
    with clock.reading(lambda: NOW):
        yield
