"""What every command needs: the open store, the person it is about, and whether to speak JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from infrastructure.bootstrap import open_store
from infrastructure.cli.entry import STANDBY
from infrastructure.cli.output import show_times_in
from infrastructure.cli.past_moments import past_moment
from infrastructure.embedded.room import is_short
from infrastructure.errors import (
    ConfigurationError,
    Erased,
    NoRoom,
    NoStore,
    NotFound,
    ProcessingRestricted,
    Unavailable,
)
from infrastructure.settings import Settings
from infrastructure.standby.launch import start_unless_there
from infrastructure.standby.place import wanted
from infrastructure.store.questions import Questions
from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store

DEFAULT_PERSON_FILE = "person"


DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where the store lives; LIFELEDGER_DATA_DIR by default.")
]
PersonName = Annotated[
    str | None, typer.Option("--person", help="Username; the person of `lifeledger init` by default.")
]
Purpose = Annotated[str | None, typer.Option("--purpose", help="Why; kept, encrypted, with the events.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most this many.")]
Cursor = Annotated[str | None, typer.Option("--cursor", help="Go on where an earlier page ended.")]


def settings_for(data_dir: Path | None) -> Settings:
    """Return the settings, with the data directory of the command line."""
    return Settings() if data_dir is None else Settings(data_dir=data_dir.absolute())


@contextmanager
def opened(data_dir: Path | None, *, or_made: bool = False) -> Iterator[Store]:
    """Open the store for one command, which must be there unless it may be made. Outstanding events are projected."""
    settings = settings_for(data_dir).model_copy(update={"project_in_process": False})
    _offer_restore(settings)
    if not or_made:
        require_store(settings)
    start_standby(settings)
    try:
        with open_store(settings, keep_answers=False) as store:
            yield store
    except Unavailable as error:
        # A server that has ended for want of room can tell nobody.
        if type(error) is Unavailable and settings.embedded and is_short(settings.data_dir):
            raise NoRoom from None
        raise


def start_standby(settings: Settings) -> None:
    """Let the commands after this one find the program loaded: it is while this one starts servers, and works."""
    if settings.embedded and wanted():
        start_unless_there(os.path.realpath(settings.data_dir), STANDBY)


def require_store(settings: Settings) -> None:
    """Raise NoStore where the data directory has none: a question, or a mistyped path, makes no new one.

    Servers of one's own say themselves what they lack.
    """
    if not settings.embedded:
        return
    try:
        (settings.data_dir / "postgres").stat()
    except FileNotFoundError:
        msg = f"there is no store in {settings.data_dir}; lifeledger init NAME EMAIL makes one"
        raise NoStore(msg) from None
    except OSError:
        return  # a folder that may not be looked into, or none: who opens the store has the better word


def _offer_restore(settings: Settings) -> None:
    """Raise ConfigurationError where a new store would be begun beside the backups of one that is gone."""
    # By os.path: a folder that may not be looked into is refused by who opens the store, with a better word.
    begun = os.path.exists(settings.data_dir / "postgres")  # noqa: PTH110 - see above
    if not settings.embedded or begun or settings.backup_place is None:
        return
    if settings.backup_url is None and not os.path.isdir(settings.data_dir / "backups"):  # noqa: PTH112 - see above
        return
    from infrastructure.bootstrap import shelf_of  # noqa: PLC0415 - asked of a data directory once

    if shelf_of(settings).survey().runs:
        msg = (
            "this data directory is empty, and there are backups of its store: lifeledger keys restore, then "
            "lifeledger restore; to begin anew, choose another --data-dir or move the backups away"
        )
        raise ConfigurationError(msg)


@contextmanager
def acting(data_dir: Path | None, person: str | None, purpose: str | None = None) -> Iterator[Session]:
    """Open the store as one person."""
    settings = settings_for(data_dir)
    with opened(data_dir) as store:
        subject = store.person(person) if person else default_person(settings)
        if settings.embedded:
            store.catch_up()  # with servers of one's own there need not be a worker
        me = store.acting_as(subject, purpose=purpose)
        show_times_in(zone_of(me))
        yield me
        if settings.embedded:
            store.catch_up()


@contextmanager
def asking(data_dir: Path | None, person: str | None, as_of: str | None) -> Iterator[Questions]:
    """Open the store to ask as one person, about now or about a moment of the past."""
    with acting(data_dir, person) as me:
        if as_of is None:
            yield me
            return
        with me.as_of(moment_for(me, as_of)) as then:
            yield then


def zone_of(me: Session) -> ZoneInfo:
    """Return the person's time zone; UTC where their record cannot be asked, or this machine does not know the zone."""
    from domain.core.user import User  # noqa: PLC0415 - kinds are imported when first used

    with suppress(Erased, NotFound, ProcessingRestricted, ZoneInfoNotFoundError):
        user = me.load(me.subject_id)
        if isinstance(user, User):
            return ZoneInfo(user.timezone)
    return ZoneInfo("UTC")


def moment_for(me: Session, text: str) -> datetime:
    """Return a moment of the past as a person writes it, in their time zone; raises BadParameter."""
    return past_moment(text, zone_of(me), datetime.now(UTC))


def default_person(settings: Settings) -> Person:
    """Return the person this data directory was made for; raises ConfigurationError where none was noted."""
    try:
        return Person(UUID((settings.data_dir / DEFAULT_PERSON_FILE).read_text("ascii").strip()))
    except (OSError, ValueError):
        msg = "say who with --person, or make yourself known with: lifeledger init NAME EMAIL"
        raise ConfigurationError(msg) from None


def note_default_person(settings: Settings, person: Person) -> None:
    """Remember whose data directory this is, by id, unless somebody is noted already."""
    path = settings.data_dir / DEFAULT_PERSON_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # By a link, so that a full disk or a crash leaves no file that names nobody, and is not written again.
    with NamedTemporaryFile("w", dir=path.parent, prefix=".person-") as draft, suppress(FileExistsError):
        draft.write(f"{person.id}\n")
        draft.flush()
        os.fsync(draft.fileno())
        os.link(draft.name, path)


def record_id_of(text: str) -> UUID:
    """Return a record id; raises NotFound for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def moment_of(text: str | None, zone: tzinfo = UTC) -> datetime | None:
    """Return an ISO 8601 date or time as a moment, in the zone unless it says otherwise; raises BadParameter."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a date or time in ISO 8601") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
