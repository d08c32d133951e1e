"""A Redis of the test's own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from infrastructure.settings import Settings
from tests.cache.mortal_redis import MortalRedis


@pytest.fixture
def mortal() -> Iterator[MortalRedis]:
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-redis-"))  # short: a socket's path holds 107 bytes
    server = MortalRedis(folder)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


@pytest.fixture
def on_mortal(settings: Settings, mortal: MortalRedis) -> Settings:
    return settings.model_copy(update={"redis_url": SecretStr(mortal.url)})
