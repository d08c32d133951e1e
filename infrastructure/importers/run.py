"""Imports files and folders and reports what became of every entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from domain.shared.values import new_id
from infrastructure.importers.batch import Intake, batches
from infrastructure.importers.draft import Draft, Outcome, Reading, Refused, UnreadableFile
from infrastructure.importers.formats import importer_for
from infrastructure.store.session import Session


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
    def entries(self) -> int:
        """Return how many entries the file holds."""
        return self.outcomes.total()


@dataclass(slots=True)
class ImportReport:
    """What became of all files of a run."""

    run_id: UUID = field(default_factory=new_id)
    """The correlation id of all events of the run."""
    files: list[FileReport] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)
    """Files of formats that cannot be imported."""

    @property
    def outcomes(self) -> Counter[Outcome]:
        """Return the outcomes of all files together."""
        return sum((file.outcomes for file in self.files), Counter[Outcome]())


def import_paths(
    session: Session,
    paths: Iterable[Path],
    reading: Reading | None = None,
    progress: Callable[[FileReport, int], None] = lambda _file, _entries: None,
) -> ImportReport:
    """Import every file at or below the paths; importing the same again adds no event.

    ``progress`` is called after every batch with the file in hand and the number of entries so far. Raises Unavailable and
    KeyUnavailable; what was imported until then stays, and the next run goes on from there.
    """
    report = ImportReport()
    for speaker, path in _named_files(paths):
        importer = importer_for(path.suffix)
        if importer is None:
            report.ignored.append(path)
            continue
        file = FileReport(path)
        report.files.append(file)
        intake = Intake(session, importer.platform, speaker, run_id=report.run_id)
        entries = importer.read(path, reading or Reading())
        _import_file(intake, entries, file, lambda file: progress(file, report.outcomes.total()))
    return report


def _import_file(
    intake: Intake,
    entries: Iterator[Draft | Refused],
    file: FileReport,
    progress: Callable[[FileReport], None],
) -> None:
    try:
        for batch in batches(entries):
            for refused in (entry for entry in batch if isinstance(entry, Refused)):
                file.outcomes[refused.outcome] += 1
                file.reasons[refused.reason] += 1
            for ending in intake.take([entry for entry in batch if isinstance(entry, Draft)]):
                file.outcomes[ending.outcome] += 1
                if ending.reason:
                    file.reasons[ending.reason] += 1
                else:
                    file.kinds[ending.kind] += 1
            progress(file)
    except UnreadableFile:
        file.unreadable = True
        progress(file)


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files in a stable order; hidden ones and links that lead elsewhere are passed over."""
    return (path for _, path in _named_files(paths))


def _named_files(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield files with what they are called below the path that was given: the same wherever a folder lies."""
    for path in paths:
        if not path.is_dir():
            yield path.name, path
            continue
        for item in sorted(path.rglob("*")):
            below = item.relative_to(path)
            if (
                item.is_file()
                and not item.is_symlink()
                and not any(part.startswith(".") for part in below.parts)
            ):
                yield below.as_posix(), item
