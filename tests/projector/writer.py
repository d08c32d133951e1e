"""A process that gives commands until it is told to stop, and prints the receipts of those that were accepted."""

from __future__ import annotations

import sys
from random import Random
from uuid import UUID

from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.errors import DomainError
from infrastructure.bootstrap import open_store
from infrastructure.settings import Settings


def main(seed: int, count: int, subject: UUID) -> None:
    random = Random(seed)
    with open_store(Settings()) as store:
        me = store.acting_as(subject)
        mine: list[UUID] = []
        for number in range(count):
            if not mine or random.random() < 0.4:
                mine.append(me.do(Task.create, title=f"{seed} {number}").id)
                me.do(Note.write, title=f"note {seed} {number}")
                continue
            verb = random.choice((Task.start, Task.complete, Task.reopen, Task.trash, Task.restore))
            try:
                me.do(verb, random.choice(mine))
            except DomainError:
                continue


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), UUID(sys.argv[3]))
