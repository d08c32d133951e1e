"""Commands that ask: show, find, timeline, agenda, search, threads, history, audit, statistics, content."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from domain.catalogue import kind_named
from domain.shared.errors import InvalidInput
from infrastructure.cli.context import (
    AsJson,
    Cursor,
    DataDir,
    Limit,
    PersonName,
    acting,
    asking,
    moment_of,
    record_id_of,
)
from infrastructure.cli.output import (
    console,
    in_zone,
    print_changes,
    print_fields,
    print_indented,
    print_json,
    print_page,
    print_table,
    record_fields,
    zone_shown,
)
from infrastructure.cli.past_moments import AsOf
from infrastructure.errors import ConfigurationError
from infrastructure.store.changes import changes_of
from projections.catalogue import view_of

Kind = Annotated[str, typer.Argument(help="task, email, calendar_event, note …; see: lifeledger kinds")]
Since = Annotated[
    str | None,
    typer.Option("--since", help="From this date or time on (ISO 8601), in the person's time zone."),
]
Until = Annotated[
    str | None,
    typer.Option("--until", help="Before this date or time (ISO 8601), in the person's time zone."),
]
OfKind = Annotated[str | None, typer.Option("--kind", help="Only records of this kind.")]
STANDARD_OUTPUT = "-"
DEFAULT_AGENDA = timedelta(days=14)


def show(
    record: str,
    *,
    as_of: AsOf = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a record with all its fields."""
    with asking(data_dir, person, as_of) as me:
        found = me.load(record_id_of(record))
    fields = record_fields(found)
    if as_json:
        print_json(fields)
    else:
        print_fields(fields)


