"""Commands as data: each public method of an aggregate, its arguments checked against its own signature.

The signature is the single description of a command: the typed Python call, the JSON of the CLI and the
importers, and the published JSON Schema are all read from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from domain.shared.errors import InvalidInput
from domain.shared.record import Record
from domain.shared.values import COMMAND

# Parts given as our own dataclasses are checked too: their constructors take anything.
_STRICT = ConfigDict(
    strict=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False, revalidate_instances="always"
)


class UnknownCommand(InvalidInput):
    """There is no such command for this kind of record."""


@dataclass(frozen=True)
class Command:
    """One verb of one kind: ``task.complete``."""

    kind: type[Record]
    verb: str
    creates: bool

    @property
    def name(self) -> str:
        """Return the name programs use: ``task.complete``."""
        return f"{self.kind.KIND}.{self.verb}"

    @property
    def summary(self) -> str:
        """Return the first line of the method's description, or an empty text."""
        return (inspect.getdoc(getattr(self.kind, self.verb)) or "").partition("\n")[0]

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Check the arguments of a Python call; return all of them by name, defaults filled in.

        Raises InvalidInput, which names the arguments at fault and never their values.
        """
        if not args:
            return self._checked(self._model.model_validate, {**kwargs})
        named = dict(zip(self._positional, args, strict=False))
        if len(args) > len(self._positional) or not named.keys().isdisjoint(kwargs):
            msg = f"{self.name}: too many or repeated arguments"
            raise InvalidInput(msg)
        return self._checked(self._model.model_validate, {**named, **kwargs})

    def arguments_from_json(self, body: bytes | str) -> dict[str, Any]:
        """Check arguments given as a JSON object; see ``arguments``."""
        return self._checked(self._model.model_validate_json, body)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of the arguments."""
        return self._model.model_json_schema()

    def _checked(self, validate: Callable[..., BaseModel], given: object) -> dict[str, Any]:
        try:
            model = validate(given, context=COMMAND)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            known = set(self._model.model_fields)
            faults = sorted({_fault(item["loc"], item["msg"], item["type"], known) for item in found})
            raise InvalidInput(f"{self.name}: " + "; ".join(faults)) from None
        return vars(model)  # made for this call: nobody else has it

    @cached_property
    def _positional(self) -> tuple[str, ...]:
        """The names of the arguments that may be given by place."""
        parameters = self._signature.parameters.values()
        return tuple(each.name for each in parameters if each.kind is not each.KEYWORD_ONLY)

    @cached_property
    def _signature(self) -> inspect.Signature:
        """The signature without its first parameter, which is the record or the origin of a new one."""
        method = inspect.getattr_static(self.kind, self.verb)
        whole = inspect.signature(method.__func__ if self.creates else method)
        skipped = 2 if self.creates else 1
        return whole.replace(parameters=list(whole.parameters.values())[skipped:])

    @cached_property
    def _model(self) -> type[BaseModel]:
        method = inspect.getattr_static(self.kind, self.verb)
        hints = get_type_hints(method.__func__ if self.creates else method, include_extras=True)
        fields: dict[str, Any] = {
            name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
            for name, parameter in self._signature.parameters.items()
        }
        return create_model(self.name, __config__=_STRICT, **fields)


def _fault(location: tuple[int | str, ...], message: str, code: str, known: set[str]) -> str:
    """Describe a fault by the names of our own fields: a name the caller made up may be personal data."""
    if code == "extra_forbidden" or (location and location[0] not in known):
        return "unknown argument"
    if not location:
        return (
            "the arguments are not valid JSON"
            if code == "json_invalid"
            else "the arguments are not one JSON object"
        )
    path = ".".join(str(part) if isinstance(part, int) or part in known else "…" for part in location)
    if code in {"value_error", "missing"} or code.startswith(("string_", "too_", "less_", "greater_")):
        return f"{path}: {message.removeprefix('Value error, ')}"
    if code.startswith("unexpected_"):
        return f"{path}: unknown argument"
    wanted = code.split("_", maxsplit=1)[0]
    return f"{path}: not a valid {'value' if wanted == 'is' else wanted}"


@cache
def commands_of(kind: type[Record]) -> Mapping[str, Command]:
    """Return the commands of a kind by verb: the public methods it and its bases declare, up to Record."""
    found: dict[str, Command] = {}
    for owner in reversed([base for base in kind.__mro__ if issubclass(base, Record) and base is not Record]):
        for name, member in vars(owner).items():
            if name.startswith("_") or name == "trigger_event":
                continue
            if isinstance(member, classmethod):
                found[name] = Command(kind, name, creates=True)
            elif inspect.isfunction(member):
                found[name] = Command(kind, name, creates=False)
    return found
