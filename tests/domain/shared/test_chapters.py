"""Kinds whose commands and events stand in several modules, each a base class with a part of the state."""

from __future__ import annotations

import ast
import inspect
from textwrap import dedent

import pytest

from domain.catalogue import all_kinds, events_of
from domain.shared.content import Content
from domain.shared.nesting import Nestable
from domain.shared.record import Record

CHAPTERS = [
    (kind, base)
    for kind in all_kinds()
    for base in kind.__mro__[1:]
    if issubclass(base, Record) and base not in (Record, Content, Nestable)
]


def triggered_by(base: type[Record]) -> list[str]:
    """Return how the code of a class names the events that it triggers."""
    calls = [
        node for node in ast.walk(ast.parse(dedent(inspect.getsource(base)))) if isinstance(node, ast.Call)
    ]
    triggering = [
        call.args[0] for call in calls if ast.unparse(call.func).endswith(("trigger_event", "self._refresh"))
    ]
    saying = [call.args[1] for call in calls if ast.unparse(call.func) == "say"]
    return [ast.unparse(named) for named in triggering + saying]


@pytest.mark.parametrize(("kind", "base"), CHAPTERS)
def test_a_chapter_triggers_the_events_of_the_kind_it_belongs_to(
    kind: type[Record], base: type[Record]
) -> None:
    # The library makes event classes anew for each kind, also of inherited ones: Base.Happened is not Kind.Happened.
    named = [name for name in triggered_by(base) if "." in name]
    assert named
    for name in named:
        assert name.startswith("self."), name
        assert issubclass(getattr(kind, name.removeprefix("self.")), kind.Event)


@pytest.mark.parametrize(("kind", "base"), CHAPTERS)
def test_a_chapter_brings_its_events_under_the_topics_of_the_kind(
    kind: type[Record], base: type[Record]
) -> None:
    brought = {
        member.TOPIC.replace("{kind}", kind.KIND)
        for member in vars(base).values()
        if isinstance(member, type) and issubclass(member, Record.Event) and "TOPIC" in vars(member)
    }
    assert brought
    assert brought <= events_of(kind).keys()
    assert all(topic.startswith(f"{kind.KIND}.") for topic in brought)


def test_several_kinds_have_chapters() -> None:
    assert {base.__name__ for _, base in CHAPTERS} >= {
        "CalendarSeries",
        "Bookkeeping",
        "Findings",
        "TaskProgress",
    }
