"""Brings a key backup back, in one transaction: all of it, and nothing that was erased since.

A root key from a backup is never installed. Where the one at hand is not the backup's, the keys are wrapped anew
under a new root key, so that the old one opens nothing that is written from here on.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import UUID

import orjson
import psycopg
from psycopg import Connection, Copy, sql

from infrastructure.crypto.age_files import Identities, Passphrase
from infrastructure.crypto.epochs import EPOCHS_LOCK, store_id_of
from infrastructure.crypto.key_backup import FORMAT, VERSION, tables_of
from infrastructure.crypto.root_key import RootEpoch, RootKey, RootKeys, Wrapping, fingerprint, fitting
from infrastructure.crypto.rotation import Pool, caring
from infrastructure.crypto.wrapped_tables import WRAPPED_TABLES, WrappedTable
from infrastructure.errors import KeyBackupRefused, RootKeyProblem

LONGEST_LINE = 2**20  # bytes; a backup of ours has lines of a few hundred

_WRAPPED = {table.name: table for table in WRAPPED_TABLES}


class ErasureLedger(Protocol):
    """What was erased, known from outside the keys database; a store applies it before it serves anything."""

    def require_current(self) -> None:
        """Raise a LifeledgerError where the ledger database knows of an erasure that this does not."""
        ...


@dataclass(frozen=True, slots=True)
class KeysRestored:
    """What came back: how many rows were added, and the epoch the keys are wrapped under."""

    store_id: UUID
    epoch: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Header:
    store_id: UUID
    tables: dict[str, list[str]]
    epochs: list[tuple[RootEpoch, str | None]]
    """Each with the time its root key was destroyed."""

    @property
    def newest(self) -> RootEpoch:
        return self.epochs[-1][0]


def restore(
    pool: Pool, roots: RootKeys, path: Path, reader: Identities | Passphrase, erasures: ErasureLedger
) -> KeysRestored:
    """Restore a key backup into an empty keys database, or add what one of the same backup has lost.

    Raises KeyBackupRefused where the file is not whole, of another store or of a newer version, or where the
    database holds anything that the file does not; RootKeyProblem where no root key opens it; KeyCareInProgress,
    KeyUnavailable, and what ``erasures`` raises. Nothing is changed then.
    """
    erasures.require_current()
    with caring(pool) as connection, connection.transaction(), _readable(path) as source:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (EPOCHS_LOCK,))
        connection.execute("SELECT set_config('statement_timeout', '0', true)")
        connection.execute("CREATE TEMPORARY TABLE incoming (name text, line jsonb) ON COMMIT DROP")
        incoming = _Incoming(roots, _Present.of(connection))
        with connection.cursor().copy("COPY incoming (name, line) FROM STDIN") as copy:
            incoming.copy = copy
            reader.open(source, incoming)
            incoming.require_whole()
        rows = _merged(connection, incoming)
    return KeysRestored(incoming.header.store_id, incoming.target.epoch.number, rows)


@dataclass(frozen=True, slots=True)
class _Present:
    """What the database is before a restore; without a store id it is empty."""

    store_id: UUID | None
    tables: dict[str, list[str]]
    epochs: dict[int, bytes]

    @classmethod
    def of(cls, connection: Connection[Any]) -> _Present:
        epochs = connection.execute(
            "SELECT epoch, fingerprint FROM keys.root_epochs WHERE bucket = 0"
        ).fetchall()
        return cls(
            store_id_of(connection), tables_of(connection), {number: bytes(mark) for number, mark in epochs}
        )


class _Incoming:
    """Takes the decrypted bytes of a backup, checks every line and hands the rows to COPY."""

    def __init__(self, roots: RootKeys, present: _Present) -> None:
        self.present = present
        self.copy: Copy | None = None
        self.at_hand: set[int] = set()
        """Epochs whose root key is here and stays in use."""
        self._roots = roots
        self._header: _Header | None = None
        self._target: RootKey | None = None
        self._given: dict[int, bytes] = {}
        self._wrappings: dict[int, Wrapping] = {}
        self._rest, self._lines, self._hash = b"", 0, hashlib.sha256()
        self._whole = False

    @property
    def header(self) -> _Header:
        if self._header is None:
            raise _damaged()
        return self._header

    @property
    def target(self) -> RootKey:
        """The root key the keys are wrapped under once they are back."""
        if self._target is None:
            raise _damaged()
        return self._target

    def write(self, content: bytes) -> int:
        """Take the next bytes."""
        *lines, self._rest = (self._rest + content).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise _damaged()
        for line in lines:
            self._take(line)
        return len(content)

    def flush(self) -> None:
        """Do nothing: every line is taken as it comes."""

    def require_whole(self) -> None:
        """Raise KeyBackupRefused unless the last line was met and agreed with those before it."""
        if not self._whole or self._rest:
            raise _damaged()

    def _take(self, line: bytes) -> None:
        try:
            entry = orjson.loads(line)
            if self._whole:
                raise _damaged()
            if "sha256" in entry:
                self._whole = entry == {"lines": self._lines, "sha256": self._hash.hexdigest()}
                if not self._whole:
                    raise _damaged()
                self._choose_target()
                return
            self._hash.update(line + b"\n")
            self._lines += 1
            if self._header is None:
                self._begin(entry)
            elif "root" in entry:
                self._given[entry["root"]["epoch"]] = base64.b64decode(entry["root"]["secret"], validate=True)
            else:
                self._take_row(entry["table"], entry["row"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _damaged() from None

    def _begin(self, entry: dict[str, Any]) -> None:
        if entry.get("format") != FORMAT:
            raise KeyBackupRefused("this is not a key backup")
        if entry["version"] != VERSION or not entry["tables"].keys() <= self.present.tables.keys():
            raise KeyBackupRefused("the key backup was made by a newer version")
        if any(set(columns) - set(self.present.tables[name]) for name, columns in entry["tables"].items()):
            raise KeyBackupRefused("the key backup was made by a newer version")
        store_id = UUID(entry["store_id"])
        epochs = [
            (
                RootEpoch(store_id, int(each["epoch"]), bytes.fromhex(each["fingerprint"])),
                each["destroyed_at"],
            )
            for each in entry["epochs"]
        ]
        self._header = _Header(store_id, entry["tables"], epochs)
        present = self.present
        if present.store_id not in {None, store_id}:
            raise KeyBackupRefused("the key backup is one of another store")
        if present.store_id is not None and present.epochs != {
            epoch.number: epoch.fingerprint for epoch, _ in epochs
        }:
            raise KeyBackupRefused("the root key was replaced since the key backup was made, or after it")

    def _take_row(self, name: str, row: dict[str, Any]) -> None:
        self._choose_target()
        if name not in self.header.tables or self.copy is None:
            raise _damaged()
        if name in _WRAPPED and row["wrapped"] is not None:
            self._wrap(_WRAPPED[name], row)
        self.copy.write_row((name, orjson.dumps(row).decode()))

    def _wrap(self, table: WrappedTable, row: dict[str, Any]) -> None:
        """See that a key opens, and wrap it anew where its root key is not at hand."""
        bound = [UUID(row[name]) if name.endswith("_id") else row[name] for name in table.bound]
        coordinates = table.coordinates(self.header.store_id, *bound)
        secret = self._wrappings[row["epoch"]].unwrap(_bytes(row["wrapped"]), coordinates)
        if fingerprint(secret) != _bytes(row["fingerprint"]):
            raise _damaged()
        if row["epoch"] not in self.at_hand:
            wrapped = self._wrappings[self.target.epoch.number].wrap(secret, coordinates)
            row |= {"wrapped": f"\\x{wrapped.hex()}", "epoch": self.target.epoch.number}

    def _choose_target(self) -> None:
        """Find the root keys of the backup, and the one to go on with: its own, if it is at hand, else a new one."""
        if self._target is not None:
            return
        for epoch in (epoch for epoch, destroyed_at in self.header.epochs if destroyed_at is None):
            self._wrappings[epoch.number] = Wrapping(self._root(epoch))
        newest = self.header.newest
        if newest.number in self.at_hand:
            self._target = RootKey(newest, self._roots.secret(newest))
            return
        if self.present.store_id is not None:
            raise RootKeyProblem(
                "without its root key this keys database cannot be mended; restore into an empty one"
            )
        secret = self._roots.create(newest.store_id, newest.number + 1)
        epoch = RootEpoch(newest.store_id, newest.number + 1, fingerprint(secret))
        self._target = RootKey(epoch, secret)
        self._wrappings[epoch.number] = Wrapping(secret)
        self.at_hand.add(epoch.number)

    def _root(self, epoch: RootEpoch) -> bytes:
        try:
            secret = self._roots.secret(epoch)
        except RootKeyProblem:
            return fitting(self._given.get(epoch.number), epoch)
        self.at_hand.add(epoch.number)
        return secret


def _merged(connection: Connection[Any], incoming: _Incoming) -> int:
    """Put what was read into the tables; return the number of rows that were added."""
    empty = incoming.present.store_id is None
    if empty:
        _found(connection, incoming)
    return sum(
        _merge(connection, name, columns, empty=empty) for name, columns in incoming.header.tables.items()
    )


def _found(connection: Connection[Any], incoming: _Incoming) -> None:
    founded = connection.execute(
        "INSERT INTO keys.store (bucket, store_id) VALUES (0, %s) ON CONFLICT DO NOTHING",
        (incoming.header.store_id,),
    )
    if founded.rowcount != 1:
        raise KeyBackupRefused("another program began to use the keys database meanwhile")
    target = incoming.target.epoch
    for epoch, destroyed_at in [*incoming.header.epochs, (target, None)]:
        connection.execute(
            "INSERT INTO keys.root_epochs (bucket, epoch, fingerprint, destroyed_at)"
            " VALUES (0, %s, %s, CASE WHEN %s THEN NULL ELSE coalesce(%s::timestamptz, now()) END)"
            " ON CONFLICT DO NOTHING",
            (epoch.number, epoch.fingerprint, epoch.number in incoming.at_hand, destroyed_at),
        )


def _merge(connection: Connection[Any], name: str, columns: list[str], *, empty: bool) -> int:
    table = sql.Identifier("keys", name)
    if empty:
        connection.execute(sql.SQL("DELETE FROM {}").format(table))  # what a migration puts into a new one
    else:
        beyond = sql.SQL(
            "SELECT 1 FROM (SELECT to_jsonb(line) FROM {} line EXCEPT"
            " SELECT line FROM incoming WHERE name = %s) beyond LIMIT 1"
        ).format(table)
        if connection.execute(beyond, (name,)).fetchone() is not None:
            msg = "the keys database knows more than the key backup: keys were made or destroyed since"
            raise KeyBackupRefused(msg)
    listed = [sql.Identifier(column) for column in columns]
    return connection.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {fields}"
            " FROM incoming, jsonb_populate_record(NULL::{table}, line) AS row WHERE name = %s ON CONFLICT DO NOTHING"
        ).format(
            table=table,
            columns=sql.SQL(", ").join(listed),
            fields=sql.SQL(", ").join(sql.SQL("row.{}").format(column) for column in listed),
        ),
        (name,),
    ).rowcount


@contextmanager
def _readable(path: Path) -> Iterator[IO[bytes]]:
    try:
        source = path.open("rb")
    except OSError as error:
        msg = f"the key backup cannot be read: {error.strerror}"
        raise KeyBackupRefused(msg) from None
    with source:
        try:
            yield source
        except psycopg.DataError:
            raise _damaged() from None


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


def _damaged() -> KeyBackupRefused:
    return KeyBackupRefused("the key backup is damaged or not whole")