def find(
    kind: Kind,
    *,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where", help="FIELD=VALUE; may be given for several fields. Which ones: lifeledger kinds KIND."
        ),
    ] = None,
    order: Annotated[
        str,
        typer.Option(
            "--order", help="A field; with - before it, the largest first. Which ones: lifeledger kinds KIND."
        ),
    ] = "-created_at",
    trashed: Annotated[bool, typer.Option("--trashed", help="What is in the trash instead.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_of: AsOf = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List records of one kind."""
    filters = _filters(where or [])
    with asking(data_dir, person, as_of) as me:
        page = me.find(
            kind_named(kind), order_by=order, limit=limit, cursor=cursor, trashed=trashed, **filters
        )
        if as_json:
            for record in page:
                print_json(record_fields(record))
            if page.next:
                print_json({"next": page.next})
            return
        table = view_of(kind).table
        columns = ["id", *table.listed]
        rows = ([fields[name] for name in columns] for fields in map(record_fields, page))
        print_table(columns, rows)
        if page.next:
            console.print(f"more: --cursor {page.next}", soft_wrap=True)


def timeline(
    *,
    since: Since = None,
    until: Until = None,
    kind: OfKind = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_of: AsOf = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened, newest first."""
    with asking(data_dir, person, as_of) as me:
        zone = zone_shown()
        page = me.timeline(
            kind=kind, since=moment_of(since, zone), until=moment_of(until, zone), limit=limit, cursor=cursor
        )
    print_page(page, ("at", "kind", "title", "detail", "record_id"), as_json=as_json)


def agenda(
    *,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what is planned: the next two weeks, or from --since to --until."""
    from infrastructure.store.past import Past  # noqa: PLC0415 - most questions are about now

    with asking(data_dir, person, as_of) as me:
        zone = zone_shown()
        start = moment_of(since, zone) or (me.moment if isinstance(me, Past) else datetime.now(UTC))
        end = moment_of(until, zone) or _agenda_end(start)
        page = me.agenda(start, end, zone=str(zone))
    print_page(page, ("start", "end", "title", "location", "record_id"), as_json=as_json)


def search(
    words: str,
    *,
    kind: OfKind = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_of: AsOf = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Search titles, texts and names; quotes, or and - work as in web searches."""
    with asking(data_dir, person, as_of) as me:
        page = me.search(words, kind=kind, limit=limit, cursor=cursor)
    print_page(page, ("kind", "title", "excerpt", "record_id"), as_json=as_json)


def threads(
    *,
    unread: Annotated[bool, typer.Option("--unread", help="Only those with unread messages.")] = False,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_of: AsOf = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List mail conversations, the latest first."""
    with asking(data_dir, person, as_of) as me:
        page = me.threads(unread=unread, limit=limit, cursor=cursor)
    print_page(page, ("last_at", "messages", "unread", "subject", "participants"), as_json=as_json)


def history(
    record: str, *, person: PersonName = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Show every change of a record: when, what, who, why, and each field before and after."""
    with acting(data_dir, person) as me:
        changes = changes_of(me.history(record_id_of(record)))
        owner = me.subject_id
    for change in changes:
        if as_json:
            print_json(change)
            continue
        at = f"{in_zone(change.at):%Y-%m-%d %H:%M:%S}" if change.at is not None else "at a time erased"
        console.print(f"{change.version:>4}  {at}  {change.action}", soft_wrap=True)
        print_indented(_who_and_why(change.actor_id, change.purpose, owner))
        if change.reason:
            print_indented(f"reason: {change.reason}")
        print_changes(change.fields)


def audit(
    *,
    record: Annotated[str | None, typer.Option("--record", help="Only this record.")] = None,
    kind: OfKind = None,
    action: Annotated[
        str | None, typer.Option("--class", help="create, update, delete, share, permission …")
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only what this actor did, by id.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show who did what, when and why."""
    with acting(data_dir, person) as me:
        page = me.audit(
            record_id=record_id_of(record) if record else None,
            kind=kind,
            action_class=action,
            actor_id=record_id_of(actor) if actor else None,
            since=moment_of(since, zone_shown()),
            until=moment_of(until, zone_shown()),
            limit=limit,
            cursor=cursor,
        )
        owner = me.subject_id
    if as_json or not page:
        print_page(page, (), as_json=as_json)
        return
    for line in page:
        at = f"{in_zone(line.occurred_at):%Y-%m-%d %H:%M:%S}" if line.occurred_at else "at a time erased"
        console.print(f"{at}  {line.action or 'erased'}", soft_wrap=True)
        print_indented(f"{line.record_id}  {_who_and_why(line.actor_id, line.purpose, owner)}")
    if page.next:
        console.print(f"more: --cursor {page.next}", soft_wrap=True)


def statistics(
    *, as_of: AsOf = None, person: PersonName = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Show how much there is of each kind."""
    with asking(data_dir, person, as_of) as me:
        page = me.statistics()
    print_page(page, ("kind", "records", "trashed", "events", "bytes"), as_json=as_json)


def content(
    blob: Annotated[str, typer.Argument(help="The blob_id that show names.")],
    file: Annotated[str, typer.Argument(help="A new file for the bytes; - for standard output.")],
    *,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the bytes of a photo, a document, the source of a mail, into a new file, or to standard output."""
    to_output = file == STANDARD_OUTPUT
    if to_output and as_json:
        raise typer.BadParameter("it would stand among the bytes", param_hint="--json")
    if to_output and sys.stdout is not None and sys.stdout.isatty():
        raise ConfigurationError("standard output is a terminal: name a file, or send the bytes into a pipe")
    with acting(data_dir, person) as me:
        pieces = me.content(record_id_of(blob))
        first = next(pieces, b"")  # what is not there leaves no file
        pieces = chain((first,), pieces)
        if to_output:
            _write_out(pieces)
            return
        size = _write_new(Path(file), pieces)
    print_json({"bytes": size}) if as_json else console.print(f"{size} bytes written")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the program."""
    for command in (show, find, timeline, agenda, search, threads, history, audit, statistics, content):
        app.command()(command)


def _write_new(file: Path, pieces: Iterable[bytes]) -> int:
    """Write a file that nobody else may read; none is left where that fails half-way."""
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError:
        raise ConfigurationError("the file is there already, or cannot be made") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            return sum(stream.write(piece) for piece in pieces)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _write_out(pieces: Iterable[bytes]) -> None:
    if sys.stdout is None:  # closed by the caller
        return
    # Not by its own buffer: it has none where Python is told so, and then may write less than it is given.
    with open(sys.stdout.fileno(), "wb", closefd=False) as stream:
        stream.writelines(pieces)


def _agenda_end(start: datetime) -> datetime:
    try:
        return start + DEFAULT_AGENDA
    except OverflowError:  # the year 9999 is the last
        return datetime.max.replace(tzinfo=start.tzinfo)


def _who_and_why(actor_id: UUID | None, purpose: str | None, owner: UUID) -> str:
    if actor_id is None:
        return "by somebody erased"
    who = "by the person" if actor_id == owner else f"by {actor_id}"
    return f"{who}, for {purpose}" if purpose else who


def _filters(pairs: Iterable[str]) -> dict[str, Any]:
    filters: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name in filters:
            msg = "--where is FIELD=VALUE, each field once"
            raise InvalidInput(msg)
        filters[name] = {"true": True, "false": False, "none": None}.get(value, value)
    return filters
