"""What a person may write, in one line: the arguments of a command, and what the records of a kind are found by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from domain.catalogue import kind_named
from domain.shared.commands import Command
from infrastructure.ledger.codec import state_hints
from projections.catalogue import view_of

_FILE = "@FILE"
"""How content is given on a command line."""


def fields_of(command: Command) -> str:
    """Return the fields of a command; those in brackets may be left out.

    Groups of fields stand in braces, as their JSON has them, and choices beside the name. A single text, number or
    moment has its name only.
    """
    schema = command.json_schema()
    return _group(schema, schema.get("$defs", {}))


def filters_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of each field that the records of a kind can be filtered by."""
    hints = state_hints(kind_named(kind))
    return {name: TypeAdapter(hints[name]).json_schema() for name in view_of(kind).table.filters}


def filters_in_words(kind: str) -> str:
    """Return the fields that the records of a kind can be filtered by, with what each may be where that is told in few words."""
    schemas = filters_of(kind)
    forms = {
        name: "true|false" if field.get("type") == "boolean" else _form(field, {})
        for name, field in schemas.items()
    }
    return ", ".join(f"{name}: {form}" if form else name for name, form in forms.items())


def orders_of(kind: str) -> tuple[str, ...]:
    """Return the fields that the records of a kind can be sorted by."""
    return view_of(kind).table.all_orders


def _group(schema: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    shown = []
    for name, field in schema.get("properties", {}).items():
        form = _form(field, named)
        text = f"{name}: {form}" if form else name
        shown.append(text if name in required else f"[{text}]")
    return ", ".join(shown)


def _form(field: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """Return what more than one plain value a field takes; an empty text where that is all."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return _FILE if name == "StoredContent" else _form(named[name], named)
    if "anyOf" in field:
        return " or ".join(filter(None, (_form(each, named) for each in field["anyOf"])))
    if "enum" in field:
        return "|".join(map(str, field["enum"]))
    if "items" in field:
        return f"list of {_form(field['items'], named)}".removesuffix(" of ")
    if "properties" in field:
        return f"{{{_group(field, named)}}}"
    return ""
