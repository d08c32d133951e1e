"""A key with one value at a time is held by one fact in the ledger, whoever comes first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import KeyTaken, Provenance
from domain.shared.peers import Claim
from domain.shared.record import R
from infrastructure.errors import ClaimTaken
from infrastructure.ledger.events import Receipt
from infrastructure.store.reverting import Action
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from infrastructure.store.unit_of_work import UnitOfWork

KEYS = ("identity", "legal_name"), ("address", "home"), ("body", "blood_type")


def state(me: Session, key: tuple[str, str] = KEYS[0]) -> Receipt:
    return me.do(ProfileAttribute.state, *key, value="Ada")


def propose(me: Session) -> UUID:
    return me.do(
        ProfileAttribute.propose, *KEYS[0], value="Ada", provenance=Provenance.IMPORTED, confidence=0.5
    ).id


def test_a_key_has_one_fact_for_each_person(me: Session, stranger: Session) -> None:
    held, proposal = state(me).id, propose(me)
    state(stranger)
    with pytest.raises(KeyTaken):
        state(me)
    with pytest.raises(KeyTaken):
        me.do(ProfileAttribute.accept, proposal)
    me.do(ProfileAttribute.supersede, held, "Ada Lovelace")
    me.do(ProfileAttribute.retract, held)
    me.do(ProfileAttribute.accept, proposal)


def test_facts_of_one_transaction_see_each_other(me: Session) -> None:
    stated = call(ProfileAttribute.state, *KEYS[0], value="Ada")
    with pytest.raises(KeyTaken):
        me.do_all([stated, stated])
    held, proposal = state(me).id, propose(me)
    me.do_all([call(ProfileAttribute.retract, held), call(ProfileAttribute.accept, proposal)])
    with pytest.raises(KeyTaken):
        state(me)


def test_a_fact_is_restored_only_where_its_key_is_free(me: Session) -> None:
    first = state(me).id
    me.do(ProfileAttribute.trash, first)
    second = state(me).id
    with pytest.raises(KeyTaken):
        me.do(ProfileAttribute.restore, first)
    me.do(ProfileAttribute.trash, second)
    me.do(ProfileAttribute.restore, first)


def test_a_fact_goes_back_to_its_key_when_the_one_there_goes_back_too(me: Session) -> None:
    first = state(me)
    me.do(ProfileAttribute.retract, first.id)
    second = state(me).id
    start = first.recorded_at
    assert me.revert(to=start, record_id=first.id, dry_run=True) == {Action.LEFT: 1}
    preview = me.revert(to=start, kind="profile_attribute", dry_run=True)
    assert me.revert(to=start, kind="profile_attribute") == preview == {Action.REVERTED: 1, Action.TRASHED: 1}
    with pytest.raises(KeyTaken):
        me.do(ProfileAttribute.restore, second)


def test_a_fact_stated_while_its_key_is_looked_at_is_seen(
    me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = UnitOfWork.holders, []

    def look_and_miss(work: UnitOfWork, kind: type[R], claims: Collection[Claim]) -> tuple[R, ...]:
        seen = look(work, kind, claims)
        looks.append(len(seen))
        if len(looks) == 1:
            state(me)
        return seen

    monkeypatch.setattr(UnitOfWork, "holders", look_and_miss)
    with pytest.raises(KeyTaken):
        state(me)
    assert looks == [0, 0, 1]


def test_of_two_who_state_a_key_at_once_one_is_heard(me: Session, reopened: Callable[[], Store]) -> None:
    sessions = [reopened().acting_as(me.subject_id) for _ in range(2)]
    start = Barrier(2)

    def is_heard(session: Session, key: tuple[str, str]) -> bool:
        start.wait()
        try:
            state(session, key)
        except (KeyTaken, ClaimTaken):
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        for key in KEYS:
            assert sum(threads.map(is_heard, sessions, [key, key])) == 1
