"""One standby for a data directory, as long as its servers and its code are what they were; without it everything works."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from infrastructure.embedded import locks
from infrastructure.embedded.layout import layout_of
from infrastructure.standby.client import PATIENCE
from infrastructure.standby.launch import end, start_unless_there
from infrastructure.standby.place import LOCK
from infrastructure.standby.server import LOOK
from infrastructure.standby.wire import PID_BYTES, conditions, send
from tests.embedded.processes import PROC, alive, kill_at_once, needs_proc, processes_of, wait_until
from tests.standby.conftest import ROOT, Echo, folder_of_data, standby_of
from tests.standby.echo import SERVERS_WITHIN

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")

_START = (
    "import sys; sys.path.insert(0, {root!r}); from infrastructure.standby.launch import start_unless_there; "
)
NOBODY = 65534


def test_without_a_standby_commands_run_by_themselves(echo: Echo) -> None:
    assert echo.ask("leave", "7", by_itself=True).returncode == 7


def test_many_started_at_once_are_one(echo: Echo) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: echo.start(), range(8)))
    wait_until(lambda: standby_of(echo.data_dir))
    wait_until(lambda: len(processes_of(echo.data_dir)) == 1)
    assert set(processes_of(echo.data_dir)) == {standby_of(echo.data_dir)}


def test_one_that_sees_no_servers_come_ends() -> None:
    with folder_of_data() as nothing:
        start_unless_there(str(nothing), "tests.standby.echo")
        wait_until(lambda: standby_of(nothing))
        wait_until(lambda: processes_of(nothing) == {})
        assert not (nothing / "run/standby.sock").exists()


def test_one_may_be_started_before_the_servers(keeper: Callable[[Path], int]) -> None:
    with folder_of_data() as data_dir:
        early = Echo(data_dir).stand_by()
        lock = keeper(data_dir)
        time.sleep(SERVERS_WITHIN + 2 * LOOK)
        assert standby_of(data_dir) == early
        locks.release(lock)
        wait_until(lambda: processes_of(data_dir) == {})


def test_who_asks_while_it_loads_is_answered_when_it_can(echo: Echo) -> None:
    loading = echo.data_dir / "loading"
    loading.touch()
    echo.stand_by()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(echo.socket)
        send(connection, conditions(), [])
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(PID_BYTES)
        connection.settimeout(20.0)
        loading.unlink()
        assert connection.recv(PID_BYTES)


def test_commands_are_carried_out_before_everything_is_loaded(echo: Echo) -> None:
    more = echo.data_dir / "loading-more"
    more.touch()
    pid = echo.stand_by()
    assert echo.ask("leave", "7").returncode == 7
    more.unlink()
    assert echo.ask("leave", "7").returncode == 7
    assert standby_of(echo.data_dir) == pid


def test_a_killed_standby_is_followed_by_another(echo: Echo) -> None:
    first = echo.stand_by()
    kill_at_once(first)
    assert Path(echo.socket).exists()
    assert echo.ask("leave", "7", by_itself=True).returncode == 7
    assert echo.stand_by() != first
    assert echo.ask("leave", "7").returncode == 7


def test_a_stopped_standby_holds_nobody_up_and_does_nothing_twice(echo: Echo, tmp_path: Path) -> None:
    pid = echo.stand_by()
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    for _ in range(3):
        echo.ask("append", str(tmp_path / "lines"), by_itself=True)
    assert time.monotonic() - began < 3 * (PATIENCE + 2)
    os.kill(pid, signal.SIGCONT)
    echo.ask("append", str(tmp_path / "lines"))  # comes after those that were left in the queue
    wait_until(lambda: len(processes_of(echo.data_dir)) == 1)
    assert (tmp_path / "lines").read_text() == "done\n" * 4


def test_commands_are_carried_out_once_while_standbys_are_killed(echo: Echo, tmp_path: Path) -> None:
    echo.stand_by()
    clients: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        clients.append(echo.begin("append", str(tmp_path / f"lines-{len(clients)}")))
        return clients[-1]

    begin().wait(60)  # by the standby that stands
    for _ in range(5):
        for _ in range(7):
            begin()
        pid = standby_of(echo.data_dir)
        if pid is not None:
            kill_at_once(pid)
        begin().wait(60)  # by itself, unless another has begun to stand by
        echo.start()
    errors = [client.communicate(timeout=60)[1] for client in clients]
    assert [client.returncode for client in clients] == [0] * 41
    assert {file.read_text() for file in tmp_path.glob("lines-*")} == {"done\n"}
    assert len(list(tmp_path.glob("lines-*"))) == 41
    assert set(errors) == {"", "by itself\n"}  # some of each, or nothing was shown


def test_changed_code_is_not_run_and_ends_the_standby(echo: Echo, tmp_path: Path) -> None:
    for package in ("domain", "projections", "infrastructure", "migrations", "tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    copied = replace(echo, root=tmp_path)
    start = _START.format(root=str(tmp_path)) + "start_unless_there(sys.argv[1], 'tests.standby.echo')"
    subprocess.run([sys.executable, "-c", start, str(echo.data_dir)], check=True)
    wait_until(lambda: standby_of(echo.data_dir))
    assert copied.ask("leave", "7").returncode == 7
    # Not only files that are loaded: a fork may load any.
    with (tmp_path / "domain/productivity/task.py").open("a") as module:
        module.write("\n")
    assert copied.ask("leave", "7", by_itself=True).returncode == 7
    wait_until(lambda: processes_of(echo.data_dir) == {})


@pytest.mark.parametrize(
    "changes",
    [{"PYTHONUTF8": "1"}, {"LC_ALL": "POSIX"}, {"PYTHONWARNINGS": "always"}, {"OPENSSL_CONF": "/x"}],
)
def test_a_caller_that_a_fork_could_not_be_is_declined(echo: Echo, changes: dict[str, str]) -> None:
    pid = echo.stand_by()
    other = replace(echo, environment={**echo.environment, **changes})
    assert other.ask("leave", "7", by_itself=True).returncode == 7
    assert echo.ask("leave", "7").returncode == 7
    assert standby_of(echo.data_dir) == pid


def test_code_of_another_place_is_declined(echo: Echo, tmp_path: Path) -> None:
    echo.stand_by()
    for package in ("domain", "infrastructure", "tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    assert replace(echo, root=tmp_path).ask("leave", "7", by_itself=True).returncode == 7


def test_a_path_too_long_for_a_socket_has_no_standby(keeper: Callable[[Path], int]) -> None:
    with folder_of_data() as folder:
        data_dir = folder / ("long" * 25)
        keeper(data_dir)
        start_unless_there(str(data_dir), "tests.standby.echo")
        assert processes_of(data_dir) == {}


def test_a_standby_ends_with_the_keeper(keeper: Callable[[Path], int]) -> None:
    with folder_of_data() as data_dir:
        lock = keeper(data_dir)
        Echo(data_dir).stand_by()
        locks.release(lock)
        wait_until(lambda: processes_of(data_dir) == {})
        assert not (data_dir / "run/standby.sock").exists()
        wait_until(lambda: not locks.file_is_held(data_dir / LOCK))  # a process lets go of it as it ends


def test_a_standby_ends_with_its_data_directory(echo: Echo) -> None:
    echo.stand_by()
    shutil.rmtree(echo.data_dir)
    wait_until(lambda: processes_of(echo.data_dir) == {})


@pytest.mark.parametrize("stopped", [False, True])
def test_it_can_be_ended_whatever_it_does(echo: Echo, *, stopped: bool) -> None:
    pid = echo.stand_by()
    if stopped:
        os.kill(pid, signal.SIGSTOP)
    end(echo.data_dir)
    assert not alive(pid)
    assert not locks.file_is_held(echo.data_dir / LOCK)
    end(echo.data_dir)  # there is none: nothing to do


@needs_proc
def test_a_standby_has_left_the_process_that_started_it(echo: Echo, tmp_path: Path) -> None:
    start = _START.format(root=str(ROOT)) + "start_unless_there(sys.argv[1], 'tests.standby.echo')"
    with (tmp_path / "held by a shell").open("w") as held:
        subprocess.run(
            [sys.executable, "-c", start, str(echo.data_dir)],
            check=True,
            cwd=tmp_path,
            pass_fds=[held.fileno()],
            env={**os.environ, "LIFELEDGER_ROOT_KEY": "canary5b8f21c07e"},
        )
    wait_until(lambda: standby_of(echo.data_dir))
    process = PROC / str(standby_of(echo.data_dir))
    assert (process / "cwd").readlink() == Path("/")
    assert not [each for each in (process / "fd").iterdir() if str(each.readlink()).startswith(str(tmp_path))]
    environment = (process / "environ").read_bytes()
    assert b"PATH=" in environment
    assert b"canary" not in environment
    assert os.getsid(int(process.name)) == int(process.name)
    assert "Max core file size        0                    0" in (process / "limits").read_text()


@needs_root
@pytest.mark.parametrize(("owner", "peer"), [(0, 0), (0, NOBODY), (NOBODY, 0)])
def test_a_socket_of_another_user_is_told_nothing(echo: Echo, owner: int, peer: int) -> None:
    layout_of(echo.data_dir).run.chmod(0o777)
    with socket.socket(socket.AF_UNIX) as listener:
        with as_user(owner):
            listener.bind(echo.socket)
        with as_user(peer):
            listener.listen()
        assert echo.ask("leave", "7", by_itself=True).returncode == 7
        connection, _ = listener.accept()
        with connection:
            assert (connection.recv(1) == b"") == (NOBODY in {owner, peer})


@needs_root
@pytest.mark.parametrize("foreign", [True, False])
def test_another_user_is_not_served(echo: Echo, *, foreign: bool) -> None:
    echo.stand_by()
    layout_of(echo.data_dir).run.chmod(0o711)
    Path(echo.socket).chmod(0o666)
    with socket.socket(socket.AF_UNIX) as connection:
        with as_user(NOBODY if foreign else 0):
            connection.connect(echo.socket)
        with suppress(BrokenPipeError):
            send(connection, conditions(), [])
        with suppress(ConnectionResetError):
            assert bool(connection.recv(4)) != foreign


@contextmanager
def as_user(number: int) -> Iterator[None]:
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)


def test_layout_and_place_agree(echo: Echo) -> None:
    assert Path(echo.socket).parent == layout_of(echo.data_dir).run
