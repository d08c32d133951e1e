"""Imports of small files end soon, and go to the standby like other quick commands."""

from __future__ import annotations

import json

import pytest

from infrastructure.cli.entry import SMALL_BYTES
from tests.standby.test_program import Program, program, used

__all__ = ["program", "used"]

NOTE = "# Trip\n\nBy the sea"


@pytest.mark.parametrize(
    ("words", "by"),
    [
        (["a.md"], "standby"),
        (["a.md", "b.md", "--json"], "standby"),
        (["a.md", "folder"], "itself"),
        (["a.md", "--processes", "2"], "itself"),
        (["large.md"], "itself"),
        (["missing.md"], "itself"),
    ],
)
def test_import_of_small_files_goes_to_the_standby_and_any_other_does_not(
    program: Program, words: list[str], by: str
) -> None:
    for name in ("a.md", "b.md"):
        (program.folder / name).write_text(NOTE, "utf-8")
    (program.folder / "folder").mkdir(exist_ok=True)
    (program.folder / "large.md").write_text("x" * (SMALL_BYTES + 1), "utf-8")
    assert program.run("import", *words).by == by


def test_small_import_takes_in_what_it_does_by_itself(program: Program) -> None:
    path = program.folder / "trip.md"
    outcomes = []
    for text, standby in (("one", "1"), ("one", "0"), ("two", "1")):
        path.write_text(f"# Coast\n\n{text}", "utf-8")
        finished = program.run("import", "trip.md", "--json", LIFELEDGER_STANDBY=standby)
        counts = json.loads(finished.out.splitlines()[-1])
        outcomes.append((finished.by, counts["created"], counts["unchanged"], counts["refreshed"]))
    assert outcomes == [("standby", 1, 0, 0), ("itself", 0, 1, 0), ("standby", 0, 0, 1)]
    found = program.run("search", "Coast", "--json").out.splitlines()
    assert len(found) == 1
