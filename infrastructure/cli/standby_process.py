"""The standby of this program: what it loads beforehand, and what its forks run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from infrastructure.standby.server import stand_by

_ASKED_MOST = ("find", "do", "status", "diff")
"""Commands of which the modules are loaded before the first answer; the others come after it."""

_LOADED_LATER = (
    "encodings.ascii",
    "importlib.readers",
    "importlib.resources._adapters",
    "infrastructure.cli.app",
    "infrastructure.backup.shelf",
    "infrastructure.caretaking",
    "infrastructure.cli.importing",
    "infrastructure.crypto.key_status",
    "infrastructure.erasure.on_hand",
    "infrastructure.projector.past",
    "infrastructure.store.past",
    "infrastructure.store.retention",
    "migrations.keys",
    "migrations.ledger",
    "projections.agenda",
    "pydantic.dataclasses",
    "redis",
    "rich._emoji_codes",
    "typer._adapters",
    "typer._click._textwrap",
    "typer._click.decorators",
    "tzdata",
)
"""What commands import only when they need it, beside kinds and views; the test of imports finds what is missing here."""


def load() -> Iterator[None]:
    """Import what every quick command needs, then step by step whatever one may; nothing is opened, asked or drawn."""
    from domain.catalogue import KINDS  # noqa: PLC0415 - not before the lock is taken
    from infrastructure.cli.commands import COMMANDS, command_named  # noqa: PLC0415 - see above
    from infrastructure.importers.formats import FORMATS, importer_for  # noqa: PLC0415 - see above
    from projections.catalogue import view_of  # noqa: PLC0415 - see above

    for name in _ASKED_MOST:
        command_named(name)
    yield
    for name in COMMANDS:  # all of them: any may be asked for its --help
        command_named(name)
        yield
    for module in _LOADED_LATER:
        with suppress(ModuleNotFoundError):  # other versions of Python have other parts
            import_module(module)
        yield
    for kind in KINDS:
        view_of(kind)
        yield
    for ending in FORMATS:
        importer_for(ending)
        yield


def run() -> None:
    """Run the program in a fork, as a process of its own would; raises SystemExit."""
    from infrastructure.cli.app import main  # noqa: PLC0415 - loaded before
    from infrastructure.cli.output import look_at_terminal  # noqa: PLC0415 - loaded before

    look_at_terminal()
    main()


def main() -> None:
    """Stand by for the data directory that the command line names."""
    stand_by(Path(sys.argv[1]), load=load, run=run)
