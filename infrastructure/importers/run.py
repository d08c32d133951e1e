"""Imports files and folders and reports what became of every entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath
from uuid import UUID

from domain.shared.values import new_id
from infrastructure.importers.crew import Crew
from infrastructure.importers.draft import Outcome, Reading
from infrastructure.importers.formats import FORMATS, ending_of
from infrastructure.importers.one_file import FileReport, NamedFile, Run, hear_words, import_file, spelled
from infrastructure.store.session import Session

Progress = Callable[[FileReport, int], None]
"""Hears of the file in hand, and of the number of entries of all files so far."""


@dataclass(slots=True)
class ImportReport:
    """What became of all files of a run."""

    run_id: UUID = field(default_factory=new_id)
    """The correlation id of all events of the run."""
    files: list[FileReport] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)
    """Files of formats that cannot be imported, and links in folders, which are not followed."""

    @property
    def outcomes(self) -> Counter[Outcome]:
        """Return the outcomes of all files together."""
        return sum((file.outcomes for file in self.files), Counter[Outcome]())


def import_paths(
    session: Session,
    paths: Iterable[Path],
    reading: Reading | None = None,
    progress: Progress = lambda _file, _entries: None,
    crew: Crew | None = None,
) -> ImportReport:
    """Import every file at or below the paths; importing the same again adds no event.

    With a ``crew``, and where there is enough to do for it, by several processes at once: which of several files
    that say different things of the same source is heard last is then not settled. What is no more than a word on a thing
    (a cancellation) is heard when all files are read, whatever their order. ``progress`` is called
    after every batch. Raises Unavailable, its ImportBrokenOff, and KeyUnavailable; what was imported until then
    stays, and the next run goes on from there.
    """
    report, files = ImportReport(), list[NamedFile]()
    for file in _named_files(paths, report.ignored):
        if ending_of(file.path) in FORMATS:
            files.append(file)
        else:
            report.ignored.append(file.path)
    called = Counter(file.path.name for file in files)
    files = [file._replace(has_namesake=called[file.path.name] > 1) for file in _told_apart(files)]
    report.files = [FileReport(file.path, file.told) for file in files]
    run, tally = Run(report.run_id, reading or Reading()), _Tally(report, progress)
    if crew is not None and crew.is_worth_starting(files):
        crew.import_files(session, files, run, tally)
    else:
        for number, file in enumerate(files):
            import_file(session, file, run, partial(tally, number))
    for number, file in enumerate(files):
        if report.files[number].words_left:
            hear_words(session, file, run, report.files[number], partial(tally, number))
    return report


def _told_apart(files: Sequence[NamedFile]) -> Iterator[NamedFile]:
    """Yield the files, with the folder that was given in the names of those that are called the same in several."""
    told = Counter(file.told for file in files)
    for file in files:
        yield file if told[file.told] == 1 else file._replace(told=spelled(file.path))


class _Tally:
    """Takes down how far each file is."""

    def __init__(self, report: ImportReport, progress: Progress) -> None:
        self._report = report
        self._progress = progress
        self._entries = [0] * len(report.files)
        self._all = 0

    def __call__(self, number: int, file: FileReport) -> None:
        self._report.files[number] = file
        self._all += file.entries - self._entries[number]
        self._entries[number] = file.entries
        self._progress(file, self._all)


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files in a stable order; hidden ones and links that lead elsewhere are passed over."""
    return (file.path for file in _named_files(paths, []))


def _named_files(paths: Iterable[Path], links: list[Path]) -> Iterator[NamedFile]:
    """Yield the files to read; links in folders are added to ``links`` instead, but for hidden ones."""
    given = list(paths)
    called = Counter(path.name for path in given)
    for path in given:
        if not path.is_dir():
            name = PurePath(path.name) if called[path.name] == 1 else PurePath(path.parent.name, path.name)
            yield NamedFile(spelled(name), path, spelled(path))
            continue
        for item in sorted(path.rglob("*")):
            below = item.relative_to(path)
            if any(part.startswith(".") for part in below.parts):
                continue
            if item.is_symlink():
                links.append(item)
            elif item.is_file():
                yield NamedFile(spelled(below), item, spelled(below))
