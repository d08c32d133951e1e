"""Local times in read tables are told in UTC by the rules of today: newer time zone data has the tables built anew."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from domain.shared import clock
from infrastructure.bootstrap import open_store
from infrastructure.cli.status import status_of
from infrastructure.projector import editions, schema, zone_data
from infrastructure.projector.editions import Standing
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.projector.test_editions import other_sources, standing

LISBON = "Europe/Lisbon"
NINE = datetime(2040, 1, 10, 9)  # noqa: DTZ001 - on the wall

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Installs zone data of a version, in which the clocks of Lisbon go as those of another place."""
    before = zoneinfo.TZPATH

    def to(*folders: Path | str) -> None:
        zoneinfo.reset_tzpath([str(folder) for folder in folders])
        ZoneInfo.clear_cache()
        zone_data.version.cache_clear()

    def install(version: str, place: str) -> None:
        folder = tmp_path / version
        (folder / "Europe").mkdir(parents=True)
        (folder / "tzdata.zi").write_text(f"# version {version}\n# ddeps\n")
        (folder / LISBON).write_bytes(files("tzdata").joinpath("zoneinfo", *place.split("/")).read_bytes())
        to(folder)

    yield install
    to(*before)


def starts(me: Session) -> list[datetime]:
    return [entry.at for entry in me.timeline(kind="calendar_event")]


def zones(databases: Databases) -> str:
    with psycopg.connect(databases.ledger) as connection:
        return editions.zones_of(connection).split()[0]


@pytest.fixture
def planned(install: Install, store: Store, me: Session) -> None:
    """An event at nine on the wall of Lisbon, projected by rules under which that is nine in UTC."""
    install("2090a", "Europe/Lisbon")
    store.engine.care.rebuilder.rebuild()
    me.do(CalendarEvent.schedule, "Dentist", time_kind=TimeKind.ZONED, timezone=LISBON, start_local=NINE)
    store.catch_up()
    assert starts(me) == [datetime(2040, 1, 10, 9, tzinfo=UTC)]


@pytest.mark.usefixtures("planned")
def test_newer_zone_data_moves_what_is_on_the_timeline(
    install: Install, me: Session, databases: Databases, settings: Settings
) -> None:
    assert standing(databases) is Standing.CURRENT
    install("2090b", "Asia/Tokyo")
    assert standing(databases) is Standing.FITTING
    assert zones(databases) == "2090a"
    with open_store(settings) as again:
        person = again.acting_as(me.subject_id)
        assert starts(person) == [datetime(2040, 1, 10, 9, tzinfo=UTC)]  # the old ones serve
        again.catch_up()
        assert starts(person) == [datetime(2040, 1, 10, 0, tzinfo=UTC)]
        assert status_of(again, settings)["time_zone_data"].startswith("2090b ")
    assert standing(databases) is Standing.CURRENT
    assert zones(databases) == "2090b"
    assert me.load(me.timeline(kind="calendar_event")[0].record_id).start_local == NINE  # type: ignore[attr-defined]  # an event


@pytest.mark.usefixtures("planned")
def test_older_zone_data_leaves_the_tables_as_they_are(
    install: Install, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("2089z", "Asia/Tokyo")
    other_sources(monkeypatch)
    assert editions.ensure(databases.ledger) is Standing.CURRENT
    assert zones(databases) == "2090a"


@pytest.mark.usefixtures("planned")
def test_a_store_of_an_earlier_moment_can_be_asked_whatever_zone_data_there_is(
    install: Install, store: Store, settings: Settings
) -> None:
    store.engine.care.rebuilder.freeze("then", clock.now())
    install("2090b", "Asia/Tokyo")
    open_store(settings, as_of_name="then").close()


def test_tables_that_do_not_say_by_which_zone_data_they_were_made_are_built_anew(
    databases: Databases,
) -> None:
    with psycopg.connect(databases.ledger) as connection:
        told = editions.marked(connection, schema.SCHEMA)
        untold = told.replace(f", zones {zone_data.version()}", "")
        assert untold != told
        connection.execute(f"COMMENT ON SCHEMA read IS '{untold}'")
    assert standing(databases) is Standing.FITTING


def test_the_version_is_that_of_the_system_and_of_the_package(install: Install, tmp_path: Path) -> None:
    install("2090a", "Europe/Lisbon")
    system, package = zone_data.version().split()
    assert system == "2090a"
    assert package.startswith("20")
    (tmp_path / "2090a" / "tzdata.zi").rename(tmp_path / "2090a" / "+VERSION")
    zone_data.version.cache_clear()
    assert zone_data.version() == f"2090a {package}"
    (tmp_path / "2090a" / "+VERSION").write_text("of today\n")
    zone_data.version.cache_clear()
    assert zone_data.version() == f"{zone_data.UNTOLD} {package}"
    assert zone_data.version() < f"1993a {package}"
