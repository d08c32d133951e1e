"""The list of commands: where each is, and its line in the help. A module is imported when it is called for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from typing import Any

import typer
from typer.main import get_group


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of the program; ``help`` repeats the first line of its docstring, which is not loaded for it."""

    module: str
    help: str


COMMANDS = {
    "show": Entry("asking", "Show a record with all its fields."),
    "find": Entry("asking", "List records of one kind."),
    "timeline": Entry("asking", "Show what happened, newest first."),
    "agenda": Entry("asking", "Show what is planned: the next two weeks, or from --since to --until."),
    "search": Entry("asking", "Search titles, texts and names; quotes, or and - work as in web searches."),
    "threads": Entry("asking", "List mail conversations, the latest first."),
    "history": Entry(
        "asking", "Show every change of a record: when, what, who, why, and each field before and after."
    ),
    "audit": Entry("asking", "Show who did what, when and why."),
    "diff": Entry("looking_back", "Show what became of each record between two moments, field by field."),
    "revert": Entry(
        "looking_back",
        "Go back: one --record, one --kind, all of a --person, or what a --run did. A revert can be reverted.",
    ),
    "statistics": Entry("asking", "Show how much there is of each kind."),
    "content": Entry(
        "asking",
        "Write the bytes of a photo, a document, the source of a mail, into a new file, or to standard output.",
    ),
    "init": Entry("changing", "Make a store and register a person in it."),
    "do": Entry(
        "changing", 'Carry out a command: lifeledger do task.create title="Renew passport" due=2026-12-01.'
    ),
    "kinds": Entry(
        "changing",
        "List the kinds of record, or the commands of one with their fields, and what find can filter and sort it by.",
    ),
    "import": Entry(
        "changing",
        "Import files: calendars, contacts, mail, bookmarks, tracks, notes, photos, exported copies. Twice changes nothing.",
    ),
    "erase": Entry(
        "erasing",
        "Forget a person, a kind of their records, a period of it or one record: for good, in backups too.",
    ),
    "erasures": Entry(
        "erasing", "List erasures, show a receipt, or verify that nothing is left of what was erased."
    ),
    "find-person": Entry(
        "erasing",
        "Find in whose contacts and mail an address occurs; erase --record takes such a record away.",
    ),
    "hold": Entry("ruling", "Legal holds: keep a kind or a record whoever asks to erase it."),
    "retention": Entry("ruling", "Retention: keep a kind for some days, then trash or erase it."),
    "backup": Entry(
        "backing_up", "Back up what is new in the ledger, encrypted as it is. The keys are backed up apart."
    ),
    "restore": Entry(
        "backing_up",
        "Bring a backup back into an empty store. Broken off, give the same command again. Keys come first.",
    ),
    "backups": Entry("backing_up", "List, verify and prune backups."),
    "export": Entry(
        "backing_up",
        "Write one person's records and their history as JSON Lines, encrypted with a passphrase unless told otherwise.",
    ),
    "keys": Entry("keeping_keys", "Look after the keys: status, rotate, backup, restore."),
    "worker": Entry(
        "operating", "Keep the read models up to date until SIGTERM; the batch in hand is finished first."
    ),
    "status": Entry("operating", "Tell health, lag, cache and key state, and where the data lies."),
    "migrate": Entry(
        "operating",
        "Bring the ledger and keys databases to the schema of this version; repeats change nothing.",
    ),
    "projections": Entry("operating", "List or retry records whose events a projection could not take."),
    "rebuild": Entry(
        "rebuilding", "Build read models anew beside those that serve, compare both, and swap them."
    ),
    "stop": Entry("operating", "Stop the embedded servers of a data directory."),
    "demo": Entry(
        "operating",
        "Register a person, import a folder of ordinary files and show what can be asked of them.",
    ),
}


FREE_TEXTS = frozenset({"grounds", "name", "purpose", "reason", "words"})
"""Parameters that are texts of people; whoever asks for one says what is wrong with an empty one."""


class EmptyWord(typer.BadParameter):
    """A word of the command line is empty: an unset variable, as like as not, and never what is meant."""


@cache
def command_named(name: str) -> Any:  # noqa: ANN401 - typer does not export the class of its commands
    """Return a command, its module loaded; None where there is none of that name."""
    entry = COMMANDS.get(name)
    if entry is None:
        return None
    module = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    import_module(f"infrastructure.cli.{entry.module}").add_to(module)
    command = get_group(module).commands[name]
    command.help = command.help or entry.help  # under python -OO functions have no docstrings
    _refuse_empty_words(command)
    return command


def _refuse_empty_words(command: Any) -> None:  # noqa: ANN401 - see command_named
    for part in getattr(command, "commands", {}).values():
        _refuse_empty_words(part)
    for param in command.params:
        if param.name not in FREE_TEXTS:
            # As typed: an empty path would be the current folder once it is a Path.
            param.consume_value = partial(_never_empty, param, param.consume_value)


def _never_empty(param: Any, consume: Any, ctx: Any, opts: Any) -> Any:  # noqa: ANN401 - typer's own types
    value, source = consume(ctx, opts)
    if value == "" or (isinstance(value, list | tuple) and "" in value):
        raise EmptyWord("", ctx=ctx, param=param)
    return value, source
