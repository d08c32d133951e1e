"""Builds read tables anew beside those that serve, and puts them in their place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg_pool import ConnectionPool

from domain.shared import clock
from domain.shared.errors import LifeledgerError
from infrastructure.errors import RebuildAborted, RebuildRefused
from infrastructure.ledger.ledger import Ledger
from infrastructure.ledger.scan import Scan
from infrastructure.ledger.sealing import Sealer
from infrastructure.projector import editions, schema
from infrastructure.projector.editions import Standing
from infrastructure.projector.locks import building, hold_schemas
from infrastructure.projector.rebuild import frozen, shadow
from infrastructure.projector.rebuild.comparison import Comparison, compare, content
from infrastructure.projector.rebuild.fill import Filler, at_leisure, dropped_is_aborted, reached
from infrastructure.projector.rebuild.following import ShadowProjector
from infrastructure.projector.rebuild.plan import Plan, planned
from infrastructure.projector.rebuild.portions import cut
from infrastructure.projector.rebuild.swap import WholeCache, drop_soon, hold_projectors, swap
from infrastructure.projector.schema import OLD, SCHEMA, SHADOW, exists

NEARLY = 500  # events that may be left to project while everybody waits
ROUNDS = 20  # of catching up, before the writers are taken to be faster
WAIT = 0.2  # seconds between looks at what somebody else builds


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a build is: ``done`` of ``of`` events while loading, tables while indexing and comparing."""

    name: str
    done: int
    of: int


Tell = Callable[[Stage], None]
Crew = Callable[[Plan, Callable[[], None]], None]
"""Loads a shadow until nothing is left to load or index, calling back now and then."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a rebuild did."""

    events: int
    seconds: float
    rows: Mapping[str, int]
    """How many rows each table has."""
    compared: tuple[Comparison, ...]
    """Old tables beside new ones; empty where the old ones were of another edition or far behind."""
    swapped: bool

    @property
    def equal(self) -> bool:
        """Whether no difference was found."""
        return all(each.equal for each in self.compared)


