"""The list of commands tells all that one takes, so that it can be written without a look at its JSON Schema."""

from __future__ import annotations

import json
import re

import pytest

from domain.catalogue import KINDS, kind_named
from domain.shared.commands import commands_of
from infrastructure.cli.signatures import fields_of, filters_in_words, filters_of, orders_of
from projections.catalogue import view_of
from tests.cli.test_cli import Run, ada, lines, made, run

__all__ = ["ada", "run"]


def told(name: str) -> str:
    kind, _, verb = name.partition(".")
    return fields_of(commands_of(kind_named(kind))[verb])


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("task.complete", "[force], [complete_subtasks], [completed_at]"),
        ("task.reprioritise", "priority: none|low|medium|high|urgent"),
        ("task.suit", "[context], [energy: low|medium|high]"),
        ("contact.join_organization", "name, [units: list], [since]"),
        (
            "contact.set_anniversary",
            "occasion: birth|death|wedding|first_met|other, on: {month, day, [year]}, [label]",
        ),
        ("note.attach", "name, content: @FILE"),
    ],
)
def test_a_field_is_told_with_its_form(command: str, fields: str) -> None:
    assert told(command) == fields


def test_a_list_of_groups_tells_the_parts_of_each() -> None:
    scheduled = told("calendar_event.schedule")
    assert "[organizer: {address, [name]}]" in scheduled
    assert "[attendees: list of {address, [name], [kind: individual|group|resource|room], [role:" in scheduled
    assert "[anniversaries: list of {occasion: birth|death|wedding|first_met|other, on: {month, day" in told(
        "contact.add"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_no_part_of_any_command_is_left_out(kind: str) -> None:
    for command in commands_of(kind_named(kind)).values():
        schema, shown = command.json_schema(), fields_of(command)
        groups = [
            schema,
            *(each for name, each in schema.get("$defs", {}).items() if name != "StoredContent"),
        ]
        for group in groups:
            for name in (*group.get("properties", ()), *group.get("enum", ())):
                assert name in shown, command.name


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_a_kind_is_filtered_and_sorted_by_is_told(kind: str) -> None:
    table = view_of(kind).table
    assert tuple(filters_of(kind)) == table.filters
    assert [each.split(":")[0] for each in filters_in_words(kind).split(", ") if each] == [*table.filters]
    assert orders_of(kind) == table.all_orders


def test_records_are_found_by_what_is_told(ada: Run) -> None:
    shown = ada("kinds", "media").stdout
    assert re.search(
        r"\nfind --where +kind: photo\|video\|.*, is_favourite: true\|false, processing: ", shown
    )
    assert re.search(r"\nfind --order +captured_at, created_at, updated_at *\n", shown)
    *_, told = lines(ada("kinds", "media", "--json"))
    for name, schema in told["filters"].items():
        for value in schema.get("enum", ["true", "false"]):
            assert lines(ada("find", "media", "--where", f"{name}={value}", "--json")) == []
    for order in told["orders"]:
        assert lines(ada("find", "media", "--order", f"-{order}", "--json")) == []
    assert " ".join(ada("find", "--help").stdout.split()).count("lifeledger kinds KIND") == 2


def test_a_command_is_written_from_what_is_told(ada: Run) -> None:
    assert "list of {address, [name]" in ada("kinds", "calendar_event", COLUMNS="2000").stdout
    event = made(
        ada, "calendar_event.schedule", "title=Choir", "time_kind=utc", "start_local=2026-12-02T09:00:00",
        'attendees=[{"address": "grace@example.org", "role": "chair"}]',
    )  # fmt: skip
    (shown,) = lines(ada("show", event, "--json"))
    assert [each["role"] for each in shown["attendees"]] == ["chair"]
    assert json.dumps(shown["attendees"]).count("grace@example.org") == 1
