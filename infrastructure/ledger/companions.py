"""What is stored in the transaction of events, beside them: claims, fences, holds, sources, mentions, content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import Connection

from infrastructure.ledger import statements
from infrastructure.ledger.binary_copy import source_rows
from infrastructure.ledger.events import Append, SourceEntry
from infrastructure.ledger.fences import change_restrictions
from infrastructure.ledger.holds import change_record_holds


def write_companions(connection: Connection[Any], bucket: int, append: Append) -> None:
    """Store what an append brings besides its events, in its transaction."""
    # Claims given up go first: a record may hand one to another in the same transaction.
    for change in sorted(append.claims, key=lambda each: (each.taken, each.bucket)):
        if change.taken:
            connection.execute(
                "INSERT INTO ledger.claims (bucket, claim, subject_id, record_id) VALUES (%s, %s, %s, %s)",
                (change.bucket, change.claim, append.subject_id, change.record_id),
            )
        else:
            connection.execute(
                "DELETE FROM ledger.claims WHERE bucket = %s AND claim = %s AND record_id = %s",
                (change.bucket, change.claim, change.record_id),
            )
    change_restrictions(connection, append.subject_id, append.restrictions)
    change_record_holds(connection, append.subject_id, append.holds, append.attribution.actor_id)
    if append.sources:
        write_sources(connection, bucket, append.subject_id, append.sources)
    if append.mentions:
        _write_mentions(connection, bucket, append)
    if append.blobs:
        with connection.cursor() as cursor, cursor.copy(statements.COPY_BLOBS) as copy:
            copy.set_types(["int2", "uuid", "uuid", "uuid", "uuid", "bytea"])
            for blob in append.blobs:
                copy.write_row(
                    (bucket, blob.blob_id, append.subject_id, blob.record_id, blob.key_id, blob.body)
                )


def _write_mentions(connection: Connection[Any], bucket: int, append: Append) -> None:
    named = [each for each in append.mentions if each.named]
    addresses, records = [each.address for each in named], [each.record_id for each in named]
    connection.execute(
        statements.NOTE_MENTIONS,
        (bucket, append.subject_id, addresses, records, [each.kind for each in named]),
    )
    gone = [each for each in append.mentions if not each.named]
    if gone:
        addresses, records = [each.address for each in gone], [each.record_id for each in gone]
        connection.execute(statements.DROP_MENTIONS, (addresses, records, bucket))


def write_sources(
    connection: Connection[Any], bucket: int, subject_id: UUID, sources: Sequence[SourceEntry]
) -> None:
    """Note what sources said; raises UniqueViolation where somebody else has noted a name meanwhile."""
    known = [entry for entry in sources if entry.known]
    with connection.cursor() as cursor:
        if known:
            columns = zip(
                *((each.source, each.record_id, each.content_digest) for each in known), strict=True
            )
            cursor.execute(statements.UPDATE_SOURCES, (*map(list, columns), bucket))
        new = [entry for entry in sources if not entry.known]
        if new:
            with cursor.copy(statements.COPY_SOURCES) as copy:
                copy.write(b"".join(source_rows(bucket, subject_id, new)))
