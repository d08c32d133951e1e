"""What a restored ledger needs before it is served: claims worked out, erasures applied, read tables empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import psycopg

from infrastructure.errors import Erased, ErasureUnfinished, ForeignBackup, Unavailable
from infrastructure.ledger.events import ClaimChange
from infrastructure.projector import editions, schema
from infrastructure.projector.locks import hold_schemas
from infrastructure.store.blind_names import blind_claim
from infrastructure.store.engine import Engine


class Finishing:
    """The last steps of a restore; the engine is made when a step needs it, which may be never."""

    def __init__(self, engine: Callable[[], Engine], read_url: str, *, logged: bool) -> None:
        self._engine = engine
        self._read_url = read_url
        self._logged = logged

    def claims_of(self, subject_id: UUID, record_id: UUID) -> Iterator[ClaimChange]:
        """Yield the claims of a record as it stands in the ledger; none where it is erased."""
        engine = self._engine()
        try:
            loaded = engine.repository.load(subject_id, record_id)
        except Erased:
            return
        for claim in loaded.record.claims if loaded else ():
            yield blind_claim(engine.keys, subject_id, claim, record_id, taken=True)

    def apply_erasures(self) -> int:
        """Carry out anew every erasure of the erasure file; return how many.

        The restored ledger knows of none, though it may hold their events: rows that were kept before an erasure
        come back with their ciphertext. Carrying one out twice ends the same.
        """
        erasures = self._engine().care.erasures
        while True:
            try:
                erasures.apply_missing()
                return len(erasures.all())
            except ErasureUnfinished:
                continue  # the read tables of a long ledger take longer than an erasure waits

    def empty_read_tables(self) -> None:
        """Make the read tables anew, so that they are built from the restored ledger alone."""
        with psycopg.connect(self._read_url) as connection:
            hold_schemas(connection)
            schema.drop(connection, schema.SCHEMA)
            schema.create(connection, schema.SCHEMA, logged=self._logged)
            editions.mark(connection, schema.SCHEMA, logged=self._logged)


def known_store(keys_url: str) -> UUID:
    """Return the store whose keys are at hand; raises ForeignBackup where there are none, Unavailable."""
    try:
        with psycopg.connect(keys_url, connect_timeout=10) as connection:
            row = connection.execute("SELECT store_id FROM keys.store").fetchone()
    except psycopg.OperationalError:
        raise Unavailable from None
    if row is None:
        msg = "the keys database has no keys yet: bring them back first"
        raise ForeignBackup(msg)
    found: UUID = row[0]
    return found
