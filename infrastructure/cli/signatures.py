"""The arguments of a command in one line, as a person writes them: what is needed, what may be left out, what is nested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.shared.commands import Command

_FILE = "@FILE"
"""How content is given on a command line."""


def fields_of(command: Command) -> str:
    """Return the fields of a command; those in brackets may be left out.

    Groups of fields stand in braces, as their JSON has them, and choices beside the name. A single text, number or
    moment has its name only.
    """
    schema = command.json_schema()
    return _group(schema, schema.get("$defs", {}))


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
