"""Where posts are written."""

from __future__ import annotations

import pytest

from tests.domain.social.posts import Home


@pytest.fixture
def home() -> Home:
    return Home()
