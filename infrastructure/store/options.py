"""The options of a question, checked against its own signature before anything is asked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from types import SimpleNamespace
from typing import Any, Concatenate, ParamSpec, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.shared.errors import InvalidInput
from infrastructure.store.given import checked_id

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")


def asks(question: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Have a question raise InvalidInput, which names the option, for one of another type than its signature says.

    An id may be text in its canonical form. Filters are no options: what they may be is told by the columns.
    """
    options = _Options(question)

    @wraps(question)
    def asked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return question(self, *options.by_place(args), **options.by_name(kwargs))

    return asked


class _Options:
    """What the arguments of a method may be, found out when it is first called."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method

    def by_place(self, given: Sequence[Any]) -> Any:  # noqa: ANN401 - as they were given
        """Return arguments given by place, checked; one too many is left to Python."""
        names = (each.name for each in self._parameters if each.kind is not each.KEYWORD_ONLY)
        checked = [self._checked(name, value) for name, value in zip(names, given, strict=False)]
        return (*checked, *given[len(checked) :])

    def by_name(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as they were given
        """Return arguments given by name, checked; a filter may be called like the argument before the slash."""
        return {
            name: self._checked(name, value) if name in self._named else value
            for name, value in given.items()
        }

    def _checked(self, name: str, value: object) -> Any:  # noqa: ANN401 - of the type the signature says
        if self._fits[name](value):
            return value
        if name in self._ids and isinstance(value, str):
            return checked_id(name, value)
        msg = f"{name}: not valid"
        raise InvalidInput(msg)

    @cached_property
    def _parameters(self) -> Sequence[inspect.Parameter]:
        parameters = list(inspect.signature(self._method).parameters.values())[1:]
        return [each for each in parameters if each.kind is not each.VAR_KEYWORD]

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(each.name for each in self._parameters if each.kind is not each.POSITIONAL_ONLY)

    @cached_property
    def _fits(self) -> Mapping[str, Callable[[object], bool]]:
        return {name: _test_of(hint) for name, hint in self._hints.items()}

    @cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(name for name, hint in self._hints.items() if hint in (UUID, UUID | None))

    @cached_property
    def _hints(self) -> Mapping[str, Any]:
        # The type of the answer is left out: its module may not be loaded before it is needed.
        said = SimpleNamespace(__annotations__={each.name: each.annotation for each in self._parameters})
        return get_type_hints(said, globalns=getattr(self._method, "__globals__"))  # noqa: B009 - callables in general have none


def _test_of(hint: Any) -> Callable[[object], bool]:  # noqa: ANN401 - any type a signature can say
    """Return whether a value is of a type; pydantic would tell too, after 20 ms to learn each question's."""
    if get_origin(hint) is type:
        (kind,) = get_args(hint)
        bound = getattr(kind, "__bound__", kind)
        return lambda value: isinstance(value, type) and issubclass(value, bound)
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    return lambda value: isinstance(value, hint)
