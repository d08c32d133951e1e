"""The demonstration: one person, a folder of ordinary files, and what can be asked of them."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.rule import Rule

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.cli.context import note_default_person, start_standby, zone_of
from infrastructure.cli.importing import import_with_progress
from infrastructure.cli.output import (
    console,
    print_fields,
    print_json,
    print_page,
    print_table,
    record_fields,
    show_times_in,
)
from infrastructure.cli.status import status_of
from infrastructure.errors import ClaimTaken
from infrastructure.settings import Settings
from infrastructure.store.changes import changes_of
from infrastructure.store.reader import Page
from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store

USERNAME, ADDRESS, ZONE = "demo", "me@example.org", "Europe/Lisbon"
SHOWN = 8
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
"""The day the examples are about."""


def run_demo(settings: Settings, examples: Path, *, as_json: bool) -> None:
    """Register the person of the demo, import the examples and show what they give; may be run again.

    As JSON each section begins with an object that says what follows: what the command it names prints with --json.
    """
    start_standby(settings)
    with open_store(settings) as store:
        person = _person(store)
        note_default_person(settings, person)
        me = store.acting_as(person, purpose="demonstration")
        show_times_in(zone_of(me))
        _title("Importing the folder of examples", as_json=as_json)
        import_with_progress(me, [examples], as_json=as_json)
        store.catch_up()
        _show(me, as_json=as_json)
        tell = print_json if as_json else print_fields
        _title("Where the data lies", as_json=as_json)
        tell(status_of(store, settings))
        explained = _explained(settings)
        go_on = "" if as_json else explained.pop("go_on")
        tell(explained)
    if go_on:  # whole, however narrow the terminal is: it is there to be copied
        console.print(f"\ngo on: {go_on}", soft_wrap=True, markup=False, highlight=False)


def _person(store: Store) -> Person:
    try:
        return store.register(USERNAME, ADDRESS, display_name="Demo Person", timezone=ZONE)
    except ClaimTaken:
        return store.person(USERNAME)


def _show(me: Session, *, as_json: bool) -> None:
    _title("The next weeks: lifeledger agenda", as_json=as_json)
    agenda = Page(me.agenda(NOW, NOW + timedelta(days=21), zone=ZONE)[:SHOWN])
    print_page(agenda, ("start", "title", "location"), as_json=as_json)
    _title("Open tasks: lifeledger find task --where status=todo --order due", as_json=as_json)
    tasks = me.find(Task, status="todo", order_by="due", limit=SHOWN)
    if as_json:
        for task in tasks:
            print_json(record_fields(task))
    else:
        rows = [(task.title, task.priority.value, task.due) for task in tasks]
        print_table(("title", "priority", "due"), rows)
    _title("Conversations with unread mail: lifeledger threads --unread", as_json=as_json)
    threads = me.threads(unread=True, limit=SHOWN)
    print_page(threads, ("last_at", "subject", "messages", "unread"), as_json=as_json)
    _title("What happened: lifeledger timeline", as_json=as_json)
    print_page(me.timeline(until=NOW, limit=SHOWN), ("at", "kind", "title", "detail"), as_json=as_json)
    _title("A search: lifeledger search lisbon", as_json=as_json)
    print_page(me.search("lisbon", limit=SHOWN), ("kind", "title", "excerpt"), as_json=as_json)
    if tasks:
        _history(me, tasks[0], as_json=as_json)
    _title("How much there is: lifeledger statistics", as_json=as_json)
    print_page(me.statistics(), ("kind", "records", "events", "bytes"), as_json=as_json)


def _history(me: Session, task: Task, *, as_json: bool) -> None:
    """Change a task and put it back, so that there is a history to look at, the same at every run."""
    if not any(change.action == "task.retitled" for change in changes_of(me.history(task.id))):
        me.do(Task.retitle, task.id, f"{task.title} (changed)")
        me.do(Task.retitle, task.id, task.title)
    _title(f"The history of one record: lifeledger history {task.id}", as_json=as_json)
    if as_json:
        for change in changes_of(me.history(task.id)):
            print_json(change)
        return
    rows = [
        (change.version, change.at, change.action, each.field, each.before, each.after)
        for change in changes_of(me.history(task.id))
        for each in change.fields
        if change.action != "task.created" or each.field == "title"
    ]
    print_table(("version", "at", "action", "field", "before", "after"), rows)


def _explained(settings: Settings) -> dict[str, str]:
    folder = settings.data_dir
    return {
        "encrypted": f"{folder}/postgres: the ledger's events, its keys (wrapped); {folder}/blobs: large content",
        "root_key": f"{folder}/keys: mode 0600; whoever has it and the database can read everything",
        "plaintext": "only the read tables, unlogged: in no backup and no write-ahead log, rebuilt from the events",
        "go_on": f"export LIFELEDGER_DATA_DIR={shlex.quote(str(folder))}; lifeledger --help; lifeledger stop",
    }


def _title(text: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"section": text})
        return
    console.print()
    console.print(Rule(text, align="left"))
