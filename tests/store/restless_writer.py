"""A process that makes tasks until it is refused, and prints the positions of those that were accepted."""

from __future__ import annotations

import sys
from uuid import UUID

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.errors import ProcessingRestricted
from infrastructure.settings import Settings


def main(subject: UUID) -> None:
    with open_store(Settings()) as store:
        me = store.acting_as(subject)
        positions = [me.do(Task.create, title="first").position]
        sys.stdout.write("writing\n")
        sys.stdout.flush()
        try:
            while True:
                positions.append(me.do(Task.create, title="one more").position)
        except ProcessingRestricted:
            sys.stdout.write(" ".join(map(str, positions)))


if __name__ == "__main__":
    main(UUID(sys.argv[1]))
