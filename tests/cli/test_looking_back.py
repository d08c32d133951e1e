"""The past on the command line: asked, compared and brought back, readable on a narrow screen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from infrastructure.cli.app import EXIT_NOT_FOUND, EXIT_USAGE
from infrastructure.store.store import Store
from tests.cli.test_cli import Run, ada, assert_refused, lines, made, run

__all__ = ["ada", "run"]

WIDTH = 80


def now() -> str:
    return datetime.now(UTC).isoformat()


def test_a_record_and_a_list_are_shown_as_of_a_moment(ada: Run) -> None:
    task = made(ada, "task.create", "title=Renew passport")
    then = now()
    made(ada, "task.retitle", task, "title=Renew both passports")
    made(ada, "task.create", "title=Pack")
    (shown,) = lines(ada("show", task, "--as-of", then, "--json"))
    assert (shown["title"], shown["version"]) == ("Renew passport", 1)
    found = lines(ada("find", "task", "--as-of", then, "--json"))
    assert [record["title"] for record in found] == ["Renew passport"]
    assert len(lines(ada("find", "task", "--as-of", "today", "--json"))) == 2
    assert_refused(ada("show", task, "--as-of", "yesterday"), EXIT_NOT_FOUND)
    for asked in (["timeline"], ["search", "passport"], ["agenda"], ["threads"], ["statistics"]):
        assert lines(ada(*asked, "--as-of", "yesterday", "--json")) == []
    assert_refused(ada("find", "task", "--as-of", "soon"), EXIT_USAGE)


def test_a_difference_is_printed_and_then_taken_back(ada: Run) -> None:
    task = made(ada, "task.create", "title=Renew passport")
    then = now()
    made(ada, "task.retitle", task, "title=Renew both passports")
    (told,) = lines(ada("diff", "--from", then, "--kind", "task", "--json"))
    assert (told["record_id"], told["became"]) == (task, "changed")
    assert told["fields"] == [{"field": "title", "before": "Renew passport", "after": "Renew both passports"}]
    assert "Renew both passports" in ada("diff", "--from", then).stdout
    preview = lines(ada("revert", "--kind", "task", "--to", then, "--dry-run", "--json"))
    done = lines(ada("revert", "--kind", "task", "--to", then, "--json"))
    assert preview[:-1] == done[:-1]
    assert [each["dry_run"] for each in (preview[-1], done[-1])] == [True, False]
    assert ada("diff", "--from", then).stdout == "nothing changed\n"
    assert ada("revert", "--record", task, "--to", then).stdout.splitlines()[-1].startswith("0 reverted")
    assert_refused(ada("revert", "--to", then), EXIT_USAGE)
    assert_refused(ada("revert", "--kind", "task"), EXIT_USAGE)


def test_an_import_says_how_it_is_undone(ada: Run, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# A note\n\ntext")
    undo = ada("import", str(tmp_path / "note.md")).stdout.splitlines()[-1]
    undone = ada(*undo.removeprefix("to undo: lifeledger ").split())
    assert "1 trashed" in undone.stdout
    assert lines(ada("find", "note", "--as-of", "today", "--json")) == []
    assert len(lines(ada("find", "note", "--trashed", "--as-of", "today", "--json"))) == 1


def test_history_and_audit_are_readable_on_80_columns(ada: Run, store: Store) -> None:
    then = now()
    task = made(ada, "task.create", "title=Renew passport", "--purpose", "weekly planning")
    made(ada, "task.retitle", task, "title=" + "a long title " * 20)
    made(ada, "task.trash", task, "reason=not needed")
    ada("revert", "--record", task, "--to", now(), "--reason", "nothing to do")
    ada("revert", "--person", "ada", "--to", then, "--reason", "all of it")
    store.catch_up()
    for asked in (["history", task], ["audit"]):
        finished = ada(*asked, COLUMNS=str(WIDTH))
        assert finished.returncode == 0, finished.stderr
        assert max(map(len, finished.stdout.splitlines())) <= WIDTH
        assert task in finished.stdout or asked[0] == "history"
        assert "by the person, for weekly planning" in finished.stdout
    history = ada("history", task).stdout
    assert "Renew passport" in history
    assert "reason: not needed" in history
