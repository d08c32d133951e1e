"""The program itself by its standby: the same bytes, and whatever it does done once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from infrastructure.embedded.servers import EmbeddedServers, running
from infrastructure.standby.wire import FIXED_AT_START
from tests.embedded.conftest import end_servers, temporary_data_dir
from tests.embedded.processes import needs_proc, processes_of, wait_until
from tests.standby.conftest import ROOT, has_loaded, standby_of

# The program, and at its end a word on whether this process has loaded it.
_PROGRAM = """
import atexit, os, sys
atexit.register(lambda: print("itself" if "typer" in sys.modules else "standby", file=open(os.environ["BY"], "w")))
sys.path.insert(0, sys.argv.pop(1))
from infrastructure.cli.entry import main
main()
"""


STANDBY = "infrastructure.cli.standby_process"
# By look_at_terminal(); and HOME, which only tells sysconfig where people install packages of their own.
READ_AGAIN = {"COLUMNS", "FORCE_COLOR", "HOME", "LINES", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}


@dataclass
class Finished:
    code: int
    out: bytes
    errors: bytes
    by: str


@dataclass
class Program:
    data_dir: Path
    folder: Path
    task: str = ""

    def environment(self, **changes: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LIFELEDGER_")}
        return {**inherited, "LIFELEDGER_DATA_DIR": str(self.data_dir), "COLUMNS": "200", **changes}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", _PROGRAM, str(ROOT), *words]

    def run(self, *words: str, **changes: str) -> Finished:
        by = self.folder / f"by-{uuid4()}"
        finished = subprocess.run(
            self.command(*words),
            env=self.environment(BY=str(by), **changes),
            cwd=self.folder,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Finished(finished.returncode, finished.stdout, finished.stderr, by.read_text().strip())

    def standbys(self) -> list[int]:
        return [pid for pid, command in processes_of(self.data_dir).items() if STANDBY in command]

    def make(self, title: str) -> str:
        """Create a task by the standby and return its id."""
        finished = self.run("do", "task.create", f"title={title}", "--json")
        assert (finished.code, finished.by) == (0, "standby"), finished.errors
        return str(json.loads(finished.out)["id"])


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program on a data directory with servers, a person and a task."""
    with temporary_data_dir() as data_dir:
        program = Program(data_dir, tmp_path_factory.mktemp("standby"))
        for words in ("init ada ada@example.org", "do task.create title=Passport --json"):
            finished = program.run(*words.split(), LIFELEDGER_STANDBY="0")
            assert finished.code == 0, finished.errors
        program.task = json.loads(finished.out)["id"]
        yield program


@pytest.fixture
def program(used: Program) -> Program:
    """The same, with a standby that a command has left behind."""
    if not used.standbys():
        finished = used.run("find", "task")
        assert (finished.code, finished.by) == (0, "itself"), finished.errors
    wait_until(lambda: has_loaded(used.data_dir), seconds=60)
    return used


@pytest.mark.parametrize(
    "line",
    [
        "find task",
        "find task --json --where status=todo",
        "find nothing",
        "find task --cursor=",
        "find task --person=",
        "show 00000000-0000-0000-0000-000000000000",
        "show {task}",
        "show {task} --json",
        "history {task}",
        "timeline --as-of yesterday",
        "agenda --since 2026-12-01 --until 2026-12-20",
        "search passport",
        "audit --record {task} --json",
        "status --json",
        "diff yesterday now",
        "do task.retitle {task} title=",
        "do task.create nobody=x",
        "find",
        "find --help",
    ],
)
def test_a_standby_answers_in_the_same_bytes(program: Program, line: str) -> None:
    words = line.format(task=program.task).split()
    by_standby, by_itself = program.run(*words), program.run(*words, LIFELEDGER_STANDBY="0")
    assert (by_standby.by, by_itself.by) == ("standby", "itself")
    assert by_standby.out or by_standby.errors
    assert (by_standby.code, by_standby.out, by_standby.errors) == (
        by_itself.code,
        by_itself.out,
        by_itself.errors,
    )


