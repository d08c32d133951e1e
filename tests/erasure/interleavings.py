"""A machine that gives commands, erases, holds, rebuilds, rotates and dies in any order, and compares with a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, product
from pathlib import Path
from typing import ClassVar, NoReturn
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import SecretStr

from domain.catalogue import kind_named
from domain.shared import clock
from domain.shared.content import Content
from infrastructure.bootstrap import open_store
from infrastructure.crypto.period_key import period_of
from infrastructure.crypto.root_keys.file import FileRootKeys
from infrastructure.crypto.rotation import rotate
from infrastructure.erasure.steps import STEPS, Steps
from infrastructure.errors import ClaimTaken, Erased, NotFound
from infrastructure.settings import Settings
from infrastructure.store.calls import Call
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from projections.question import MAX_LIMIT
from tests.conftest import Databases, Servers, environment_of, fresh_databases
from tests.crypto.keyrings import Killed, copied, die_at, openable, opened, roots_left
from tests.erasure import traces
from tests.erasure.dying import deadly, kill_at
from tests.erasure.interleaving_model import Answer, Someone, Target, Thing, strictest
from tests.privacy.planting import Planter, creating_commands

KINDS = ("contact", "email", "location", "note", "task", "transaction")
MOMENTS = tuple(datetime(*day, 9, tzinfo=UTC) for day in ((2026, 6, 10), (2026, 7, 10), (2027, 1, 10)))
NAMES, VERBS = ("ada", "eve"), ("tag", "annotate", "trash")
GROUNDS, PURPOSE = "asked for", "a case"
COMMANDS = {kind: next(each for each in creating_commands() if kind == each.kind.KIND) for kind in KINDS}
ROTATION_PLACES = ("rotation.begin_epoch", "rewrapping._write", "rotation._end", "FileRootKeys.destroy")


class Interleavings(RuleBasedStateMachine):
    """Does the same to two stores on the same databases and to the model, and compares them."""

    servers: ClassVar[Servers]
    templates: ClassVar[tuple[str, str]]
    folder: ClassVar[Path]
    settings: ClassVar[Settings]
    numbers = count()

    def __init__(self) -> None:
        super().__init__()
        self.resources = ExitStack()
        self.databases: Databases = self.resources.enter_context(
            fresh_databases(self.servers, self.templates)
        )
        self.here = self.settings.model_copy(
            update={
                "ledger_url": SecretStr(self.databases.ledger),
                "keys_url": SecretStr(self.databases.keys),
                "data_dir": self.folder / f"data-{next(self.numbers)}",
            }
        )
        self.stores = [self._opened(), self._opened()]
        self.people: list[Someone] = []
        self.planter = Planter()

    @initialize()
    def people_with_records(self) -> None:
        for name in NAMES:
            self.register(name, 0)
            for moment in (*MOMENTS, *MOMENTS):  # so that whatever goes leaves a neighbour of its period
                self._transact(self.stores[0], moment, self.people[-1], KINDS, {})

    @rule(name=st.sampled_from(NAMES), which=st.integers(0, 1))
    def register(self, name: str, which: int) -> None:
        taken = any(each.name == name and each.keeps_name() for each in self.people)
        planted = [self.planter.string("user") for _ in range(2)]
        register = self.stores[which].register
        if taken:
            with pytest.raises(ClaimTaken):
                register(name, f"{planted[0]}@example.org", display_name=planted[1])
            return
        person = register(name, f"{planted[0]}@example.org", display_name=planted[1])
        user = Thing("user", period_of("user", clock.now()), planted)
        self.people.append(Someone(person.id, name, {person.id: user}))

    @rule(data=st.data(), size=st.integers(1, 4), moment=st.sampled_from(MOMENTS), which=st.integers(0, 1))
    def transact(self, data: st.DataObject, size: int, moment: datetime, which: int) -> None:
        """Make and change some records in one transaction."""
        someone = data.draw(st.sampled_from(self.people))
        known = [each for each, thing in someone.things.items() if thing.kind != "user"]
        changes = (
            st.dictionaries(st.sampled_from(known), st.sampled_from(VERBS), max_size=size)
            if known
            else st.just({})
        )
        changed = data.draw(changes)
        made = data.draw(st.lists(st.sampled_from(KINDS), min_size=0 if changed else 1, max_size=size))
        self._transact(self.stores[which], moment, someone, made, changed)

    @rule(which=st.integers(0, 1))
    def project(self, which: int) -> None:
        self.stores[which].catch_up()

    @rule(
        data=st.data(), grain=st.sampled_from(("record", "period", "kind", "person")), which=st.integers(0, 1)
    )
    def erase(self, data: st.DataObject, grain: str, which: int) -> None:
        someone, target = self._target(data, grain)
        self._see_through(someone, target, which)

    @rule(
        data=st.data(),
        grain=st.sampled_from(("record", "period", "kind", "person")),
        step=st.sampled_from(STEPS),
        which=st.integers(-1, 1),
        then=st.sampled_from(("nothing", "resume", "ask again")),
    )
    def erase_and_die(self, data: st.DataObject, grain: str, step: str, which: int, then: str) -> None:
        someone, target = self._target(data, grain)
        if not someone.has(target) or any(begun.target == target for begun in someone.begun):
            return  # nothing would begin
        if which < 0:
            given = {name: getattr(value, "KIND", value) for name, value in target.scope.items() if value}
            kill_at(step, environment_of(self.here), someone.subject_id, **given)
            self._note_opening()
        else:
            with pytest.MonkeyPatch.context() as faulty:
                faulty.setattr(Steps, "in_order", deadly(step, _die))
                with pytest.raises(Killed):
                    self.stores[which].erase(someone.subject_id, grounds=GROUNDS, **target.scope)
        someone.die(target, step)
        if then == "resume":
            self.tidy(1 - max(which, 0))
        elif then == "ask again":
            self._see_through(someone, target, 1 - max(which, 0))

    @rule(which=st.integers(0, 1))
    def tidy(self, which: int) -> None:
        self.stores[which].tidy()
        for someone in self.people:
            for begun in tuple(someone.begun):
                someone.finish(begun.target)
            someone.settle()
        traces.assert_forgotten(self.databases, self._erased())

    @rule(data=st.data(), which=st.integers(0, 1), whole=st.booleans())
    def place_hold(self, data: st.DataObject, which: int, *, whole: bool) -> None:
        someone = data.draw(st.sampled_from(self.people))
        usable = [each for each in someone.living() if someone.things[each].kind != "user"]
        if not usable:
            return
        record_id = data.draw(st.sampled_from(usable))
        kind = someone.things[record_id].kind
        held = Target(kind=kind) if whole else Target(record_id=record_id)
        scope = {"kind": kind_named(kind)} if whole else {"record_id": record_id}
        until = clock.now() + timedelta(days=3650)
        try:
            hold = self.stores[which].hold(
                someone.subject_id, reason="r", purpose=PURPOSE, until=until, **scope
            )
        except Erased:
            assert someone.may_be_too_late_to_hold()
            return
        someone.holds[hold.hold_id] = held

    @rule(data=st.data(), which=st.integers(0, 1))
    def release_hold(self, data: st.DataObject, which: int) -> None:
        standing = [(someone, each) for someone in self.people for each in someone.holds]
        if standing:
            someone, hold_id = data.draw(st.sampled_from(standing))
            self.stores[which].holds.release(hold_id)
            del someone.holds[hold_id]
            someone.settle()

    @rule(place=st.sampled_from((None, *ROTATION_PLACES)), when=st.sampled_from(("before", "after")))
    def rotate(self, place: str | None, when: str) -> None:
        """Replace the root key, or die at it; once it is replaced, no older copy of the keys opens."""
        old, folder = copied(self.databases.keys), self.here.data_dir / "keys"
        with opened(self.databases.keys, size=4) as pool, pytest.MonkeyPatch.context() as faulty:
            if place is not None:
                die_at(faulty, place, when)
            try:
                epoch = rotate(pool, FileRootKeys(folder)).epoch
            except Killed:
                return
        before = [row for row in old if row[6] < epoch]
        left = roots_left(self.databases.keys, folder)
        assert openable(before, left, self.stores[0].engine.keys.store_id) == 0

    @rule(which=st.integers(0, 1), swapped=st.booleans())
    def rebuild(self, which: int, *, swapped: bool) -> None:
        """Build the read tables anew; they are equal unless keys are destroyed that no event tells of yet."""
        store = self.stores[which]
        store.catch_up()
        report = store.engine.care.rebuilder.rebuild(check=not swapped)
        if not any(begun.died_at in {"keys", "caches"} for each in self.people for begun in each.begun):
            assert [each.table for each in report.compared if not each.equal] == []

    @rule(which=st.integers(0, 1), stages=st.integers(1, 6))
    def rebuild_and_die(self, which: int, stages: int) -> None:
        left = iter(range(stages))

        def tell(_stage: object) -> None:
            if next(left, None) is None:
                raise Killed

        try:
            self.stores[which].engine.care.rebuilder.rebuild(tell=tell)
        except Killed:
            return

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        self.stores[which].close()
        self.stores[which] = self._opened()
        self._note_opening()

    @invariant()
    def every_record_reads_as_the_model_says(self) -> None:
        for someone in self.people:
            for session in self._sessions(someone):
                for record_id, thing in someone.things.items():
                    if someone.is_readable(record_id):
                        traces.assert_as_known(session.load(record_id), thing)
                    else:
                        traces.assert_soon(partial(traces.is_erased, session, record_id))
        traces.assert_dense(self.databases)

    @invariant()
    def no_answer_tells_of_what_is_erased(self) -> None:
        """Ask both stores, whose answers are kept from one step to the next."""
        for someone in self.people:
            for session, kind in product(self._sessions(someone), KINDS):
                found = session.find(kind_named(kind), limit=MAX_LIMIT)
                assert not any(someone.things[each.id].withdrawn for each in found)

    @invariant()
    def holds_open_what_they_keep(self) -> None:
        for someone in self.people:
            for hold_id, hold in someone.holds.items():
                if not someone.begun:
                    self._compare(someone, hold_id, hold)

    def teardown(self) -> None:
        try:
            if self.people:
                self._assert_ended()
        finally:
            for store in self.stores:
                store.close()
            self.resources.close()
            super().teardown()

    def _assert_ended(self) -> None:
        self.tidy(0)
        self.every_record_reads_as_the_model_says()
        store = self.stores[0]
        store.catch_up()
        living: set[str] = set()
        for someone in self.people:
            for session in self._sessions(someone):
                for record_id in filter(someone.is_readable, someone.things):
                    thing = someone.things[record_id]
                    traces.assert_whole(session, record_id, thing)
                    living |= set(thing.planted)
                for kind in KINDS:
                    found = session.find(kind_named(kind), limit=MAX_LIMIT)
                    assert {each.id for each in found} == someone.listed(kind)
        traces.assert_forgotten(self.databases, self._erased())
        traces.assert_found(self.databases, living)
        traces.assert_none_in_redis(self.here, living | self._erased())
        traces.assert_proven(store, self.here, self.databases)
        assert [
            each.table for each in store.engine.care.rebuilder.rebuild(check=True).compared if not each.equal
        ] == []

    def _transact(
        self,
        store: Store,
        moment: datetime,
        someone: Someone,
        made: Sequence[str],
        changed: Mapping[UUID, str],
    ) -> None:
        """Make records of these kinds and give these commands, all in one transaction."""
        commands: list[Call] = []
        become: list[tuple[UUID | None, Thing]] = []
        for kind in made:
            command, planted = self._making(kind)
            commands.append(command)
            become.append((None, Thing(kind, period_of(kind, moment), planted)))
        for record_id, verb in changed.items():
            command, told = self._change(verb, record_id, someone.things[record_id])
            commands.append(command)
            become.append((record_id, told))
        expected = strictest(
            someone.answer_to_new(told.kind, told.period)
            if record_id is None
            else someone.answer_to_change(record_id)
            for record_id, told in become
        )
        try:
            with clock.reading(lambda: moment):
                receipts = store.acting_as(someone.subject_id).do_all(commands)
        except Erased:
            assert expected is not Answer.TAKEN
            return
        assert expected is not Answer.REFUSED
        for receipt, (_, told) in zip(receipts, become, strict=True):
            someone.things[receipt.id] = told

    def _making(self, kind: str) -> tuple[Call, list[str]]:
        """Return the command that makes a record, and the strings it plants."""
        command, planter = COMMANDS[kind], Planter()
        made = call(getattr(command.kind, command.verb), **planter.checked(command))
        return made, list(planter.planted)

    def _change(self, verb: str, record_id: UUID, thing: Thing) -> tuple[Call, Thing]:
        kind: type[Content] = kind_named(thing.kind)  # type: ignore[assignment]  # each of KINDS is content
        word = self.planter.string(verb)
        told = Thing(**{**vars(thing), "version": thing.version + 1})
        if thing.trashed:
            told.trashed = False
            return call(kind.restore, record_id), told
        told.planted = [*thing.planted, word]
        if verb == "tag":
            told.tags = (*thing.tags, word)
        elif verb == "annotate":
            told.annotations = (*thing.annotations, word)
        else:
            told.trashed = True
        return call(getattr(kind, verb), record_id, word), told

    def _target(self, data: st.DataObject, grain: str) -> tuple[Someone, Target]:
        someone = data.draw(st.sampled_from(self.people))
        records = {each: thing for each, thing in someone.things.items() if thing.kind != "user"}
        living = [each for each in someone.living() if each in records]
        if grain == "person" or not records:
            return someone, Target()
        record_id = data.draw(st.sampled_from(living or list(records)))
        thing = records[record_id]
        if grain == "record":
            return someone, Target(record_id=record_id)
        return someone, Target(thing.kind, thing.period if grain == "period" else "")

    def _see_through(self, someone: Someone, target: Target, which: int) -> None:
        store = self.stores[which]
        there = someone.has(target)
        try:
            assert store.erase(someone.subject_id, grounds=GROUNDS, **target.scope).done
        except NotFound:
            assert not there
            return
        someone.finish(target)
        store.holds.end_due()
        someone.settle()
        traces.assert_forgotten(self.databases, self._erased())

    def _compare(self, someone: Someone, hold_id: UUID, hold: Target) -> None:
        held = self.stores[0].under_hold(hold_id, purpose=PURPOSE, actor_id=someone.subject_id)
        for record_id, thing in someone.things.items():
            if hold.takes(record_id, thing.kind, thing.period) and not thing.gone:
                traces.assert_as_known(held.load(record_id), thing)
            else:
                with pytest.raises((NotFound, Erased)):
                    held.load(record_id)

    def _erased(self) -> set[str]:
        """Return the strings that may be nowhere in the clear."""
        return {
            each
            for someone in self.people
            for thing in someone.things.values()
            if thing.withdrawn
            for each in thing.planted
        }

    def _sessions(self, someone: Someone) -> list[Session]:
        return [store.acting_as(someone.subject_id) for store in self.stores]

    def _note_opening(self) -> None:
        for someone in self.people:
            someone.store_opened()

    def _opened(self) -> Store:
        return open_store(self.here)


def _die() -> NoReturn:
    raise Killed
