"""Commands for forgetting: erase, erasures, find-person."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated
from uuid import UUID

import typer

from domain.catalogue import kind_named
from domain.core.user import User
from domain.shared.errors import InvalidInput
from infrastructure.cli.context import (
    AsJson,
    DataDir,
    PersonName,
    default_person,
    opened,
    record_id_of,
    settings_for,
)
from infrastructure.cli.output import console, print_fields, print_json, print_table
from infrastructure.cli.prompting import at_terminal, typed_line
from infrastructure.erasure.erasures import new_request
from infrastructure.erasure.journal import Erasure
from infrastructure.erasure.receipt import summary_of
from infrastructure.errors import Erased, ErasureUnfinished, NotFound
from infrastructure.store.store import Person, Store

EXIT_DOES_NOT_HOLD = 1


def erase(
    *,
    grounds: Annotated[
        str, typer.Option("--grounds", help="Which rule asks for it; kept for ever: no names in it.")
    ] = "",
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind of record.")] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="With --kind: only this year; for locations, this month.")
    ] = None,
    record: Annotated[str | None, typer.Option("--record", help="Only this record.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase a whole person without a question, at a terminal too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Forget a person, a kind of their records, a period of it or one record: for good, in backups too."""
    if not grounds.strip() and not dry_run:
        raise typer.BadParameter("grounds are needed", param_hint="--grounds")
    with opened(data_dir) as store:
        subject_id = (store.person(person) if person else default_person(settings_for(data_dir))).id
        kind_class = kind_named(kind) if kind else None
        record_id = record_id_of(record) if record else None
        if dry_run:
            _tell_what_would_go(store, subject_id, kind or "", period or "", record_id, as_json=as_json)
            return
        if not (kind or period or record or yes) and at_terminal():
            _confirm(store, subject_id)
        erasure = store.erase(
            subject_id, grounds=grounds, kind=kind_class, period=period, record_id=record_id
        )
    _print(erasure, as_json=as_json)
    if not erasure.done:
        raise ErasureUnfinished


def erasures(
    action: Annotated[str, typer.Argument(help="list; show ID: the receipt; verify ID: whether it holds.")],
    erasure: Annotated[str | None, typer.Argument(help="The id of an erasure.")] = None,
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List erasures, show a receipt, or verify that nothing is left of what was erased."""
    if action not in {"list", "show", "verify"} or (erasure is None) != (action == "list"):
        raise typer.BadParameter("list, show ID or verify ID")
    with opened(data_dir) as store:
        if erasure is None:
            _list(store, as_json=as_json)
        elif action == "show":
            _show(store.erasures.show(record_id_of(erasure)), as_json=as_json)
        else:
            _verify(store, record_id_of(erasure), as_json=as_json)


def find_person(
    address: Annotated[str, typer.Argument(help="An e-mail address.")],
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Find in whose contacts and mail an address occurs; erase --record takes such a record away."""
    with opened(data_dir) as store:
        found = store.find_person(address)
    if as_json:
        for mentioned in found:
            print_json(mentioned)
    elif found:
        rows = [(each.subject_id, each.kind, each.record_id) for each in found]
        print_table(("subject_id", "kind", "record_id"), rows)
    else:
        console.print("nowhere")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the program."""
    for command in (erase, erasures):
        app.command()(command)
    app.command(name="find-person")(find_person)


def _confirm(store: Store, subject_id: UUID) -> None:
    """Have the username typed, or the id where there is none any more; raises InvalidInput where it is not."""
    what, expected = "id", str(subject_id)
    with suppress(Erased, NotFound):
        user = store.acting_as(Person(subject_id)).load(subject_id)
        if isinstance(user, User):
            what, expected = "username", user.username
    if typed_line(f"Everything of this person goes, for good. Type their {what} to erase it") != expected:
        msg = f"that is not the {what}: nothing was erased"
        raise InvalidInput(msg)


def _tell_what_would_go(
    store: Store, subject_id: UUID, kind: str, period: str, record_id: UUID | None, *, as_json: bool
) -> None:
    request = new_request(subject_id, "dry run", subject_id, kind=kind, period=period, record_id=record_id)
    kinds, held = store.erasures.preview(request), store.erasures.held(request)
    if not kinds and not held:
        raise NotFound
    if as_json:
        print_json({"grain": request.grain, "kinds": kinds, "held": held})
        return
    rows = [(name, counts["records"], counts["events"]) for name, counts in kinds.items()]
    print_table(("kind", "records", "events"), rows)
    for hold_id, records in held.items():
        until = store.holds.one(hold_id).until
        ends = f"until {until:%Y-%m-%d}" if until else "until it is released"
        console.print(f"under hold {hold_id} {ends}: {records} records", soft_wrap=True)


def _list(store: Store, *, as_json: bool) -> None:
    found = [summary_of(each) for each in store.erasures.all()]
    if as_json:
        for summary in found:
            print_json(summary)
    elif found:
        columns = ("erasure_id", "grain", "requested_at", "step")
        print_table(columns, [[summary[name] for name in columns] for summary in found])
    else:
        console.print("nothing was erased")


def _show(erasure: Erasure, *, as_json: bool) -> None:
    shown = dict(erasure.receipt) if erasure.receipt is not None else summary_of(erasure)
    if as_json:
        print_json(shown)
    else:
        print_fields(shown)


def _print(erasure: Erasure, *, as_json: bool) -> None:
    if as_json:
        print_json(erasure.receipt if erasure.receipt is not None else summary_of(erasure))
    else:
        print_fields(summary_of(erasure))


def _verify(store: Store, erasure_id: UUID, *, as_json: bool) -> None:
    verdict = store.erasures.verify(erasure_id)
    if as_json:
        print_json({"holds": verdict.holds, "signed": verdict.signed, "left": verdict.left})
    else:
        signed = "signed by this store" if verdict.signed else "NOT signed by this store as it is"
        left = {name: count for name, count in verdict.left.items() if count}
        print_fields({"holds": verdict.holds, "receipt": signed, "left": left or "nothing"})
    if not verdict.holds:
        raise typer.Exit(EXIT_DOES_NOT_HOLD)