def test_bytes_of_content_come_out_as_they_went_in(program: Program) -> None:
    data = bytes(range(256)) * 1_000
    (program.folder / "photo.jpg").write_bytes(data)
    added = program.run("do", "media.add", "kind=photo", "content=@photo.jpg", "--json")
    shown = program.run("show", json.loads(added.out)["id"], "--json")
    blob = json.loads(shown.out)["content"]["blob_id"]
    for by, changes in (("standby", {}), ("itself", {"LIFELEDGER_STANDBY": "0"})):
        finished = program.run("content", blob, "-", **changes)
        assert (finished.code, finished.errors, finished.by) == (0, b"", by)
        assert finished.out == data


def test_tables_fit_the_terminal_of_the_caller(program: Program) -> None:
    program.make("a title that is rather long, and cannot stand in so narrow a table without a fold")
    narrow, wide = program.run("find", "task", COLUMNS="60"), program.run("find", "task", COLUMNS="200")
    assert (narrow.by, wide.by) == ("standby", "standby")
    assert max(map(len, narrow.out.splitlines())) <= 60 < max(map(len, wide.out.splitlines()))
    assert narrow.out == program.run("find", "task", COLUMNS="60", LIFELEDGER_STANDBY="0").out


def test_a_data_directory_may_be_named_from_where_one_is(program: Program) -> None:
    elsewhere = str(program.folder / "elsewhere")
    named = os.path.relpath(program.data_dir, program.folder)
    for words in (["--data-dir", named], [f"--data-dir={named}"]):
        finished = program.run("find", "task", "--json", *words, LIFELEDGER_DATA_DIR=elsewhere)
        assert (finished.code, finished.by) == (0, "standby"), finished.errors
        assert finished.out == program.run("find", "task", "--json").out
    assert not Path(elsewhere).exists()


def test_settings_are_the_callers(program: Program) -> None:
    finished = program.run("find", "task", LIFELEDGER_ROOT_KEY="not a key", LIFELEDGER_IDLE_MINUTES="3")
    assert (finished.code, finished.by) == (4, "standby")
    assert b"root key" in finished.errors.lower()
    assert program.run("find", "task").code == 0


def test_many_commands_at_once_are_each_carried_out_once(program: Program) -> None:
    titles = [f"at once {number}" for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(program.make, titles))
    assert len(set(map(UUID, ids))) == 16
    found = [
        json.loads(line) for line in program.run("find", "task", "--limit", "500", "--json").out.splitlines()
    ]
    assert sorted(each["title"] for each in found if each["title"].startswith("at once")) == sorted(titles)


