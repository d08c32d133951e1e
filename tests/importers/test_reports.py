"""What the report of an import calls each file: no two are called the same."""

from __future__ import annotations

from pathlib import Path

from infrastructure.importers.crew import Crew
from infrastructure.importers.run import import_paths
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from tests.importers.test_runs import READING, calendar


def test_a_file_of_a_folder_is_told_by_its_path_below_it(me: Session, tmp_path: Path) -> None:
    two_of_a_name(tmp_path / "one")
    assert named(me, tmp_path / "one") == ["home/plan.ics", "office/plan.ics"]


def test_a_file_that_is_given_by_itself_is_told_as_it_is_given(me: Session, tmp_path: Path) -> None:
    plan = calendar(tmp_path / "plan.ics")
    assert named(me, plan) == [str(plan)]


def test_files_of_several_folders_are_told_apart_by_the_folder(me: Session, tmp_path: Path) -> None:
    one, other, plan = tmp_path / "one", tmp_path / "other", calendar(tmp_path / "plan.ics")
    two_of_a_name(one)
    (other / "office").mkdir(parents=True)
    calendar(other / "office" / "plan.ics")
    assert named(me, one, other, plan) == [
        "home/plan.ics", f"{one}/office/plan.ics", f"{other}/office/plan.ics", str(plan),
    ]  # fmt: skip


def test_several_processes_tell_files_by_the_same_names(
    me: Session, settings: Settings, tmp_path: Path
) -> None:
    two_of_a_name(tmp_path)
    assert named(me, tmp_path, crew=Crew(settings, 2, worth=0)) == ["home/plan.ics", "office/plan.ics"]


def two_of_a_name(folder: Path) -> None:
    for part in ("home", "office"):
        (folder / part).mkdir(parents=True)
        calendar(folder / part / "plan.ics")


def named(me: Session, *paths: Path, crew: Crew | None = None) -> list[str]:
    """Import and return the names in the report."""
    return [file.name for file in import_paths(me, paths, READING, crew=crew).files]
