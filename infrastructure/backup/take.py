"""Writes one run of a backup: what the ledger has that the runs before it have not.

Everything is read in one REPEATABLE READ snapshot, so a run is the ledger as it stood at one moment, while
writers go on.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import obstore
from obstore.store import ObjectStore
from psycopg import Connection, sql

from infrastructure.backup.columns import Row, pack
from infrastructure.backup.listing import Listed, listing_of, object_in_backup, rows_of
from infrastructure.backup.manifest import (
    BLOBS,
    FORMAT,
    LISTING,
    Companion,
    File,
    Manifest,
    Part,
    Tip,
    digest,
)
from infrastructure.backup.session import alone
from infrastructure.backup.shelf import PIECE_BYTES, Shelf
from infrastructure.backup.tables import (
    BLOB_TABLE,
    COLUMNS,
    COMPANIONS,
    EVENT_TABLE,
    RECEIPT_TABLE,
    Table,
    copied,
    in_parts,
    integer,
)
from infrastructure.blobs.blobs import object_name
from infrastructure.errors import BackupProblem, BackupUnavailable, DamagedBackup, ForeignBackup, Unavailable

FILE_BYTES = 16 << 20
FULL_AFTER = timedelta(days=7)
BLOBS_AT_ONCE = 200

_EVENTS = sql.SQL(
    "SELECT {} FROM ledger.events WHERE bucket = %s AND position > %s AND position <= %s ORDER BY position"
).format(EVENT_TABLE.listed)

# A receipt's position is that of the last event of its command, so the events lead to it by its key.
_RECEIPTS = sql.SQL(
    "SELECT {} FROM ledger.events AS e JOIN ledger.command_receipts AS r"
    " ON r.bucket = e.bucket AND r.command_id = e.command_id AND r.position = e.position"
    " WHERE e.bucket = %s AND e.position > %s AND e.position <= %s ORDER BY e.position"
).format(sql.SQL(", ").join(sql.Identifier("r", column) for column in RECEIPT_TABLE.columns))

_TIPS = """
SELECT h.bucket, h.position, e.digest
FROM ledger.bucket_heads AS h JOIN ledger.events AS e ON e.bucket = h.bucket AND e.position = h.position
WHERE h.position > 0
ORDER BY h.bucket
"""

# Two sums of 64-bit hashes: equal for equal rows in any order.
_STATES = sql.SQL(
    "SELECT bucket, count(*) || ':' || sum(hashtextextended({row}, 0)) || ':' || sum(hashtextextended({row}, 1))"
    " FROM {table} AS t GROUP BY bucket ORDER BY bucket"
)


@dataclass(frozen=True, slots=True)
class LedgerToKeep:
    """Whose ledger is backed up, and what a manifest says of it."""

    url: str
    store_id: UUID
    revision: str
    erasures: int
    objects: ObjectStore | None
    """Where large content lies; None where the backup leaves it out."""


def take(ledger: LedgerToKeep, shelf: Shelf, now: datetime, *, full: bool = False) -> Manifest:
    """Write a run and return its manifest; ``full`` begins a new chain, as happens by itself once a week.

    Raises BackupRunning, BackupUnavailable, ForeignBackup, NewerBackup, Unavailable. After any of them the
    runs that were there are as they were; what this one had written is swept away, at the latest by the next.
    """
    with alone(ledger.url) as connection:
        shelf.sweep()
        try:
            with connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                manifest = _Run(ledger, shelf, connection, now).write(full=full)
            shelf.finish(manifest)
        except BaseException:
            with suppress(BackupProblem):
                shelf.sweep()
            raise
        return manifest


class _Run:
    """One run while it is written."""

    def __init__(
        self, ledger: LedgerToKeep, shelf: Shelf, connection: Connection[Any], now: datetime
    ) -> None:
        self._ledger = ledger
        self._shelf = shelf
        self._connection = connection
        self._now = now
        self._number = shelf.last_number() + 1
        self._name = f"{self._number:08}-{secrets.token_hex(6)}"
        self._files = _Files(shelf, f"runs/{self._name}")
        self._missing = 0

    def write(self, *, full: bool) -> Manifest:
        tips = self._tips()
        last = self._last()
        base = None if full or last is None or not self._goes_on(last, tips) else last
        known = base.tips if base else {}
        for bucket, tip in tips.items():
            after = known[bucket].position if bucket in known else 0
            self._positioned(EVENT_TABLE, _EVENTS, bucket, after, tip.position)
            self._positioned(RECEIPT_TABLE, _RECEIPTS, bucket, after, tip.position)
        companions = {table.name: self._companion(table, base) for table in COMPANIONS}
        companions[LISTING] = self._blobs(base, last)
        return Manifest(
            format=FORMAT,
            store_id=self._ledger.store_id,
            run=self._name,
            number=self._number,
            base=base.run if base else None,
            base_sha256=self._shelf.seal_of(base.run) if base else None,
            created_at=self._now,
            revision=self._ledger.revision,
            erasures=self._ledger.erasures,
            content=self._ledger.objects is not None,
            missing=self._missing,
            columns=dict(COLUMNS),
            tips=tips,
            companions=companions,
            files=self._files.close(),
        )

    def _last(self) -> Manifest | None:
        runs = self._shelf.survey().runs
        if runs and runs[-1].store_id != self._ledger.store_id:
            raise ForeignBackup
        return runs[-1] if runs else None

    def _goes_on(self, last: Manifest, tips: Mapping[int, Tip]) -> bool:
        """Return whether a run may build on the last one: young enough, whole, and of this very history."""
        try:
            chain = self._shelf.chain(last.run)
        except DamagedBackup:
            return False
        if self._now - chain[0].created_at >= FULL_AFTER:
            return False
        if last.columns != COLUMNS or last.content != (self._ledger.objects is not None):
            return False
        if any(
            bucket not in tips or tips[bucket].position < tip.position for bucket, tip in last.tips.items()
        ):
            return False
        rows = self._connection.execute(
            "SELECT e.bucket, e.digest FROM ledger.events AS e"
            " JOIN unnest(%s::int2[], %s::int8[]) AS t (bucket, position) USING (bucket, position)",
            (list(last.tips), [tip.position for tip in last.tips.values()]),
        ).fetchall()
        return {bucket: found.hex() for bucket, found in rows} == {
            bucket: tip.digest for bucket, tip in last.tips.items()
        }

    def _tips(self) -> dict[int, Tip]:
        rows = self._connection.execute(_TIPS).fetchall()
        return {bucket: Tip(position, found.hex()) for bucket, position, found in rows}

    def _positioned(self, table: Table, query: sql.Composed, bucket: int, after: int, up_to: int) -> None:
        if after == up_to:
            return
        at = table.index("position")
        with closing(copied(self._connection, query, (bucket, after, up_to), len(table.columns))) as rows:
            for part in in_parts(rows):
                self._files.add(table.name, bucket, part, integer(part[0][at]), integer(part[-1][at]))

    def _companion(self, table: Table, base: Manifest | None) -> dict[int, Companion]:
        """Write those buckets of a table that differ from what the chain has; return where each bucket is."""
        known = base.companions.get(table.name, {}) if base else {}
        query = sql.SQL("SELECT {} FROM {} WHERE bucket = %s ORDER BY {}").format(
            table.listed, table.identifier, sql.SQL(", ").join(map(sql.Identifier, table.key))
        )
        found: dict[int, Companion] = {}
        for bucket, state in self._states(table, sql.SQL("t::text")):
            if bucket in known and known[bucket].state == state:
                found[bucket] = known[bucket]
                continue
            with closing(copied(self._connection, query, (bucket,), len(table.columns))) as rows:
                for part in in_parts(rows):
                    self._files.add(table.name, bucket, part)
            found[bucket] = Companion(state, self._name)
        return found

    def _blobs(self, base: Manifest | None, last: Manifest | None) -> dict[int, Companion]:
        """Write the rows of content that the chain has not, and a list of all of it where that has changed."""
        known = base.companions[LISTING] if base else {}
        found: dict[int, Companion] = {}
        for bucket, state in self._states(BLOB_TABLE, sql.SQL("blob_id::text")):
            if bucket in known and known[bucket].state == state:
                found[bucket] = known[bucket]
                continue
            self._blobs_of(bucket, base, last)
            found[bucket] = Companion(state, self._name)
        return found

    def _blobs_of(self, bucket: int, base: Manifest | None, last: Manifest | None) -> None:
        # A new chain goes by the last list of the old one too: objects are kept once, whichever run needs them.
        before = (
            listing_of(self._shelf, last, bucket)
            if last and last.content == bool(self._ledger.objects)
            else {}
        )
        ids = self._connection.execute(
            "SELECT blob_id FROM ledger.blobs WHERE bucket = %s ORDER BY blob_id", (bucket,)
        ).fetchall()
        listing = {blob_id: before.get(blob_id) for (blob_id,) in ids}
        new = [blob_id for blob_id, listed in listing.items() if listed is None or base is None]
        with closing(self._blob_rows(bucket, new)) as found:
            for rows in in_parts(found):
                for row in rows:
                    blob_id = UUID(bytes=row[BLOB_TABLE.index("blob_id")])
                    if row[BLOB_TABLE.index("body")] is not None:
                        listing[blob_id] = Listed()
                    elif listing[blob_id] is None:
                        listing[blob_id] = self._keep_object(blob_id)
                self._files.add(BLOBS, bucket, rows)
        entries = rows_of({blob_id: listed or Listed() for blob_id, listed in listing.items()})
        for part in in_parts(iter(entries)):
            self._files.add(LISTING, bucket, part)

    def _blob_rows(self, bucket: int, ids: Sequence[UUID]) -> Generator[Row, None, None]:
        query = sql.SQL("SELECT {} FROM ledger.blobs WHERE bucket = %s AND blob_id = ANY(%s)").format(
            BLOB_TABLE.listed
        )
        for start in range(0, len(ids), BLOBS_AT_ONCE):
            wanted = list(ids[start : start + BLOBS_AT_ONCE])
            yield from copied(self._connection, query, (bucket, wanted), len(BLOB_TABLE.columns))

    def _keep_object(self, blob_id: UUID) -> Listed:
        """Copy large content as it lies, sealed, and return its size and digest."""
        if self._ledger.objects is None:
            return Listed()
        measured = _Measured(_fetched(self._ledger.objects, object_name(blob_id)))
        try:
            self._shelf.write_pieces(object_in_backup(blob_id), measured)
        except BackupUnavailable:
            match measured.fault:
                case FileNotFoundError():  # an erasure deletes the object before the row
                    self._missing += 1
                    return Listed()
                case Exception():
                    raise Unavailable from None
            raise
        return Listed(measured.size, measured.digest.digest())

    def _states(self, table: Table, row: sql.Composable) -> list[tuple[int, str]]:
        query = _STATES.format(row=row, table=table.identifier)
        return self._connection.execute(query).fetchall()


class _Files:
    """Gathers parts into files of a bounded size."""

    def __init__(self, shelf: Shelf, folder: str) -> None:
        self._shelf = shelf
        self._folder = folder
        self._held = bytearray()
        self._parts: list[Part] = []
        self._files: list[File] = []

    def add(self, table: str, bucket: int, rows: Sequence[Row], first: int = 0, last: int = 0) -> None:
        packed = pack(rows)
        self._held += packed
        self._parts.append(Part(table, bucket, len(rows), len(packed), first, last))
        if len(self._held) >= FILE_BYTES:
            self._write()

    def close(self) -> tuple[File, ...]:
        if self._parts:
            self._write()
        return tuple(self._files)

    def _write(self) -> None:
        data, name = bytes(self._held), f"{len(self._files) + 1:06}.part"
        self._shelf.write(f"{self._folder}/{name}", data)
        self._files.append(File(name, len(data), digest(data), tuple(self._parts)))
        self._held, self._parts = bytearray(), []


class _Measured:
    """Measures bytes on their way; notes what their source failed with."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.size = 0
        self.digest = sha256()
        self.fault: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._pieces:
                self.size += len(piece)
                self.digest.update(piece)
                yield piece
        except (OSError, obstore.exceptions.BaseError) as error:
            self.fault = error
            raise


def _fetched(objects: ObjectStore, name: str) -> Iterator[bytes]:
    for piece in obstore.get(objects, name).stream(min_chunk_size=PIECE_BYTES):
        yield bytes(piece)
