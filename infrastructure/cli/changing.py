"""Commands that change: init, do, import, and the list of what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from mimetypes import MimeTypes
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer

from domain.catalogue import KINDS, kind_named
from domain.shared.commands import Command, UnknownCommand, commands_of
from domain.shared.errors import InvalidInput
from domain.shared.values import StoredContent
from infrastructure.cli.backing_up import take_copy_in
from infrastructure.cli.context import (
    AsJson,
    DataDir,
    PersonName,
    Purpose,
    acting,
    note_default_person,
    opened,
    record_id_of,
    settings_for,
)
from infrastructure.cli.output import console, print_fields, print_json, print_table
from infrastructure.cli.signatures import fields_of, filters_in_words, filters_of, orders_of
from infrastructure.store.session import named
from infrastructure.store.upload import upload


def init(
    username: str,
    email: str,
    *,
    name: Annotated[str | None, typer.Option("--name", help="The name to show.")] = None,
    timezone: Annotated[str, typer.Option("--timezone", help="An IANA zone, such as Europe/Berlin.")] = "UTC",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a store and register a person in it."""
    settings = settings_for(data_dir)
    with opened(data_dir, or_made=True) as store:
        person = store.register(username, email, display_name=name, timezone=timezone)
        store.catch_up()
    note_default_person(settings, person)
    if as_json:
        print_json({"person": person.id, "data_dir": settings.data_dir})
    else:
        console.print(f"registered {person.id}; the store lies in {settings.data_dir}", soft_wrap=True)


def do(
    command: Annotated[
        str, typer.Argument(help="kind.verb, such as task.create; see: lifeledger kinds KIND")
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            help="The record's id (not for a new one), then FIELD=VALUE …, or one JSON object; content=@FILE brings a file."
        ),
    ] = None,
    *,
    purpose: Purpose = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Carry out a command: lifeledger do task.create title="Renew passport" due=2026-12-01."""
    kind_name, _, verb = command.partition(".")
    found = commands_of(kind_named(kind_name)).get(verb)
    if found is None:
        raise UnknownCommand
    given = list(arguments or [])
    record_id = None
    if not found.creates:
        if not given:
            msg = f"{found.name}: say which record"
            raise InvalidInput(msg)
        record_id = record_id_of(given.pop(0))
    wire, uploads = _arguments_of(found, given)
    call = named(kind_name, verb, record_id, wire, uploads)
    with acting(data_dir, person, purpose) as me:
        receipt = me.do_all([call])[-1]
    if as_json:
        print_json(receipt)
    else:
        console.print(f"{receipt.id}  version {receipt.version}")


def kinds(
    kind: Annotated[
        str | None, typer.Argument(help="A kind, for its commands and what it is found by.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the kinds of record, or the commands of one with their fields, and what find can filter and sort it by."""
    if kind is None:
        for name in KINDS:
            print_json({"kind": name}) if as_json else console.print(name)
        return
    commands = commands_of(kind_named(kind)).values()
    if as_json:
        for command in commands:
            print_json(
                {"command": command.name, "creates": command.creates, "arguments": command.json_schema()}
            )
        print_json({"filters": filters_of(kind), "orders": orders_of(kind)})
        return
    print_table(("command", "fields"), [(each.name, fields_of(each)) for each in commands])
    console.print()
    print_fields({"find --where": filters_in_words(kind), "find --order": orders_of(kind)})


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the program."""
    app.command()(init)
    app.command()(do)
    app.command()(kinds)
    app.command(name="import")(import_)


def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", exists=True)],
    *,
    identity: Annotated[
        Path | None,
        typer.Option("--identity", help="An age identity file that opens an exported copy.", exists=True),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes", min=1, max=64, help="How many; as there is work and processors by default."
        ),
    ] = None,
    purpose: Purpose = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Import files: calendars, contacts, mail, bookmarks, tracks, notes, photos, exported copies. Twice changes nothing."""
    from infrastructure.portable.copy import is_copy  # noqa: PLC0415 - only imports need it

    for folder in filter(is_copy, paths):
        take_copy_in(folder, identity, person, data_dir, as_json=as_json)
    paths = [path for path in paths if not is_copy(path)]
    if not paths:
        return
    from infrastructure.cli.importing import crew_for, import_with_progress  # noqa: PLC0415 - parsers are slow to load

    crew = crew_for(settings_for(data_dir), processes)
    with acting(data_dir, person, purpose or "import") as me:
        import_with_progress(me, paths, crew, as_json=as_json)


def _arguments_of(command: Command, given: list[str]) -> tuple[bytes, dict[str, StoredContent]]:
    """Return the arguments of a command as JSON, and the files among them, for which it has placeholders."""
    if not all(map(_is_unicode, given)):
        msg = f"{command.name}: the arguments are not text in UTF-8"
        raise InvalidInput(msg)
    schema = command.json_schema()
    if len(given) == 1 and given[0].lstrip().startswith("{"):
        wire, fields = given[0].encode(), _read(given[0])
    else:
        fields = _pairs(command, schema, given)
        wire = orjson.dumps(fields)
    uploads: dict[str, StoredContent] = {}
    for name, value in fields.items() if isinstance(fields, dict) else ():
        if isinstance(value, str) and value.startswith("@") and _wants_content(schema, name):
            uploads[name], fields[name] = _file(value[1:])
    return orjson.dumps(fields) if uploads else wire, uploads


def _pairs(command: Command, schema: dict[str, Any], given: list[str]) -> dict[str, Any]:
    """Return the values of FIELD=VALUE pairs: text where the signature wants it, else JSON where it is JSON."""
    properties, named = schema.get("properties", {}), schema.get("$defs", {})
    values: dict[str, Any] = {}
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals or name in values:
            msg = f"{command.name}: arguments are FIELD=VALUE, each field once"
            raise InvalidInput(msg)
        values[name] = text if _wants_text(properties.get(name, {}), named) else _read(text)
    return values


def _wants_content(schema: dict[str, Any], name: str) -> bool:
    field = schema.get("properties", {}).get(name, {})
    return any(each.get("$ref", "").endswith("/StoredContent") for each in field.get("anyOf", [field]))


def _file(named: str) -> tuple[StoredContent, dict[str, Any]]:
    """Return the bytes of a file, FILE or FILE;type=MEDIA/TYPE, and what stands for them until they are stored."""
    name, _, media_type = named.partition(";type=")
    guessed = MimeTypes().guess_type(name)[0] or "application/octet-stream"
    place = {"blob_id": UUID(int=0), "size": 0, "media_type": media_type or guessed}
    return upload(Path(name), media_type or guessed), place


def _is_unicode(text: str) -> bool:
    """Whether a word of the command line is text: bytes that are none come as lone surrogates (PEP 383)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wants_text(schema: dict[str, Any], named: Mapping[str, Any]) -> bool:
    """Whether one of the forms that a field may have is text; a choice of words is, a group of fields is not."""
    options = schema.get("anyOf", [schema])
    forms = (named[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in options)
    return any(form.get("type") == "string" for form in forms)


def _read(text: str) -> Any:  # noqa: ANN401 - whatever JSON says
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
