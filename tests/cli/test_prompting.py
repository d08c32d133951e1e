"""What is asked at a terminal, and what is said where there is none."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure.cli.app import EXIT_REFUSED, EXIT_USAGE
from tests.cli.test_cli import CANARY, ROOT, Run, ada, assert_refused, lines, made, run

__all__ = ["ada", "run"]  # the fixtures

CLOSED = ("sh", "-c", 'exec "$@" <&-', "sh")
EMPTY = ("sh", "-c", 'exec "$@" </dev/null', "sh")

PROGRAM = (sys.executable, "-m", "infrastructure.cli")

Typing = Callable[..., subprocess.CompletedProcess[str]]


def ended(
    command: list[str], environment: dict[str, str], stdin: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        command,
        env=environment,
        cwd=ROOT,
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def typing(ada: Run, environment: dict[str, str]) -> Typing:
    """Runs the program at a terminal where somebody types a text; to ``--person`` ada."""
    assert ada("status").returncode == 0

    def typing(text: str, *words: str) -> subprocess.CompletedProcess[str]:
        keyboard, terminal = pty.openpty()
        try:
            os.write(keyboard, text.encode())
            return ended([*PROGRAM, *words], environment, stdin=terminal)
        finally:
            os.close(keyboard)
            os.close(terminal)

    return typing


@pytest.mark.parametrize("without", [CLOSED, EMPTY])
def test_where_nobody_can_type_a_passphrase_it_is_said_what_to_give_instead(
    ada: Run, environment: dict[str, str], tmp_path: Path, without: tuple[str, ...]
) -> None:
    copy, keys = str(tmp_path / "copy"), str(tmp_path / "keys.age")
    assert ada("export", copy, LIFELEDGER_EXPORT_PASSPHRASE=CANARY).returncode == 0
    assert ada("keys", "backup", keys, LIFELEDGER_BACKUP_PASSPHRASE=CANARY).returncode == 0
    export, backup = "LIFELEDGER_EXPORT_PASSPHRASE", "LIFELEDGER_BACKUP_PASSPHRASE"
    for words, instead in (
        (["export", str(tmp_path / "new")], f"set {export}, or give --to or --plain"),
        (["import", copy], f"set {export}, or give --identity"),
        (["keys", "backup", str(tmp_path / "new.age")], f"set {backup}, or give --to"),
        (["keys", "restore", keys], f"set {backup}, or give --identity"),
    ):
        finished = ended([*without, *PROGRAM, *words], environment)
        assert_refused(finished, EXIT_REFUSED)
        assert finished.stderr.endswith(f"no terminal to type it at: {instead}\n")
    assert {each.name for each in tmp_path.iterdir()} == {"copy", "data", "keys.age"}


def test_a_whole_person_is_erased_at_a_terminal_only_where_the_username_is_typed(
    ada: Run, typing: Typing
) -> None:
    made(ada, "task.create", "title=stays for now")
    erase = ("erase", "--grounds", "test", "--json")
    for text in ("\n", "yes\n", f"{CANARY}\n", "\x04"):
        finished = typing(text, *erase)
        assert (finished.returncode, finished.stdout) == (EXIT_REFUSED, "")
        assert finished.stderr.splitlines()[-1].endswith("that is not the username: nothing was erased")
        assert CANARY not in finished.stderr
    assert lines(ada("erasures", "list", "--json")) == []
    assert typing("", *erase, "--dry-run").returncode == 0  # and is not asked
    (receipt,) = lines(typing("ada\n", *erase))
    assert receipt["kinds"]["task"] == {"records": 1, "events": 1}


def test_yes_spares_the_question_and_less_than_a_person_is_not_asked_for(ada: Run, typing: Typing) -> None:
    note, _ = made(ada, "note.write", "title=n"), made(ada, "task.create", "title=t")
    for words in (["--record", note], ["--kind", "task"], ["--yes"]):
        finished = typing("", "erase", "--grounds", "test", "--json", *words)
        assert (finished.returncode, finished.stderr) == (0, "")
    assert [each["grain"] for each in lines(ada("erasures", "list", "--json"))] == [
        "record",
        "kind",
        "person",
    ]


def test_what_is_left_empty_erases_nothing(ada: Run) -> None:
    for grounds in ("", " ", "\t"):
        finished = ada("erase", "--grounds", grounds)
        assert_refused(finished, EXIT_USAGE)
        assert finished.stderr.startswith("lifeledger: --grounds is missing or not valid")
    for option in ("--kind", "--period", "--record", "--person"):
        finished = ada("erase", "--grounds", "test", option, "")
        assert_refused(finished, EXIT_USAGE)
        assert finished.stderr.startswith(f"lifeledger: {option[2:]} is empty")
    assert lines(ada("erasures", "list", "--json")) == []
