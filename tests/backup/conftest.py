"""A store with a place for backups, and empty stores with the same keys to bring them back into."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg import sql
from pydantic import SecretStr

from infrastructure.backup.shelf import Shelf
from infrastructure.bootstrap import shelf_of
from infrastructure.settings import Settings
from tests.conftest import Servers, _drop

Elsewhere = Callable[[], Settings]


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """The settings of the test's store, with a folder for backups."""
    return settings.model_copy(update={"backup_url": str(tmp_path / "backups")})


@pytest.fixture
def shelf(settings: Settings) -> Shelf:
    """Where the backups of the test's store lie."""
    return shelf_of(settings)


@pytest.fixture
def elsewhere(
    settings: Settings, servers: Servers, templates: tuple[str, str], tmp_path: Path
) -> Iterator[Elsewhere]:
    """Makes an empty ledger beside the same keys, with a folder of its own for large content."""
    made: list[str] = []

    def make() -> Settings:
        name = f"lifeledger_{secrets.token_hex(4)}_ledger"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        servers.administer(statement.format(sql.Identifier(name), sql.Identifier(templates[0])))
        made.append(name)
        blobs = tmp_path / f"blobs-{name}"
        blobs.mkdir()
        return settings.model_copy(
            update={"ledger_url": SecretStr(servers.database(name)), "blob_url": f"file://{blobs}"}
        )

    yield make
    for name in made:
        _drop(servers, name)
