"""Legal holds: what is held outlives erasures of every grain, is read for its purpose only, and goes in the end."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.personal.document import Document
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared import clock
from domain.shared.errors import InvalidInput
from domain.shared.values import new_id
from infrastructure.crypto import keyring
from infrastructure.erasure.erasures import new_request
from infrastructure.erasure.journal import Erasure
from infrastructure.erasure.steps import Steps
from infrastructure.errors import Erased, HeldByRecord, NotFound, NotUnderHold, TooLateToHold
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.holds import Hold
from infrastructure.ledger.sealing import ErasedEvent, OpenedEvent
from infrastructure.rulings.held_records import HeldRecords
from infrastructure.rulings.holds import PURPOSE_OF_RECORDS
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.erasure.dying import kill_at
from tests.erasure.lives import rebuilt, rows_of, tables

GROUNDS, PURPOSE, SECRET = "art. 17(1)(b)", "litigation", "the case against canary7f21"
LAWYER = uuid4()
GRAINS = ("person", "kind", "period", "record")


def scope_of(grain: str, record_id: UUID) -> dict[str, object]:
    scopes: dict[str, dict[str, object]] = {
        "person": {},
        "kind": {"kind": Task},
        "period": {"kind": Task, "period": str(datetime.now(UTC).year)},
        "record": {"record_id": record_id},
    }
    return scopes[grain]


def hold(store: Store, me: Session, **target: object) -> Hold:
    until = clock.now() + timedelta(days=30)
    return store.hold(me.subject_id, reason=SECRET, purpose=PURPOSE, until=until, **target)  # type: ignore[arg-type]  # as the test says


def erase(store: Store, me: Session, **scope: object) -> Erasure:
    erasure = store.erase(me.subject_id, grounds=GROUNDS, **scope)  # type: ignore[arg-type]  # as the test says
    assert erasure.done
    assert store.erasures.verify(erasure.id).holds
    return erasure


def reading(store: Store, held: Hold) -> HeldRecords:
    return store.under_hold(held.hold_id, purpose=PURPOSE, actor_id=LAWYER)


def assert_gone(me: Session, record_id: UUID) -> None:
    """See that a record is erased for everybody who has no hold."""
    with pytest.raises(Erased):
        me.load(record_id)
    with pytest.raises(Erased):
        me.do(Task.retitle, record_id, "written again")
    assert all(isinstance(event, ErasedEvent) for event in me.history(record_id))
    assert record_id not in {task.id for task in me.find(Task)}
    assert [line for line in me.audit(record_id=record_id) if line.kind] == []


@pytest.mark.parametrize("on", ["kind", "record"])
@pytest.mark.parametrize("grain", GRAINS)
def test_what_is_held_outlives_an_erasure_and_only_the_hold_opens_it(
    store: Store, me: Session, databases: Databases, reopened: Callable[[], Store], grain: str, on: str
) -> None:
    held, other = (me.do(Task.create, title=title).id for title in ("held", "other"))
    me.do(Task.retitle, held, "held and changed")
    store.catch_up()
    placed = hold(store, me, **({"kind": Task} if on == "kind" else {"record_id": held}))
    erasure = erase(store, me, **scope_of(grain, held))
    assert erasure.receipt is not None
    kept = {UUID(each) for each in erasure.receipt["kept"]}
    assert kept == ({held, other} if on == "kind" and grain != "record" else {held})
    assert placed.until is not None
    assert erasure.receipt["held_until"] == {str(placed.hold_id): placed.until.isoformat()}
    for each in (store, reopened()):
        assert_gone(each.acting_as(me.subject_id), held)
        found = reading(each, placed).load(held)
        assert isinstance(found, Task)
        assert (found.title, found.version) == ("held and changed", 2)
    if other not in kept and grain != "record":
        assert_gone(me, other)
    if grain == "record":
        assert me.do(Task.retitle, other, "goes on").version == 2
        store.catch_up()
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)
    if grain == "person":
        assert rows_of(tables(databases.ledger), me.subject_id).keys() == {"audit"}


@pytest.mark.parametrize("ending", ["released", "passed"])
def test_what_was_held_is_erased_when_the_hold_ends_with_a_receipt_of_its_own(
    store: Store, me: Session, databases: Databases, ending: str
) -> None:
    held = me.do(Task.create, title="held").id
    store.catch_up()
    placed = hold(store, me, record_id=held)
    first = erase(store, me, kind=Task)
    store.tidy()
    assert [each.id for each in store.erasures.all()] == [first.id]
    if ending == "released":
        store.holds.release(placed.hold_id)
    else:
        with clock.reading(lambda: datetime.now(UTC) + timedelta(days=31)):
            with pytest.raises(NotUnderHold):
                reading(store, placed)
            store.tidy()
    _, second = store.erasures.all()
    assert second.done
    assert second.receipt is not None
    assert second.receipt["follows"] == str(first.id)
    assert second.receipt["record_ids"] == [str(held)]
    assert len(second.receipt["fingerprints"]) > 0
    assert store.erasures.verify(second.id).holds
    with pytest.raises(NotUnderHold):
        reading(store, placed)
    rows = me.engine.ledger.stream(me.subject_id, held)
    assert rows
    assert all(row.body is None for row in rows)
    store.tidy()
    assert len(store.erasures.all()) == 2
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)


def test_a_second_hold_keeps_what_the_first_lets_go(store: Store, me: Session) -> None:
    held = me.do(Task.create, title="held").id
    first, second = hold(store, me, record_id=held), hold(store, me, kind=Task)
    erase(store, me)
    store.holds.release(first.hold_id)
    assert len(store.erasures.all()) == 1
    assert isinstance(reading(store, second).load(held), Task)
    store.holds.release(second.hold_id)
    assert len(store.erasures.all()) == 2


def test_what_is_held_through_two_erasures_is_read_and_goes_in_the_end(store: Store, me: Session) -> None:
    held, other = (me.do(Task.create, title=title).id for title in ("held", "other"))
    placed = hold(store, me, record_id=held)
    erase(store, me, record_id=held)
    assert me.do(Task.retitle, other, "still there").version == 2
    erase(store, me)
    assert isinstance(reading(store, placed).load(held), Task)
    store.holds.release(placed.hold_id)
    assert [each.done for each in store.erasures.all()] == [True] * 3
    assert all(row.body is None for row in me.engine.ledger.stream(me.subject_id, held))


def test_a_hold_that_ended_before_the_erasure_keeps_nothing(store: Store, me: Session) -> None:
    held = me.do(Task.create, title="held").id
    placed = hold(store, me, record_id=held)
    store.holds.release(placed.hold_id)
    erasure = erase(store, me, record_id=held)
    assert erasure.receipt is not None
    assert erasure.receipt["kept"] == []


def test_a_hold_changes_nothing_for_daily_use(store: Store, me: Session) -> None:
    task = me.do(Task.create, title="held").id
    hold(store, me, record_id=task)
    assert me.do(Task.retitle, task, "edited").version == 2
    assert me.do(Task.trash, task).version == 3
    store.catch_up()
    assert [each.id for each in me.find(Task, trashed=True)] == [task]


def test_held_records_are_read_for_the_purpose_only_and_every_reading_is_noted(
    store: Store, me: Session, databases: Databases
) -> None:
    held, other = (me.do(Task.create, title=title).id for title in ("held", "other"))
    placed = hold(store, me, record_id=held)
    erase(store, me, kind=Task)
    with pytest.raises(NotUnderHold):
        store.under_hold(placed.hold_id, purpose="curiosity", actor_id=LAWYER)
    with pytest.raises(NotFound):
        store.under_hold(new_id(), purpose=PURPOSE, actor_id=LAWYER)
    records = reading(store, placed)
    assert records.ids() == [held]
    with pytest.raises(NotFound):
        records.load(other)
    assert all(isinstance(event, OpenedEvent) for event in records.history(held))
    store.holds.release(placed.hold_id)
    with pytest.raises(NotFound):
        records.load(held)
    with psycopg.connect(databases.ledger) as connection:
        noted = connection.execute("SELECT hold_id, record_id, actor_id FROM ledger.hold_reads").fetchall()
    assert noted == [(placed.hold_id, held, LAWYER)]


def test_content_is_read_under_the_hold_and_deleted_after_it(
    store: Store, me: Session, databases: Databases
) -> None:
    record_id, engine = new_id(), me.engine
    key = engine.repository.key_for_new(me.subject_id, Document, clock.now())
    stored = engine.blobs.store(
        me.subject_id, record_id, key, "text/plain", io.BytesIO(b"evidence " * 20_000)
    )
    document = me.given(record_id=record_id).do(Document.receive, "contract", content=stored.content)
    with psycopg.connect(databases.ledger) as connection:
        connection.execute(
            "INSERT INTO ledger.blobs (bucket, blob_id, subject_id, record_id, key_id) VALUES (%s, %s, %s, %s, %s)",
            (bucket_of(me.subject_id), stored.entry.blob_id, me.subject_id, record_id, key.id),
        )
    placed = hold(store, me, record_id=document.id)
    erase(store, me)
    with pytest.raises(Erased):
        list(me.content(stored.entry.blob_id))
    assert b"".join(reading(store, placed).content(stored.entry.blob_id)) == b"evidence " * 20_000
    store.holds.release(placed.hold_id)
    with pytest.raises(NotFound):
        list(me.content(stored.entry.blob_id))


def test_a_document_that_holds_itself_is_kept_until_it_is_released(store: Store, me: Session) -> None:
    key = me.engine.repository.key_for_new(me.subject_id, Document, clock.now())
    held, free, released = new_id(), new_id(), new_id()
    for record_id in (held, free, released):
        stored = me.engine.blobs.store(me.subject_id, record_id, key, "text/plain", io.BytesIO(b"text"))
        me.given(record_id=record_id).do(Document.receive, "paper", content=stored.content)
    for record_id in (held, released):
        me.do(Document.place_hold, record_id, "the tax office")
    me.do(Document.release_hold, released)
    (own,) = store.holds.of(me.subject_id)
    with pytest.raises(HeldByRecord):
        store.holds.release(own.hold_id)
    erasure = erase(store, me, kind=Document)
    assert erasure.receipt is not None
    assert erasure.receipt["kept"] == [str(held)]
    found = store.under_hold(own.hold_id, purpose=PURPOSE_OF_RECORDS, actor_id=LAWYER).load(held)
    assert isinstance(found, Document)
    assert found.hold_reason == "the tax office"
    store.holds.release(own.hold_id)
    assert [each.done for each in store.erasures.all()] == [True, True]


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("on", ["kind", "record"])
def test_a_hold_placed_after_the_fence_is_refused_and_one_before_is_respected(
    store: Store, me: Session, monkeypatch: pytest.MonkeyPatch, grain: str, on: str
) -> None:
    task = me.do(Task.create, title="raced for").id
    target: dict[str, object] = {"kind": Task} if on == "kind" else {"record_id": task}
    refused: list[type[Exception]] = []
    scope = Steps.scope

    def after_the_fence(steps: Steps, connection: object, erasure: Erasure) -> dict[str, object]:
        with pytest.raises(TooLateToHold) as caught:
            hold(store, me, **target)
        refused.append(caught.type)
        return scope(steps, connection, erasure)  # type: ignore[arg-type]  # as it was given

    monkeypatch.setattr(Steps, "scope", after_the_fence)
    erasure = erase(store, me, **scope_of(grain, task))
    assert erasure.receipt is not None
    assert erasure.receipt["kept"] == []
    assert refused == [TooLateToHold]
    assert store.holds.all() == []


def test_a_hold_of_another_kind_is_placed_while_an_erasure_runs(
    store: Store, me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    me.do(Task.create, title="going")
    note = me.do(Note.write, title="staying").id
    scope = Steps.scope

    def meanwhile(steps: Steps, connection: object, erasure: Erasure) -> dict[str, object]:
        hold(store, me, record_id=note)
        return scope(steps, connection, erasure)  # type: ignore[arg-type]  # as it was given

    monkeypatch.setattr(Steps, "scope", meanwhile)
    erase(store, me, kind=Task)
    assert len(store.holds.of(me.subject_id)) == 1


def test_a_record_already_erased_cannot_be_held(store: Store, me: Session) -> None:
    task = me.do(Task.create, title="gone").id
    erase(store, me, record_id=task)
    with pytest.raises(Erased):
        hold(store, me, record_id=task)
    with pytest.raises(NotFound):
        hold(store, me, record_id=new_id())
    assert store.holds.all() == []


def test_a_hold_needs_an_end_to_come_a_reason_and_one_target(store: Store, me: Session) -> None:
    task = me.do(Task.create, title="held").id
    soon = clock.now() + timedelta(days=1)
    wrong: tuple[dict[str, object], ...] = (
        {"until": clock.now() - timedelta(days=1), "kind": Task},
        {"until": soon.replace(tzinfo=None), "kind": Task},
        {"until": soon, "kind": Task, "record_id": task},
        {"until": soon},
        {"until": soon, "kind": Task, "reason": ""},
        {"until": soon, "kind": Task, "purpose": " " * 300},
    )
    for each in wrong:
        given: dict[str, object] = {"reason": SECRET, "purpose": PURPOSE, **each}
        with pytest.raises(InvalidInput):
            store.hold(me.subject_id, **given)  # type: ignore[arg-type]  # as the test says
    assert store.holds.all() == []


def test_the_reason_lies_sealed_and_is_forgotten_with_the_hold(
    store: Store, me: Session, databases: Databases
) -> None:
    placed = hold(store, me, kind=Task)
    ruling = store.holds.ruling(placed)
    assert ruling is not None
    assert ruling.reason == SECRET
    with psycopg.connect(databases.ledger) as connection:
        row = connection.execute("SELECT holds::text, sealed FROM ledger.holds").fetchone()
        assert row is not None
        text, sealed = row
        assert str(placed.hold_id) in text
        assert SECRET not in text
        assert SECRET.encode() not in bytes(sealed)
        store.holds.release(placed.hold_id)
        assert connection.execute("SELECT sealed FROM ledger.holds").fetchone() == (None,)
    assert store.holds.ruling(store.holds.one(placed.hold_id)) is None


def test_a_dry_run_names_the_holds(store: Store, me: Session) -> None:
    tasks = [me.do(Task.create, title=f"{number}").id for number in range(3)]
    placed = hold(store, me, record_id=tasks[0])
    request = new_request(me.subject_id, "dry run", me.subject_id, kind="task", period="", record_id=None)
    assert store.erasures.preview(request) == {"task": {"records": 2, "events": 2}}
    assert store.erasures.held(request) == {placed.hold_id: 1}


@pytest.mark.slow
@pytest.mark.parametrize("step", ["fence", "scope", "keys", "event", "compaction"])
def test_what_is_held_outlives_an_erasure_that_is_killed_at_a_step(
    store: Store,
    me: Session,
    databases: Databases,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    monkeypatch.setattr(keyring, "LEASE", 60.0)  # whoever ends an erasure does not trust the keys it knew
    held, other = (me.do(Task.create, title=title).id for title in ("held", "other"))
    placed = hold(store, me, record_id=held)
    kill_at(step, environment, me.subject_id)
    store.tidy()
    (erasure,) = store.erasures.all()
    assert erasure.done
    assert store.erasures.verify(erasure.id).holds
    assert isinstance(reading(store, placed).load(held), Task)
    assert_gone(me, held)
    with pytest.raises(Erased):
        me.load(other)
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)
