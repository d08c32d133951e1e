"""Several processes at one import when something goes wrong: one clear error, nobody left behind, and the next run goes on."""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from domain.shared.errors import LifeledgerError
from infrastructure.cli.app import EXIT_INTERRUPTED, EXIT_UNAVAILABLE
from infrastructure.errors import ImportBrokenOff, RootKeyProblem, SubjectErased, Unavailable
from infrastructure.importers.crew import Crew
from infrastructure.importers.draft import Outcome
from infrastructure.importers.one_file import FileReport
from infrastructure.importers.run import import_paths
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import ROOT
from tests.importers import overlapping
from tests.importers.test_runs import heads
from tests.soak.faults import workers_of

FILES, ENTRIES = 4, 800  # two batches a file
PATIENCE = 30.0

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of several batches each."""
    return overlapping.folder_of(tmp_path / "files", overlapping.tasks_apart, FILES, ENTRIES)


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Starts the program in a group of processes of its own, as a terminal would; none outlives the test."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "infrastructure.cli", *arguments]
        running.append(
            subprocess.Popen(
                command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, start_new_session=True,
            )
        )  # fmt: skip
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that has to happen."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_there(pid: int) -> bool:
    """Return whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def assert_whole(me: Session, folder: Path, crew: Crew | None, missing: int) -> None:
    """See that the next run takes in what is missing, and the one after it nothing."""
    report = import_paths(me, [folder], crew=crew)
    known = FILES * ENTRIES - missing
    assert report.outcomes == Counter({Outcome.CREATED: missing, Outcome.UNCHANGED: known})
    assert import_paths(me, [folder], crew=crew).outcomes == {Outcome.UNCHANGED: FILES * ENTRIES}


def test_a_killed_member_ends_the_import_and_the_next_one_goes_on(
    me: Session, settings: Settings, folder: Path
) -> None:
    crew, seen = Crew(settings, 2, worth=0), list[int]()

    def kill_one(file: FileReport, entries: int) -> None:
        assert 0 < file.entries < ENTRIES
        if not seen:
            os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)
        seen.append(entries)

    before = heads(me)
    with pytest.raises(ImportBrokenOff) as raised:
        import_paths(me, [folder], progress=kill_one, crew=crew)
    assert isinstance(raised.value, Unavailable)
    assert multiprocessing.active_children() == []
    kept = heads(me) - before
    assert seen[0] <= kept < FILES * ENTRIES
    assert_whole(me, folder, crew, FILES * ENTRIES - kept)


@pytest.mark.usefixtures("person")
def test_a_killed_member_is_one_line_and_an_exit_code(start: Start, folder: Path) -> None:
    program = start("import", str(folder), "--processes", "2", "--person", "ada", "--json")
    until(lambda: len(workers_of(program.pid)) == 2)
    os.kill(workers_of(program.pid)[0], signal.SIGKILL)
    said, complained = program.communicate(timeout=PATIENCE)
    assert (program.returncode, said) == (EXIT_UNAVAILABLE, "")
    assert re.fullmatch(r"lifeledger: A process of the import was killed[^\n]+\n", complained)


@pytest.mark.slow
@pytest.mark.parametrize("events", [0, 1], ids=["while they start", "in the middle of a file"])
def test_ctrl_c_ends_everybody_with_one_word(me: Session, start: Start, folder: Path, events: int) -> None:
    before = heads(me)
    program = start("import", str(folder), "--processes", "2", "--person", "ada", "--json")
    until(lambda: len(workers_of(program.pid)) >= 1)
    until(lambda: heads(me) >= before + events)
    members = workers_of(program.pid)
    os.killpg(program.pid, signal.SIGINT)
    said, complained = program.communicate(timeout=PATIENCE)
    assert (program.returncode, said, complained) == (EXIT_INTERRUPTED, "", "lifeledger: interrupted\n")
    assert not any(map(is_there, members))
    assert_whole(me, folder, None, FILES * ENTRIES - (heads(me) - before))


@pytest.mark.slow
def test_members_leave_by_themselves_when_the_process_that_leads_is_killed(
    me: Session, start: Start, folder: Path
) -> None:
    before = heads(me)
    program = start("import", str(folder), "--processes", "2", "--person", "ada")
    until(lambda: heads(me) > before)
    members = workers_of(program.pid)
    assert len(members) == 2
    program.kill()
    program.wait()
    until(lambda: not any(map(is_there, members)))
    assert "Traceback" not in program.communicate(timeout=PATIENCE)[1]
    assert_whole(me, folder, None, FILES * ENTRIES - (heads(me) - before))


def no_root_key(settings: Settings, _store: Store, _me: Session) -> Settings:
    """Take the root key away from those who have not read it yet."""
    shutil.rmtree(settings.data_dir / "keys")
    return settings


def no_ledger(settings: Settings, _store: Store, _me: Session) -> Settings:
    """Let the members look for PostgreSQL where there is none."""
    nowhere = SecretStr("postgresql://127.0.0.1:9/canary5b8f21c07e?connect_timeout=1")
    return settings.model_copy(update={"ledger_url": nowhere})


def no_person(settings: Settings, store: Store, me: Session) -> Settings:
    """Erase whose files they are."""
    store.erase(me.subject_id, grounds="GDPR 17")
    return settings


@pytest.mark.parametrize(
    ("fault", "kind"), [(no_root_key, RootKeyProblem), (no_ledger, Unavailable), (no_person, SubjectErased)]
)
def test_what_goes_wrong_in_a_member_arrives_by_its_type_and_without_its_words(
    store: Store,
    me: Session,
    settings: Settings,
    folder: Path,
    capfd: pytest.CaptureFixture[str],
    fault: Callable[[Settings, Store, Session], Settings],
    kind: type[LifeledgerError],
) -> None:
    crew = Crew(fault(settings, store, me), 2, worth=0)
    before = heads(me)
    with pytest.raises(kind) as raised:
        import_paths(me, [folder], crew=crew)
    assert type(raised.value) is kind
    assert str(raised.value) == str(kind())
    assert capfd.readouterr().err == ""
    assert multiprocessing.active_children() == []
    assert heads(me) == before
