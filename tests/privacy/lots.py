"""People of whom some things are erased: a person, a kind, a period, a record; and what stays beside them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.catalogue import KINDS, kind_named
from domain.communication.email import Email
from domain.media.media import Media
from domain.shared import clock
from infrastructure.erasure.journal import Erasure
from infrastructure.errors import Erased
from infrastructure.importers.draft import Outcome
from infrastructure.importers.run import import_paths
from infrastructure.ledger.buckets import bucket_of
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.privacy.inhabited import LARGE, as_told, plant, plant_records, readings
from tests.privacy.paper import letter, photo
from tests.privacy.planting import Planter
from tests.privacy.scan import Needles

LAST_YEAR = datetime(2025, 6, 1, tzinfo=UTC)
TOGETHER = 30  # strings in one search


@dataclass
class Lot:
    """Records of one person that go together or stay together, and the strings planted in them."""

    subject_id: UUID
    planter: Planter
    records: list[UUID]
    erasure: Mapping[str, Any] | None = None
    """What ``Store.erase`` is asked for: nothing more for a whole person. None of what stays."""

    @property
    def asked(self) -> dict[str, str]:
        """Return what is asked for in words, for another process."""
        return {name: getattr(value, "KIND", str(value)) for name, value in (self.erasure or {}).items()}

    def erase(self, store: Store) -> Erasure:
        """Erase it, or go on with an erasure of it."""
        return store.erase(self.subject_id, grounds="drill", **(self.erasure or {}))

    def kept(self, store: Store) -> set[str]:
        """Return which strings can be read through the keys; raises Erased."""
        needles, me = Needles(self.planter.planted), store.acting_as(self.subject_id)
        return {
            found for each in self.records for text in readings(me, each) for found in needles.in_bytes(text)
        }

    def is_erased(self, store: Store) -> bool:
        """Tell whether not one record can be read."""
        me = store.acting_as(self.subject_id)
        return not any(_can_be_read(me, each) for each in self.records)


@dataclass
class Lots:
    """All that was planted in a store."""

    going: dict[str, Lot] = field(default_factory=dict)
    staying: dict[str, Lot] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, Lot]:
        return self.going | self.staying

    @property
    def people(self) -> set[UUID]:
        return {lot.subject_id for lot in self.all.values()}

    @property
    def going_strings(self) -> dict[str, str]:
        """Return the strings of what goes, each with its lot and place."""
        return _strings(self.going)

    @property
    def staying_strings(self) -> dict[str, str]:
        return _strings(self.staying)

    def places(self, found: Mapping[Path, set[str]]) -> dict[str, list[str]]:
        """Return where the strings of each file were planted, for the message of a test that fails."""
        planted = self.going_strings
        return {str(path): sorted(planted[each] for each in strings) for path, strings in found.items()}

    def portrait(self, store: Store) -> dict[UUID, list[bytes]]:
        """Return all that can be read of what stays, from the ledger and the read tables."""
        told: dict[UUID, list[bytes]] = {}
        for lot in self.staying.values():
            me = store.acting_as(lot.subject_id)
            told |= {each: list(readings(me, each)) for each in lot.records}
            for name in KINDS:
                for row in me.find(kind_named(name), limit=200):
                    if row.id in told:
                        told[row.id].append(as_told(row))
        return told

    def found(self, store: Store) -> dict[str, set[UUID]]:
        """Return which records the search finds, by the strings of each lot."""
        return {name: _found(store.acting_as(lot.subject_id), lot) for name, lot in self.all.items()}


def plant_lots(store: Store) -> Lots:
    """Plant everything; the files that are imported lie in a folder that goes again."""
    with tempfile.TemporaryDirectory() as folder:
        return _plant_lots(store, Path(folder))


def _plant_lots(store: Store, folder: Path) -> Lots:
    lots = Lots()
    goes, stays, beside = (Planter() for _ in range(3))
    lots.going["person"] = _whole_person(store, goes, folder)
    lots.staying["neighbour"] = _whole_person(store, stays, folder)
    records, _ = plant(store, beside, without={"email"})
    lots.staying["beside"] = Lot(records[0], beside, records)
    me = store.acting_as(records[0])
    lots.staying["beside"].records += _imported(me, photo(beside, folder))

    kind = Planter()
    mail = plant_records(me, kind, {"email"})
    mail += _imported(me, letter(kind, folder, filling=LARGE))
    lots.going["kind"] = Lot(me.subject_id, kind, mail, {"kind": Email})

    period = Planter()
    with clock.reading(lambda: LAST_YEAR):
        media = plant_records(me, period, {"media"})
        media += _imported(me, photo(period, folder))
    lots.going["period"] = Lot(me.subject_id, period, media, {"kind": Media, "period": "2025"})

    record = Planter()
    (document,) = plant_records(me, record, {"document"})
    lots.going["record"] = Lot(me.subject_id, record, [document], {"record_id": document})
    return lots


def _whole_person(store: Store, planter: Planter, folder: Path) -> Lot:
    records, _ = plant(store, planter)
    me = store.acting_as(records[0], purpose=planter.string("purpose of an import"))
    files = photo(planter, folder), letter(planter, folder, filling=LARGE)
    return Lot(records[0], planter, records + _imported(me, *files), {})


def _imported(me: Session, *files: Path) -> list[UUID]:
    ledger, bucket = me.engine.ledger, bucket_of(me.subject_id)
    before = ledger.head(bucket)
    report = import_paths(me, files)
    assert report.outcomes == {Outcome.CREATED: len(files)}
    return list({event.record_id for event in ledger.tail(bucket, before, 1_000)})


def _found(me: Session, lot: Lot) -> set[UUID]:
    """Return what a search for any of a lot's strings finds of its records."""
    strings = sorted(lot.planter.planted)
    asked = (" or ".join(strings[at : at + TOGETHER]) for at in range(0, len(strings), TOGETHER))
    hits = {hit.record_id for words in asked for hit in me.search(words, limit=200)}
    return hits & {*lot.records}


def _can_be_read(me: Session, record_id: UUID) -> bool:
    try:
        return any(True for _ in readings(me, record_id))
    except Erased:
        return False


def _strings(lots: Mapping[str, Lot]) -> dict[str, str]:
    return {
        string: f"{name}: {place}"
        for name, lot in lots.items()
        for string, place in lot.planter.planted.items()
    }
