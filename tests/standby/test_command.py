"""A fork of the standby is to its caller what a process of its own would have been."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.embedded.processes import PROC, alive, kill_at_once, needs_proc, wait_until
from tests.standby.conftest import Echo, standby_of


@pytest.fixture
def standing(echo: Echo) -> Echo:
    echo.stand_by()
    return echo


def begun(file: Path) -> int:
    """Return the process that dawdles, once it does."""
    wait_until(file.exists)
    return int(file.read_text())


def test_a_command_has_all_that_its_caller_was_started_with(standing: Echo, tmp_path: Path) -> None:
    changes = {"TZ": "Pacific/Auckland", "COLUMNS": "57", "LIFELEDGER_ROOT_KEY": "k=\udcff \n", "EMPTY": ""}
    odd = replace(standing, environment={**standing.environment, **changes}, folder=tmp_path)
    with standing_umask(0o027):
        (by_standby,) = odd.ask("tell", "ü", "", "--x=\udcff").stdout.splitlines()
        (by_itself,) = (
            replace(odd, data_dir=tmp_path)
            .ask("tell", "ü", "", "--x=\udcff", by_itself=True)
            .stdout.splitlines()
        )
    told = json.loads(by_standby)
    assert told == json.loads(by_itself)
    assert (told["zone"], told["umask"], told["folder"]) == (["NZST", "NZDT"], 0o027, str(tmp_path))
    assert told["environment"]["LIFELEDGER_ROOT_KEY"] == "k=\udcff \n"
    assert told["arguments"][1:] == ["tell", "ü", "", "--x=\udcff"]


def test_nothing_of_one_command_is_left_to_the_next(standing: Echo) -> None:
    one = replace(standing, environment={**standing.environment, "CANARY": "of the first"})
    assert "CANARY" in json.loads(one.ask("tell").stdout)["environment"]
    assert "CANARY" not in json.loads(standing.ask("tell").stdout)["environment"]


@pytest.mark.parametrize("word", ["0", "3", "255", "a word"])
def test_exit_codes_are_those_of_a_process(standing: Echo, tmp_path: Path, word: str) -> None:
    by_standby = standing.ask("leave", word)
    by_itself = replace(standing, data_dir=tmp_path).ask("leave", word, by_itself=True)
    assert (by_standby.returncode, by_standby.stderr) == (by_itself.returncode, by_itself.stderr)


def test_an_error_nobody_caught_is_shown(standing: Echo) -> None:
    finished = standing.ask("fail")
    assert (finished.returncode, finished.stderr.splitlines()[-1]) == (1, "ArithmeticError")


def test_standard_input_and_both_outputs_are_the_callers(standing: Echo) -> None:
    text = "ü\r\n" * 100_000  # more than a pipe holds
    finished = standing.ask("copy", given=text)
    assert (finished.stdout, finished.stderr) == (text.replace("\r\n", "\n"), "not an error\n")


def test_a_closed_standard_stream_is_a_matter_for_the_process_itself(standing: Echo) -> None:
    command = " ".join(f"'{word}'" for word in standing.command("leave", "7"))
    finished = subprocess.run(["sh", "-c", f"exec {command} <&-"], check=False, stderr=subprocess.PIPE)
    assert (finished.returncode, finished.stderr) == (7, b"by itself\n")


def test_an_interruption_reaches_the_command(standing: Echo, tmp_path: Path) -> None:
    with standing.begin("dawdle", str(tmp_path / "file")) as client:
        command = begun(tmp_path / "file")
        client.send_signal(signal.SIGINT)
        assert client.wait(20) == 130
    assert not alive(command)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_kills_the_program_kills_its_command(
    standing: Echo, tmp_path: Path, number: signal.Signals
) -> None:
    with standing.begin("dawdle", str(tmp_path / "file")) as client:
        command = begun(tmp_path / "file")
        client.send_signal(number)
        assert client.wait(20) == -number
    wait_until(lambda: not alive(command))


def test_signals_that_the_caller_ignores_are_ignored(standing: Echo) -> None:
    command = " ".join(f"'{word}'" for word in standing.command("tell"))
    told = subprocess.run(
        ["sh", "-c", f"trap '' INT HUP; exec {command}"], check=True, stdout=subprocess.PIPE, text=True
    )
    interrupt, terminate, hangup, *_ = json.loads(told.stdout)["signals"]
    assert (interrupt, terminate, hangup) == ("1", "0", "1")


def test_a_hangup_that_the_caller_ignores_is_ignored(standing: Echo, tmp_path: Path) -> None:
    command = ["nohup", *standing.command("dawdle", str(tmp_path / "file"), "1")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        begun(tmp_path / "file")
        client.send_signal(signal.SIGHUP)
        assert client.wait(20) == 0
    assert (tmp_path / "file.end").exists()


def test_a_command_that_was_killed_is_told_of_and_not_given_again(standing: Echo, tmp_path: Path) -> None:
    with standing.begin("dawdle", str(tmp_path / "file")) as client:
        (tmp_path / "begun").write_text(str(begun(tmp_path / "file")))
        (tmp_path / "file").unlink()
        os.kill(int((tmp_path / "begun").read_text()), signal.SIGKILL)
        _, errors = client.communicate(timeout=20)
    assert client.returncode == 70
    assert errors == (
        "lifeledger: the command was cut short; look whether it was carried out before you repeat it\n"
    )
    assert not (tmp_path / "file").exists()


def test_a_command_whose_caller_was_killed_comes_to_its_end(standing: Echo, tmp_path: Path) -> None:
    with standing.begin("dawdle", str(tmp_path / "file"), "1") as client:
        command = begun(tmp_path / "file")
        client.kill()
    wait_until(lambda: not alive(command))
    assert (tmp_path / "file.end").read_text() == "done\n"


def test_a_command_goes_on_when_the_standby_is_killed_and_keeps_no_lock(
    standing: Echo, tmp_path: Path
) -> None:
    first = standby_of(standing.data_dir)
    assert first is not None
    with standing.begin("dawdle", str(tmp_path / "file"), "3") as client:
        command = begun(tmp_path / "file")
        kill_at_once(first)
        assert standing.stand_by() != first
        assert alive(command)
        assert client.wait(20) == 0
    assert (tmp_path / "file.end").read_text() == "done\n"


@needs_proc
def test_a_command_holds_nothing_of_the_standby(standing: Echo) -> None:
    pid = standby_of(standing.data_dir)

    def held() -> list[str]:
        found = []
        for each in (PROC / str(pid) / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed since
                found.append(str(each.readlink()))
        return found

    assert [each for each in held() if each.endswith("standby.lock")]
    # The one it listens on: that of who asked just now is closed as soon as it has been heard.
    wait_until(lambda: sum(each.startswith("socket:") for each in held()) == 1)
    found = standing.ask("descriptors").stdout.splitlines()
    assert not [each for each in found if str(standing.data_dir) in each]
    assert sum(each.startswith("socket:") for each in found) == 1  # the one to its caller


@needs_proc
def test_commands_that_have_ended_leave_no_process(standing: Echo) -> None:
    pid = standby_of(standing.data_dir)
    for _ in range(5):
        standing.ask("leave", "0")
    wait_until(lambda: (PROC / f"{pid}/task/{pid}/children").read_text() == "")


def test_forks_of_one_standby_draw_different_ids_and_nonces(standing: Echo) -> None:
    clients = [standing.begin("draw") for _ in range(24)]
    drawn = [client.communicate(timeout=60)[0].split() for client in clients]
    assert [client.returncode for client in clients] == [0] * 24
    for column in zip(*drawn, strict=True):
        assert len(set(column)) == 24
    # The random part alone: a version 7 id begins with the time.
    assert len({ids[0][-17:] for ids in drawn}) == 24


class standing_umask:  # noqa: N801 - a context, named like one
    def __init__(self, umask: int) -> None:
        self._umask = umask

    def __enter__(self) -> None:
        self._before = os.umask(self._umask)

    def __exit__(self, *_: object) -> None:
        os.umask(self._before)