class Rebuilder:
    """Rebuilds one set of read tables. One build at a time, over all processes."""

    def __init__(
        self,
        ledger: Ledger,
        scan: Scan,
        sealer: Sealer,
        pool: ConnectionPool[Connection[Any]],
        caches: WholeCache,
        *,
        logged: bool,
    ) -> None:
        self._ledger = ledger
        self._scan = scan
        self._sealer = sealer
        self._pool = pool
        self._caches = caches
        self._logged = logged

    def rebuild(
        self,
        names: Collection[str] = (),
        *,
        check: bool = False,
        crew: Crew | None = None,
        tell: Tell = lambda _stage: None,
        stop: threading.Event | None = None,
    ) -> Report:
        """Build the tables of these names, or all, compare them with those that serve and swap them in.

        With ``check`` they are compared and dropped. Raises UnknownReadModel, RebuildRefused where another
        process builds, RebuildAborted where the shadow was dropped or emptied by a crash meanwhile, Unavailable,
        Busy, KeyUnavailable; then the tables that were there serve on.
        """
        plan = planned(names)
        with self._alone():
            return self._rebuild(plan, check=check, crew=crew, tell=tell, stop=stop or threading.Event())

    def renew(
        self,
        *,
        wait: bool,
        crew: Crew | None = None,
        tell: Tell = lambda _stage: None,
        stop: threading.Event | None = None,
    ) -> None:
        """Build all tables if they are of another edition; where somebody else does, ``wait`` until it is done."""
        stop = stop or threading.Event()
        while not stop.is_set():
            with self._clearing_up(), building(self._pool) as mine:
                if self._standing() is Standing.CURRENT:
                    return
                if mine:
                    self._rebuild(planned(), check=False, crew=crew, tell=tell, stop=stop)
                    return
            if not wait:
                return
            stop.wait(WAIT)

    def freeze(
        self, name: str, moment: datetime, *, crew: Crew | None = None, tell: Tell = lambda _stage: None
    ) -> Report:
        """Build all tables as they were at a moment, to stay so, under a name of their own.

        Raises RebuildRefused where the name is taken or no name, or the moment has not come; and what
        ``rebuild`` raises.
        """
        with at_leisure(self._pool) as connection:
            frozen.require_free(connection, name)
        if moment > clock.now():
            raise RebuildRefused("that moment has not come")
        with self._alone():
            started, plan = time.monotonic(), planned(as_of=moment)
            reach = self._lay(plan, self._ledger.heads())
            self._load(plan, crew, tell, threading.Event())
            rows = self._rows(plan)
            with at_leisure(self._pool) as connection:
                hold_schemas(connection)
                shadow.require_whole(connection, plan)
                shadow.strip(connection)
                frozen.keep(connection, name, moment, logged=self._logged)
            return Report(sum(reach.values()), time.monotonic() - started, rows, (), swapped=False)

    def filler(self, plan: Plan) -> Filler:
        """Return a worker at the shadow of a plan."""
        return Filler(self._scan, self._sealer, self._pool, plan)

    def abort(self) -> bool:
        """Stop what is being built, by whomever, and drop it; return whether there was something."""
        with at_leisure(self._pool) as connection:
            hold_schemas(connection)
            there = shadow.unwanted(connection)
        self._clear()
        return there

    def forget(self, subject_id: UUID) -> int:
        """Drop all tables beside those that serve that may hold a person's rows; return how many stores went.

        What is being built is stopped, whoever builds it; stores of earlier moments can be built again.
        """
        self.abort()
        dropped = 0
        for store in self.frozen_stores():
            with at_leisure(self._pool) as connection:
                held = frozen.holds(connection, store.name, subject_id)
            dropped += held and self.drop(store.name)
        return dropped

    def tidy(self) -> None:
        """Drop what builders that are gone have left."""
        with at_leisure(self._pool) as connection:
            if not (exists(connection, SHADOW) or exists(connection, OLD)):
                return
        with building(self._pool) as mine:
            if mine:
                self._clear()

    def frozen_stores(self) -> list[frozen.Frozen]:
        """Return the stores of earlier moments there are."""
        with at_leisure(self._pool) as connection:
            return frozen.listed(connection, logged=self._logged)

    def drop(self, name: str) -> bool:
        """Drop the store of an earlier moment; return whether there was one of this name."""
        return drop_soon(self._pool, frozen.schema_of(name))

    def _rebuild(
        self, plan: Plan, *, check: bool, crew: Crew | None, tell: Tell, stop: threading.Event
    ) -> Report:
        started = time.monotonic()
        comparable = self._comparable(plan)
        goal = self._live if comparable else self._ledger.heads
        reach = self._lay(plan, goal())
        self._load(plan, crew, tell, stop)
        self._catch_up(plan, goal, tell)
        compared = self._compare(plan, tell) if comparable else ()
        rows = self._rows(plan)
        if check:
            drop_soon(self._pool, SHADOW)
        else:
            self._catch_up(plan, goal, tell)
            tell(Stage("swapping", 0, 1))

            def bring_up(connection: Connection[Any]) -> None:
                self._project(plan, goal())
                if comparable:
                    _require_same_events(connection)
                if not plan.whole:
                    _require_nothing_parked(connection)

            swap(self._pool, plan, self._caches, bring_up, logged=self._logged)
        return Report(
            sum(reach.values()), time.monotonic() - started, rows, tuple(compared), swapped=not check
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Build while nobody else does; raises RebuildRefused."""
        with self._clearing_up(), building(self._pool) as mine:
            if not mine:
                raise RebuildRefused("another process is building read models")
            yield

    @contextmanager
    def _clearing_up(self) -> Iterator[None]:
        """Leave no half-built tables behind; where that cannot be done now, a worker or the next start does it.

        The turn to build is over by then: it may have been lost, and somebody else be building already.
        """
        try:
            yield
        except BaseException:
            with suppress(LifeledgerError):
                self.tidy()
            raise

    def _clear(self) -> None:
        for name in (OLD, SHADOW):
            drop_soon(self._pool, name)

    def _comparable(self, plan: Plan) -> bool:
        """Return whether the tables that serve are ones to follow and to compare with.

        Those of another edition are not. Those that have more before them than behind them had better not
        be waited for; single tables, though, must fit in with those that stay.
        """
        if self._standing() is not Standing.CURRENT:
            if not plan.whole:
                raise RebuildRefused("the read models are of another edition; rebuild all of them")
            return False
        return not plan.whole or 2 * sum(self._live().values()) >= sum(self._ledger.heads().values())

    def _lay(self, plan: Plan, reach: Mapping[int, int]) -> Mapping[int, int]:
        self._clear()  # what a builder that is gone has left
        portions = list(cut(reach, self._scan.sample))
        with at_leisure(self._pool) as connection:
            hold_schemas(connection)
            if exists(connection, SHADOW):
                raise RebuildRefused("what a builder that is gone has left is still in use; try again later")
            shadow.lay(connection, plan, reach, portions, logged=self._logged)
        return reach

    def _load(self, plan: Plan, crew: Crew | None, tell: Tell, stop: threading.Event) -> None:
        def look() -> None:
            with at_leisure(self._pool) as connection:
                state = shadow.loaded(connection, plan)
            if state.events < state.of:
                tell(Stage("loading", state.events, state.of))
            else:
                tell(Stage("indexing", len(plan.tables) - state.bare, len(plan.tables)))

        if crew is not None:
            crew(plan, look)
        else:
            filler = self.filler(plan)
            while filler.step(stop):
                look()
        with at_leisure(self._pool) as connection:
            state = shadow.loaded(connection, plan)
        if state.events < state.of or state.bare:
            raise RebuildAborted

    def _catch_up(self, plan: Plan, goal: Callable[[], Mapping[int, int]], tell: Tell) -> None:
        """Project what came while loading, and what came while doing that, until little is left."""
        for number in range(ROUNDS):
            with at_leisure(self._pool) as connection:
                shadow.require_whole(connection, plan)
            tell(Stage("catching up", number, ROUNDS))
            if self._project(plan, goal()) <= NEARLY:
                return

    def _project(self, plan: Plan, goal: Mapping[int, int]) -> int:
        with dropped_is_aborted():
            return ShadowProjector(self._ledger, goal, self._sealer, self._pool, plan).run_until_idle()

    def _compare(self, plan: Plan, tell: Tell) -> list[Comparison]:
        """Compare in one snapshot, taken while both stand at the same events; nobody waits while it is read."""
        with at_leisure(self._pool) as snapshot:
            snapshot.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with at_leisure(self._pool) as connection:
                hold_projectors(connection)
                self._project(plan, self._live())
                _require_same_events(snapshot)  # the first query: this is what the snapshot sees
            found = []
            for number, table in enumerate(plan.wanted):
                tell(Stage("comparing", number, len(plan.wanted)))
                with at_leisure(self._pool) as connection:
                    shadow.require_whole(connection, plan)
                found.append(compare(snapshot, table))
        return found

    def _rows(self, plan: Plan) -> dict[str, int]:
        with at_leisure(self._pool) as connection:
            return {table.name: content(connection, SHADOW, table).rows for table in plan.wanted}

    def _live(self) -> dict[int, int]:
        with at_leisure(self._pool) as connection:
            return reached(connection, SCHEMA)

    def _standing(self) -> Standing:
        with at_leisure(self._pool) as connection:
            return editions.standing(connection, logged=self._logged)


def _require_same_events(connection: Connection[Any]) -> None:
    if reached(connection, SHADOW) != reached(connection, SCHEMA):
        raise RebuildRefused("the tables that serve were changed by somebody while they stood still")


def _require_nothing_parked(connection: Connection[Any]) -> None:
    """Single tables cannot take another view of a record than the tables that stay."""
    if schema.has_parked(connection, SCHEMA) or schema.has_parked(connection, SHADOW):
        raise RebuildRefused("records are parked; rebuild all read models, or retry the records first")