def test_output_into_a_closed_pipe_ends_as_it_always_does(program: Program) -> None:
    def ended(**changes: str) -> tuple[int, bytes]:
        by = str(program.folder / "by")
        with subprocess.Popen(
            program.command("kinds", "task", "--json"),
            env=program.environment(BY=by, **changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            return process.wait(60), process.stderr.read()

    assert ended() == ended(LIFELEDGER_STANDBY="0")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "line", ["find task", "find task --json", "kinds", "do note.write title=n", "find --help"]
)
def test_output_that_cannot_be_written_is_told_in_one_line(
    program: Program, line: str, unbuffered: str
) -> None:
    for changes in ({}, {"LIFELEDGER_STANDBY": "0"}):
        by = str(program.folder / "by")
        with Path("/dev/full").open("wb") as full:
            finished = subprocess.run(
                program.command(*line.split()),
                env=program.environment(BY=by, PYTHONUNBUFFERED=unbuffered, **changes),
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=120,
                check=False,
            )
        assert (finished.returncode, finished.stderr) == (74, b"lifeledger: cannot write the output\n")


def test_a_switch_turns_it_off_and_so_do_servers_of_ones_own(used: Program) -> None:
    assert used.run("stop").code == 0
    assert used.run("find", "task", LIFELEDGER_STANDBY="0").by == "itself"
    used.run(
        "find", "task", LIFELEDGER_LEDGER_URL="postgresql:///none", LIFELEDGER_KEYS_URL="postgresql:///none"
    )
    assert not used.standbys()
    used.run("find", "task")
    wait_until(lambda: has_loaded(used.data_dir), seconds=60)


@needs_proc
def test_what_opens_no_store_starts_no_standby(used: Program) -> None:
    nowhere = str(used.folder / "nowhere")
    assert used.run("stop").code == 0
    for words in (["find", "--help"], ["--help"], ["find", "--data-dir", nowhere, "--help"], ["stop"]):
        assert used.run(*words).code == 0
    assert processes_of(used.data_dir) == {}
    assert not Path(nowhere).exists()
    used.run("find", "task")
    wait_until(lambda: has_loaded(used.data_dir), seconds=60)


@needs_proc
def test_stop_leaves_neither_servers_nor_standby(program: Program) -> None:
    assert len(program.standbys()) == 1
    assert program.run("stop").out == b"stopped\n"
    assert processes_of(program.data_dir) == {}
    assert program.run("stop").out == b"no servers were running\n"


@needs_proc
def test_a_standby_does_not_keep_the_servers_up(used: Program) -> None:
    end_servers(used.data_dir)
    with EmbeddedServers(used.data_dir, idle_seconds=1.0):
        assert used.run("find", "task").by == "itself"
        wait_until(lambda: standby_of(used.data_dir), seconds=60)
    wait_until(lambda: running(used.data_dir) is None)
    wait_until(lambda: processes_of(used.data_dir) == {})


def test_the_program_begins_without_what_is_slow_to_load() -> None:
    code = "import sys; before = set(sys.modules); import infrastructure.cli.entry; print(*set(sys.modules) - before)"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "socket" in loaded
    assert not {"pathlib", "typing", "dataclasses", "json", "re", "subprocess"} & set(loaded)
    assert len(loaded) < 40


def test_a_command_finds_everything_loaded(program: Program) -> None:
    code = """
import os, sys
from infrastructure.cli.standby_process import load, run
list(load())
for line in sys.stdin:
    sys.stdout.flush()
    if os.fork() == 0:
        sys.argv = ["lifeledger", *line.split()]
        known, sys.stdout = set(sys.modules), open(os.devnull, "w")
        try:
            run()
        except SystemExit as end:
            sys.stderr.write(f"{end.code or 0} {sorted(set(sys.modules) - known)}\\n")
        os._exit(0)
    os.wait()
"""
    # With an erasure in the store each command looks whether it is done.
    erased = program.make("to be erased")
    assert program.run("erase", "--record", erased, "--grounds", "x").code == 0
    lines = [
        "find task",
        "do note.write title=n",
        "agenda",
        "search n",
        "audit",
        "status",
        "find task --as-of yesterday",
        "find-person ada@example.org",
        "erasures list",
        "hold list",
        "retention set task --days 7 --then trash",
        "retention list",
        "keys status",
        "backups list",
        "projections parked",
        "rebuild --list",
        f"revert --record {program.task} --to now",
        f"erase --record {program.task} --dry-run",
        "worker --help",
    ]
    finished = subprocess.run(
        [sys.executable, "-c", code],
        input="\n".join(lines),
        env=program.environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stderr.splitlines() == ["0 []"] * len(lines)


def test_what_loading_reads_of_the_environment_is_compared() -> None:
    """A variable read while a module is loaded is fixed in a standby, so a caller with another value is declined."""
    code = """
import os, sys
asked = set()
class Noting(type(os.environ)):
    def __getitem__(self, name):
        asked.add(name)
        return super().__getitem__(name)
os.environ.__class__ = Noting
from infrastructure.cli.standby_process import load
list(load())
print(*sorted(asked))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    asked = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"COLUMNS", "PSYCOPG_IMPL"} <= set(asked)
    assert [name for name in asked if not name.startswith(FIXED_AT_START) and name not in READ_AGAIN] == []
