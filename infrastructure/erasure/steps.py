"""The steps of an erasure. Each may be repeated: whoever carries one out may die before it is noted as done.

A step is given the transaction that has the erasure locked, and returns what it counted, for the receipt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from domain.catalogue import KINDS
from domain.shared import clock
from infrastructure.blobs.blobs import Blobs
from infrastructure.cache.answers import AnswerCache, NoCache
from infrastructure.crypto.destruction import Doomed, KeyDestruction
from infrastructure.crypto.keyring import KeyRing
from infrastructure.erasure import compaction, journal, scrub
from infrastructure.erasure.erasure_file import ErasureFile
from infrastructure.erasure.journal import Erasure
from infrastructure.erasure.receipt import receipt_of
from infrastructure.erasure.request import ErasureRequest, Scope
from infrastructure.erasure.signing import Signer
from infrastructure.errors import ErasureUnfinished
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.erasure_events import erasure_event
from infrastructure.ledger.events import Append, Attribution
from infrastructure.ledger.fences import ANY_RECORD, Cause, Fence, lift_fences, raise_fences
from infrastructure.ledger.holds import active_holds, records_held
from infrastructure.ledger.ledger import Ledger
from infrastructure.projector.projector import Projector
from infrastructure.projector.rebuild.rebuilder import Rebuilder
from infrastructure.projector.schema import SCHEMA
from infrastructure.store.reader import Reader

PROJECTION_SECONDS = 60.0
"""How long an erasure waits for the read tables before it is left to be finished later."""

Counted = dict[str, Any]
Step = Callable[[Connection[Any], Erasure], Counted]


@dataclass(frozen=True, slots=True)
class Steps:
    """Carries out the steps of erasures on the parts of one store."""

    keys: KeyRing
    destruction: KeyDestruction
    ledger: Ledger
    file: ErasureFile
    signer: Signer
    answers: AnswerCache | NoCache
    projector: Projector
    rebuilder: Rebuilder
    reader: Reader
    blobs: Blobs
    read_pool: ConnectionPool[Connection[Any]]

    def in_order(self) -> dict[str, Step]:
        """Return the steps by name, in the order they are carried out."""
        listed: tuple[Step, ...] = (
            self.fence, self.scope, self.file_line, self.destroy_keys, self.caches, self.event, self.tables,
            self.content, self.scrub, self.compaction, self.verification, self.receipt,
        )  # fmt: skip
        return dict(zip(STEPS, listed, strict=True))

    def fence(self, connection: Connection[Any], erasure: Erasure) -> Counted:
        """Let no command, and no new key, into what is to be erased."""
        asked = erasure.request
        if not asked.record_ids:
            self.destruction.fence(asked.subject_id, asked.erasure_id, asked.kind, asked.period)
        else:
            scope = erasure.scope or self.found(connection, asked)
            self.destruction.close(asked.subject_id, scope.broken_keys)
        fences = [
            Fence(asked.subject_id, Cause.ERASURE, asked.erasure_id, asked.kind, asked.period, record_id)
            for record_id in asked.record_ids or {ANY_RECORD}
        ]
        raise_fences(connection, fences, asked.subject_id)
        return {}

    def scope(self, connection: Connection[Any], erasure: Erasure) -> Counted:
        """Find out, now that nothing is added any more, which keys and records go."""
        scope = erasure.scope or self.found(connection, erasure.request)
        journal.note_scope(connection, erasure, scope)
        return {"held_until": self._held_until(connection, erasure.request.subject_id, scope.kept)}

    def file_line(self, connection: Connection[Any], erasure: Erasure) -> Counted:
        """Write the erasure where no restored database can undo it."""
        number = erasure.file_number or self.file.append(erasure.request, _scope_of(erasure))
        journal.note_file_number(connection, erasure, number)
        return {"number": number}

    def destroy_keys(self, connection: Connection[Any], erasure: Erasure) -> Counted:
        """Keep the keys of what stays, destroy all others, and let commands in again where something may begin anew."""
        scope, subject_id = _scope_of(erasure), erasure.request.subject_id
        kept = 0
        for key_id in scope.broken_keys:
            under = compaction.records_under(connection, subject_id, key_id)
            stay = [each for each in under if each not in scope.records and each not in scope.kept]
            kept += self.destruction.keep(subject_id, key_id, stay)
        self.destruction.hold_back(subject_id, erasure.id, scope.kept)
        counted = self.destruction.destroy(self._doomed(erasure), clock.now())
        if erasure.request.grain != "person":
            lift_fences(connection, subject_id, erasure.id)
        return {**counted, "kept": kept}

    def caches(self, _connection: Connection[Any], erasure: Erasure) -> Counted:
        """Let no kept answer about the person be given; the key they were sealed under is destroyed."""
        with self.answers.changing((erasure.request.subject_id, kind) for kind in KINDS):
            return {}

    def event(self, connection: Connection[Any], erasure: Erasure) -> Counted:
        """Tell every projection, in the order of the bucket; count what it tells of, now that no key waits for that."""
        asked, erased, at = erasure.request, _scope_of(erasure).erased(erasure.id), clock.now()
        event = erasure_event(self.keys.store_id, asked.subject_id, erased, at)
        by = Attribution(asked.requested_by, erasure.id, erasure.id)
        receipt = self.ledger.append(Append(asked.subject_id, [event], by, erasure.id.bytes, fences=None))
        kinds = compaction.counted(connection, asked.subject_id, erased)
        return {"bucket": receipt.bucket, "position": receipt.position, "kinds": kinds}

    def tables(self, _connection: Connection[Any], erasure: Erasure) -> Counted:
        """Project until the read tables have met the event; workers that do so too share the buckets.

        Tables beside those that serve, half-built or of earlier moments, are dropped.
        """
        stores = self.rebuilder.forget(erasure.request.subject_id)
        bucket, position = erasure.steps["event"]["bucket"], erasure.steps["event"]["position"]
        deadline = time.monotonic() + PROJECTION_SECONDS
        while self.reader.reached(bucket) < position:
            if time.monotonic() > deadline:
                raise ErasureUnfinished
            if not self.projector.run_once().events:
                time.sleep(0.02)
        return {"deleted_by": scrub.now_of(self.read_pool), "earlier_stores": stores}

    def content(self, connection: Connection[Any], erasure: Erasure) -> Counted:
        """Delete photos and attachments from the object store; small content goes with its row."""
        scope = _scope_of(erasure).erased(erasure.id)
        found = compaction.contents(connection, erasure.request.subject_id, scope)
        self.blobs.delete(blob_id for blob_id, outside in found if outside)
        return {"contents": len(found)}

    def scrub(self, _connection: Connection[Any], erasure: Erasure) -> Counted:
        """Rewrite the files of the read tables the erased rows lay in."""
        tables = scrub.tables_of(erasure.kinds)
        return {"tables": scrub.scrub(self.read_pool, tables, erasure.steps["tables"]["deleted_by"])}

    def compaction(self, connection: Connection[Any], erasure: Erasure) -> Counted:
        """Blank the events, delete what was kept beside them."""
        scope = _scope_of(erasure).erased(erasure.id)
        return compaction.compact(connection, erasure.request.subject_id, scope)

    def verification(self, connection: Connection[Any], erasure: Erasure) -> Counted:
        """Look for what should be gone; take away once more what came late, such as a snapshot."""
        self.keys.forget()  # another process may have destroyed them
        left = self.left(connection, erasure)
        if any(left.values()):
            self.compaction(connection, erasure)
            left = self.left(connection, erasure)
        if any(left.values()):
            raise ErasureUnfinished
        return {"left": left}

    def receipt(self, connection: Connection[Any], erasure: Erasure) -> Counted:
        """Sign what was done."""
        journal.note_receipt(connection, erasure, receipt_of(self.keys.store_id, erasure, self.signer))
        return {}

    def found(self, connection: Connection[Any], asked: ErasureRequest) -> Scope:
        """Return what a request comes to at this moment."""
        holds = active_holds(connection, asked.subject_id, clock.now())
        if not asked.record_ids:
            key_ids = self.destruction.keys_in(asked.subject_id, asked.kind, asked.period)
            return Scope(key_ids, kept=records_held(connection, asked.subject_id, key_ids, holds))
        filed = compaction.filed(connection, asked.subject_id, asked.record_ids)
        kept = {each for each, (kind, _) in filed.items() if any(hold.covers(kind, each) for hold in holds)}
        return Scope(
            records={each: key_id for each, (_, key_id) in filed.items() if each not in kept},
            kept={each: key_id for each, (_, key_id) in filed.items() if each in kept},
        )

    def held(self, connection: Connection[Any], asked: ErasureRequest) -> dict[UUID, int]:
        """Return the holds that keep something of what is asked for, and how many records each."""
        scope = self.found(connection, asked)
        filed = compaction.filed(connection, asked.subject_id, scope.kept)
        holds = active_holds(connection, asked.subject_id, clock.now())
        counts = {
            hold.hold_id: sum(hold.covers(kind, each) for each, (kind, _) in filed.items()) for hold in holds
        }
        return {hold_id: count for hold_id, count in counts.items() if count}

    def left(self, connection: Connection[Any], erasure: Erasure) -> dict[str, int]:
        """Return what there still is of what was erased: living keys, rows of the ledger, rows of the read tables."""
        subject_id, scope = erasure.request.subject_id, _scope_of(erasure).erased(erasure.id)
        left = compaction.remaining(connection, subject_id, scope)
        left["keys"] = self.destruction.left(self._doomed(erasure))
        with self.read_pool.connection() as reading:
            row = reading.execute(
                sql.SQL(
                    "SELECT count(*) FROM {}.audit WHERE bucket = %s AND subject_id = %s AND key_id IS NOT NULL"
                    " AND (record_id = ANY(%s) OR key_id = ANY(%s))"
                ).format(sql.Identifier(SCHEMA)),
                (bucket_of(subject_id), subject_id, list(scope.record_ids | scope.kept), list(scope.key_ids)),
            ).fetchone()
        left["read_rows"] = int(row[0]) if row else 0
        return left

    def _held_until(
        self, connection: Connection[Any], subject_id: UUID, kept: Mapping[UUID, UUID]
    ) -> dict[str, str | None]:
        """Return the holds that keep something, each with its end where one is set."""
        filed = compaction.filed(connection, subject_id, kept)
        return {
            str(hold.hold_id): hold.until.isoformat() if hold.until else None
            for hold in active_holds(connection, subject_id, clock.now())
            if any(hold.covers(kind, each) for each, (kind, _) in filed.items())
        }

    def _doomed(self, erasure: Erasure) -> Doomed:
        scope, person = _scope_of(erasure), erasure.request.grain == "person"
        return Doomed(
            erasure.id,
            erasure.file_number or 0,
            erasure.request.subject_id,
            scope.key_ids,
            scope.broken_keys,
            scope.records,
            scope.kept,
            ("cache", "index") if person else ("cache",),
            fenced_for_ever=person,
        )


STEPS = (
    "fence", "scope", "file", "keys", "caches", "event", "tables", "content", "scrub", "compaction",
    "verification", "receipt",
)  # fmt: skip
"""The names of the steps, in order."""


def _scope_of(erasure: Erasure) -> Scope:
    return erasure.scope or Scope()
