"""The bytes of content on standard output: as they are stored, and not at a terminal."""

from __future__ import annotations

import os
import pty
import secrets
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from infrastructure.cli.app import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_UNWRITTEN, EXIT_USAGE
from tests.cli.test_cli import PROGRAM, ROOT, Run, ada, assert_refused, lines, made, run
from tests.cli.test_terminals import by_itself

__all__ = ["ada", "run"]  # the fixtures

# Every byte, and what a stream of text would change; more than a pipe holds at a time.
BYTES = bytes(range(256)) + b"\r\n\x00\xff\n" + secrets.token_bytes(300_000)


@pytest.fixture
def blob(ada: Run, tmp_path: Path) -> str:
    """Content that is stored."""
    (tmp_path / "photo.jpg").write_bytes(BYTES)
    media = made(ada, "media.add", "kind=photo", f"content=@{tmp_path / 'photo.jpg'}")
    return str(lines(ada("show", media, "--json"))[0]["content"]["blob_id"])


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_dash_is_standard_output(
    blob: str, environment: dict[str, str], standby: Path, tmp_path: Path, unbuffered: str
) -> None:
    alone = by_itself(environment, "content", blob, "-", PYTHONUNBUFFERED=unbuffered)
    assert (alone.returncode, alone.stdout == BYTES, alone.stderr) == (0, True, b"")
    by_standby = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT), str(standby), "content", blob, "-"],
        env={**environment, "PYTHONUNBUFFERED": unbuffered},
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (by_standby.returncode, by_standby.stdout == BYTES, by_standby.stderr) == (0, True, b"")
    assert not (tmp_path / "-").exists()


def test_a_file_may_still_be_called_so(blob: str, ada: Run, tmp_path: Path) -> None:
    (told,) = lines(ada("content", blob, "./-", "--json", folder=tmp_path))
    assert (told, (tmp_path / "-").read_bytes() == BYTES) == ({"bytes": len(BYTES)}, True)


def test_bytes_are_not_for_a_terminal(
    blob: str, ada: Run, environment: dict[str, str], standby: Path
) -> None:
    assert ada("status").returncode == 0
    for program in (["-m", "infrastructure.cli"], ["-c", PROGRAM, str(ROOT), str(standby)]):
        screen, terminal = pty.openpty()
        try:
            finished = subprocess.run(
                [sys.executable, *program, "content", blob, "-"],
                env=environment,
                cwd=ROOT,
                stdout=terminal,
                stderr=subprocess.PIPE,
                text=True,
                timeout=120,
                check=False,
            )
        finally:
            os.close(terminal)
            os.close(screen)
        assert finished.returncode == EXIT_REFUSED
        assert finished.stderr == (
            "lifeledger: standard output is a terminal: name a file, or send the bytes into a pipe\n"
        )


def test_what_is_not_there_prints_nothing(ada: Run) -> None:
    assert_refused(ada("content", str(uuid4()), "-"), EXIT_NOT_FOUND)


def test_no_json_stands_among_the_bytes(blob: str, ada: Run) -> None:
    assert_refused(ada("content", blob, "-", "--json"), EXIT_USAGE)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_takes_no_bytes_is_one_line(
    blob: str, environment: dict[str, str], unbuffered: str
) -> None:
    words = ("content", blob, "-")
    full = by_itself(environment, *words, through='exec "$@" >/dev/full', PYTHONUNBUFFERED=unbuffered)
    assert (full.returncode, full.stderr) == (EXIT_UNWRITTEN, b"lifeledger: cannot write the output\n")
    closed = by_itself(environment, *words, through='exec "$@" >&-')
    assert (closed.returncode, closed.stderr) == (0, b"")
    gone = by_itself(environment, *words, through='"$@" | head -c 10 >&2', PYTHONUNBUFFERED=unbuffered)
    assert (gone.stdout, gone.stderr) == (b"", BYTES[:10])
