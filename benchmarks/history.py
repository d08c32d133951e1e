"""Fills a ledger fast with histories that open and project like any other.

The events of one real record are encoded once; each further record seals the same bodies under its own key and
place, and they go through the ledger's own append, a thousand at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

from benchmarks import payload
from domain.catalogue import topic_of
from domain.productivity.task import Task
from domain.shared.record import Origin
from domain.shared.values import new_id
from infrastructure.crypto.period_key import PeriodKey
from infrastructure.ledger.codec import encode_event, schema_version_of
from infrastructure.ledger.events import Append, Attribution, SealedEvent, associated_data, digest_of
from infrastructure.ledger.fences import following_fences
from infrastructure.store.engine import Engine

CHUNK = 1000
PURPOSE = "benchmark"


@dataclass(frozen=True, slots=True)
class Step:
    """An event without a record: what is sealed anew for each."""

    topic: str
    schema_version: int
    body: bytes


def steps(count: int, number: int = 0) -> list[Step]:
    """Return the history of a task that is made and then given another title again and again."""
    task = Task.create(Origin(uuid4()), **payload.task(number))
    for again in range(1, count):
        task.retitle(f"Renew the passport, reminder {again}")
    return [
        Step(topic_of(type(event), Task), schema_version_of(type(event)), encode_event(event, PURPOSE))  # type: ignore[arg-type]  # ours are
        for event in task.collect_events()
    ]


def fill(
    engine: Engine, subject_id: UUID, records: int, events_each: int, *, spread: bool = False
) -> list[UUID]:
    """Append whole histories for a person and return the records' ids.

    Where ``spread``, the first events of all records come first, then the second of all, and so on: as far
    apart as they can lie. Otherwise the events of a record lie together.
    """
    script = steps(events_each)
    ids = [new_id() for _ in range(records)]
    places = (
        [(record_id, version) for version in range(1, events_each + 1) for record_id in ids]
        if spread
        else [(record_id, version) for record_id in ids for version in range(1, events_each + 1)]
    )
    key = engine.repository.key_for_new(subject_id, Task, datetime.now(UTC))
    for start in range(0, len(places), CHUNK):
        events = list(_sealed(engine, subject_id, key, script, places[start : start + CHUNK]))
        command_id = new_id()
        by = Attribution(subject_id, command_id, command_id)
        following_fences(partial(_append, engine, Append(subject_id, events, by, command_id.bytes)))
    return ids


def fill_people(
    engine: Engine, people: int, records: int, events_each: int, *, spread: bool = False
) -> dict[UUID, list[UUID]]:
    """Fill the ledger for as many new people; return their records."""
    made: dict[UUID, list[UUID]] = {}
    for _ in range(people):
        subject_id = new_id()
        made[subject_id] = fill(engine, subject_id, records, events_each, spread=spread)
    return made


def _append(engine: Engine, append: Append) -> None:
    """Append past fences of others in the bucket, whom a benchmark may have erased."""
    fences = engine.ledger.fences.known(append.subject_id)
    engine.ledger.append(replace(append, fences=fences.count))


def _sealed(
    engine: Engine,
    subject_id: UUID,
    key: PeriodKey,
    script: Sequence[Step],
    places: Sequence[tuple[UUID, int]],
) -> Iterator[SealedEvent]:
    store_id, recorded_at = engine.keys.store_id, datetime.now(UTC)
    for record_id, version in places:
        step = script[version - 1]
        bound = associated_data(
            store_id, subject_id, record_id, version, step.topic, step.schema_version, key.id
        )
        body = engine.keys.record_cipher(key, record_id).seal(step.body, bound)
        yield SealedEvent(
            record_id, version, Task.KIND, step.topic, step.schema_version, key.id, recorded_at, body,
            digest_of(bound, body),
        )  # fmt: skip
