"""Reads a backup through, without restoring it: sizes, checksums, order, and the digest of every event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from infrastructure.backup.columns import Row, unpack
from infrastructure.backup.listing import Listed, listing_of, object_in_backup
from infrastructure.backup.manifest import EVENTS, LISTING, File, Manifest, Part, digest
from infrastructure.backup.shelf import Shelf
from infrastructure.backup.tables import EVENT_TABLE, identity, integer
from infrastructure.errors import DamagedBackup, NoBackup
from infrastructure.ledger.erasure_events import erasure_binding
from infrastructure.ledger.events import associated_data, digest_of

_AT = {name: EVENT_TABLE.index(name) for name in EVENT_TABLE.columns}


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is missing, cut off or changed, and the buckets whose rows it spoils."""

    file: str
    buckets: tuple[int, ...] = ()


@dataclass(slots=True)
class Findings:
    """What was read of a chain, and what of it is damaged."""

    run: str
    runs: int = 0
    files: int = 0
    objects: int = 0
    bytes: int = 0
    events: int = 0
    erased: int = 0
    """Events blanked by an erasure: their place is checked, there is nothing left to hold the digest against."""
    spoilt: dict[str, set[int]] = field(default_factory=dict)

    @property
    def damages(self) -> list[Damage]:
        """Return what is damaged, file by file."""
        return [Damage(file, tuple(sorted(buckets))) for file, buckets in self.spoilt.items()]


def verify(shelf: Shelf, run: str | None = None) -> Findings:
    """Read the chain of a run, by default the last one, and return what was found.

    Raises NoBackup, NewerBackup, BackupUnavailable, and DamagedBackup where a manifest cannot be read: without it
    nothing is known of the rest.
    """
    survey = shelf.survey()
    if run is None:
        if survey.damaged:
            raise DamagedBackup(survey.damaged[-1])
        if not survey.runs:
            raise NoBackup
        run = survey.runs[-1].run
    reading = _Reading(shelf, run)
    chain = shelf.chain(run)
    for manifest in chain:
        reading.run_of(manifest)
    reading.ends_as(chain)
    return reading.findings


class _Reading:
    """The reading of one chain: how far each bucket has come."""

    def __init__(self, shelf: Shelf, run: str) -> None:
        self._shelf = shelf
        self._reached: dict[int, tuple[int, str]] = {}
        self.findings = Findings(run)

    def run_of(self, manifest: Manifest) -> None:
        self.findings.runs += 1
        for file in manifest.files:
            name = f"{manifest.folder}/{file.name}"
            try:
                data = self._shelf.read(name)
            except DamagedBackup:
                self._damaged(name, (part.bucket for part in file.parts))
                continue
            spoilt = [
                part.bucket for part, piece in _pieces(file, data) if not self._reads(manifest, part, piece)
            ]
            if spoilt or len(data) != file.bytes or digest(data) != file.sha256:
                self._damaged(name, spoilt or (part.bucket for part in file.parts))
            self.findings.files += 1
            self.findings.bytes += len(data)

    def ends_as(self, chain: list[Manifest]) -> None:
        """Hold what was read against what the last manifest says the ledger was."""
        target = chain[-1]
        if not self.findings.spoilt:
            wrong = [
                bucket
                for bucket in self._reached.keys() | target.tips.keys()
                if bucket not in target.tips
                or self._reached.get(bucket) != (target.tips[bucket].position, target.tips[bucket].digest)
            ]
            if wrong:
                self._damaged(f"{target.folder}/manifest.json", wrong)
        self._companions(chain)
        for bucket in target.companions[LISTING]:
            try:
                listing = listing_of(self._shelf, target, bucket)
            except DamagedBackup as error:
                self._damaged(error.file, [bucket])
                continue
            for blob_id, listed in listing.items():
                self._object(bucket, blob_id, listed)

    def _companions(self, chain: list[Manifest]) -> None:
        kept = {
            (part.table, part.bucket, manifest.run)
            for manifest in chain
            for file in manifest.files
            for part in file.parts
        }
        missing = [
            bucket
            for table, buckets in chain[-1].companions.items()
            for bucket, companion in buckets.items()
            if (table, bucket, companion.run) not in kept
        ]
        if missing:
            self._damaged(f"{chain[-1].folder}/manifest.json", missing)

    def _reads(self, manifest: Manifest, part: Part, piece: bytes) -> bool:
        try:
            rows = list(unpack(piece))
        except DamagedBackup:
            return False
        if len(rows) != part.rows:
            return False
        return part.table != EVENTS or all(self._goes_on(manifest.store_id, part.bucket, row) for row in rows)

    def _goes_on(self, store_id: UUID, bucket: int, row: Row) -> bool:
        """Return whether an event is the next one of its bucket and is what its digest says."""
        position, found = integer(row[_AT["position"]]), row[_AT["digest"]] or b""
        before, _ = self._reached.get(bucket, (0, ""))
        self._reached[bucket] = (position, found.hex())
        self.findings.events += 1
        if integer(row[_AT["bucket"]]) != bucket or position != before + 1:
            return False
        body, topic = row[_AT["body"]], row[_AT["topic"]]
        if body is None or topic is None:
            self.findings.erased += 1
            return body is None
        subject_id, record_id = identity(row[_AT["subject_id"]]), identity(row[_AT["record_id"]])
        key_id = row[_AT["key_id"]]
        if key_id is None:
            return digest_of(erasure_binding(store_id, subject_id, record_id), body) == found
        bound = associated_data(
            store_id,
            subject_id,
            record_id,
            integer(row[_AT["version"]]),
            topic.decode(),
            integer(row[_AT["schema_version"]]),
            identity(key_id),
        )
        return digest_of(bound, body) == found

    def _object(self, bucket: int, blob_id: UUID, listed: Listed) -> None:
        if listed.size is None:
            return
        size, hashed = 0, sha256()
        name = object_in_backup(blob_id)
        try:
            for piece in self._shelf.pieces(name):
                size += len(piece)
                hashed.update(piece)
        except DamagedBackup:
            self._damaged(name, [bucket])
            return
        self.findings.objects += 1
        self.findings.bytes += size
        if (size, hashed.digest()) != (listed.size, listed.sha256):
            self._damaged(name, [bucket])

    def _damaged(self, file: str, buckets: Iterator[int] | list[int]) -> None:
        self.findings.spoilt.setdefault(file, set()).update(buckets)


def _pieces(file: File, data: bytes) -> Iterator[tuple[Part, bytes]]:
    start = 0
    for part in file.parts:
        yield part, data[start : start + part.bytes]
        start += part.bytes
