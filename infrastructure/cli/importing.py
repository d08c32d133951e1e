"""The import as a person sees it: a progress bar, then what became of every file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from domain.core.user import User
from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import AttributeStatus
from infrastructure.cli.output import console, print_json, print_table
from infrastructure.importers.crew import WORTH_A_CREW, Crew, processes_by_default
from infrastructure.importers.draft import Outcome, Reading
from infrastructure.importers.one_file import FileReport
from infrastructure.importers.run import ImportReport, files_of, import_paths
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from projections.question import MAX_LIMIT

OWN_ADDRESS = "contact.email"
"""The key of a profile under which people state the addresses they have besides that of their account."""


def crew_for(settings: Settings, processes: int | None) -> Crew:
    """Return as many processes as were asked for; unless any were, only where they are quicker than one."""
    if processes is None:
        return Crew(settings, processes_by_default(), worth=WORTH_A_CREW)
    return Crew(settings, processes, worth=0)


def import_with_progress(
    session: Session, paths: Iterable[Path], crew: Crew | None = None, *, as_json: bool
) -> ImportReport:
    """Import files and folders, show how it goes and what came of it."""
    paths = list(paths)
    total = sum(1 for _ in files_of(paths))
    seen: set[Path] = set()
    bar = Progress(
        TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TextColumn("files, {task.fields[entries]} entries"),
        TimeElapsedColumn(), console=console, transient=True, disable=as_json,
    )  # fmt: skip
    with bar:
        task = bar.add_task("import", total=total, entries=0)

        def advance(file: FileReport, entries: int) -> None:
            seen.add(file.path)
            bar.update(task, completed=len(seen), entries=entries)

        report = import_paths(session, paths, reading_for(session), advance, crew)
    _print(report, as_json=as_json)
    return report


def reading_for(session: Session) -> Reading:
    """Return what importers may know of the person: their time zone, and the addresses of their account and profile.

    Facts about addresses are those of the read tables, unless their processing is restricted. One that has ended
    counts: old mail was sent from it.
    """
    user = session.load(session.subject_id)
    if not isinstance(user, User):
        return Reading()
    own = {user.email, *_stated_addresses(session)}
    return Reading(timezone=user.timezone, addresses=frozenset(map(str.lower, own)))


def _stated_addresses(session: Session) -> Iterator[str]:
    fences = session.engine.ledger.fences.current(session.subject_id)
    if fences.restricts(session.subject_id, [ProfileAttribute.KIND]):
        return
    cursor: str | None = None
    while True:
        facts = session.find(
            ProfileAttribute, status=AttributeStatus.HELD, namespace="contact", limit=MAX_LIMIT, cursor=cursor
        )
        yield from (fact.value for fact in facts if fact.name == OWN_ADDRESS)
        cursor = facts.next
        if cursor is None:
            return


def _print(report: ImportReport, *, as_json: bool) -> None:
    if as_json:
        for file in report.files:
            print_json(
                {
                    "file": file.name,
                    "entries": file.entries,
                    **{outcome.value: file.outcomes[outcome] for outcome in Outcome},
                    "kinds": dict(file.kinds),
                    "reasons": dict(file.reasons),
                    "unreadable": file.unreadable,
                }
            )
        print_json(
            {
                "run": report.run_id,
                "ignored_files": len(report.ignored),
                **{each.value: report.outcomes[each] for each in Outcome},
            }
        )
        return
    rows = [
        (file.name, file.entries, *(file.outcomes[each] for each in Outcome), _remarks(file))
        for file in report.files
    ]
    rows.append(("all", report.outcomes.total(), *(report.outcomes[each] for each in Outcome), ""))
    print_table(("file", "entries", *(each.value for each in Outcome), "remarks"), rows)
    if report.ignored:
        console.print(f"{len(report.ignored)} files of other formats and links were left alone")
    if report.outcomes[Outcome.CREATED] or report.outcomes[Outcome.REFRESHED]:
        console.print(f"to undo: lifeledger revert --run {report.run_id}", soft_wrap=True)


def _remarks(file: FileReport) -> str:
    if file.unreadable:
        return "not readable as what its name says"
    return ", ".join(f"{reason} {count}" for reason, count in file.reasons.most_common(3))
