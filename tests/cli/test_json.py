"""What the program answers to other programs: JSON, one object a line, of every command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure import migrate
from infrastructure.cli.commands import COMMANDS, command_named
from tests.cli.test_cli import ROOT, Run, ada, lines, run

__all__ = ["ada", "run"]


def every_command() -> Iterator[tuple[str, Any]]:
    """Yield each command of the program and of its groups, by what is typed for it."""
    for name in COMMANDS:
        found = command_named(name)
        parts = getattr(found, "commands", None)
        if parts is None:
            yield name, found
        else:
            yield from ((f"{name} {part}", each) for part, each in parts.items())


def test_every_command_prints_json_when_it_is_asked_to() -> None:
    commands = dict(every_command())
    assert "retention set" in commands
    mute = [
        name
        for name, command in commands.items()
        if "--json" not in {option for each in command.params for option in each.opts}
    ]
    assert mute == []


def test_a_migration_tells_which_schemas_there_are(ada: Run) -> None:
    (told,) = lines(ada("migrate", "--json"))
    assert told == {"ledger": migrate.head("ledger"), "keys": migrate.head("keys"), "read_tables": "current"}


def test_stopping_where_no_servers_run_says_so(run: Run, tmp_path: Path) -> None:
    assert lines(run("stop", "--data-dir", str(tmp_path), "--json")) == [{"stopped": False}]


@pytest.mark.usefixtures("ada")
def test_a_worker_tells_how_it_ended(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "infrastructure.cli", "worker", "--json"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stderr is not None
        assert any("worker started" in line for line in worker.stderr)
        worker.terminate()
        told, _ = worker.communicate(timeout=60)
    assert (worker.returncode, json.loads(told)) == (0, {"processes": 1, "exit_code": 0})


def test_the_demo_as_json_says_of_each_section_what_it_shows(run: Run) -> None:
    told = lines(run("demo", str(ROOT / "examples"), "--json"))
    sections: dict[str, list[Any]] = {}
    for each in told:
        if set(each) == {"section"}:
            sections[each["section"]] = shown = []
        else:
            shown.append(each)
    assert all(sections.values())
    assert sections["Importing the folder of examples"][-1]["created"] > 0
    assert {"kind", "records"} <= set(sections["How much there is: lifeledger statistics"][0])
    assert [
        each["title"] for each in sections["Open tasks: lifeledger find task --where status=todo --order due"]
    ]
