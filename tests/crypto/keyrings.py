"""What the tests of root keys share: rings on one keys database, and another process that works with one."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from infrastructure.crypto import rewrapping, rotation
from infrastructure.crypto.coordinates import period_key_coordinates
from infrastructure.crypto.epochs import living_epochs, store_id_of
from infrastructure.crypto.keyring import KeyRing
from infrastructure.crypto.root_key import RootEpoch, unwrap
from infrastructure.crypto.root_keys.file import FileRootKeys
from infrastructure.errors import RootKeyProblem

SELECT = "SELECT subject_id, kind, period, number, key_id, wrapped, epoch FROM keys.period_keys"
Rows = list[tuple[UUID, str, str, int, UUID, bytes | None, int]]


class Killed(BaseException):
    """The process dies here."""


def opened(url: str, size: int = 20) -> ConnectionPool:
    return ConnectionPool(url, kwargs={"autocommit": True}, min_size=1, max_size=size, open=True)


def copied(url: str) -> Rows:
    """Return the rows as an old copy of the keys database has them."""
    with psycopg.connect(url) as connection:
        return connection.execute(SELECT).fetchall()


def openable(rows: Rows, roots: list[bytes], store_id: UUID) -> int:
    """Return how many wrapped keys any of the root keys opens."""
    count = 0
    for subject, kind, period, number, key_id, wrapped, _ in rows:
        coordinates = period_key_coordinates(store_id, subject, kind, period, number, key_id)
        for root in roots:
            try:
                unwrap(root, wrapped or b"", coordinates)
            except RootKeyProblem:
                continue
            count += 1
            break
    return count


def roots_left(url: str, folder: Path) -> list[bytes]:
    """Return every root key that can still be had: those of living epochs, and of epochs long gone."""
    found = []
    with psycopg.connect(url) as connection:
        store_id = store_id_of(connection)
        assert store_id is not None
        marks = connection.execute("SELECT epoch, fingerprint FROM keys.root_epochs").fetchall()
    for number, mark in marks:
        try:
            found.append(FileRootKeys(folder).secret(RootEpoch(store_id, number, bytes(mark))))
        except RootKeyProblem:
            continue
    return found


def living_numbers(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        store_id = store_id_of(connection)
        assert store_id is not None
        return [epoch.number for epoch in living_epochs(connection, store_id)]


def fill(ring: KeyRing, count: int) -> list[tuple[UUID, UUID, bytes]]:
    """Make keys; return subject, key id and secret of each."""
    made = []
    for _ in range(count):
        subject = uuid4()
        key = ring.key_for_new(subject, "task", "2026")
        made.append((subject, key.id, key.required()))
    return made


def die_at(faulty: pytest.MonkeyPatch, place: str, when: str) -> None:
    """Let whoever comes to a place die there, before or after it is carried out."""
    modules: dict[str, Any] = {"rotation": rotation, "rewrapping": rewrapping}
    name, *attributes = place.split(".")
    owner: Any = modules.get(name) or FileRootKeys
    for attribute in attributes[:-1]:
        owner = getattr(owner, attribute)
    original = getattr(owner, attributes[-1])

    def dying(*arguments: Any) -> None:
        if when == "after":
            original(*arguments)
        raise Killed

    faulty.setattr(owner, attributes[-1], dying)


def _rotate(url: str, folder: str) -> None:
    rewrapping.CHUNK = 7
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    with opened(url) as pool:
        print(rotation.rotate(pool, FileRootKeys(Path(folder))), flush=True)  # noqa: T201 - see above


def _write(url: str, folder: str) -> None:
    """Write and read keys until stdin ends; tell each key once it is made."""
    with opened(url) as pool:
        ring, stop_at = KeyRing(pool, FileRootKeys(Path(folder))), time.monotonic() + 60
        print("ready", flush=True)  # noqa: T201 - see above
        while time.monotonic() < stop_at:
            subject = uuid4()
            key = ring.key_for_new(subject, "note", f"{datetime.now(UTC).year}")
            print(subject, key.id, key.required().hex(), flush=True)  # noqa: T201 - see above


if __name__ == "__main__":
    {"rotate": _rotate, "write": _write}[sys.argv[1]](*sys.argv[2:])
