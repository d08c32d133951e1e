"""Key backups: an age file that holds the keys database and, unless refused, its root keys.

Inside are JSON lines: a header, each living root key, each row, and a last line with the number of lines and their
SHA-256. Whoever can open a backup with root keys can also read what was erased after it was made: it is to be
kept like a root key, and thrown away when something was erased since.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import orjson
from psycopg import Connection, sql

from infrastructure.crypto.age_files import Passphrase, Recipients
from infrastructure.crypto.epochs import living_epochs, store_id_of
from infrastructure.crypto.root_key import RootKeys
from infrastructure.crypto.rotation import Pool, caring
from infrastructure.errors import KeyBackupRefused, RootKeyProblem

FORMAT = "lifeledger keys"
VERSION = 1
ROWS = 2000  # fetched at a time
APART = ("schema_version", "store", "root_epochs")
"""Tables whose rows are not lines of a backup: what they hold stands in its header."""


@dataclass(frozen=True, slots=True)
class KeyBackup:
    """What was written: where, which epoch, how many rows, and whether the root keys are in it."""

    path: Path
    store_id: UUID
    epoch: int
    rows: int
    with_root_keys: bool


def back_up(
    pool: Pool, roots: RootKeys, path: Path, readers: Recipients | Passphrase, *, root_keys: bool = True
) -> KeyBackup:
    """Write a key backup, whole or not at all; ``root_keys=False`` leaves out what opens it elsewhere.

    Raises KeyBackupRefused where the file is there already or cannot be written, KeyCareInProgress, RootKeyProblem,
    KeyUnavailable.
    """
    with caring(pool, shared=True) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        store_id = store_id_of(connection)
        if store_id is None:
            raise RootKeyProblem("the keys database is empty: there is nothing to back up")
        living = living_epochs(connection, store_id)
        tables = tables_of(connection)
        heads = [_header(connection, store_id, tables)]
        if root_keys:
            heads += [
                {"root": {"epoch": epoch.number, "secret": b64encode(roots.secret(epoch)).decode()}}
                for epoch in living
            ]
        lines = _Lines(heads, _rows(connection, tables))
        with _whole_or_nothing(path) as target:
            readers.seal(lines, target)
    return KeyBackup(path, store_id, living[-1].number, lines.rows, root_keys)


def tables_of(connection: Connection[Any]) -> dict[str, list[str]]:
    """Return the tables of the keys database whose rows a backup holds, with their columns."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'keys' AND NOT table_name = ANY(%s) ORDER BY table_name, ordinal_position",
        (list(APART),),
    ).fetchall():
        found.setdefault(table, []).append(column)
    return found


def _header(connection: Connection[Any], store_id: UUID, tables: dict[str, list[str]]) -> dict[str, Any]:
    epochs = connection.execute(
        "SELECT epoch, fingerprint, destroyed_at FROM keys.root_epochs WHERE bucket = 0 ORDER BY epoch"
    ).fetchall()
    return {
        "format": FORMAT,
        "version": VERSION,
        "store_id": store_id,
        "made_at": datetime.now(UTC),
        "tables": tables,
        "epochs": [
            {"epoch": number, "fingerprint": bytes(mark).hex(), "destroyed_at": destroyed_at}
            for number, mark, destroyed_at in epochs
        ],
    }


def _rows(connection: Connection[Any], tables: dict[str, list[str]]) -> Iterator[bytes]:
    for table in tables:
        with connection.cursor(name="key_backup") as cursor:
            cursor.execute(
                sql.SQL("SELECT to_jsonb(line)::text FROM {} line").format(sql.Identifier("keys", table))
            )
            while rows := cursor.fetchmany(ROWS):
                for (row,) in rows:
                    yield b'{"table":"%s","row":%s}' % (table.encode(), row.encode())


class _Lines:
    """The lines of a backup as a stream of bytes; the last line counts and hashes those before it."""

    def __init__(self, heads: list[dict[str, Any]], rows: Iterator[bytes]) -> None:
        self.rows = 0
        self._pieces = self._all(heads, rows)
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, all that are left without it."""
        if size < 0:
            return self._left + b"".join(self._pieces)
        if not self._left:
            self._left = next(self._pieces, b"")
        piece, self._left = self._left[:size], self._left[size:]
        return piece

    def _all(self, heads: list[dict[str, Any]], rows: Iterator[bytes]) -> Iterator[bytes]:
        hashed = hashlib.sha256()
        for head in heads:
            line = orjson.dumps(head) + b"\n"
            hashed.update(line)
            yield line
        for row in rows:
            line = row + b"\n"
            hashed.update(line)
            self.rows += 1
            yield line
        yield orjson.dumps({"lines": len(heads) + self.rows, "sha256": hashed.hexdigest()}) + b"\n"


@contextmanager
def _whole_or_nothing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a private file that takes its name only once it is written durably; never replaces another."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            draft.unlink()
    except FileExistsError:
        raise KeyBackupRefused("there is a file of that name already") from None
    except OSError as error:
        msg = f"the key backup cannot be written: {error.strerror or type(error).__name__}"
        raise KeyBackupRefused(msg) from None
