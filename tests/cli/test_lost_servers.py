"""A server that goes away under a command: told once, by the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from infrastructure.cli.app import EXIT_UNAVAILABLE
from tests.conftest import ROOT, Databases, Servers
from tests.embedded.processes import wait_until
from tests.importers import overlapping
from tests.store.test_outages import unreachable


@pytest.mark.usefixtures("person")
def test_a_server_that_goes_away_under_an_import_is_told_in_one_line(
    servers: Servers, databases: Databases, environment: dict[str, str], tmp_path: Path
) -> None:
    folder = overlapping.folder_of(tmp_path / "files", overlapping.tasks_apart, 4, 4000)
    words = ["import", str(folder), "--processes", "1", "--person", "ada", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "infrastructure.cli", *words],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        with psycopg.connect(databases.ledger, autocommit=True) as looking:
            begun = "SELECT 1 FROM ledger.events WHERE position > 100 LIMIT 1"
            wait_until(lambda: looking.execute(begun).fetchone())
        with unreachable(servers, databases):
            said, complained = program.communicate(timeout=120)
    assert (program.returncode, said) == (EXIT_UNAVAILABLE, "")
    assert complained == "lifeledger: The database cannot be reached or did not finish in time.\n"
