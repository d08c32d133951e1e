"""What the program asks of a person at a terminal, and of nobody else."""

from __future__ import annotations

import sys

import typer

from infrastructure.errors import ConfigurationError


def at_terminal() -> bool:
    """Return whether somebody can be asked: standard input is open, and a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def typed_passphrase(*, instead: str, confirm: bool) -> str:
    """Return a passphrase that is typed unseen, twice to ``confirm``.

    Raises ConfigurationError, which says what to give ``instead``, where standard input is no terminal.
    """
    if not at_terminal():
        msg = f"a passphrase is needed, and standard input is no terminal to type it at: {instead}"
        raise ConfigurationError(msg)
    typed: str = typer.prompt("passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return typed


def typed_line(question: str) -> str:
    """Return what a person at a terminal answers; standard output stays with what the command prints."""
    sys.stderr.write(f"{question}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()
