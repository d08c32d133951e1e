"""What a column of a whole value leaves out: its LEDGER_ONLY fields, however deep they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from domain.shared.values import LEDGER_ONLY


def is_kept_back(hint: Any) -> bool:  # noqa: ANN401 - a type
    """Return whether read tables do not carry a field of this type."""
    return LEDGER_ONLY in getattr(hint, "__metadata__", ())


def keeps_back(hint: Any) -> bool:  # noqa: ANN401 - a type
    """Return whether values of a type have anything that read tables do not carry."""
    if isinstance(hint, type) and is_dataclass(hint):
        return any(is_kept_back(each) or keeps_back(each) for each in _hints(hint).values())
    return any(map(keeps_back, get_args(hint)))


def shown(value: Any) -> Any:  # noqa: ANN401 - any value of a state, and JSON of it
    """Return a value without what is kept back, to be written as JSON: in the form the whole value would have."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: shown(getattr(value, name)) for name in _carried(type(value))}
    if isinstance(value, tuple):
        return [shown(each) for each in value]
    if isinstance(value, Mapping):
        return {key: shown(each) for key, each in value.items()}
    return value


@cache
def _carried(kind: type) -> tuple[str, ...]:
    return tuple(name for name, hint in _hints(kind).items() if not is_kept_back(hint))


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind, include_extras=True)
