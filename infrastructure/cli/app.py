"""The program ``lifeledger``: its commands, and how errors reach a person."""

from __future__ import annotations

import os
import sys

import typer
from typer.exceptions import TyperException

from domain.shared.errors import LifeledgerError
from infrastructure.cli import asking, backing_up, changing, operating
from infrastructure.embedded.errors import EmbeddedServerError
from infrastructure.errors import KeyUnavailable, NotFound, Unavailable

EXIT_REFUSED, EXIT_USAGE, EXIT_NOT_FOUND, EXIT_UNAVAILABLE, EXIT_INTERNAL, EXIT_INTERRUPTED = (
    1,
    2,
    3,
    4,
    70,
    130,
)

app = typer.Typer(
    help="An encrypted, event-sourced store of what you keep: tasks, mail, photos, places, money, health.",
    epilog="Start with: lifeledger init NAME EMAIL, then lifeledger import FOLDER, then lifeledger timeline.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
asking.add_to(app)
changing.add_to(app)
operating.add_to(app)
backing_up.add_to(app)


def main() -> None:
    """Run the program. An error is one line on stderr, without a traceback and without anybody's data."""
    code = 0
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False) or 0
    except typer.Exit as leaving:
        code = leaving.exit_code
    except SystemExit:
        raise  # typer's own answer to a reader that went away
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away: say no more
    except BaseException as error:
        if os.environ.get("LIFELEDGER_DEBUG"):
            raise
        message, code = _told(error)
        print(f"lifeledger: {message}", file=sys.stderr)  # noqa: T201 - this is the program's voice
    sys.exit(code)


def _told(error: BaseException) -> tuple[str, int]:
    """Return what to say of an error, and the exit code."""
    match error:
        case typer.Abort() | KeyboardInterrupt():
            return "interrupted", EXIT_INTERRUPTED
        case TyperException():
            return _usage(error), EXIT_USAGE
        case NotFound():
            return str(error), EXIT_NOT_FOUND
        case Unavailable() | KeyUnavailable() | EmbeddedServerError():
            return str(error), EXIT_UNAVAILABLE
        case LifeledgerError():
            return str(error), EXIT_REFUSED
    # The text of an unforeseen error may quote data, so only its type is shown.
    return f"internal error ({type(error).__name__}); LIFELEDGER_DEBUG=1 shows where", EXIT_INTERNAL


def _usage(error: TyperException) -> str:
    """Describe wrong usage by the names of our own parameters, never by what was typed."""
    context = getattr(error, "ctx", None)
    place = context.command_path if context is not None else "lifeledger"
    parameter = getattr(error, "param", None)
    what = f"{parameter.name} is missing or not valid" if parameter is not None else "wrong usage"
    return f"{what}; see {place} --help"
