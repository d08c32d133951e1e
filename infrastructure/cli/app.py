"""The program ``lifeledger``: its commands, and how errors reach a person."""

from __future__ import annotations

import errno
import logging
import os
import sys
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from domain.shared.errors import LifeledgerError
from infrastructure.cli.commands import COMMANDS, EmptyWord, command_named
from infrastructure.embedded.errors import EmbeddedServerError
from infrastructure.errors import Busy, KeyUnavailable, NotFound, Unavailable
from infrastructure.interpreter import relax_collector

PROGRAM = "lifeledger"
EXIT_REFUSED, EXIT_USAGE, EXIT_NOT_FOUND, EXIT_UNAVAILABLE = 1, 2, 3, 4
EXIT_INTERNAL, EXIT_UNWRITTEN, EXIT_INTERRUPTED = 70, 74, 130
_USED_UP = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}


class _Commands(TyperGroup):
    """Loads a command when it is called for: help, and each command, wait for no module they do not need."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - typer's signature
        return command_named(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - typer's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


app = typer.Typer(
    cls=_Commands,
    epilog="Start with: lifeledger init NAME EMAIL, then lifeledger import FOLDER, then lifeledger timeline.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def lifeledger() -> None:
    """Keep what is yours in an encrypted, event-sourced store: tasks, mail, photos, places, money, health."""


def main() -> None:
    """Run the program. An error is one line on stderr, without a traceback and without anybody's data."""
    code = 0
    relax_collector()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show ends no command
    logging.getLogger("psycopg.pool").disabled = True  # a lost server is told once, by the command
    try:
        code = _carried_out(sys.argv[1:] or ["--help"])
        if sys.stdout is not None:
            sys.stdout.flush()  # the interpreter would do it too late for a word
    except typer.Exit as leaving:
        code = leaving.exit_code
    except SystemExit:
        raise  # typer's own answer to a reader that went away
    except BrokenPipeError:
        _let_go_of_output()  # the reader went away: say no more
    except BaseException as error:
        if os.environ.get("LIFELEDGER_DEBUG"):
            raise
        if isinstance(error, OSError) and _output_is_stuck():
            _let_go_of_output()
            message, code = "cannot write the output", EXIT_UNWRITTEN
        else:
            message, code = _told(error)
        print(f"lifeledger: {message}", file=sys.stderr)  # noqa: T201 - this is the program's voice
    sys.exit(code)


def _output_is_stuck() -> bool:
    """Return whether something was printed that cannot be written: it is kept, and tried again."""
    if sys.stdout is None:
        return False
    try:
        sys.stdout.flush()
        os.write(sys.stdout.fileno(), b"")  # where Python keeps nothing
    except OSError:
        return True
    return False


def _let_go_of_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _carried_out(arguments: list[str]) -> int:
    """Carry out a command line and return its exit code; raises typer.Abort where it was interrupted."""
    code: int = app(arguments, prog_name=PROGRAM, standalone_mode=False) or 0
    if code == EXIT_INTERRUPTED:
        raise typer.Abort  # of itself typer leaves without a word
    return code


def _told(error: BaseException) -> tuple[str, int]:
    """Return what to say of an error, and the exit code."""
    match error:
        case typer.Abort() | KeyboardInterrupt():
            return "interrupted", EXIT_INTERRUPTED
        case TyperException():
            return _usage(error), EXIT_USAGE
        case NotFound():
            return str(error), EXIT_NOT_FOUND
        case Unavailable() | Busy() | KeyUnavailable() | EmbeddedServerError():
            return str(error), EXIT_UNAVAILABLE
        case LifeledgerError():
            return str(error), EXIT_REFUSED
    return _unforeseen(error)


def _unforeseen(error: BaseException) -> tuple[str, int]:
    match error:
        case OSError(errno=number) if number in _USED_UP:
            return f"this machine has no more of what is needed: {os.strerror(number)}", EXIT_UNAVAILABLE
        case MemoryError() | RuntimeError(args=("can't start new thread",)):
            lacking = "there is too little memory, or too few processes are allowed"
            return f"{lacking}; see ulimit -v and ulimit -u", EXIT_UNAVAILABLE
    # The text of an unforeseen error may quote data, so only its type is shown.
    return f"internal error ({type(error).__name__}); LIFELEDGER_DEBUG=1 shows where", EXIT_INTERNAL


def _usage(error: TyperException) -> str:
    """Describe wrong usage by the names of our own parameters, never by what was typed."""
    context = getattr(error, "ctx", None)
    place = context.command_path if context is not None else PROGRAM
    parameter = getattr(error, "param", None)
    named = parameter.name if parameter is not None else getattr(error, "param_hint", None)
    wrong = "empty" if isinstance(error, EmptyWord) else "missing or not valid"
    what = f"{named} is {wrong}" if named else "wrong usage"
    return f"{what}; see {place} --help"
