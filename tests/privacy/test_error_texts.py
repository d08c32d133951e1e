"""What was put in is personal data: no error, traceback, log line or output repeats it, whatever was wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import TypeAdapter, ValidationError

from domain.catalogue import KINDS, kind_named
from domain.core.user import User
from domain.shared.commands import Command, commands_of
from domain.shared.errors import DomainError, InvalidInput, LifeledgerError
from domain.shared.values import Line
from infrastructure.store.session import Session, named
from infrastructure.store.store import Person
from tests.privacy.planting import Planter, all_commands
from tests.privacy.telling import CANARY, silence, told

__all__ = ["silence"]

LONGEST_LINE = 1_000

FORMS: Mapping[str, Callable[[], Any]] = {
    "text": lambda: CANARY,
    "NUL": lambda: f"{CANARY}\0",
    "lines": lambda: f"{CANARY}\n\x1b[31m{CANARY}",
    "too long": lambda: CANARY * (LONGEST_LINE // len(CANARY) + 1),
    "list": lambda: [CANARY, {"a": CANARY}],
    "object": lambda: {CANARY: CANARY, "name": CANARY, "kind": CANARY, "address": CANARY},
}
"""What is put into every field: wrong in most."""

PYTHON_FORMS: Mapping[str, Callable[[], Any]] = {
    **FORMS,
    "bytes": CANARY.encode,
    "lone surrogate": lambda: f"{CANARY}\ud800",
    "own class": type(CANARY, (), {"__repr__": lambda _self: CANARY}),
}
TOO_LONG_FOR_ANY = CANARY * (1_000_001 // len(CANARY) + 1)


def refusals(attempts: Iterator[Callable[[], Any]]) -> int:
    """Make the attempts; return how many were refused, each without a word of what was put in."""
    refused = 0
    for attempt in attempts:
        try:
            attempt()
        except DomainError as error:
            refused += 1
            seen = CANARY in told(error)
        else:
            continue
        assert not seen, "an error repeats what was put in"
    return refused


def json_attempts(command: Command) -> Iterator[Callable[[], Any]]:
    """Yield attempts to give a command by name and JSON: each field wrong by itself, names and the whole as well."""
    names = list(command.json_schema().get("properties", {}))
    valid = Planter().arguments(command) if command.creates else {}
    bodies = [orjson.dumps({**valid, name: form()}) for name in names for form in FORMS.values()]
    bodies += [orjson.dumps({**valid, CANARY: CANARY}), orjson.dumps([CANARY]), orjson.dumps(CANARY)]
    bodies += [f'{{"{CANARY}": "{CANARY}'.encode(), CANARY.encode() + b"\xff", f'{{"a": {CANARY}}}'.encode()]
    for body in bodies:
        yield lambda body=body: named(command.kind.KIND, command.verb, UUID(int=1), body)  # type: ignore[misc]  # bound now


def python_attempts(me: Session, command: Command, record_id: UUID) -> Iterator[Callable[[], Any]]:
    """Yield attempts to give a command in Python: all fields wrong in the same way, unknown and too many ones as well."""
    method = getattr(command.kind, command.verb)
    target = () if command.creates else (record_id,)
    names = list(command.json_schema().get("properties", {}))
    for form in PYTHON_FORMS.values() if names else ():
        yield lambda form=form: me.do(method, *target, **{name: form() for name in names})  # type: ignore[misc]  # bound now
    yield lambda: me.do(method, *target, **{CANARY: CANARY})
    yield lambda: me.do(method, *target, *[CANARY] * 60)


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("kind", KINDS)
def test_commands_given_by_name_refuse_without_repeating(kind: str) -> None:
    for command in commands_of(kind_named(kind)).values():
        assert refusals(json_attempts(command)) >= 6, command.name


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("kind", KINDS)
def test_commands_given_in_python_refuse_without_repeating(me: Session, person: Person, kind: str) -> None:
    commands = commands_of(kind_named(kind))
    create = next(command for command in commands.values() if command.creates)
    record_id = person.id
    if create.kind is not User:
        record_id = me.do(getattr(create.kind, create.verb), **Planter().checked(create)).id
    for command in commands.values():
        assert refusals(python_attempts(me, command, record_id)) >= 2, command.name


@pytest.mark.usefixtures("silence")
def test_texts_too_long_for_any_field_are_refused_without_repeating() -> None:
    texts = [
        (command, name)
        for command in all_commands()
        for name, described in command.json_schema().get("properties", {}).items()
        if described.get("type") == "string"
    ]
    body = orjson.dumps(TOO_LONG_FOR_ANY)
    attempts = (
        lambda command=command, name=name: command.arguments_from_json(b'{"%s":%s}' % (name.encode(), body))
        for command, name in texts
    )
    assert refusals(iter(attempts)) == len(texts)


@pytest.mark.usefixtures("silence")
def test_an_unknown_kind_or_verb_is_not_repeated() -> None:
    with pytest.raises(LifeledgerError) as unknown_kind:
        named(CANARY, "create", None, b"{}")
    with pytest.raises(LifeledgerError) as unknown_verb:
        named("task", CANARY, None, b"{}")
    assert CANARY not in told(unknown_kind.value) + told(unknown_verb.value)


def test_pydantic_by_itself_repeats_what_was_put_in() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Line).validate_python(f"{CANARY}\0")
    assert CANARY in told(caught.value)


def test_an_error_that_hides_the_input_but_not_its_cause_is_seen() -> None:
    def careless() -> None:
        try:
            TypeAdapter(Line).validate_python(f"{CANARY}\0")
        except ValidationError as error:
            raise InvalidInput from error

    with pytest.raises(AssertionError, match="repeats"):
        refusals(iter([careless]))
