"""Commands for operators: worker, status, migrate, projections, stop, demo."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from infrastructure.bootstrap import prepare
from infrastructure.cli.context import AsJson, DataDir, opened, settings_for
from infrastructure.cli.output import console, print_fields, print_json, print_table
from infrastructure.cli.status import status_of
from infrastructure.embedded.servers import stop as stop_servers
from infrastructure.migrate import head
from infrastructure.projector.editions import Standing
from infrastructure.servers import reach_servers
from infrastructure.standby.launch import end as end_standby

_TOLD = {
    Standing.CURRENT: "ledger, keys and read tables are up to date",
    Standing.EMPTIED: "ledger and keys are up to date; a crash has emptied the read tables, which fill again by the next command",
    Standing.FITTING: "ledger and keys are up to date; the read tables are of another version: they serve until they are built anew, "
    "by a worker or lifeledger rebuild",
    Standing.UNFIT: "ledger and keys are up to date; the read tables are of another version: "
    "the next command builds them anew before it answers",
}
"""What migrate says, by how the read tables stand."""


def status(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Tell health, lag, cache and key state, and where the data lies."""
    settings = settings_for(data_dir)
    with opened(data_dir) as store:
        found = status_of(store, settings)
    if as_json:
        print_json(found)
    else:
        print_fields(found)


def worker(
    *,
    processes: Annotated[
        int, typer.Option("--processes", min=1, max=64, help="How many projectors to run.")
    ] = 1,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Keep the read models up to date until SIGTERM; the batch in hand is finished first."""
    from infrastructure.projector.processes import run_workers  # noqa: PLC0415 - only workers need it

    code = run_workers(settings_for(data_dir), processes)
    if as_json:
        print_json({"processes": processes, "exit_code": code})
    raise typer.Exit(code)


def migrate(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Bring the ledger and keys databases to the schema of this version; repeats change nothing."""
    settings = settings_for(data_dir)
    with ExitStack() as resources:
        standing = prepare(reach_servers(settings, resources), settings)
    if as_json:
        print_json({"ledger": head("ledger"), "keys": head("keys"), "read_tables": standing})
    else:
        console.print(_TOLD[standing], soft_wrap=True)


def projections(
    action: Annotated[
        str, typer.Argument(help="parked: list what is parked; retry: try it again after a fix.")
    ],
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List or retry records whose events a projection could not take."""
    if action not in {"parked", "retry"}:
        raise typer.BadParameter("parked or retry")
    with opened(data_dir) as store:
        waiting = store.engine.projector.parked()
        if action == "retry":
            waiting = [parked for parked in waiting if not store.engine.projector.retry(parked)]
    if as_json:
        for parked in waiting:
            print_json(parked)
    elif waiting:
        columns = ("record_id", "kind", "position", "reason", "parked_at")
        print_table(columns, [[getattr(parked, name) for name in columns] for parked in waiting])
    else:
        console.print("nothing is parked")


def stop(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Stop the embedded servers of a data directory."""
    settings = settings_for(data_dir)
    stopped = stop_servers(settings.data_dir)
    end_standby(settings.data_dir)
    if as_json:
        print_json({"stopped": stopped})
    else:
        console.print("stopped" if stopped else "no servers were running")


def demo(
    examples: Annotated[Path, typer.Argument(help="The folder of examples.", exists=True, file_okay=False)],
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Register a person, import a folder of ordinary files and show what can be asked of them."""
    from infrastructure.cli.demo import run_demo  # noqa: PLC0415 - parsers are slow to load

    run_demo(settings_for(data_dir), examples, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the program."""
    for command in (worker, status, migrate, projections, stop, demo):
        app.command()(command)
