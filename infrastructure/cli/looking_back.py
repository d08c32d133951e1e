"""Commands about the past: what changed between two moments, and how to go back to one."""

from __future__ import annotations

from typing import Annotated

import typer

from infrastructure.cli.context import AsJson, DataDir, PersonName, Purpose, acting, moment_for, record_id_of
from infrastructure.cli.output import console, print_changes, print_indented, print_json
from infrastructure.store.reverting import Action, Reversal

OfKind = Annotated[str | None, typer.Option("--kind", help="Only records of this kind.")]
MOMENT = "2026-03-01 (its start), 2026-03-01T12:00, yesterday or last friday (its end), 3 days ago"


def diff(
    *,
    since: Annotated[str, typer.Option("--from", help=f"The earlier moment: {MOMENT}.")],
    until: Annotated[str, typer.Option("--to", help="The later moment.")] = "now",
    kind: OfKind = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what became of each record between two moments, field by field."""
    with acting(data_dir, person) as me:
        found = False
        for each in me.diff(moment_for(me, since), moment_for(me, until), kind=kind):
            found = True
            if as_json:
                print_json(each)
                continue
            console.print(f"{each.record_id}  {each.kind or 'record'}  {each.became}", soft_wrap=True)
            print_changes(each.fields)
    if not found and not as_json:
        console.print("nothing changed")


def revert(
    *,
    to: Annotated[str | None, typer.Option("--to", help=f"How it stood then: {MOMENT}.")] = None,
    record: Annotated[str | None, typer.Option("--record", help="Only this record.")] = None,
    kind: OfKind = None,
    run: Annotated[
        str | None, typer.Option("--run", help="What an import, or another revert, changed; without --to.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with each event.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, change nothing.")
    ] = False,
    purpose: Purpose = None,
    person: PersonName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Go back: one --record, one --kind, all of a --person, or what a --run did. A revert can be reverted.

    Nothing is rewritten: each record that changes gets an event. What was made later goes to the trash.
    """
    if (to is None) == (run is None):
        raise typer.BadParameter("say --to when, or --run which")
    if run is None and not (record or kind or person):
        raise typer.BadParameter("say --record, --kind, or --person for everything of a person")
    tell = print_json if as_json else _print
    with acting(data_dir, person, purpose) as me:
        counts = me.revert(
            to=moment_for(me, to) if to is not None else None,
            record_id=record_id_of(record) if record else None,
            kind=kind,
            run=record_id_of(run) if run else None,
            reason=reason,
            dry_run=dry_run,
            each=tell,
        )
    done = {action.value: counts[action] for action in Action}
    if as_json:
        print_json({"dry_run": dry_run, **done})
    else:
        would = "would be " if dry_run else ""
        console.print(", ".join(f"{count} {would}{action}" for action, count in done.items()))


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the program."""
    for command in (diff, revert):
        app.command()(command)


def _print(each: Reversal) -> None:
    console.print(f"{each.record_id}  {each.kind or 'record'}  {each.action}", soft_wrap=True)
    if each.reason is not None:
        print_indented(each.reason.replace("_", " "))
    print_changes(each.fields)
