"""An option of a question that is of another type is refused by its name, before anything is asked."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from domain.productivity.note import Note
from domain.productivity.note_terms import NoteKind
from domain.productivity.task import Task
from domain.shared.errors import InvalidInput
from infrastructure.store.past import Past
from infrastructure.store.questions import Questions
from infrastructure.store.session import Session
from infrastructure.store.store import Store


def options() -> Iterator[Any]:
    """Yield each question with each of its options, whether it is one of the past or of the present."""
    for owner in (Questions, Past, Store):
        for name, question in vars(owner).items():
            if name.startswith("_") or not hasattr(question, "__wrapped__"):
                assert owner is not Questions or name.startswith("_"), "every question checks its options"
                continue
            for each in list(inspect.signature(question).parameters.values())[1:]:
                if each.kind is not each.VAR_KEYWORD:
                    yield pytest.param(question, each, id=f"{owner.__name__}.{name} {each.name}")


@pytest.mark.parametrize(("question", "option"), list(options()))
def test_an_option_of_another_type_is_refused_by_its_name(question: Any, option: inspect.Parameter) -> None:
    nobody = object()  # is asked nothing
    for wrong in (object(), 5.5, [], "none of those"):
        if wrong == "none of those" and "str" in str(option.annotation):
            continue
        by_name = {} if option.kind is option.POSITIONAL_ONLY else {option.name: wrong}
        by_place = () if by_name else (wrong,)
        with pytest.raises(InvalidInput) as refused:
            question(nobody, *by_place, **by_name)
        assert str(refused.value) == f"{option.name}: not valid"


def test_options_by_place_are_checked_too(me: Session) -> None:
    wrong: Any = "2026-01-01"
    with pytest.raises(InvalidInput, match=r"^until: "):
        me.spending(date(2026, 1, 1), wrong)
    with pytest.raises(InvalidInput, match=r"^moment: "):
        me.as_of(wrong)
    with pytest.raises(InvalidInput, match=r"^limit: "):
        me.timeline(limit=True)
    too_many: Any = me.statistics
    with pytest.raises(TypeError):
        too_many(1, 2)


def test_an_id_may_be_text_in_its_canonical_form(me: Session) -> None:
    as_text: Any = str(me.do(Task.create, title="Buy").id)
    assert me.load(as_text).version == 1
    assert len(me.audit(record_id=as_text)) <= 1
    with pytest.raises(InvalidInput):
        me.load(as_text.upper())


def test_a_filter_may_be_called_like_an_argument(me: Session) -> None:
    assert len(me.find(Note, kind=NoteKind.JOURNAL_ENTRY)) == 0
