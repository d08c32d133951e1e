"""How answers look: tables for people, JSON Lines for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from pydantic_core import to_json, to_jsonable_python
from rich import get_console, reconfigure
from rich.cells import cell_len
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
WHOLE = (int, float, Decimal, date, UUID)
"""What nobody can read in pieces, nor copy."""
BENEATH = ("id", "record_id", "remarks")
"""Columns that may stand below the line."""
NARROWEST = 12
"""Characters to which a column of words may shrink."""
GAP = 2
INDENT = 6
LONGEST = 240
"""Characters of a value before or after a change; JSON has all of it."""
SOME_SCREENS = 4_000
"""Characters of a value that is shown by itself."""

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
    """Print a table; cells are shown as text, whatever they hold.

    Words fold where the terminal is narrow; ids, numbers and moments stay whole. Where these leave too little for the
    words, the id of a record, or the remarks on it, stand below its line.
    """
    rows = list(rows)
    widths = _widths(columns, rows)
    own = next((place for place, name in enumerate(columns) if name in BENEATH), None)
    if own is None or _breadth(widths) <= console.width:
        _print_rows(columns, rows, widths)
        return
    without = [[*row[:own], *row[own + 1 :]] for row in rows]
    columns = [*columns[:own], *columns[own + 1 :]]
    widths = _widths(columns, without)
    for number, (row, rest) in enumerate(zip(rows, without, strict=True)):
        _print_rows(columns, [rest], widths, headed=number == 0)
        if row[own] not in EMPTY:
            console.print(Text(" " * GAP) + shown(row[own]), soft_wrap=True)


def _print_rows(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[int], *, headed: bool = True
) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=headed, width=_breadth(widths))
    for name, width in zip(columns, widths, strict=True):
        table.add_column(name.replace("_", " "), overflow="fold", width=width)
    for row in rows:
        table.add_row(*(shown(value) for value in row))
    console.print(
        table, crop=False
    )  # one that cannot be narrower is left to the terminal: nothing is cut off


def _breadth(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _widths(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """Return how wide each column is: as wide as it needs, or as the terminal has room for, but never too narrow."""
    least, most = [], []
    for place, name in enumerate(columns):
        heading = name.replace("_", " ")
        whole, words = max(map(cell_len, heading.split())), cell_len(heading)
        for row in rows:
            length = shown(row[place]).cell_len
            words = max(words, length)
            whole = max(whole, length if isinstance(row[place], WHOLE) else min(length, NARROWEST))
        least.append(whole)
        most.append(words)
    level = max(most)
    while True:
        widths = [max(low, min(high, level)) for low, high in zip(least, most, strict=True)]
        if level <= NARROWEST or _breadth(widths) <= console.width:
            return widths
        level = min(level, console.width) - 1


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print named values below each other, empty ones left out, and what is longer than some screens cut short."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in fields.items():
        if value not in EMPTY:
            table.add_row(name.replace("_", " "), _of_some_screens(value))
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


def _of_some_screens(value: Any) -> Text:  # noqa: ANN401 - anything
    text = shown(value)
    if len(text) <= SOME_SCREENS:
        return text
    return text[:SOME_SCREENS] + Text("… [cut: --json has all of it]")


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
