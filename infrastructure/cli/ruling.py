"""Commands that rule what is kept and for how long: hold, retention."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from domain.catalogue import kind_named
from infrastructure.cli.context import (
    AsJson,
    DataDir,
    PersonName,
    default_person,
    moment_of,
    opened,
    record_id_of,
    settings_for,
)
from infrastructure.cli.output import console, print_json, print_table

HoldId = Annotated[str, typer.Argument(help="The id of a hold.")]
Kind = Annotated[str, typer.Argument(help="A kind of record.")]
Everybody = Annotated[
    bool, typer.Option("--everybody", help="For all who have no rule of their own, instead of one person.")
]

holds = typer.Typer(
    help="Legal holds: keep a kind or a record whoever asks to erase it.", no_args_is_help=True
)
retention = typer.Typer(
    help="Retention: keep a kind for some days, then trash or erase it.", no_args_is_help=True
)


@holds.command()
def place(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept sealed.")],
    purpose: Annotated[str, typer.Option("--purpose", help="What it may be read for; kept sealed.")],
    until: Annotated[
        str, typer.Option("--until", help="A date or time in ISO 8601, in UTC unless it says otherwise.")
    ],
    kind: Annotated[str | None, typer.Option("--kind", help="Hold this kind of record.")] = None,
    record: Annotated[str | None, typer.Option("--record", help="Hold this record.")] = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Place a hold: what it covers outlives erasure and retention until it ends."""
    ends = moment_of(until)
    if ends is None or (kind is None) == (record is None):
        raise typer.BadParameter("either --kind or --record")
    with opened(data_dir) as store:
        subject = store.person(person) if person else default_person(settings_for(data_dir))
        hold = store.hold(
            subject,
            reason=reason,
            purpose=purpose,
            until=ends,
            kind=kind_named(kind) if kind else None,
            record_id=record_id_of(record) if record else None,
        )
    if as_json:
        print_json({"hold_id": hold.hold_id, "until": hold.until})
    else:
        console.print(f"{hold.hold_id}  until {hold.until:%Y-%m-%d %H:%M}")


@holds.command(name="list")
def list_holds(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the holds there are and were; neither reason nor purpose is shown."""
    columns = ("hold_id", "subject_id", "kind", "record_id", "placed_at", "until", "ended_at")
    with opened(data_dir) as store:
        rows = [
            (
                each.hold_id, each.subject_id, each.kind, each.record_id if each.on_record else None, each.placed_at,
                each.until, each.ended_at,
            )
            for each in store.holds.all()
        ]  # fmt: skip
    if as_json:
        for row in rows:
            print_json(dict(zip(columns, row, strict=True)))
    elif rows:
        print_table(columns, rows)
    else:
        console.print("nothing is held")


@holds.command()
def release(hold: HoldId, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a hold now; what erasures have asked for meanwhile is erased."""
    with opened(data_dir) as store:
        ended = store.holds.release(record_id_of(hold))
    if as_json:
        print_json({"hold_id": ended.hold_id, "ended_at": ended.ended_at})
    else:
        console.print(f"released {ended.hold_id}")


@holds.command()
def show(
    hold: HoldId,
    *,
    purpose: Annotated[str, typer.Option("--purpose", help="The purpose the hold was placed for.")],
    record: Annotated[
        str | None, typer.Option("--record", help="Show this record; all ids without it.")
    ] = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Read what is under a hold, for its purpose; every reading of a record is noted with who read."""
    from infrastructure.cli.output import print_fields, record_fields  # noqa: PLC0415 - beside what it shows

    with opened(data_dir) as store:
        reader = store.person(person) if person else default_person(settings_for(data_dir))
        held = store.under_hold(record_id_of(hold), purpose=purpose, actor_id=reader.id)
        if record is None:
            for record_id in held.ids():
                print_json({"record_id": record_id}) if as_json else console.print(str(record_id))
            return
        fields = record_fields(held.load(record_id_of(record)))
    if as_json:
        print_json(fields)
    else:
        print_fields(fields)


@retention.command(name="set")
def set_rule(
    kind: Kind,
    *,
    days: Annotated[int, typer.Option("--days", min=0, help="For how long records are kept.")],
    then: Annotated[str, typer.Option("--then", help="trash or erase.")],
    everybody: Everybody = False,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set for how long a kind is kept, in place of an earlier rule."""
    from infrastructure.rulings.rules import Action  # noqa: PLC0415 - it loads the views

    if then not in set(Action):
        raise typer.BadParameter("trash or erase", param_hint="--then")
    with opened(data_dir) as store:
        who = store.person(person) if person else default_person(settings_for(data_dir))
        subject_id = _subject(who.id, everybody=everybody)
        store.retention.rules.set(kind, days, Action(then), set_by=who.id, subject_id=subject_id)
    if as_json:
        print_json({"kind": kind, "subject_id": subject_id, "days": days, "action": then})
    else:
        console.print(f"{kind}: {days} days, then {then}")


@retention.command()
def drop(
    kind: Kind,
    *,
    everybody: Everybody = False,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Drop a rule: the kind is kept until it is erased."""
    with opened(data_dir) as store:
        who = store.person(person) if person else default_person(settings_for(data_dir))
        subject_id = _subject(who.id, everybody=everybody)
        store.retention.rules.drop(kind, subject_id=subject_id)
    if as_json:
        print_json({"kind": kind, "subject_id": subject_id, "days": None, "action": None})
    else:
        console.print(f"{kind}: no rule")


@retention.command(name="list")
def list_rules(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the rules of retention."""
    from infrastructure.crypto.keyring import EVERYONE  # noqa: PLC0415 - see add_to

    with opened(data_dir) as store:
        rules = store.retention.rules.all()
    if as_json:
        for rule in rules:
            print_json(rule)
    elif rules:
        rows = [
            (
                rule.kind,
                "everybody" if rule.subject_id == EVERYONE else rule.subject_id,
                rule.days,
                rule.action.value,
            )
            for rule in rules
        ]
        print_table(("kind", "who", "days", "then"), rows)
    else:
        console.print("there are no rules: everything is kept")


@retention.command()
def run(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would become of each record.")
    ] = False,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Carry out the rules now, for all or for one person; workers do so every hour."""
    with opened(data_dir) as store:
        subject_id = store.person(person).id if person else None
        store.catch_up()
        if not dry_run:
            done = {outcome.value: count for outcome, count in store.retention.run(subject_id).items()}
            store.catch_up()
            print_json(done) if as_json else console.print(
                ", ".join(f"{count} {name}" for name, count in done.items()) or "nothing was due"
            )
            return
        verdicts = store.retention.verdicts(subject_id)
        if as_json:
            for verdict in verdicts:
                print_json(verdict)
            return
        columns = ("kind", "record_id", "outcome", "why", "due")
        rows = [[each.kind, each.record_id, each.outcome.value, each.why, each.due] for each in verdicts]
        print_table(columns, rows) if rows else console.print("no rule is about anything there is")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the program."""
    app.add_typer(holds, name="hold")
    app.add_typer(retention, name="retention")


def _subject(subject_id: UUID, *, everybody: bool) -> UUID:
    from infrastructure.crypto.keyring import EVERYONE  # noqa: PLC0415 - see add_to

    return EVERYONE if everybody else subject_id
