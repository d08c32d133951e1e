"""Commands for copies: backup, restore, backups list, verify and prune, and export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from infrastructure.cli.context import (
    DEFAULT_PERSON_FILE,
    AsJson,
    DataDir,
    PersonName,
    acting,
    default_person,
    moment_of,
    note_default_person,
    opened,
    require_store,
    settings_for,
)
from infrastructure.cli.output import console, print_fields, print_json, print_table
from infrastructure.cli.prompting import typed_passphrase
from infrastructure.settings import Settings
from infrastructure.store.store import Person

if TYPE_CHECKING:
    from infrastructure.portable.age import Key

EXIT_DAMAGED = 1
PASSPHRASE = "LIFELEDGER_EXPORT_PASSPHRASE"  # noqa: S105 - the name of a variable

Place = Annotated[
    str | None,
    typer.Option(
        "--place", help="A folder or URL of backups; LIFELEDGER_BACKUP_URL or data_dir/backups by default."
    ),
]
Run = Annotated[
    str | None, typer.Option("--run", help="A run of `lifeledger backups list`; the last by default.")
]

backups = typer.Typer(help="List, verify and prune backups.", rich_markup_mode=None)


def backup(
    *,
    full: Annotated[bool, typer.Option("--full", help="Begin a new chain, that stands by itself.")] = False,
    place: Place = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Back up what is new in the ledger, encrypted as it is. The keys are backed up apart."""
    from infrastructure.bootstrap import back_up, shelf_of  # noqa: PLC0415 - only these commands need backups

    settings = _settings(data_dir, place)
    require_store(settings)
    manifest = back_up(settings, shelf_of(settings), full=full)
    said = {
        "run": manifest.run,
        "base": manifest.base,
        "events": manifest.events,
        "bytes": manifest.bytes,
        "missing_objects": manifest.missing,
    }
    _say(said, as_json=as_json)


