"""Which groups of the address book a contact is in, and who is never to be overlooked."""

from __future__ import annotations

import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactKind, ContactName, NotAGroup, PeerMerged
from domain.shared.errors import PeerUnusable
from domain.shared.record import Origin
from domain.shared.values import new_id
from tests.domain.communication.contacts import AddressBook, added, topics


def a_contact(book: AddressBook, kind: ContactKind) -> Contact:
    contact = Contact.add(Origin(new_id(), peers=book), ContactName(full="Choir"), kind=kind)
    book.add(contact)
    return contact


@pytest.mark.parametrize("kind", [ContactKind.INDIVIDUAL, ContactKind.ORG])
def test_person_or_organisation_is_put_into_a_group_and_taken_out(kind: ContactKind) -> None:
    book = AddressBook()
    member, group = a_contact(book, kind), a_contact(book, ContactKind.GROUP)
    member.remove_from_group(group.id)
    member.add_to_group(group.id)
    member.add_to_group(group.id)
    joined = member.groups
    member.remove_from_group(group.id)
    assert (joined, member.groups) == ((group.id,), ())
    assert topics(member)[1:] == ["contact.added_to_group", "contact.removed_from_group"]


@pytest.mark.parametrize("kind", [ContactKind.GROUP, ContactKind.LOCATION])
def test_group_or_place_is_in_no_group(kind: ContactKind) -> None:
    book = AddressBook()
    group = a_contact(book, ContactKind.GROUP)
    with pytest.raises(NotAGroup):
        a_contact(book, kind).add_to_group(group.id)


def test_only_a_living_group_has_members() -> None:
    book = AddressBook()
    ada, group = book.meet("Ada"), a_contact(book, ContactKind.GROUP)
    with pytest.raises(NotAGroup):
        ada.add_to_group(book.meet("Grace").id)
    with pytest.raises(PeerUnusable):
        ada.add_to_group(new_id())
    group.merge_into(a_contact(book, ContactKind.GROUP).id)
    with pytest.raises(PeerMerged):
        ada.add_to_group(group.id)
    assert ada.groups == ()


def test_contact_is_marked_as_never_to_be_overlooked_and_unmarked() -> None:
    contact = added()
    contact.unmark_vip()
    contact.mark_vip()
    contact.mark_vip()
    marked = contact.is_vip
    contact.unmark_vip()
    assert (marked, contact.is_vip) == (True, False)
    assert topics(contact)[1:] == ["contact.marked_vip", "contact.unmarked_vip"]
