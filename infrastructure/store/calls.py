"""A command that somebody asks for, before it is carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.shared.commands import Command, UnknownCommand, commands_of
from domain.shared.errors import InvalidInput
from domain.shared.json_text import ReadOnce, json_of
from domain.shared.record import Record
from infrastructure.crypto.cipher import derive
from infrastructure.crypto.keyring import KeyRing
from infrastructure.errors import NotFound
from infrastructure.store.upload import Upload


@dataclass(frozen=True, slots=True)
class Call:
    """A command with its arguments, ready to be carried out on a record or to make a new one."""

    method: Callable[..., Any]
    record_id: UUID | None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def creates(self) -> bool:
        """Whether the command makes a new record."""
        return isinstance(getattr(self.method, "__self__", None), type)

    @property
    def kind(self) -> type[Record]:
        """The kind of record that a creating command makes."""
        kind: type[Record] = getattr(self.method, "__self__")  # noqa: B009 - callables in general have none
        return kind

    def command_of(self, kind: type[Record]) -> Command:
        """Return the command a kind has for the method, which must be its own or that of a base.

        Raises NotFound for a method of another kind, UnknownCommand.
        """
        verb = getattr(self.method, "__name__", "")
        given = getattr(self.method, "__func__", self.method)
        own = getattr(kind, verb, None)
        if getattr(own, "__func__", own) is not given and not _is_inherited(kind, verb, given):
            raise NotFound
        command = commands_of(kind).get(verb)
        if command is None:
            raise UnknownCommand
        return command


def request_digest(keys: KeyRing, subject_id: UUID, calls: Sequence[Call]) -> bytes:
    """Return a keyed digest of commands and arguments: it tells a repeated command from a reused id."""
    said = [(_words(call), call.record_id, *_told(call)) for call in calls]
    try:
        wire = json_of(said)
    except ReadOnce:
        msg = "what can be read only once cannot lie inside an argument; give a list or a tuple"
        raise InvalidInput(msg) from None
    except ValueError:  # a lone surrogate, an object of a foreign class: no signature takes these
        raise InvalidInput from None
    return derive(keys.subject_secret(subject_id, "index"), b"request", wire)


def _words(call: Call) -> str:
    """Return the command's name; which class of a kind holds the method may change and says nothing."""
    kind = f"{call.kind.KIND}." if call.creates else ""
    return f"{kind}{getattr(call.method, '__name__', '')}"


def _told(call: Call) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments with what tells the bytes of an upload in its place."""
    args = [each.told if isinstance(each, Upload) else each for each in call.args]
    kwargs = {name: value.told if isinstance(value, Upload) else value for name, value in call.kwargs.items()}
    return args, kwargs


def _is_inherited(kind: type[Record], verb: str, given: Callable[..., Any]) -> bool:
    """Return whether a base of the kind has the method, which the kind then has in its own way."""
    return any(vars(base).get(verb) is given for base in kind.__mro__)
