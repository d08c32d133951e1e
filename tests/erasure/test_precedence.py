"""Holds, retention, erasures and restrictions in any order: what is left is what a simple model of precedence says."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.core.user import User
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared import clock
from infrastructure.errors import Erased, NotFound, NotUnderHold, ProcessingRestricted
from infrastructure.rulings.rules import Action
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.erasure.lives import tables

KINDS: dict[str, type[Task | Note]] = {"task": Task, "note": Note}
START = datetime(2026, 1, 31, tzinfo=UTC)
KEPT_DAYS, PURPOSE = 20, "a case"


@dataclass
class Thing:
    """A record as the model knows it."""

    kind: str
    made: datetime


@dataclass
class HeldModel:
    """A hold as the model knows it."""

    kind: str | None
    record_id: UUID | None
    until: datetime
    released: bool = False

    def covers(self, record_id: UUID, thing: Thing) -> bool:
        return self.record_id == record_id or self.kind == thing.kind


@dataclass
class World:
    """What the model expects."""

    now: datetime = START
    things: dict[UUID, Thing] = field(default_factory=dict)
    holds: dict[UUID, HeldModel] = field(default_factory=dict)
    withdrawn: set[UUID] = field(default_factory=set)
    """Gone for everybody, whether a hold keeps them or not."""
    gone: set[UUID] = field(default_factory=set)
    """Gone for good."""
    restricted: set[str] = field(default_factory=set)

    def is_held(self, record_id: UUID) -> bool:
        thing = self.things[record_id]
        return any(
            not hold.released and hold.until > self.now and hold.covers(record_id, thing)
            for hold in self.holds.values()
        )

    def erase(self, record_ids: list[UUID]) -> None:
        for record_id in record_ids:
            self.withdrawn.add(record_id)
            if not self.is_held(record_id):
                self.gone.add(record_id)

    def settle(self) -> None:
        """Let go what no hold keeps any more."""
        self.gone |= {each for each in self.withdrawn if not self.is_held(each)}

    def living(self, kind: str | None = None) -> list[UUID]:
        return [
            each
            for each, thing in self.things.items()
            if each not in self.withdrawn and kind in (None, thing.kind)
        ]


class Precedence(RuleBasedStateMachine):
    """Does the same to a store and to the model, and compares them."""

    store: ClassVar[Store]
    ledger: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.me: Session

    @initialize()
    def somebody(self) -> None:
        name = f"u{uuid4().hex}"
        self.me = self.store.acting_as(self.store.register(name, f"{name}@example.org"))
        for kind in KINDS:
            for days in (5, 40, 45):
                self.make(kind, days)
        for rules in self.store.retention.rules.all():
            self.store.retention.rules.drop(rules.kind, subject_id=rules.subject_id)
        self.store.retention.rules.set(
            "task", KEPT_DAYS, Action.ERASE, set_by=self.me.subject_id, subject_id=self.me.subject_id
        )

    @rule(kind=st.sampled_from(sorted(KINDS)), days=st.integers(0, 60))
    def make(self, kind: str, days: int) -> None:
        made = self.world.now - timedelta(days=days)
        with clock.reading(lambda: made):
            try:
                create = Task.create if kind == "task" else Note.write
                record_id = self.me.do(create, title="something").id
            except ProcessingRestricted:
                assert kind in self.world.restricted
                return
        assert kind not in self.world.restricted
        self.world.things[record_id] = Thing(kind, made)

    @rule(data=st.data(), whole=st.booleans(), days=st.integers(1, 30))
    def place_hold(self, data: st.DataObject, days: int, *, whole: bool) -> None:
        living, until = self.world.living(), self.world.now + timedelta(days=days)
        if not living:
            return
        record_id = data.draw(st.sampled_from(living))
        kind = self.world.things[record_id].kind
        target = {"kind": KINDS[kind]} if whole else {"record_id": record_id}
        with self._now():
            hold = self.store.hold(self.me.subject_id, reason="r", purpose=PURPOSE, until=until, **target)
        self.world.holds[hold.hold_id] = HeldModel(
            kind if whole else None, None if whole else record_id, until
        )

    @rule(data=st.data())
    def release_hold(self, data: st.DataObject) -> None:
        standing = [each for each, hold in self.world.holds.items() if not hold.released]
        if standing:
            hold_id = data.draw(st.sampled_from(standing))
            with self._now():
                self.store.holds.release(hold_id)
            self.world.holds[hold_id].released = True
            self.world.settle()

    @rule(days=st.integers(1, 20))
    def pass_time(self, days: int) -> None:
        self.world.now += timedelta(days=days)
        with self._now():
            self.store.holds.end_due()
        self.world.settle()

    @rule(data=st.data(), whole=st.booleans())
    def erase(self, data: st.DataObject, *, whole: bool) -> None:
        living = self.world.living()
        if not living:
            return
        record_id = data.draw(st.sampled_from(living))
        kind = self.world.things[record_id].kind
        scope = {"kind": KINDS[kind]} if whole else {"record_id": record_id}
        with self._now():
            assert self.store.erase(self.me.subject_id, grounds="asked for", **scope).done
        self.world.erase(self.world.living(kind) if whole else [record_id])

    @rule()
    def retain(self) -> None:
        with self._now():
            self.store.retention.run(self.me.subject_id)
        if "task" not in self.world.restricted:
            due = [
                each
                for each in self.world.living("task")
                if self.world.things[each].made + timedelta(days=KEPT_DAYS) <= self.world.now
            ]
            self.world.erase([each for each in due if not self.world.is_held(each)])

    @rule(kind=st.sampled_from(sorted(KINDS)))
    def restrict_or_lift(self, kind: str) -> None:
        if kind in self.world.restricted:
            self.me.do(User.lift_restriction, self.me.subject_id, kind)
        else:
            self.me.do(User.restrict_processing, self.me.subject_id, kind)
        self.world.restricted ^= {kind}

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        world = self.world
        for record_id in world.things:
            assert self._reads(record_id) is (record_id not in world.withdrawn)
        kept = world.withdrawn - world.gone
        assert kept == {
            each for _, left in self.store.erasures.left_to_holds() for each in left if each in world.things
        }
        with self._now():
            for hold_id, hold in world.holds.items():
                self._compare(hold_id, hold)

    def teardown(self) -> None:
        self.store.catch_up()
        rows = tables(self.ledger)
        for record_id in self.world.things:
            shown = any(str(record_id) in row for row in (*rows["tasks"], *rows["notes"]))
            assert shown is (record_id not in self.world.withdrawn)
        super().teardown()

    def _compare(self, hold_id: UUID, hold: HeldModel) -> None:
        if hold.released or hold.until <= self.world.now:
            with pytest.raises(NotUnderHold):
                self.store.under_hold(hold_id, purpose=PURPOSE, actor_id=self.me.subject_id)
            return
        held = self.store.under_hold(hold_id, purpose=PURPOSE, actor_id=self.me.subject_id)
        for record_id, thing in self.world.things.items():
            if hold.covers(record_id, thing) and record_id not in self.world.gone:
                assert held.load(record_id).id == record_id
            else:
                with pytest.raises((NotFound, Erased)):
                    held.load(record_id)

    def _reads(self, record_id: UUID) -> bool:
        try:
            self.me.load(record_id)
        except Erased:
            return False
        return True

    def _now(self) -> AbstractContextManager[None]:
        now = self.world.now
        return clock.reading(lambda: now)


@pytest.mark.slow
def test_what_is_left_is_what_the_model_of_precedence_says(store: Store, databases: Databases) -> None:
    Precedence.store, Precedence.ledger = store, databases.ledger
    run_state_machine_as_test(
        Precedence,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
        ),
    )
