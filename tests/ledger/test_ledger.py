"""What the events table promises: order without gaps, all or nothing, and no change to what is written."""

from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from random import Random
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from infrastructure.bootstrap import APP_ROLE
from infrastructure.crypto.keyring import EVERYONE
from infrastructure.errors import Busy, CommandIdReused, Unavailable, VersionConflict
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import Append, Attribution, ClaimChange, Receipt, SealedEvent
from infrastructure.ledger.ledger import COPY_FROM, Ledger
from infrastructure.store.store import Store
from tests.conftest import Databases

WRITERS = 8
APPENDS_EACH = 60
PEOPLE = 5


def sealed(record_id: UUID, version: int, body: bytes = b"body") -> SealedEvent:
    return SealedEvent(
        record_id,
        version,
        "task",
        "task.created",
        1,
        EVERYONE,
        datetime.now(UTC),
        body,
        sha256(body).digest(),
    )


def append_of(subject_id: UUID, *events: SealedEvent, command_id: UUID | None = None) -> Append:
    command_id = command_id or uuid4()
    return Append(subject_id, events, Attribution(subject_id, command_id, command_id), b"digest")


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return store.engine.ledger


def test_the_bucket_of_a_subject_never_changes() -> None:
    assert [bucket_of(UUID(int=number)) for number in (1, 2)] == [60, 296]


def test_positions_are_dense_and_start_at_one(ledger: Ledger) -> None:
    subject = uuid4()
    positions = [ledger.append(append_of(subject, sealed(uuid4(), 1))).position for _ in range(5)]
    assert positions == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("count", [1, COPY_FROM - 1, COPY_FROM, 300])
def test_events_come_back_as_they_were_appended(ledger: Ledger, count: int) -> None:
    subject, record = uuid4(), uuid4()
    events = [sealed(record, version, secrets.token_bytes(version)) for version in range(1, count + 1)]
    receipt = ledger.append(append_of(subject, *events))
    rows = ledger.stream(subject, record)
    assert [(row.version, row.body, row.digest, row.recorded_at) for row in rows] == [
        (event.version, event.body, event.digest, event.recorded_at) for event in events
    ]
    assert [row.position for row in rows] == list(range(1, count + 1))
    assert (receipt.version, receipt.position) == (count, count)


def test_a_taken_version_is_a_conflict_and_leaves_no_gap(ledger: Ledger) -> None:
    subject, record = uuid4(), uuid4()
    ledger.append(append_of(subject, sealed(record, 1)))
    with pytest.raises(VersionConflict):
        ledger.append(append_of(subject, sealed(uuid4(), 1), sealed(record, 1)))
    assert ledger.append(append_of(subject, sealed(record, 2))).position == 2


def test_a_record_that_was_looked_at_must_be_unchanged(ledger: Ledger) -> None:
    subject, seen = uuid4(), uuid4()
    ledger.append(append_of(subject, sealed(seen, 1)))
    ledger.append(append_of(subject, sealed(seen, 2)))
    command_id = uuid4()
    late = Append(
        subject, [sealed(uuid4(), 1)], Attribution(subject, command_id, command_id), b"", read_set=[(seen, 1)]
    )
    with pytest.raises(VersionConflict):
        ledger.append(late)
    assert ledger.head(bucket_of(subject)) == 2


@pytest.mark.parametrize("count", [1, COPY_FROM])
def test_who_was_seen_to_hold_a_claim_must_still_hold_it(ledger: Ledger, count: int) -> None:
    subject, holder, free, taken = uuid4(), uuid4(), b"free", b"taken"

    def told(*held: tuple[bytes, UUID | None]) -> Append:
        by_the_way, record = [(b"free as well", None)], uuid4()
        events = [sealed(record, version) for version in range(1, count + 1)]
        return replace(append_of(subject, *events), held=[*held, *by_the_way])

    ledger.append(
        replace(
            append_of(subject, sealed(holder, 1)),
            claims=[ClaimChange(bucket_of(subject), taken, holder, taken=True)],
        )
    )
    for wrong in ((taken, None), (taken, uuid4()), (free, holder)):
        with pytest.raises(VersionConflict):
            ledger.append(told(wrong))
    assert ledger.head(bucket_of(subject)) == 1
    ledger.append(told((taken, holder), (free, None)))
    assert ledger.head(bucket_of(subject)) == 1 + count


def test_a_command_may_take_the_claim_it_found_free(ledger: Ledger) -> None:
    subject, record = uuid4(), uuid4()
    change = ClaimChange(bucket_of(subject), b"claim", record, taken=True)
    ledger.append(replace(append_of(subject, sealed(record, 1)), held=[(b"claim", None)], claims=[change]))
    assert ledger.claim_holders(bucket_of(subject), [b"claim", b"other"]) == {b"claim": record}


def test_a_repeated_command_returns_its_first_receipt_and_stores_nothing(ledger: Ledger) -> None:
    subject, record, command_id = uuid4(), uuid4(), uuid4()
    first = ledger.append(append_of(subject, sealed(record, 1), command_id=command_id))
    assert ledger.append(append_of(subject, sealed(record, 1), command_id=command_id)) == first
    assert ledger.head(bucket_of(subject)) == 1


