"""The command rebuild: read models from the ledger, as they should be now or as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from infrastructure.cli.context import AsJson, DataDir, moment_of, opened, settings_for
from infrastructure.cli.output import console, print_json, print_table
from infrastructure.errors import UnknownReadModel

if TYPE_CHECKING:
    from infrastructure.projector.rebuild.comparison import Comparison
    from infrastructure.projector.rebuild.crew import Crew
    from infrastructure.projector.rebuild.rebuilder import Rebuilder, Report, Stage, Tell
    from infrastructure.settings import Settings


def rebuild(
    tables: Annotated[list[str] | None, typer.Argument(help="Read tables; all where none is named.")] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare with what serves.")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Stop and drop what is being built.")] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Build the store as it was then (ISO 8601), with --into.")
    ] = None,
    into: Annotated[str | None, typer.Option("--into", help="The name of that store.")] = None,
    list_stores: Annotated[bool, typer.Option("--list", help="List stores of earlier moments.")] = False,
    drop: Annotated[str | None, typer.Option("--drop", help="Drop the store of that name.")] = None,
    processes: Annotated[int, typer.Option("--processes", min=1, max=64, help="How many load events.")] = 2,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Build read models anew beside those that serve, compare both, and swap them."""
    moment = moment_of(as_of)
    if (moment is None) != (into is None):
        raise typer.BadParameter("--as-of and --into belong together")
    with opened(data_dir) as store:
        rebuilder = store.engine.care.rebuilder
        if list_stores:
            _print_stores(rebuilder, as_json=as_json)
        elif abort:
            _say("aborted", done=rebuilder.abort(), as_json=as_json)
        elif drop is not None:
            if not rebuilder.drop(drop):
                raise UnknownReadModel
            _say("dropped", done=True, as_json=as_json)
        else:
            with _progress(as_json=as_json) as tell:
                crew = _crew(settings_for(data_dir), processes)
                if moment is not None and into is not None:
                    report = rebuilder.freeze(into, moment, crew=crew, tell=tell)
                else:
                    report = rebuilder.rebuild(tables or (), check=check, crew=crew, tell=tell)
            _print_report(report, as_json=as_json)


def _crew(settings: Settings, processes: int) -> Crew | None:
    """Return the workers to load with; None where this process does it alone."""
    from infrastructure.projector.rebuild.crew import Crew  # noqa: PLC0415 - only rebuilds need it

    return Crew(settings, processes) if processes > 1 else None


@contextmanager
def _progress(*, as_json: bool) -> Iterator[Tell]:
    """Show where the build is, with events a second and the time left while it loads."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - see _crew

    bar = Progress(
        TextColumn("{task.description:<12}"), BarColumn(), TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), console=console, transient=True, disable=as_json,
    )  # fmt: skip
    with bar:
        task = bar.add_task("starting", total=0, rate="")
        stage = ""

        def tell(where: Stage) -> None:
            nonlocal stage
            if where.name != stage:
                stage = where.name
                bar.reset(task, total=where.of, description=stage, rate="")
            speed = bar.tasks[task].finished_speed or bar.tasks[task].speed
            shown = f"{speed:,.0f} events/s" if stage == "loading" and speed else ""
            bar.update(task, completed=where.done, total=where.of, rate=shown)

        yield tell


def _print_report(report: Report, *, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(report), "equal": report.equal})
        return
    compared = {each.table: each for each in report.compared}
    rows = [(name, count, _verdict(compared.get(name))) for name, count in report.rows.items()]
    print_table(("table", "rows", "beside_the_old"), rows)
    done = "swapped in" if report.swapped else "built"
    rate = report.events / report.seconds
    console.print(f"{report.events:,} events in {report.seconds:.1f} s ({rate:,.0f} events/s), {done}")
    for each in report.compared:
        if each.difference is not None:
            console.print(f"{each.table}: {', '.join(map(str, each.difference.records))}", soft_wrap=True)


def _verdict(comparison: Comparison | None) -> str:
    if comparison is None:
        return "not compared"
    found = comparison.difference
    if found is None:
        return "equal"
    return f"{found.extra} new, {found.missing} gone, {found.different} different"


def _print_stores(rebuilder: Rebuilder, *, as_json: bool) -> None:
    stores = rebuilder.frozen_stores()
    if as_json:
        for each in stores:
            print_json(each)
    elif stores:
        print_table(("name", "as_of", "usable"), [(each.name, each.as_of, each.usable) for each in stores])
    else:
        console.print("there are no stores of earlier moments")


def _say(what: str, *, done: bool, as_json: bool) -> None:
    if as_json:
        print_json({what: done})
    else:
        console.print(what if done else "there was nothing to do")


def add_to(app: typer.Typer) -> None:
    """Add the command of this module to the program."""
    app.command()(rebuild)
