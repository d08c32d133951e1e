"""Restriction of processing: no command, share or analysis of what is restricted; storing and reading go on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from domain.catalogue import all_kinds
from domain.core.link import Link
from domain.core.link_terms import Target
from domain.core.user import User
from domain.personal.transaction import Transaction
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.commands import Command
from domain.shared.errors import InvalidInput
from domain.shared.record import Record
from infrastructure.errors import ProcessingRestricted
from infrastructure.importers.run import import_paths
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.fences import Cause
from infrastructure.store.calls import Call
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from tests.conftest import ROOT, Databases
from tests.erasure.lives import live
from tests.privacy.planting import Planter, all_commands

RIGHTS = {
    "user.withdraw_consent",
    "user.restrict_processing",
    "user.lift_restriction",
    "user.request_closure",
}
TOKEN, DAY = "0" * 64, date(2026, 1, 1)


@pytest.fixture
def ada(store: Store) -> Session:
    return live(store, "ada")


def one_of_each(me: Session) -> dict[str, Record]:
    me.engine.projector.run_until_idle()
    return {kind.KIND: me.find(kind, limit=1)[0] for kind in all_kinds()}


def is_restricted(me: Session, command: Command, record: Record) -> bool:
    """Return whether a command is refused; what is given to a record is refused before its arguments are looked at."""
    method = getattr(command.kind, command.verb)
    if command.creates:
        call = Call(method, None, (), Planter().checked(command))
    else:
        call = Call(method, record.id, (), {"no such": "argument"})
    try:
        (me.given(record_id=me.subject_id) if command.kind is User else me).do_all([call])
    except ProcessingRestricted:
        return True
    except InvalidInput:
        return False
    return False


@pytest.mark.parametrize("kind", [None, "task", "user"])
def test_every_command_of_what_is_restricted_is_refused_and_no_other(ada: Session, kind: str | None) -> None:
    records = one_of_each(ada)
    ada.do(User.restrict_processing, ada.subject_id, kind)
    before = ada.engine.ledger.head(bucket_of(ada.subject_id))
    behind = {
        command.name: is_restricted(ada, command, records[command.kind.KIND])
        for command in all_commands()
        if kind in (None, command.kind.KIND)
    }
    assert {name for name, refused in behind.items() if not refused} == RIGHTS & behind.keys()
    assert len(behind) > len(RIGHTS)
    assert ada.engine.ledger.head(bucket_of(ada.subject_id)) == before
    if kind is not None:
        assert ada.do(Note.write, title="another kind goes on").version == 1


@pytest.mark.parametrize("name", sorted(RIGHTS))
def test_rights_stay_open(ada: Session, name: str) -> None:
    ada.do(User.give_consent, ada.subject_id, "research", version="1", text_sha256=TOKEN)
    ada.do(User.restrict_processing, ada.subject_id)
    given = {"withdraw_consent": ("research",), "restrict_processing": ("note",)}
    verb = name.partition(".")[2]
    version = ada.load(ada.subject_id).version
    receipt = ada.do(getattr(User, verb), ada.subject_id, *given.get(verb, ()))
    assert receipt.version == version + 1
    if verb != "lift_restriction":
        with pytest.raises(ProcessingRestricted):
            ada.do(Task.create, title="after")


def test_lifting_one_restriction_leaves_the_others(me: Session) -> None:
    task = me.do(Task.create, title="kept")
    me.do(User.restrict_processing, me.subject_id)
    me.do(User.restrict_processing, me.subject_id, "task")
    me.do(User.lift_restriction, me.subject_id)
    me.do(Note.write, title="goes on")
    with pytest.raises(ProcessingRestricted):
        me.do(Task.start, task.id)
    me.do(User.lift_restriction, me.subject_id, "task")
    assert me.do(Task.start, task.id).version == 2


def test_a_neighbour_in_the_same_bucket_is_not_restricted(store: Store, me: Session) -> None:
    me.do(User.restrict_processing, me.subject_id)
    neighbour = next(
        person
        for person in (store.register(f"n{number}", f"n{number}@example.org") for number in range(20_000))
        if bucket_of(person.id) == bucket_of(me.subject_id)
    )
    assert store.acting_as(neighbour).do(Task.create, title="mine").version == 1


ANALYSES: dict[str, tuple[str, Callable[[Session], object]]] = {
    "spending": ("transaction", lambda me: me.spending(DAY, date(2027, 1, 1))),
    "health_series": ("health_record", lambda me: me.health_series("8867-4", DAY, date(2027, 1, 1))),
    "places": ("location", lambda me: me.places()),
    "visits": ("location", lambda me: me.visits()),
    "statistics": ("note", lambda me: me.statistics()),
}
MOMENTS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
READINGS: dict[str, Callable[[Session], object]] = {
    "get": lambda me: me.get(User, me.subject_id),
    "load": lambda me: me.load(me.subject_id),
    "history": lambda me: me.history(me.subject_id),
    "find": lambda me: me.find(Transaction),
    "count": lambda me: me.count(Task),
    "timeline": lambda me: me.timeline(),
    "search": lambda me: me.search("ada"),
    "audit": lambda me: me.audit(),
    "agenda": lambda me: me.agenda(*MOMENTS),
    "threads": lambda me: me.threads(),
    "task_tree": lambda me: me.task_tree(),
    "thread": lambda me: me.thread(me.subject_id),
    "backlinks": lambda me: me.backlinks(me.subject_id),
    "album_contents": lambda me: me.album_contents(me.subject_id),
    "album_dates": lambda me: me.album_dates(me.subject_id),
}


@pytest.mark.parametrize("restricted", [None, "the kind", "another"])
@pytest.mark.parametrize("name", ANALYSES)
def test_analyses_refuse_what_is_restricted(
    store: Store, me: Session, name: str, restricted: str | None
) -> None:
    kind, analyse = ANALYSES[name]
    analyse(me)
    named = {None: None, "the kind": kind, "another": "web_page"}[restricted]
    me.do(User.restrict_processing, me.subject_id, named)
    store.catch_up()
    if restricted == "another" and name != "statistics":
        analyse(me)
        return
    for session in (me, store.acting_as(me.subject_id)):
        with pytest.raises(ProcessingRestricted):
            analyse(session)
    me.do(User.lift_restriction, me.subject_id, named)
    analyse(me)


def test_an_analysis_in_another_process_refuses_at_once(me: Session, reopened: Callable[[], Store]) -> None:
    other = reopened().acting_as(me.subject_id)
    other.spending(DAY, date(2027, 1, 1))
    me.do(User.restrict_processing, me.subject_id, "transaction")
    with pytest.raises(ProcessingRestricted):
        other.spending(DAY, date(2027, 1, 1))


@pytest.mark.parametrize("name", READINGS)
def test_storing_and_reading_go_on(store: Store, ada: Session, name: str) -> None:
    store.catch_up()
    before = READINGS[name](ada)
    ada.do(User.restrict_processing, ada.subject_id)
    assert store.catch_up() == 1
    assert type(READINGS[name](ada)) is type(before)


def test_a_link_shows_nothing_that_is_restricted(me: Session) -> None:
    note = me.do(Note.write, title="shown")
    target = Target("note", note.id)
    link = me.do(Link.create, TOKEN, targets=(target,))
    me.do(Link.open, link.id)
    me.do(User.restrict_processing, me.subject_id, "note")
    later = me.load(link.id).expires_at + timedelta(days=1)  # type: ignore[attr-defined]  # it is a link
    for refused in (call(Link.open, link.id), call(Link.extend, link.id, later)):
        with pytest.raises(ProcessingRestricted):
            me.do_all([refused])
    with pytest.raises(ProcessingRestricted):
        me.do(Link.create, "1" * 64, targets=(target,))
    assert me.do(Link.revoke, link.id).version == 3


def test_imports_end_as_skipped(me: Session, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# a note\n\nwords\n")
    me.do(User.restrict_processing, me.subject_id, "note")
    report = import_paths(me, [tmp_path])
    assert report.outcomes == {"skipped": 1}
    assert report.files[0].reasons == {"restricted": 1}
    me.do(User.lift_restriction, me.subject_id, "note")
    assert import_paths(me, [tmp_path]).outcomes == {"created": 1}


def test_programs_may_not_touch_the_fences_of_erasures(me: Session, databases: Databases) -> None:
    me.do(User.restrict_processing, me.subject_id)
    insert = (
        "INSERT INTO ledger.fences (bucket, subject_id, cause, cause_id)"
        f" VALUES ({bucket_of(me.subject_id)}, '{me.subject_id}', %s, gen_random_uuid())"
    )
    with psycopg.connect(databases.ledger, autocommit=True) as connection:
        connection.execute(insert, (Cause.ERASURE,))
        connection.execute("SET ROLE lifeledger_app")
        with pytest.raises(InsufficientPrivilege):
            connection.execute(insert, (Cause.ERASURE,))
        assert connection.execute("DELETE FROM ledger.fences").rowcount == 1
        assert connection.execute("SELECT cause FROM ledger.fences").fetchall() == [(Cause.ERASURE,)]


def test_no_command_of_any_process_is_accepted_after_the_receipt_of_a_restriction(
    me: Session, environment: dict[str, str]
) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.store.restless_writer", str(me.subject_id)],
            env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
    restricted = me.do(User.restrict_processing, me.subject_id, "task")
    accepted = []
    for writer in writers:
        out, _ = writer.communicate(timeout=60)
        assert writer.returncode == 0
        accepted += [int(line) for line in out.split()]
    assert accepted
    assert max(accepted) < restricted.position
