"""Imports one file and counts what became of its entries."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import NamedTuple
from uuid import UUID

from infrastructure.importers.batch import Intake, batches
from infrastructure.importers.draft import Draft, Importer, Outcome, Reading, Refused, UnreadableFile
from infrastructure.importers.formats import importer_for
from infrastructure.store.session import Session


class NamedFile(NamedTuple):
    """A file with what it is called below the path that was given: the same wherever a folder lies."""

    speaker: str
    path: Path


def spelled(path: PurePath) -> str:
    """Return a path as text that can be written as UTF-8, with a backslash escape for each byte that is none."""
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")


@dataclass(frozen=True, slots=True)
class Run:
    """What all files of an import have in common."""

    id: UUID
    """The correlation id of all its events."""
    reading: Reading


@dataclass(slots=True)
class FileReport:
    """What became of the entries of one file; the outcomes add up to what the file holds."""

    path: Path
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    """Entries that are records now or were before, by kind."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why entries were skipped or are invalid."""
    unreadable: bool = False

    @property
    def name(self) -> str:
        """Return what the file is called."""
        return spelled(PurePath(self.path.name))

    @property
    def entries(self) -> int:
        """Return how many entries the file holds."""
        return self.outcomes.total()


def import_file(
    session: Session, file: NamedFile, run: Run, progress: Callable[[FileReport], None]
) -> FileReport:
    """Import one file; ``progress`` is called after every batch with what became of it so far.

    Raises Unavailable and KeyUnavailable; what was imported until then stays.
    """
    report = FileReport(file.path)
    try:
        importer = _importer_of(file)
        intake = Intake(session, importer.platform, file.speaker, run_id=run.id)
        for batch in batches(importer.read(file.path, run.reading)):
            _take(intake, batch, report)
            progress(report)
    except UnreadableFile:
        report.unreadable = True
        progress(report)
    return report


def _importer_of(file: NamedFile) -> Importer:
    importer = importer_for(file.path.suffix)
    if importer is None or not os.path.isfile(file.path):  # noqa: PTH113 - pathlib raises where a folder is closed to us
        raise UnreadableFile  # a pipe or a device would be waited for
    return importer


def _take(intake: Intake, batch: Sequence[Draft | Refused], report: FileReport) -> None:
    for refused in (entry for entry in batch if isinstance(entry, Refused)):
        report.outcomes[refused.outcome] += 1
        report.reasons[refused.reason] += 1
    for ending in intake.take([entry for entry in batch if isinstance(entry, Draft)]):
        report.outcomes[ending.outcome] += 1
        if ending.reason:
            report.reasons[ending.reason] += 1
        else:
            report.kinds[ending.kind] += 1
