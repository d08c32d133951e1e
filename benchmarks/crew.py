"""Processes that do the same work at the same time, over and over, each with a store or connection of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any, Self

from infrastructure.interpreter import relax_collector

Setup = Callable[..., Callable[[], object]]
"""Given an ExitStack and the member's own arguments, returns the work; a function of a module, to be spawned."""


class Crew:
    """Call it to let every member work once; it returns when the last has finished."""

    def __init__(self, setup: Setup, members: Sequence[tuple[Any, ...]]) -> None:
        spawn = multiprocessing.get_context("spawn")  # connections and threads do not survive a fork
        self._lines: list[Connection[Any, Any]] = []
        self._processes = []
        for arguments in members:
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_work_when_told, args=(theirs, setup, arguments), daemon=True)
            process.start()
            self._lines.append(ours)
            self._processes.append(process)
            _hear(ours)  # one after the other: the peer's tables cannot be made by two at once

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tell(go_on=False)
        for process in self._processes:
            process.join()

    def __call__(self) -> None:
        self._tell(go_on=True)
        for line in self._lines:
            _hear(line)

    def _tell(self, *, go_on: bool) -> None:
        for line in self._lines:
            line.send(go_on)


def _hear(line: Connection[Any, Any]) -> None:
    fault = line.recv()
    if fault is not None:
        raise RuntimeError(fault)


def _work_when_told(line: Connection[Any, Any], setup: Setup, arguments: tuple[Any, ...]) -> None:
    relax_collector()
    try:
        with ExitStack() as resources:
            work = setup(resources, *arguments)
            line.send(None)
            while line.recv():
                work()
                line.send(None)
    except Exception as error:  # noqa: BLE001 - told to whoever leads the crew
        line.send(repr(error))
