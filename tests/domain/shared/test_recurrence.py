"""Which recurrence rules a command takes."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import pytest

from domain.catalogue import kind_named
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput

START = {"time_kind": "floating", "start_local": "2026-01-05T09:00:00"}

RULES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "task.create": ("recurrence", {"title": "Water the plants"}),
    "task.refresh": ("recurrence", {"title": "Water the plants"}),
    "task.set_recurrence": ("rule", {}),
    "calendar_event.schedule": ("rrule", {"title": "Choir", **START}),
    "calendar_event.refresh": ("rrule", {"title": "Choir", **START}),
    "calendar_event.set_recurrence": ("rrule", {}),
}


def taken(command: str, rule: str) -> str:
    kind, _, verb = command.partition(".")
    argument, others = RULES[command]
    arguments = commands_of(kind_named(kind))[verb].arguments_from_json(
        orjson.dumps({**others, argument: rule})
    )
    found: str = arguments[argument]
    return found


@pytest.mark.parametrize("command", RULES)
@pytest.mark.parametrize("until", ["20261399", "20260229", "20260230T090000Z", "20260101T250000", "00000101"])
def test_a_rule_until_a_time_that_does_not_exist_is_refused(command: str, until: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        taken(command, f"FREQ=DAILY;UNTIL={until}")
    assert until not in str(refusal.value)


@pytest.mark.parametrize("command", RULES)
@pytest.mark.parametrize("until", ["20280229", "20260630T235960Z", "99991231T235959Z"])
def test_a_rule_until_an_unusual_time_is_kept_as_written(command: str, until: str) -> None:
    assert taken(command, f"FREQ=DAILY;UNTIL={until}") == f"FREQ=DAILY;UNTIL={until}"
