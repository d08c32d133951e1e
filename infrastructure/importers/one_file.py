"""Imports one file and counts what became of its entries."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import NamedTuple
from uuid import UUID

from infrastructure.importers.batch import Ending, Intake, batches
from infrastructure.importers.draft import Draft, Importer, Outcome, Reading, Refused, UnreadableFile
from infrastructure.importers.formats import ending_of, importer_for
from infrastructure.store.session import Session


class NamedFile(NamedTuple):
    """A file with what it is called below the path that was given: the same wherever a folder lies."""

    speaker: str
    path: Path
    told: str
    """What the report calls it: no two files of a run have the same name there."""
    has_namesake: bool = False
    """Whether another file of the run is called the same, in another folder."""

    @property
    def folder(self) -> str | None:
        """The folder below the path that was given, where it tells the file from others."""
        return PurePath(self.speaker).parent.as_posix() if self.has_namesake else None


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
    name: str
    """Its path below the folder that was given, or the path that was given, as text."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    """Entries that are records now or were before, by kind."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why entries were skipped or are invalid."""
    unreadable: bool = False
    words_left: int = 0
    """Words on things that another file may tell of: they are heard when all files are read."""

    @property
    def entries(self) -> int:
        """Return how many entries the file holds."""
        return self.outcomes.total()


def import_file(
    session: Session, file: NamedFile, run: Run, progress: Callable[[FileReport], None]
) -> FileReport:
    """Import one file but for words on things; ``progress`` hears after every batch what became of it so far.

    Raises Unavailable and KeyUnavailable; what was imported until then stays.
    """
    report = FileReport(file.path, file.told)
    _go_through(session, file, run, report, lambda intake, batch: _take(intake, batch, report), progress)
    return report


def hear_words(
    session: Session, file: NamedFile, run: Run, report: FileReport, progress: Callable[[FileReport], None]
) -> None:
    """Read a file again for the words that ``import_file`` has left, and add to its report what became of them."""
    _go_through(session, file, run, report, lambda intake, batch: _hear(intake, batch, report), progress)


def _go_through(
    session: Session,
    file: NamedFile,
    run: Run,
    report: FileReport,
    take: Callable[[Intake, Sequence[Draft | Refused]], None],
    progress: Callable[[FileReport], None],
) -> None:
    try:
        importer = _importer_of(file)
        intake = Intake(session, importer.platform, file.speaker, run_id=run.id)
        for batch in batches(importer.read(file.path, replace(run.reading, folder=file.folder))):
            take(intake, batch)
            progress(report)
    except UnreadableFile:
        report.unreadable = True
        progress(report)


def _importer_of(file: NamedFile) -> Importer:
    importer = importer_for(ending_of(file.path))
    if importer is None or not os.path.isfile(file.path):  # noqa: PTH113 - pathlib raises where a folder is closed to us
        raise UnreadableFile  # a pipe or a device would be waited for
    return importer


def _take(intake: Intake, batch: Sequence[Draft | Refused], report: FileReport) -> None:
    for refused in (entry for entry in batch if isinstance(entry, Refused)):
        report.outcomes[refused.outcome] += 1
        report.reasons[refused.reason] += 1
    drafts = [entry for entry in batch if isinstance(entry, Draft)]
    report.words_left += sum(each.verb is None for each in drafts)
    _count(report, intake.take([each for each in drafts if each.verb is not None]))


def _hear(intake: Intake, batch: Sequence[Draft | Refused], report: FileReport) -> None:
    words = [entry for entry in batch if isinstance(entry, Draft) and entry.verb is None]
    report.words_left -= len(words)
    _count(report, intake.take(words))


def _count(report: FileReport, endings: Iterable[Ending]) -> None:
    for ending in endings:
        report.outcomes[ending.outcome] += 1
        if ending.reason:
            report.reasons[ending.reason] += 1
        else:
            report.kinds[ending.kind] += 1
