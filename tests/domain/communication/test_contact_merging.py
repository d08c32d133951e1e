"""What it means for a contact that it was merged into another one, and for that one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import (
    MAX_PARTS,
    ContactMerged,
    ContactName,
    InteractionKind,
    PeerMerged,
    Relation,
    SelfMerge,
)
from domain.shared.errors import PeerUnusable
from domain.shared.record import TooMany
from domain.shared.values import new_id
from tests.domain.communication.contacts import AddressBook, topics


def test_merged_contact_says_where_it_went() -> None:
    book = AddressBook()
    ada, countess = book.meet("Ada"), book.meet("Countess")

    countess.merge_into(ada.id)

    assert countess.merged_into == ada.id
    assert topics(countess) == ["contact.added", "contact.merged"]


@pytest.mark.parametrize(
    "command",
    [
        lambda contact: contact.rename(ContactName(full="Other")),
        lambda contact: contact.add_email("a@x"),
        lambda contact: contact.favourite(),
        lambda contact: contact.log_interaction(InteractionKind.CALL),
        lambda contact: contact.tag("x"),
        lambda contact: contact.refresh(ContactName(full="Other")),
    ],
)
def test_merged_contact_changes_no_more(command: Callable[[Contact], None]) -> None:
    book = AddressBook()
    ada, countess = book.meet("Ada"), book.meet("Countess")
    countess.merge_into(ada.id)

    with pytest.raises(ContactMerged):
        command(countess)
    assert countess.version == 2


def test_merged_contact_cannot_be_merged_elsewhere() -> None:
    book = AddressBook()
    ada, countess, bob = book.meet("Ada"), book.meet("Countess"), book.meet("Bob")
    countess.merge_into(ada.id)

    with pytest.raises(ContactMerged):
        countess.merge_into(bob.id)


def test_merged_contact_can_still_be_trashed_and_restored() -> None:
    book = AddressBook()
    ada, countess = book.meet("Ada"), book.meet("Countess")
    countess.merge_into(ada.id)

    countess.trash()
    countess.restore()

    assert countess.deleted_at is None


def test_contact_that_gives_way_takes_those_it_had_taken_in_along() -> None:
    book = AddressBook()
    lady, countess, ada = (book.meet(name) for name in ("Lady", "Countess", "Ada"))
    lady.merge_into(countess.id)
    assert set(countess.absorbed) == {lady.id}

    lady.trash()
    countess.merge_into(ada.id)

    assert {lady.merged_into, countess.merged_into} == {ada.id}
    assert ada.absorbed == (countess.id, lady.id)
    assert not countess.absorbed
    assert topics(lady)[-1] == "contact.redirected"
    assert topics(ada) == ["contact.added", "contact.absorbed"]


def test_contact_that_gives_way_later_leads_where_its_survivor_went_before() -> None:
    book = AddressBook()
    first, second, third, last = (book.meet(name) for name in ("A", "B", "C", "D"))

    for former, survivor in ((first, second), (second, third), (third, last)):
        former.merge_into(survivor.id)

    assert {each.merged_into for each in (first, second, third)} == {last.id}
    assert set(last.absorbed) == {first.id, second.id, third.id}


def test_contact_takes_in_no_more_than_it_may_have_of_anything() -> None:
    book = AddressBook()
    ada, countess = book.meet("Ada"), book.meet("Countess")
    ada.trigger_event(Contact.Absorbed, contact_ids=tuple(new_id() for _ in range(MAX_PARTS)))

    with pytest.raises(TooMany):
        countess.merge_into(ada.id)


def test_contact_is_not_merged_into_itself() -> None:
    ada = AddressBook().meet("Ada")

    with pytest.raises(SelfMerge):
        ada.merge_into(ada.id)


def test_contact_is_merged_only_into_a_living_one() -> None:
    book = AddressBook()
    ada, bob = book.meet("Ada"), book.meet("Bob")
    bob.trash()

    with pytest.raises(PeerUnusable):
        ada.merge_into(bob.id)


def test_nothing_new_refers_to_a_merged_contact() -> None:
    book = AddressBook()
    ada, countess, bob = book.meet("Ada"), book.meet("Countess"), book.meet("Bob")
    countess.merge_into(ada.id)

    with pytest.raises(PeerMerged):
        bob.merge_into(countess.id)
    with pytest.raises(PeerMerged):
        ada.merge_into(countess.id)
    with pytest.raises(PeerMerged):
        bob.relate(Relation.FRIEND, contact_id=countess.id)
