"""Empty words of a command line, as unset variables leave them: they are refused, and stand for nothing else."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from infrastructure.cli.app import EXIT_REFUSED, EXIT_USAGE
from infrastructure.cli.commands import FREE_TEXTS, EmptyWord
from tests.cli.test_cli import Run, ada, assert_refused, lines, made, run
from tests.cli.test_json import every_command

__all__ = ["ada", "run"]  # the fixtures

ID = str(uuid4())
NOTE = "# A note\n"


def test_an_empty_path_is_not_the_folder_one_is_in(ada: Run, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text(NOTE)
    for words in (["import", ""], ["import", str(tmp_path), ""], ["demo", ""], ["export", "", "--plain"]):
        assert_refused(ada(*words), EXIT_USAGE)
    assert_refused(ada("content", ID, ""), EXIT_USAGE)
    assert_refused(ada("keys", "backup", ""), EXIT_USAGE)
    assert "paths is empty" in ada("import", "").stderr
    assert lines(ada("find", "note", "--json")) == []


def test_the_folder_one_is_in_is_named_by_a_dot(ada: Run, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text(NOTE)
    *files, total = lines(ada("import", ".", "--json", folder=tmp_path))
    assert ([each["file"] for each in files], total["created"]) == (["note.md"], 1)


@pytest.mark.parametrize(
    "words",
    [
        ["find", "task", "--person", ""],
        ["find", "task", "--cursor", ""],
        ["find", "task", "--cursor="],
        ["find", "task", "--data-dir", ""],
        ["find", "task", "--where", ""],
        ["find", ""],
        ["timeline", "--kind", ""],
        ["show", ""],
        ["history", ""],
        ["do", "task.complete", ""],
        ["do", "task.create", "title=x", ""],
        ["audit", "--record", ""],
        ["audit", "--actor", ""],
        ["erase", "--person", "", "--grounds", "x"],
        ["hold", "release", ""],
        ["hold", "place", "--kind", "", "--until", "2099-01-01", "--reason", "r", "--purpose", "p"],
        ["revert", "--to", "now", "--person", "ada", "--kind", ""],
        ["revert", "--run", ""],
    ],
)
def test_an_empty_word_is_wrong_usage_and_no_default(ada: Run, words: list[str]) -> None:
    assert_refused(ada(*words), EXIT_USAGE)


def test_no_command_takes_an_empty_word_for_what_it_names() -> None:
    taken: list[tuple[str, str, str]] = []
    for name, command in every_command():
        for param in command.params:
            is_flag = param.param_type_name == "option" and param.is_flag
            if is_flag or param.name in FREE_TEXTS:
                continue
            words = ["", ""] if param.param_type_name == "argument" else [param.opts[0], ""]
            try:
                command.main(words, standalone_mode=False)
            except EmptyWord:
                continue
            except Exception as error:  # noqa: BLE001 - whatever else is said
                taken.append((name, param.name, type(error).__name__))
            else:
                taken.append((name, param.name, "done"))
    assert taken == []


def test_an_empty_text_is_left_to_who_asks_for_it(ada: Run) -> None:
    task = made(ada, "task.create", "title=x", "--purpose", "")
    assert_refused(ada("do", "task.retitle", task, "title="), EXIT_REFUSED)
    assert_refused(ada("erase", "--record", task, "--grounds", ""), EXIT_USAGE)
