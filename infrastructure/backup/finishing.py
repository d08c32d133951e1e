"""What a restored ledger needs before it is served: claims worked out, erasures applied, read tables empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol
from uuid import UUID

import psycopg

from infrastructure.errors import Erased, ForeignBackup, Unavailable
from infrastructure.ledger.events import ClaimChange
from infrastructure.projector import schema
from infrastructure.store.engine import Engine
from infrastructure.store.unit_of_work import blind_claim


class ErasureFile(Protocol):
    """The erasures as they are known outside the ledger, which a restore must not undo."""

    def known(self) -> int:
        """Return the number of the last erasure that the ledger knows."""
        ...

    def apply(self, engine: Engine, after: int) -> int:
        """Apply all erasures numbered above ``after``, whatever the ledger says of them; return how many.

        The ledger may know an erasure and hold again what it took: rows that were kept before it come back with
        their ciphertext. Applying twice ends the same.
        """
        ...


class NoErasures:
    """An erasure file without an entry."""

    def known(self) -> int:
        """Return 0."""
        return 0

    def apply(self, engine: Engine, after: int) -> int:  # noqa: ARG002 - the port's signature
        """Apply nothing."""
        return 0


class Finishing:
    """The last steps of a restore; the engine is made when a step needs it, which may be never."""

    def __init__(
        self, engine: Callable[[], Engine], erasures: ErasureFile, read_url: str, *, logged: bool
    ) -> None:
        self._engine = engine
        self._erasures = erasures
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

    def apply_erasures(self, after: int) -> int:
        """Apply every erasure of the file numbered above ``after``; return how many."""
        return self._erasures.apply(self._engine(), after)

    def empty_read_tables(self) -> None:
        """Make the read tables anew, so that they are built from the restored ledger alone."""
        with psycopg.connect(self._read_url) as connection:
            schema.create(connection, schema.SCHEMA, logged=self._logged)


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
