"""Replacing the root key: every living key wrapped anew, durable; beside wrapping alone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from psycopg import Connection
from psycopg_pool import ConnectionPool

from benchmarks.bench import Bench, Figure, rate
from domain.shared.values import new_id
from infrastructure.bootstrap import open_keys
from infrastructure.crypto.cipher import KEY_BYTES
from infrastructure.crypto.coordinates import period_key_coordinates
from infrastructure.crypto.epochs import living_epochs
from infrastructure.crypto.root_key import Wrapping, fingerprint
from infrastructure.crypto.rotation import rotate
from infrastructure.ledger.buckets import bucket_of

COUNT = 200_000
KINDS = ("task", "note", "email", "contact", "media")


def run(bench: Bench) -> list[Figure]:
    with open_keys(bench.settings) as keys:
        wrapping = fill(bench, keys.pool)
        subject, key_id, secret = uuid4(), uuid4(), bytes(KEY_BYTES)

        def wrap() -> None:
            for _ in range(COUNT):
                coordinates = period_key_coordinates(
                    bench.store.engine.keys.store_id, subject, "task", "2026", 1, key_id
                )
                wrapping.unwrap(wrapping.wrap(secret, coordinates), coordinates)

        wrapped = rate(COUNT, wrap)
        rotated = rate(COUNT, lambda: rotate(keys.pool, keys.roots))
    return [Figure("rotation of the root key, 200,000 keys", rotated, "keys/s", 50_000, wrapped)]


def fill(bench: Bench, pool: ConnectionPool[Connection[Any]]) -> Wrapping:
    """Add keys of people with a few kinds each, wrapped under the living root key; return its wrapping."""
    store = bench.store.engine.keys.store_id
    with pool.connection() as connection:
        (living,) = living_epochs(connection, store)
        with open_keys(bench.settings) as keys:
            wrapping = Wrapping(keys.roots.secret(living))
        copy = (
            "COPY keys.period_keys"
            " (bucket, subject_id, kind, period, number, key_id, epoch, wrapped, fingerprint) FROM STDIN"
        )
        with connection.cursor().copy(copy) as rows:
            for _ in range(COUNT // len(KINDS)):
                subject = uuid4()
                for kind in KINDS:
                    secret, key_id = subject.bytes + bytes(16), new_id()
                    coordinates = period_key_coordinates(store, subject, kind, "2026", 1, key_id)
                    wrapped = wrapping.wrap(secret, coordinates)
                    rows.write_row(
                        (
                            bucket_of(subject), subject, kind, "2026", 1, key_id, living.number,
                            wrapped, fingerprint(secret),
                        )
                    )  # fmt: skip
    return wrapping
