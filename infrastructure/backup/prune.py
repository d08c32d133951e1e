"""Throws old backups away: whole chains only, never the newest, and objects that no run lists any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from infrastructure.backup.listing import listing_of, object_in_backup
from infrastructure.backup.manifest import LISTING, Manifest
from infrastructure.backup.session import alone
from infrastructure.backup.shelf import OBJECTS, Shelf


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was thrown away."""

    runs: int
    objects: int


def prune(ledger_url: str, shelf: Shelf, keep: timedelta, now: datetime) -> Pruned:
    """Delete the chains of which every run is older than ``keep``.

    The newest chain stays, however old it is. A chain with a run of the future stays too: a clock is wrong, and
    what is kept too long does less harm. Raises BackupRunning, DamagedBackup, BackupUnavailable, Unavailable.
    """
    with alone(ledger_url):
        survey = shelf.survey()
        chains = _chains(survey.runs)
        kept, runs = list(chains.pop() if chains else ()), 0
        for chain in chains:
            if all(keep <= now - manifest.created_at for manifest in chain):
                for manifest in reversed(chain):
                    shelf.forget(manifest)
                runs += len(chain)
            else:
                kept += chain
        # A run that cannot be read may list any of the objects.
        return Pruned(runs, _sweep_objects(shelf, kept) if runs and not survey.damaged else 0)


def _chains(runs: Iterable[Manifest]) -> list[list[Manifest]]:
    """Return the runs by chain, the chain of the last run last."""
    chains: dict[str, list[Manifest]] = {}
    begun_by: dict[str, str] = {}
    for manifest in runs:
        begun = manifest.run if manifest.base is None else begun_by.get(manifest.base, manifest.run)
        begun_by[manifest.run] = begun
        chains.setdefault(begun, []).append(manifest)
    return sorted(chains.values(), key=lambda chain: chain[-1].number)


def _sweep_objects(shelf: Shelf, kept: list[Manifest]) -> int:
    """Delete the objects that none of the runs kept lists; raises DamagedBackup rather than guess."""
    listed = {
        object_in_backup(blob_id)
        for manifest in kept
        for bucket, companion in manifest.companions[LISTING].items()
        if companion.run == manifest.run  # a list that was taken over is read with the run that has it
        for blob_id in listing_of(shelf, manifest, bucket)
    }
    left = [name for name in shelf.names(f"{OBJECTS}/") if name not in listed]
    shelf.delete(left)
    return len(left)
