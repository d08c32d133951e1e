"""Which commands go to a standby, and that those which look after a store say there what they say by themselves."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from infrastructure.cli.commands import COMMANDS, command_named
from infrastructure.cli.entry import QUICK, QUICK_WITH, _ends_soon
from tests.standby.test_program import Program, program, used

__all__ = ["program", "used"]

BY_ITSELF = {
    "backup", "backups prune", "backups verify", "demo", "export", "init", "keys backup", "keys restore",
    "keys rotate", "migrate", "restore", "retention run", "stop", "worker",
}  # fmt: skip
"""What goes through all of a store, its keys or its backups, starts processes, or prompts."""


def every_command() -> set[str]:
    """Return the commands by the words that name them, those of a group with the name of the group."""
    names = set()
    for name in COMMANDS:
        parts = getattr(command_named(name), "commands", {})
        names |= {f"{name} {part}" for part in parts} if parts else {name}
    return names


def test_every_command_either_ends_soon_or_is_known_not_to() -> None:
    assert every_command() == QUICK | QUICK_WITH.keys() | BY_ITSELF | {"import"}
    for name in QUICK:
        assert _ends_soon([*name.split(), "--json"])
    for name in BY_ITSELF:
        assert not _ends_soon([*name.split(), "--json"])
        assert _ends_soon([*name.split(), "--help"])
    assert not _ends_soon([])


@pytest.mark.parametrize(
    ("line", "soon"),
    [
        ("erase --record x --grounds g", True),
        ("erase --grounds g --record=x", True),
        ("erase --grounds g --kind task", False),
        ("erase --grounds g", False),
        ("erase --kind task --dry-run", True),
        ("revert --to now --record x", True),
        ("revert --to now --kind task", False),
        ("revert --run x", False),
        ("revert --to now --kind task --dry-run", False),
        ("rebuild --list", True),
        ("rebuild", False),
        ("rebuild --check", False),
    ],
)
def test_what_may_be_about_one_record_or_about_all_is_quick_with_some_options(line: str, soon: bool) -> None:  # noqa: FBT001 - a parameter
    assert _ends_soon(line.split()) is soon


@pytest.mark.parametrize(
    "line",
    [
        "find-person ada@example.org",
        "find-person ada@example.org --json",
        "erasures list",
        "erasures list --json",
        "erasures show 00000000-0000-0000-0000-000000000000",
        "hold list --json",
        "hold place --reason r --purpose p --until 1999-01-01 --kind task",
        "hold show 00000000-0000-0000-0000-000000000000 --purpose p",
        "retention list",
        "retention drop task",
        "keys status --json",
        "keys status",
        "backups list",
        "rebuild --list",
        "projections parked --json",
        "projections retry",
        "content 00000000-0000-0000-0000-000000000000 new",
        "revert --to now --record {task} --dry-run",
        "erase --record {task} --dry-run --json",
        "erase --record= --grounds g",
        "worker --help",
        "keys rotate --help",
        "--help",
    ],
)
def test_what_looks_after_a_store_is_answered_in_the_same_bytes(program: Program, line: str) -> None:
    words = line.format(task=program.task).split()
    by_standby, by_itself = program.run(*words), program.run(*words, LIFELEDGER_STANDBY="0")
    assert (by_standby.by, by_itself.by) == ("standby", "itself")
    assert (by_standby.code, by_standby.out, by_standby.errors) == (
        by_itself.code,
        by_itself.out,
        by_itself.errors,
    )


def test_a_hold_a_rule_and_an_erasure_by_the_standby_are_there_for_the_program_by_itself(
    program: Program,
) -> None:
    def told(line: str, standby: str) -> dict[str, str]:
        finished = program.run(*line.split(), "--json", LIFELEDGER_STANDBY=standby)
        assert (finished.code, finished.by) == (0, "standby" if standby == "1" else "itself"), finished.errors
        found: dict[str, str] = json.loads(finished.out.splitlines()[-1])
        return found

    record = program.make("to be forgotten")
    erased = told(f"erase --record {record} --grounds g", "1")
    assert told("erasures list", "0")["erasure_id"] == erased["erasure_id"]
    assert told(f"erasures verify {erased['erasure_id']}", "1") == told(
        f"erasures verify {erased['erasure_id']}", "0"
    )
    assert program.run("show", record).code == 1
    held = told("hold place --reason r --purpose p --until 2099-01-01 --kind note", "1")
    assert told("hold list", "0")["hold_id"] == held["hold_id"]
    assert told(f"hold release {held['hold_id']}", "1")["hold_id"] == held["hold_id"]
    told("retention set task --days 5000 --then trash", "1")
    assert told("retention list", "0")["kind"] == "task"
    told("retention drop task", "1")


def test_a_file_named_from_where_one_is_is_written_there_by_the_standby(program: Program) -> None:
    (program.folder / "one.jpg").write_bytes(b"bytes of a picture")
    added = program.run("do", "media.add", "kind=photo", "content=@one.jpg", "--json")
    shown = json.loads(program.run("show", json.loads(added.out)["id"], "--json").out)
    name = f"{uuid4()}.jpg"
    finished = program.run("content", shown["content"]["blob_id"], name)
    assert (finished.code, finished.by) == (0, "standby"), finished.errors
    assert (program.folder / name).read_bytes() == b"bytes of a picture"


def test_backups_in_a_place_named_from_where_one_is_are_listed_by_the_standby(program: Program) -> None:
    assert program.run("backup", "--place", "copies").by == "itself"
    found = [program.run("backups", "list", "--place", "copies", LIFELEDGER_STANDBY=each) for each in "10"]
    assert [each.by for each in found] == ["standby", "itself"]
    assert found[0].out == found[1].out
    assert b"full" in found[0].out


def test_a_passphrase_of_the_root_key_is_the_callers(program: Program) -> None:
    other = "not of this store"
    finished = program.run("keys", "status", LIFELEDGER_ROOT_PASSPHRASE=other)
    assert (finished.code, finished.by) == (4, "standby"), finished.errors
    assert other.encode() not in finished.errors
