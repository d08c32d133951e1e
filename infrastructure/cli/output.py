"""How answers look: tables for people, JSON Lines for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any, ClassVar

from pydantic_core import to_json, to_jsonable_python
from rich import get_console, reconfigure
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.shared.record import Record, state_fields, subject_of
from infrastructure.store.changes import FieldChange
from infrastructure.store.reader import Page

MATCH_START, MATCH_END = "\x02", "\x03"
_CONTROL = dict.fromkeys(
    [*range(32), 127, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)

EMPTY: tuple[object, ...] = (None, "", (), [], {})
INDENT = 6
LONGEST = 240
"""Characters of a value in a list of changes; JSON has all of it."""

console = get_console()


def look_at_terminal() -> None:
    """Fit the console to the terminal and environment of this process, which a fork may just have been given."""
    # What a script has of a terminal that is none; nothing would be shown.
    if os.environ.get("COLUMNS") == "0":
        del os.environ["COLUMNS"]
    reconfigure(highlight=False)


look_at_terminal()


class _Clock:
    """The time zone in which moments are shown: that of the person asked about, and UTC where it is about nobody."""

    zone: ClassVar[tzinfo] = UTC


def show_times_in(zone: tzinfo) -> None:
    """Show moments in a time zone from now on."""
    _Clock.zone = zone


def zone_shown() -> tzinfo:
    """Return the time zone in which moments are shown."""
    return _Clock.zone


def in_zone(moment: datetime) -> datetime:
    """Return a moment by the clock of the zone in which moments are shown; a local time as it is."""
    return moment.astimezone(_Clock.zone) if moment.tzinfo else moment


def print_json(value: Any) -> None:  # noqa: ANN401 - anything that has a JSON form
    """Print one JSON object on a line of its own."""
    if sys.stdout is None:  # closed by the caller
        return
    sys.stdout.buffer.write(to_json(value, bytes_mode="base64") + b"\n")
    sys.stdout.buffer.flush()


def print_page(
    page: Page[Any], columns: Sequence[str], *, as_json: bool, nothing: str = "nothing found"
) -> None:
    """Print a page: as a table of the named fields, or every field as JSON and the cursor last."""
    if as_json:
        for item in page:
            print_json(item)
        if page.next:
            print_json({"next": page.next})
        return
    if not page:
        console.print(nothing)
        return
    print_table(columns, ([getattr(item, name) for name in columns] for item in page))
    if page.next:
        console.print(f"more: --cursor {page.next}", soft_wrap=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; cells are shown as text, whatever they hold."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(
            name.replace("_", " "), overflow="fold", no_wrap=name.endswith("id") or name == "file"
        )
    for row in rows:
        table.add_row(*(shown(value) for value in row))
    console.print(table)


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print named values below each other, empty ones left out."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in fields.items():
        if value not in EMPTY:
            table.add_row(name.replace("_", " "), shown(value))
    console.print(table)


def print_changes(changes: Iterable[FieldChange]) -> None:
    """Print fields with their values before and after, long ones cut short, empty ones left out."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, name in enumerate(("", "before", "after")):
        table.add_column(name, overflow="fold", ratio=number and 1, style="" if number else "bold")
    for each in changes:
        if each.before not in EMPTY or each.after not in EMPTY:
            table.add_row(each.field.replace("_", " "), _cut(each.before), _cut(each.after))
    if table.row_count:
        console.print(Padding(table, (0, 0, 0, INDENT)))


def print_indented(text: str) -> None:
    """Print text below what it belongs to."""
    console.print(Padding(shown(text), (0, 0, 0, INDENT)))


def record_fields(record: Record) -> dict[str, Any]:
    """Return everything a record is, by name."""
    identity = {
        "kind": record.KIND,
        "id": record.id,
        "subject_id": subject_of(record),
        "version": record.version,
        "created_at": record.created_on,
        "updated_at": record.modified_on,
    }
    names = (*state_fields(type(record)), *record.TOLD)
    return identity | {name: getattr(record, name) for name in names}


def shown(value: Any) -> Text:  # noqa: ANN401 - anything
    """Return a value as text that cannot move the cursor or colour the screen; matches are bold."""
    text = Text()
    for number, piece in enumerate(_plain(value).replace(MATCH_END, MATCH_START).split(MATCH_START)):
        text.append(" ".join(piece.split("\n")).translate(_CONTROL), style="bold" if number % 2 else "")
    return text


def _cut(value: Any) -> Text:  # noqa: ANN401 - anything
    text = shown(value)
    text.truncate(LONGEST, overflow="ellipsis")
    return text


def _plain(value: Any) -> str:  # noqa: ANN401 - anything
    if value is None:
        return ""
    if isinstance(value, datetime):  # whatever offset it was told with
        return in_zone(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date | str | int | float):
        return str(value)
    if isinstance(value, tuple | list):
        return ", ".join(_plain(item) for item in value)
    wire = to_jsonable_python(value, fallback=str, bytes_mode="base64")
    if isinstance(wire, dict):  # an address, a code, a preference: what it holds says what it is
        return " ".join(_plain(part) for part in wire.values() if part not in EMPTY)
    return str(wire)
