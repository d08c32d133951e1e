"""Says in words what an entry of a calendar tells and a record has no field for, within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infrastructure.importers.content_lines import ContentLine
from infrastructure.importers.text import one_line

MAX_REMARKS = 100
"""How many of one sort are told; of the others, how many there are."""
_VALUE_CHARACTERS = 4000
_PARAMETER_CHARACTERS = 200
_CUT = " [cut]"


def remark(line: ContentLine, *params: str) -> str:
    """Return what a property says, behind its name and those of the parameters that it has."""
    return f"{head_of(line, *params)}: {_within(line.value.strip(), _VALUE_CHARACTERS)}"


def head_of(line: ContentLine, *params: str) -> str:
    """Return the name of a property, with those of the parameters that it has."""
    said = ((name, _within(line.param(name), _PARAMETER_CHARACTERS)) for name in params)
    return ";".join((line.name, *(f"{name}={value}" for name, value in said if value)))


def bounded(remarks: Iterable[str], name: str) -> Iterator[str]:
    """Yield remarks of one sort, each once; behind so many, how many more there are."""
    told: set[str] = set()
    more = 0
    for each in remarks:
        if each in told:
            continue
        if len(told) < MAX_REMARKS:
            told.add(each)
            yield each
        else:
            more += 1
    if more:
        yield f"{name}: {more} more"


def _within(text: str, limit: int) -> str:
    line = one_line(text, limit + 1)
    return line if len(line) <= limit else line[: limit - len(_CUT)] + _CUT
