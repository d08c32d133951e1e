"""Brings a backup back into an empty ledger, step by step, so that it may be broken off and begun again.

While it is under way the ledger's schema carries a mark, and nothing opens the store. How far it has come is
seen from what is there: each part of a bucket is added in one transaction with the bucket's head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

import obstore
from obstore.store import ObjectStore
from psycopg import Connection, sql

from infrastructure.backup.columns import Row
from infrastructure.backup.listing import Listed, listing_of, object_in_backup
from infrastructure.backup.manifest import BLOBS, EVENTS, LISTING, RECEIPTS, Manifest
from infrastructure.backup.session import MARK, alone, marked
from infrastructure.backup.shelf import Shelf, write_pieces
from infrastructure.backup.tables import (
    BLOB_TABLE,
    COLUMNS,
    COMPANIONS,
    EVENT_TABLE,
    RECEIPT_TABLE,
    Table,
    paste,
    paste_missing,
)
from infrastructure.backup.wanted import Cut, Places, Wanted
from infrastructure.blobs.blobs import object_name
from infrastructure.errors import (
    DamagedBackup,
    ForeignBackup,
    NewerBackup,
    NoBackup,
    NotEmpty,
    RestoreUnfinished,
    Unavailable,
)
from infrastructure.ledger.events import ClaimChange


class BeforeServing(Protocol):
    """What has to be done to a restored ledger before anything may open it; each may be done twice."""

    def claims_of(self, subject_id: UUID, record_id: UUID) -> Iterable[ClaimChange]:
        """Return the claims of a record as it stands in the ledger; none where it is erased."""
        ...

    def apply_erasures(self) -> int:
        """Carry out anew every erasure of the erasure file; return how many."""
        ...

    def empty_read_tables(self) -> None:
        """Make the read tables anew, so that they are built from the restored ledger alone."""
        ...


@dataclass(frozen=True, slots=True)
class Destination:
    """The empty store that a backup is brought back into."""

    url: str
    store_id: UUID
    revision: str
    objects: ObjectStore


@dataclass(slots=True)
class Restored:
    """What a restore has brought back; where it was broken off before, what this call has added."""

    run: str
    events: int = 0
    objects: int = 0
    erasures: int = 0


def restore(
    shelf: Shelf, destination: Destination, finishing: BeforeServing, wanted: Wanted, run: str | None = None
) -> Restored:
    """Bring back a run, by default the last one; given again after it was broken off, it ends the same.

    Raises NoBackup, DamagedBackup, NewerBackup, ForeignBackup, NotEmpty, RestoreUnfinished where another restore
    was broken off here, BackupRunning, BackupUnavailable, Unavailable. Verify first: what is damaged is noticed
    when it is reached.
    """
    runs = shelf.survey().runs
    if run is None:
        if not runs:
            raise NoBackup
        run = runs[-1].run
    chain = shelf.chain(run)
    if chain[-1].store_id != destination.store_id:
        raise ForeignBackup
    if chain[-1].revision > destination.revision or not _known(chain[-1]):
        raise NewerBackup
    with alone(destination.url) as connection:
        _begin(connection, _mark(run, wanted))
        restoring = _Restoring(shelf, connection, destination.objects, chain, wanted)
        restoring.all_buckets()
        restoring.companions()
        restoring.claims(finishing)
        restoring.fences()
        finishing.empty_read_tables()
        restoring.restored.erasures = finishing.apply_erasures()
        connection.execute("COMMENT ON SCHEMA ledger IS NULL")
        return restoring.restored


def _known(manifest: Manifest) -> bool:
    """Return whether every table of a run has the columns that it has here."""
    return all(COLUMNS.get(table) == columns for table, columns in manifest.columns.items())


def _begin(connection: Connection[Any], mark: str) -> None:
    found = marked(connection)
    if found == mark:
        return
    if found is not None:
        raise RestoreUnfinished
    heads = connection.execute("SELECT 1 FROM ledger.bucket_heads WHERE position > 0 LIMIT 1").fetchone()
    if heads is not None:
        raise NotEmpty
    connection.execute(sql.SQL("COMMENT ON SCHEMA ledger IS {}").format(sql.Literal(mark)))


def _mark(run: str, wanted: Wanted) -> str:
    until = wanted.until.isoformat() if wanted.until else "the end"
    return f"{MARK}, run {run}, until {until}, {wanted.subject_id or 'everybody'}"


class _Restoring:
    """One restore under way."""

    def __init__(
        self,
        shelf: Shelf,
        connection: Connection[Any],
        objects: ObjectStore,
        chain: list[Manifest],
        wanted: Wanted,
    ) -> None:
        self._shelf = shelf
        self._connection = connection
        self._objects = objects
        self._chain = chain
        self._wanted = wanted
        self._cut = Cut()
        self.restored = Restored(chain[-1].run)

    def all_buckets(self) -> None:
        """Bring back events, receipts and content, bucket by bucket."""
        heads = dict(self._connection.execute("SELECT bucket, position FROM ledger.bucket_heads").fetchall())
        target = self._chain[-1]
        for bucket in sorted(target.tips.keys() | target.companions[LISTING].keys()):
            self._one_bucket(bucket, heads[bucket])

    def companions(self) -> None:
        """Bring back the rows of tables that change in place, as they were at the run."""
        keepers = {manifest.run: manifest for manifest in self._chain}
        for table in COMPANIONS:
            for bucket, companion in sorted(self._chain[-1].companions.get(table.name, {}).items()):
                for place in self._shelf.places(keepers[companion.run], table.name, bucket):
                    rows = [self._as_then(table, row) for row in self._shelf.rows(place)]
                    paste_missing(self._connection, table, [row for row in rows if row is not None])

    def claims(self, finishing: BeforeServing) -> None:
        """Work out what those records claimed that have changed since the moment that is brought back."""
        for record_id, subject_id in sorted(self._cut.changed.items()):
            for change in finishing.claims_of(subject_id, record_id):
                self._connection.execute(
                    "INSERT INTO ledger.claims (bucket, claim, subject_id, record_id) VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    (change.bucket, change.claim, subject_id, record_id),
                )

    def fences(self) -> None:
        """Have every process look for the fences that came back: one that counts none does not look."""
        self._connection.execute(
            "UPDATE ledger.bucket_heads SET fences = 1 WHERE fences = 0"
            " AND bucket IN (SELECT bucket FROM ledger.fences)"
        )

    def _one_bucket(self, bucket: int, head: int) -> None:
        places = Places(self._wanted, self._cut)
        listing = listing_of(self._shelf, self._chain[-1], bucket)
        given = 0
        for manifest in self._chain:
            for place in self._shelf.places(manifest, EVENTS, bucket):
                coming = list(places.events(self._shelf.rows(place)))
                given += len(coming)
                if given > head:
                    self._events(bucket, head, coming[head - given :])
                    head = given
            for place in self._shelf.places(manifest, RECEIPTS, bucket):
                receipts = list(places.receipts(self._shelf.rows(place)))
                paste_missing(self._connection, RECEIPT_TABLE, receipts)
            for place in self._shelf.places(manifest, BLOBS, bucket):
                self._blobs(bucket, listing, self._shelf.rows(place))

    def _events(self, bucket: int, head: int, rows: list[Row]) -> None:
        with self._connection.transaction():
            moved = self._connection.execute(
                "UPDATE ledger.bucket_heads SET position = %s WHERE bucket = %s AND position = %s",
                (head + len(rows), bucket, head),
            )
            if moved.rowcount != 1:
                raise NotEmpty
            paste(self._connection, EVENT_TABLE, rows)
        self.restored.events += len(rows)

    def _blobs(self, bucket: int, listing: dict[UUID, Listed], rows: Iterable[Row]) -> None:
        """Bring back content that the last run lists: what an erasure deleted since the row was kept is gone."""
        at, record = BLOB_TABLE.index("blob_id"), BLOB_TABLE.index("record_id")
        coming = [
            row
            for row in rows
            if UUID(bytes=row[at]) in listing
            and self._wanted.has(BLOB_TABLE, row)
            and UUID(bytes=row[record]) not in self._cut.unborn
        ]
        for row in coming:
            blob_id = UUID(bytes=row[at])
            if listing[blob_id].size is not None:
                self._object(bucket, blob_id, listing[blob_id])
        paste_missing(self._connection, BLOB_TABLE, coming)

    def _object(self, bucket: int, blob_id: UUID, listed: Listed) -> None:
        name = object_name(blob_id)
        try:
            if _size(self._objects, name) == listed.size:
                return
            write_pieces(self._objects, name, self._whole(bucket, blob_id, listed))
        except (OSError, obstore.exceptions.BaseError):
            raise Unavailable from None
        self.restored.objects += 1

    def _whole(self, bucket: int, blob_id: UUID, listed: Listed) -> Iterator[bytes]:
        """Yield an object of the backup; raises DamagedBackup, at the latest at its end."""
        hashed = sha256()
        for piece in self._shelf.pieces(object_in_backup(blob_id)):
            hashed.update(piece)
            yield piece
        if hashed.digest() != listed.sha256:
            raise DamagedBackup(object_in_backup(blob_id), [bucket])

    def _as_then(self, table: Table, row: Row) -> Row | None:
        """Return a row as it was at the moment that is brought back, None where it was not."""
        if not self._wanted.has(table, row):
            return None
        if "record_id" not in table.columns:
            return row
        record_id = UUID(bytes=row[table.index("record_id")])
        if record_id in self._cut.unborn:
            return None
        if table.name == "sources" and record_id in self._cut.changed:
            return (*row[:-1], b"")  # what the source said last is unknown: it will be heard again
        if table.name == "claims" and record_id in self._cut.changed:
            return None  # see claims()
        return row


def _size(objects: ObjectStore, name: str) -> int | None:
    try:
        size: int = obstore.head(objects, name)["size"]
    except FileNotFoundError:
        return None
    return size
