"""What an imported record lies under, and what is told apart of files that are called the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.personal.location import LocationDay
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.productivity.task_terms import Dependency, Status
from infrastructure.importers.draft import Outcome
from infrastructure.importers.run import ImportReport, import_paths
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers.tracks import gpx, point, track, way_point

KITCHEN = "BEGIN:VTODO\nUID:1\nSUMMARY:Kitchen\nEND:VTODO\n"
PAINT = "BEGIN:VTODO\nUID:2\nSUMMARY:Paint\nSTATUS:{}\nRELATED-TO:1\nEND:VTODO\n"


def calendar(path: Path, *tasks: str) -> Path:
    path.write_text("BEGIN:VCALENDAR\nVERSION:2.0\n" + "".join(tasks) + "END:VCALENDAR\n", "utf-8")
    return path


def tasks(store: Store, me: Session) -> dict[str, Task]:
    store.catch_up()
    return {each.title: each for each in me.find(Task, limit=10)}


def notes(store: Store, me: Session) -> list[str]:
    store.catch_up()
    return sorted(each.body for each in me.find(Note, limit=10))


def outcomes(report: ImportReport) -> dict[Outcome, int]:
    return dict(report.outcomes)


@pytest.mark.parametrize("status", ["NEEDS-ACTION", "COMPLETED"])
def test_part_of_a_task_lies_under_it_whatever_their_order(
    store: Store, me: Session, tmp_path: Path, status: str
) -> None:
    file = calendar(tmp_path / "tasks.ics", PAINT.format(status), KITCHEN)
    import_paths(me, [file])
    found = tasks(store, me)
    assert found["Paint"].parent_id == found["Kitchen"].id
    head = me.engine.ledger.heads()
    assert outcomes(import_paths(me, [file])) == {Outcome.UNCHANGED: 2}
    assert me.engine.ledger.heads() == head


def test_part_finds_the_whole_that_another_file_brought_before(
    store: Store, me: Session, tmp_path: Path
) -> None:
    import_paths(me, [calendar(tmp_path / "a.ics", KITCHEN)])
    import_paths(me, [calendar(tmp_path / "b.ics", PAINT.format("NEEDS-ACTION"))])
    found = tasks(store, me)
    assert found["Paint"].parent_id == found["Kitchen"].id


def test_part_that_the_person_has_taken_out_stays_out(store: Store, me: Session, tmp_path: Path) -> None:
    file = calendar(tmp_path / "tasks.ics", KITCHEN, PAINT.format("NEEDS-ACTION"))
    import_paths(me, [file])
    me.do(Task.promote, tasks(store, me)["Paint"].id)
    calendar(file, KITCHEN, PAINT.format("IN-PROCESS"))
    assert outcomes(import_paths(me, [file])) == {Outcome.UNCHANGED: 1, Outcome.REFRESHED: 1}
    assert tasks(store, me)["Paint"].parent_id is None


def test_tasks_that_are_part_of_each_other_are_kept_all_the_same(
    store: Store, me: Session, tmp_path: Path
) -> None:
    circle = KITCHEN.replace("END:", "RELATED-TO:2\nEND:")
    report = import_paths(me, [calendar(tmp_path / "a.ics", circle, PAINT.format("NEEDS-ACTION"))])
    assert outcomes(report) == {Outcome.CREATED: 2}
    assert len(tasks(store, me)) == 2


DRY = "BEGIN:VTODO\nUID:3\nSUMMARY:Dry\nRELATED-TO;RELTYPE=DEPENDS-ON;GAP=P1D:1\nEND:VTODO\n"


def test_task_waits_for_what_it_depends_on_whatever_their_order(
    store: Store, me: Session, tmp_path: Path
) -> None:
    file = calendar(tmp_path / "tasks.ics", DRY, KITCHEN)
    import_paths(me, [file])
    found = tasks(store, me)
    assert found["Dry"].dependencies == (Dependency(found["Kitchen"].id, lag_minutes=1440),)
    assert found["Dry"].status is Status.BLOCKED
    head = me.engine.ledger.heads()
    assert outcomes(import_paths(me, [file])) == {Outcome.UNCHANGED: 2}
    assert me.engine.ledger.heads() == head


def test_task_that_the_person_lets_wait_no_longer_does_not(store: Store, me: Session, tmp_path: Path) -> None:
    file = calendar(tmp_path / "tasks.ics", DRY, KITCHEN)
    import_paths(me, [file])
    found = tasks(store, me)
    me.do(Task.remove_dependency, found["Dry"].id, found["Kitchen"].id)
    calendar(file, DRY.replace("END:", "PRIORITY:1\nEND:"), KITCHEN)
    assert outcomes(import_paths(me, [file])) == {Outcome.UNCHANGED: 1, Outcome.REFRESHED: 1}
    assert tasks(store, me)["Dry"].dependencies == ()


def test_tasks_that_depend_on_each_other_are_kept_all_the_same(
    store: Store, me: Session, tmp_path: Path
) -> None:
    circle = KITCHEN.replace("END:", "RELATED-TO;RELTYPE=DEPENDS-ON:3\nEND:")
    assert outcomes(import_paths(me, [calendar(tmp_path / "a.ics", circle, DRY)])) == {Outcome.CREATED: 2}
    assert sum(len(each.dependencies) for each in tasks(store, me).values()) == 1


def vault(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "Notes.md").write_text(text, "utf-8")
    return folder


def test_files_of_one_name_in_several_folders_are_notes_of_their_own(
    store: Store, me: Session, tmp_path: Path
) -> None:
    folder = vault(tmp_path / "vault", a="one", b="two", c="two")
    assert outcomes(import_paths(me, [folder])) == {Outcome.CREATED: 3}
    head = me.engine.ledger.heads()
    assert outcomes(import_paths(me, [folder])) == {Outcome.UNCHANGED: 3}
    assert me.engine.ledger.heads() == head
    vault(folder, a="one, edited")
    assert outcomes(import_paths(me, [folder])) == {Outcome.UNCHANGED: 2, Outcome.REFRESHED: 1}
    assert notes(store, me) == ["one, edited", "two", "two"]


def test_note_stays_the_same_when_a_file_of_its_name_comes_before_it(
    store: Store, me: Session, tmp_path: Path
) -> None:
    folder = vault(tmp_path / "vault", b="two")
    import_paths(me, [folder])
    store.catch_up()
    (before,) = me.find(Note)
    vault(folder, a="one")
    assert outcomes(import_paths(me, [folder])) == {Outcome.CREATED: 1, Outcome.UNCHANGED: 1}
    kept = me.load(before.id)
    assert isinstance(kept, Note)
    assert (kept.body, notes(store, me)) == ("two", ["one", "two"])


def test_file_that_was_moved_is_still_its_note(store: Store, me: Session, tmp_path: Path) -> None:
    import_paths(me, [vault(tmp_path / "vault", a="one")])
    assert outcomes(import_paths(me, [vault(tmp_path / "new", z="one, edited")])) == {Outcome.REFRESHED: 1}
    assert notes(store, me) == ["one, edited"]


def test_files_of_one_name_that_are_given_by_themselves_are_told_apart(
    store: Store, me: Session, tmp_path: Path
) -> None:
    folder = vault(tmp_path / "vault", a="one", b="two")
    files = [folder / "a" / "Notes.md", folder / "b" / "Notes.md"]
    assert outcomes(import_paths(me, files)) == {Outcome.CREATED: 2}
    assert outcomes(import_paths(me, files)) == {Outcome.UNCHANGED: 2}
    assert notes(store, me) == ["one", "two"]


def test_what_a_note_has_no_field_for_is_metadata_of_its_record(
    store: Store, me: Session, tmp_path: Path
) -> None:
    folder = vault(tmp_path / "vault", a="---\ntitle: Trip\naliases: [Sea, Shore]\n---\nx")
    import_paths(me, [folder])
    store.catch_up()
    (note,) = me.find(Note)
    assert note.metadata == {"aliases": "Sea, Shore"}


def test_what_tracks_are_called_is_metadata_of_their_day_and_repeats_change_nothing(
    store: Store, me: Session, tmp_path: Path
) -> None:
    path = gpx(tmp_path, track(point()) + way_point("<name>Kiosk</name>"))
    assert [outcomes(import_paths(me, [path])) for _ in range(2)] == [
        {Outcome.CREATED: 1},
        {Outcome.UNCHANGED: 1},
    ]
    store.catch_up()
    (day,) = me.find(LocationDay)
    assert day.metadata == {"tracks": "n", "points": "Kiosk"}
