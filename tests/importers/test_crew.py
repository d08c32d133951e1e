"""Several processes at one import: whatever their files have in common, what comes of it is what one process makes of it."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from domain.web.bookmark import Bookmark
from infrastructure.importers.batch import Intake
from infrastructure.importers.crew import MOST_BY_DEFAULT, Crew, processes_by_default
from infrastructure.importers.draft import Draft, Outcome, Reading
from infrastructure.importers.run import ImportReport, import_paths
from infrastructure.ledger.buckets import bucket_of
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers import overlapping
from tests.importers.test_runs import assert_accounted_for, assert_projected_whole, heads

FILES, PROCESSES = 8, 3
READING = Reading(timezone="Europe/Berlin", addresses=frozenset({"ada@example.org"}))


@pytest.fixture
def crew(settings: Settings) -> Crew:
    """Three processes, however little there is to do."""
    return Crew(settings, PROCESSES, worth=0)


@pytest.fixture
def alone(store: Store) -> Session:
    """Somebody else, whose files one process imports."""
    return store.acting_as(store.register("bob", "bob@example.org"), purpose="testing")


def reasons(report: ImportReport) -> Counter[str]:
    """Return why entries of a run are no records."""
    return sum((file.reasons for file in report.files), Counter())


def assert_nothing_new(me: Session, folder: Path, crew: Crew | None, entries: int) -> None:
    """See that importing a folder once more adds no event."""
    before = heads(me)
    report = import_paths(me, [folder], READING, crew=crew)
    assert report.outcomes[Outcome.CREATED] == report.outcomes[Outcome.REFRESHED] == 0
    assert report.outcomes.total() == entries
    assert heads(me) == before


def runs_of(me: Session) -> set[UUID | None]:
    """Return the correlation ids of all events of a person."""
    bucket = bucket_of(me.subject_id)
    rows = me.engine.ledger.tail(bucket, 0, me.engine.ledger.head(bucket))
    return {row.correlation_id for row in rows if row.subject_id == me.subject_id}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "entries"),
    [
        (overlapping.tasks_alike, 200),
        (overlapping.tasks_that_differ, 200),
        (overlapping.bookmarks, 60),
        (overlapping.tracks, 60),
        (overlapping.tasks_apart, 200),
    ],
)
def test_files_that_name_the_same_things_come_in_as_with_one_process_and_only_once(
    store: Store,
    me: Session,
    alone: Session,
    crew: Crew,
    tmp_path: Path,
    write: overlapping.Write,
    entries: int,
) -> None:
    folder = overlapping.folder_of(tmp_path / "files", write, FILES, entries)
    kept_before = [overlapping.address(entry) for entry in (0, entries // 2)]
    for session in (me, alone):
        for url in kept_before:
            session.do(Bookmark.add, url, title="kept before")
    expected = import_paths(alone, [folder], READING)
    before = runs_of(me)
    report = import_paths(me, [folder], READING, crew=crew)
    assert_accounted_for(report, folder)
    assert report.outcomes == expected.outcomes
    assert reasons(report) == reasons(expected)
    assert [file.path for file in report.files] == [file.path for file in expected.files]
    assert runs_of(me) - before == {report.run_id}
    assert_nothing_new(me, folder, None, FILES * entries)
    assert_nothing_new(me, folder, crew, FILES * entries)
    assert_projected_whole(store)
    assert me.statistics() == alone.statistics()


def test_a_batch_that_somebody_keeps_getting_ahead_of_is_taken_in_all_the_same(me: Session) -> None:
    drafts = [
        Draft("task", "create", f"uid-{n}", {"title": f"Task {n}"}, update="refresh") for n in range(500)
    ]
    before = heads(me)

    def one_by_one() -> Counter[Outcome]:
        intake = Intake(me, "test", "their file")
        return Counter(ending.outcome for draft in drafts for ending in intake.take([draft]))

    with ThreadPoolExecutor(1) as others:
        theirs = others.submit(one_by_one)
        while heads(me) == before:
            time.sleep(0.001)
        ours = Counter(ending.outcome for ending in Intake(me, "test", "our file").take(drafts))
        outcomes = ours + theirs.result()
    assert outcomes == {Outcome.CREATED: len(drafts), Outcome.UNCHANGED: len(drafts)}
    assert heads(me) == before + len(drafts)


def test_a_value_taken_meanwhile_by_the_same_source_is_no_duplicate(me: Session) -> None:
    """Of several that begin the same bookmark at once one makes it, and the others know it again."""
    names = [f"https://example.org/{number}" for number in range(40)]

    def take(_speaker: int) -> list[Outcome]:
        intake = Intake(me, "test", "file")
        drafts = [
            Draft("bookmark", "add", url, {"url": url, "title": "one"}, update="refresh") for url in names
        ]
        return [ending.outcome for draft in drafts for ending in intake.take([draft])]

    with ThreadPoolExecutor(4) as threads:
        outcomes = Counter(outcome for outcomes in threads.map(take, range(4)) for outcome in outcomes)
    assert outcomes == {Outcome.CREATED: len(names), Outcome.UNCHANGED: 3 * len(names)}


def test_one_file_or_little_to_do_is_left_to_one_process(
    me: Session, settings: Settings, tmp_path: Path
) -> None:
    folder = overlapping.folder_of(tmp_path / "files", overlapping.tasks_apart, 2, 10)
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert processes_for(me, [folder / "0.ics"], Crew(settings, 3, worth=0)) == 0
    assert processes_for(me, [folder], Crew(settings, 1, worth=0)) == 0
    assert processes_for(me, [folder], Crew(settings, 3, worth=size + 1)) == 0
    assert processes_for(me, [folder], Crew(settings, 3, worth=size)) == 2


def processes_for(me: Session, paths: list[Path], crew: Crew) -> int:
    """Import files and return how many processes were at it."""
    seen = []
    import_paths(me, paths, READING, lambda *_: seen.append(len(multiprocessing.active_children())), crew)
    assert multiprocessing.active_children() == []
    return max(seen)


def test_progress_is_told_after_every_batch_of_every_file(me: Session, crew: Crew, tmp_path: Path) -> None:
    folder = overlapping.folder_of(tmp_path / "files", overlapping.tasks_apart, 3, 700)
    (folder / "broken.gpx").write_text("no track")
    (folder / "empty.html").write_text("<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n</DL><p>\n")
    (folder / "other.xyz").write_text("of no format that is known")
    told: list[tuple[str, int, int]] = []
    report = import_paths(
        me, [folder], READING, lambda file, all_: told.append((file.path.name, file.entries, all_)), crew
    )
    assert_accounted_for(report, folder)
    assert [file.path.name for file in report.files if file.unreadable] == ["broken.gpx"]
    assert [path.name for path in report.ignored] == ["other.xyz"]
    for number in range(3):
        assert [entries for name, entries, _ in told if name == f"{number}.ics"] == [500, 700]
    totals = [all_ for _, _, all_ in told]
    assert totals == sorted(totals)
    assert totals[-1] == report.outcomes.total() == 3 * 700


def test_the_program_prints_the_same_whoever_imports(
    me: Session, alone: Session, environment: dict[str, str], tmp_path: Path
) -> None:
    folder = overlapping.folder_of(tmp_path / "files", overlapping.tasks_apart, 3, 20)

    def printed(processes: int, person: str) -> list[str]:
        command = [sys.executable, "-m", "infrastructure.cli", "import", "files", "--json"]
        chosen = ["--processes", str(processes), "--person", person]
        finished = subprocess.run(
            [*command, *chosen], env=environment, cwd=tmp_path, check=True, capture_output=True, text=True
        )
        assert finished.stderr == ""
        *files, total = finished.stdout.splitlines()
        return [*files, str(json.loads(total) | {"run": None})]

    assert folder.name == "files"  # found from where the program is called
    assert len(of_crew := printed(2, "ada")) == 4
    assert of_crew == printed(1, "bob")
    assert me.engine.ledger.head(bucket_of(me.subject_id)) >= 60 <= heads(alone)


def test_the_default_is_as_many_as_may_run_at_once_within_bounds() -> None:
    assert 1 <= processes_by_default() <= min(MOST_BY_DEFAULT, os.cpu_count() or 1)