def test_a_command_id_with_another_digest_is_refused(ledger: Ledger) -> None:
    subject, command_id = uuid4(), uuid4()
    ledger.append(append_of(subject, sealed(uuid4(), 1), command_id=command_id))
    by = Attribution(subject, command_id, command_id)
    with pytest.raises(CommandIdReused):
        ledger.append(Append(subject, [sealed(uuid4(), 1)], by, b"other"))


def test_a_lost_commit_reply_is_found_out_by_the_receipt(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events are stored, the answer never arrives: the retry must not store them again."""
    subject = uuid4()
    real = Ledger._append_once
    receipts: list[Receipt] = []

    def first_reply_lost(self: Ledger, append: Append) -> Receipt:
        receipts.append(real(self, append))
        if len(receipts) == 1:
            raise Unavailable
        return receipts[-1]

    monkeypatch.setattr(Ledger, "_append_once", first_reply_lost)
    receipt = ledger.append(append_of(subject, sealed(uuid4(), 1)))
    assert receipts == [receipt, receipt]
    assert ledger.head(bucket_of(subject)) == 1


def test_busy_after_a_lost_commit_reply_does_not_say_that_nothing_was_stored(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = iter((Unavailable, Busy))

    def fail(_self: Ledger, _append: Append) -> Receipt:
        raise next(faults)

    monkeypatch.setattr(Ledger, "_append_once", fail)
    with pytest.raises(Unavailable):
        ledger.append(append_of(uuid4(), sealed(uuid4(), 1)))


def test_a_reader_at_the_tail_never_misses_an_event(ledger: Ledger, databases: Databases) -> None:
    """Eight writers, every tenth transaction rolled back, a reader that only ever asks for what comes after."""
    people = [uuid4() for _ in range(PEOPLE)]
    stop = threading.Event()
    seen: dict[int, list[int]] = defaultdict(list)

    def tail() -> None:
        while True:
            finished = stop.is_set()
            for bucket in {bucket_of(person) for person in people}:
                after = seen[bucket][-1] if seen[bucket] else 0
                seen[bucket] += [row.position for row in ledger.tail(bucket, after, 1000)]
            if finished:
                return

    def write(number: int) -> int:
        random = Random(number)
        stored = 0
        with psycopg.connect(databases.ledger) as connection:
            for turn in range(APPENDS_EACH):
                person = random.choice(people)
                if turn % 10 == 9:
                    _begin_and_roll_back(connection, bucket_of(person), random)
                    continue
                count = random.choice((1, 1, 2, COPY_FROM + 1))
                ledger.append(append_of(person, *(sealed(uuid4(), 1) for _ in range(count))))
                stored += count
        return stored

    reader = threading.Thread(target=tail)
    reader.start()
    with ThreadPoolExecutor(WRITERS) as writers:
        stored = sum(writers.map(write, range(WRITERS)))
    stop.set()
    reader.join()
    assert sum(map(len, seen.values())) == stored
    for positions in seen.values():
        assert positions == list(range(1, len(positions) + 1))


def test_the_loss_prover_sees_a_loss(ledger: Ledger, databases: Databases) -> None:
    """The control: positions taken outside the head's lock do get lost by the same reader."""
    subject = uuid4()
    bucket = bucket_of(subject)
    with psycopg.connect(databases.ledger) as slow, psycopg.connect(databases.ledger) as quick:
        _insert_at(slow, bucket, 1, subject)
        _insert_at(quick, bucket, 2, subject)
        quick.commit()
        seen = [row.position for row in ledger.tail(bucket, 0, 1000)]
        slow.commit()
    seen += [row.position for row in ledger.tail(bucket, seen[-1], 1000)]
    assert seen == [2]


def test_the_role_of_programs_cannot_change_or_delete_events(ledger: Ledger, databases: Databases) -> None:
    ledger.append(append_of(uuid4(), sealed(uuid4(), 1)))
    with psycopg.connect(databases.ledger, autocommit=True) as connection:
        connection.execute(f"SET ROLE {APP_ROLE}")
        assert connection.execute("SELECT count(*) FROM ledger.events").fetchone() == (1,)
        for statement in (
            "UPDATE ledger.events SET body = ''",
            "DELETE FROM ledger.events",
            "TRUNCATE ledger.events",
        ):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(statement)


def _begin_and_roll_back(
    connection: psycopg.Connection[tuple[object, ...]], bucket: int, random: Random
) -> None:
    connection.execute("UPDATE ledger.bucket_heads SET position = position + 3 WHERE bucket = %s", (bucket,))
    time.sleep(random.random() / 500)
    connection.rollback()


def _insert_at(
    connection: psycopg.Connection[tuple[object, ...]], bucket: int, position: int, subject: UUID
) -> None:
    connection.execute(
        "INSERT INTO ledger.events (bucket, position, subject_id, record_id, version, digest)"
        " VALUES (%s, %s, %s, %s, 1, '')",
        (bucket, position, subject, uuid4()),
    )
