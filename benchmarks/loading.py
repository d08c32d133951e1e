"""Loading a record of 5, 50 and 500 events, and changing one of 5; beside one SELECT of its rows and the peer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from uuid import UUID

from benchmarks import payload, peer
from benchmarks.bench import Bench, Beside, Figure
from benchmarks.history import fill
from domain.productivity.task import Task
from infrastructure.ledger.buckets import bucket_of

RECORDS = {5: 200, 50: 60, 500: 10}
CHANGES = 200
CURVE = "records loaded by events of the record"
_SELECT = "SELECT * FROM ledger.events WHERE bucket = %s AND record_id = %s ORDER BY version"


def run(bench: Bench) -> list[Figure]:
    with ExitStack() as resources:
        bench.connect(peer.DATABASE).close()
        other = peer.Peer(peer.environment(bench.servers.postgres_url(peer.DATABASE)))
        resources.callback(other.close)
        figures = [_load(bench, other, events, bench.count(records)) for events, records in RECORDS.items()]
        return [*figures, _change(bench, other)]


def _load(bench: Bench, other: peer.Peer, events: int, records: int) -> Figure:
    me = bench.person()
    ours = fill(bench.store.engine, me.subject_id, records, events)
    theirs = other.history(records, events)
    bucket = bucket_of(me.subject_id)
    with bench.connect("ledger") as connection:

        def select() -> None:
            for record_id in ours:
                found = connection.execute(_SELECT, (bucket, record_id), binary=True).fetchall()
                assert len(found) == events

        def load() -> None:
            for record_id in ours:
                assert me.load(record_id).version == events

        loaded, selected, got = bench.alternating(records, load, select, lambda: other.load(theirs))
    beside = (Beside("SELECT of its rows", selected), Beside(peer.NAME, got))
    return Figure(
        f"load a record of {events} events", loaded, "records/s", beside=beside, curve=CURVE, at=events
    )


def _change(bench: Bench, other: peer.Peer) -> Figure:
    """Every round takes records that have exactly five events."""
    me, changes = bench.person(), bench.count(CHANGES)
    ours = _shares(fill(bench.store.engine, me.subject_id, changes * bench.rounds, 5), changes)
    theirs = _shares(other.history(changes * bench.rounds, 5), changes)

    def change() -> None:
        for number, record_id in enumerate(next(ours)):
            me.do(Task.write_notes, record_id, payload.NOTES[number % len(payload.NOTES)])

    changed, saved = bench.alternating(changes, change, lambda: other.change(next(theirs)))
    return Figure(
        "load a record of 5 events and append", changed, "commands/s", beside=(Beside(peer.NAME, saved, 2.5),)
    )


def _shares(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