def restore(
    *,
    until: Annotated[
        str | None,
        typer.Option("--until", help="Bring back what was recorded until then: ISO 8601, UTC by default."),
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", help="Bring back one person alone: the id of their User record.")
    ] = None,
    run: Run = None,
    place: Place = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back into an empty store. Broken off, give the same command again. Keys come first."""
    from infrastructure.backup.wanted import Wanted  # noqa: PLC0415 - see backup
    from infrastructure.bootstrap import bring_back, shelf_of  # noqa: PLC0415

    settings = _settings(data_dir, place)
    wanted = Wanted(moment_of(until), _subject(person))
    restored = bring_back(settings, shelf_of(settings), wanted, run)
    _say(
        {
            "run": restored.run,
            "events": restored.events,
            "objects": restored.objects,
            "erasures_applied": restored.erasures,
        },
        as_json=as_json,
    )


def list_(*, place: Place = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the runs there are, the last one last."""
    from infrastructure.bootstrap import shelf_of  # noqa: PLC0415 - see backup

    survey = shelf_of(_settings_to_look(data_dir, place)).survey()
    rows: list[dict[str, Any]] = [
        {
            "run": run.run,
            "kind": "full" if run.base is None else "incremental",
            "created_at": run.created_at,
            "events": run.events,
            "total_events": sum(tip.position for tip in run.tips.values()),
            "bytes": run.bytes,
        }
        for run in survey.runs
    ]
    if as_json:
        for row in rows:
            print_json(row)
        for file in survey.damaged:
            print_json({"damaged": file})
        return
    if rows:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        console.print("there are no backups")
    for file in survey.damaged:
        console.print(f"damaged: {file}", soft_wrap=True)


def verify(
    *, run: Run = None, place: Place = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Read a backup through without restoring it: sizes, checksums, order, the digest of every event."""
    from infrastructure.backup.verify import verify as read_through  # noqa: PLC0415 - see backup
    from infrastructure.bootstrap import shelf_of  # noqa: PLC0415

    found = read_through(shelf_of(_settings_to_look(data_dir, place)), run)
    said = {
        name: getattr(found, name)
        for name in ("run", "runs", "files", "objects", "bytes", "events", "erased")
    }
    _say({**said, "damaged": len(found.damages)}, as_json=as_json)
    for damage in found.damages:
        if as_json:
            print_json(damage)
        else:
            buckets = ", ".join(map(str, damage.buckets))
            console.print(f"damaged: {damage.file}, bucket {buckets}", soft_wrap=True)
    if found.damages:
        raise typer.Exit(EXIT_DAMAGED)


def prune(
    *,
    keep_days: Annotated[
        float | None, typer.Option("--keep-days", min=0, help="LIFELEDGER_BACKUP_KEEP_DAYS by default.")
    ] = None,
    place: Place = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Throw away chains of which every run is old enough; the newest chain stays."""
    from infrastructure.bootstrap import prune_backups, shelf_of  # noqa: PLC0415 - see backup

    settings = _settings(data_dir, place)
    require_store(settings)
    if keep_days is not None:
        settings = settings.model_copy(update={"backup_keep_days": keep_days})
    pruned = prune_backups(settings, shelf_of(settings))
    _say({"runs_deleted": pruned.runs, "objects_deleted": pruned.objects}, as_json=as_json)


def export(
    folder: Annotated[Path, typer.Argument(help="An empty folder, or one to be made.", file_okay=False)],
    *,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="An age recipient (age1…) who can open it; may be repeated."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Do not encrypt: anybody can read the files.")
    ] = False,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write one person's records and their history as JSON Lines, encrypted with a passphrase unless told otherwise."""
    from infrastructure.portable.age import AgeLock, Lock, Unlocked  # noqa: PLC0415 - see backup
    from infrastructure.portable.export import export as write_copy  # noqa: PLC0415
    from infrastructure.portable.export import locked_by_passphrase  # noqa: PLC0415

    if plain and to:
        raise typer.BadParameter("--plain or --to, not both")
    with acting(data_dir, person) as me:
        lock: Lock
        if plain:
            lock = Unlocked()
        elif to:
            lock = AgeLock(to)
        else:
            lock = locked_by_passphrase(folder, passphrase("--to or --plain", confirm=True))
        manifest = write_copy(me, folder, lock)
    said = {
        "records": sum(file.records for file in manifest.files),
        "events": sum(file.events for file in manifest.files),
        "content": len(manifest.content),
        "encrypted": manifest.encrypted,
    }
    _say(said, as_json=as_json)


def passphrase(options: str, *, confirm: bool = False) -> str:
    """Return the passphrase of a portable copy: from LIFELEDGER_EXPORT_PASSPHRASE, or typed.

    Raises ConfigurationError where there is no terminal; ``options`` would do without a passphrase.
    """
    return os.environ.get(PASSPHRASE) or typed_passphrase(
        instead=f"set {PASSPHRASE}, or give {options}", confirm=confirm
    )


def take_copy_in(
    folder: Path, identity: Path | None, person: str | None, data_dir: Path | None, *, as_json: bool
) -> None:
    """Take a portable copy in, for the person named, the one of the data directory, or the one of the copy."""
    from infrastructure.portable.age import Unlocked, read_identity  # noqa: PLC0415 - see backup
    from infrastructure.portable.copy import read_manifest  # noqa: PLC0415
    from infrastructure.portable.export import unlocked_by_passphrase  # noqa: PLC0415
    from infrastructure.portable.take_in import take_in  # noqa: PLC0415

    manifest = read_manifest(folder)
    if not manifest.encrypted:
        key: Key = Unlocked()
    elif identity is not None:
        key = read_identity(identity)
    else:
        key = unlocked_by_passphrase(folder, passphrase("--identity"))
    settings = settings_for(data_dir)
    with opened(data_dir, or_made=True) as store:
        if person is None and not (settings.data_dir / DEFAULT_PERSON_FILE).exists():
            note_default_person(settings, Person(manifest.subject_id))
        subject = store.person(person) if person else default_person(settings)
        taken = take_in(store.acting_as(subject), folder, manifest, key)
        if settings.embedded:
            store.catch_up()
    said = {name: getattr(taken, name) for name in ("created", "continued", "unchanged", "events")}
    _say({**said, "skipped": dict(taken.skipped)}, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the program."""
    app.command()(backup)
    app.command()(restore)
    app.command()(export)
    backups.command(name="list")(list_)
    backups.command()(verify)
    backups.command()(prune)
    app.add_typer(backups, name="backups")


def _settings(data_dir: Path | None, place: str | None) -> Settings:
    settings = settings_for(data_dir)
    return settings if place is None else settings.model_copy(update={"backup_url": place})


def _settings_to_look(data_dir: Path | None, place: str | None) -> Settings:
    """Return the settings for who only looks at backups: of a store that is there, or that was there once."""
    settings = _settings(data_dir, place)
    if settings.backup_url is None and not os.path.isdir(settings.data_dir / "backups"):  # noqa: PTH112 - as in context
        require_store(settings)
    return settings


def _subject(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise typer.BadParameter("the id of a person") from None


def _say(fields: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(fields)
    else:
        print_fields(fields)
