"""Arguments that are no arguments at all are refused in a sentence."""

from __future__ import annotations

import pytest

from domain.productivity.task import Task
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput

CANARY = "canary2c71e9"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f'{{"title": "{CANARY}"\'', "task.create: the arguments are not valid JSON"),
        (f'{{"title": "{CANARY}', "task.create: the arguments are not valid JSON"),
        (f'{{"title": "x"}} {CANARY}', "task.create: the arguments are not valid JSON"),
        (f'["{CANARY}"]', "task.create: the arguments are not one JSON object"),
        ("null", "task.create: the arguments are not one JSON object"),
        ('{"title": 1}', "task.create: title: Input should be a valid string"),
    ],
)
def test_what_is_no_json_object_is_refused_in_a_sentence(body: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        commands_of(Task)["create"].arguments_from_json(body)
    assert str(refused.value) == said
