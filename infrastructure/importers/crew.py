"""Several processes at one import: each opens the store for itself and takes in one file after the other."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from pickle import PicklingError
from typing import TypeVar
from uuid import UUID

from infrastructure.errors import ImportBrokenOff
from infrastructure.importers.one_file import FileReport, NamedFile, Run, import_file
from infrastructure.interpreter import relax_collector
from infrastructure.settings import Settings
from infrastructure.store.session import Session

MOST_BY_DEFAULT = 4
"""Processes; more of them wait for the same lock, as everything of a person is appended to one bucket."""

WORTH_A_CREW = 4 << 20
"""Bytes of files from which on an import takes several processes by default.

A process takes about a second of processor time to start; so much of calendars, mail or tracks takes one process four and
more, of photos about one, which gain nothing then. Four megabytes of calendars: 8.8 s instead of 10.3.
"""

Tell = Callable[[int, FileReport], None]
"""Hears how far a file is that is named by its place in a list."""

T = TypeVar("T")
_Errand = tuple[int, NamedFile]
_Word = tuple[int, FileReport] | type[BaseException] | None
"""What a member says: how far a file is, the type of an error that ends it, or None when it wants a file."""


def processes_by_default() -> int:
    """Return how many processes an import may use: as many as this one has processors, within bounds."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(here, MOST_BY_DEFAULT)


@dataclass(frozen=True, slots=True)
class _Duty:
    """Everything a member has to know to do what the session that leads would do."""

    settings: Settings
    folder: Path
    """Where paths begin that are not absolute."""
    subject_id: UUID
    actor_id: UUID
    purpose: str | None
    run: Run


@dataclass(frozen=True, slots=True)
class _Member:
    """A process, and the line to it."""

    process: SpawnProcess
    line: Connection[_Errand, _Word]


class Crew:
    """Imports files with up to ``count`` processes, where the files are ``worth`` that many bytes together."""

    def __init__(self, settings: Settings, count: int, *, worth: int) -> None:
        self._settings = settings
        self._count = count
        self._worth = worth

    def is_worth_starting(self, files: Sequence[NamedFile]) -> bool:
        """Return whether there are files enough for several processes to share."""
        return min(self._count, len(files)) > 1 and sum(map(_size, files)) >= self._worth

    def import_files(self, session: Session, files: Sequence[NamedFile], run: Run, tell: Tell) -> None:
        """Import files, the largest first; ``tell`` is called after every batch.

        Raises what went wrong in a process, by its type, and ImportBrokenOff where one was killed. However this
        ends, no process is left.
        """
        duty = _Duty(self._settings, Path.cwd(), session.subject_id, session.actor_id, session.purpose, run)
        members: list[_Member] = []
        try:
            _start(members, min(self._count, len(files)), duty)
            _share_out(files, members, tell)
        except BaseException:
            for each in members:
                each.process.terminate()
            raise
        finally:
            for each in members:
                each.line.close()
                each.process.join()


def _start(members: list[_Member], count: int, duty: _Duty) -> None:
    """Start processes that do not hear Ctrl-C, which goes to every process of a terminal: this one ends them.

    They are started by a thread, which no KeyboardInterrupt can stop in the middle of it.
    """

    def start() -> None:
        resource_tracker.ensure_running()  # where it is started later, it lets interrupts through again
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # processes inherit it
        spawn = multiprocessing.get_context("spawn")  # connections and threads do not survive a fork
        for _ in range(count):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=take_files, args=(theirs, duty), daemon=True)
            process.start()
            theirs.close()
            members.append(_Member(process, ours))

    with ThreadPoolExecutor(max_workers=1) as starter:
        starter.submit(start).result()


def _share_out(files: Sequence[NamedFile], members: Sequence[_Member], tell: Tell) -> None:
    """Give each member a file whenever it wants one, until all are done."""
    left = sorted(range(len(files)), key=lambda number: _size(files[number]))
    lines = [member.line for member in members]
    while lines:
        ready = wait(lines)
        for line in [each for each in lines if each in ready]:
            said = _asked(line.recv)
            if isinstance(said, tuple):
                tell(*said)
            elif said is not None:
                raise _without_words(said)
            elif left:
                number = left.pop()
                _asked(partial(line.send, (number, files[number])))
            else:
                lines.remove(line)


def _asked(ask: Callable[[], T]) -> T:
    """Return what a member answers; raises ImportBrokenOff where there is nobody any more."""
    try:
        return ask()
    except (EOFError, OSError):
        raise ImportBrokenOff from None


def _without_words(kind: type[BaseException]) -> BaseException:
    """Return an error of a type; its words may hold data, so that they do not cross from process to process."""
    try:
        return kind()
    except TypeError:  # its words are not optional
        return kind.__new__(kind)


def _size(file: NamedFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0  # gone, or closed to us: whoever reads it says so


def take_files(line: Connection[_Word, _Errand], duty: _Duty) -> None:
    """Take in the files that the line names until it is closed; what goes wrong is told by its type alone."""
    from infrastructure.bootstrap import reach_engine  # noqa: PLC0415 - loaded in the member, not beside it

    _leave_with_parent()
    relax_collector()
    logging.getLogger("psycopg.pool").disabled = True  # a lost server is told once, by the one who leads
    try:
        os.chdir(duty.folder)
        with reach_engine(duty.settings) as engine:
            session = Session(engine, duty.subject_id, duty.actor_id, duty.purpose)
            for number, file in _files_from(line):
                import_file(session, file, duty.run, partial(_say, line, number))
    except BaseException as error:  # noqa: BLE001 - whatever it is, multiprocessing would print it with its words
        with suppress(OSError, PicklingError):  # nobody hears, or the type is nothing another process knows
            line.send(type(error))


def _files_from(line: Connection[_Word, _Errand]) -> Iterator[tuple[int, NamedFile]]:
    with suppress(EOFError):
        while True:
            line.send(None)
            yield line.recv()


def _say(line: Connection[_Word, _Errand], number: int, report: FileReport) -> None:
    line.send((number, report))


def _leave_with_parent() -> None:
    """End at once when the process that leads is gone, also in the middle of a file: every append is whole."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
