"""What may happen to a contact, and what an address book never says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from domain.catalogue import kind_named
from domain.communication.contact import Contact
from domain.communication.contact_terms import (
    Anniversary,
    ContactEmail,
    ContactKind,
    ContactName,
    ContactPhone,
    Identity,
    InteractionKind,
    Membership,
    Occasion,
    PartialDate,
    PostalAddress,
    Relation,
    Relationship,
    SelfRelation,
    Unnamed,
)
from domain.shared import clock
from domain.shared.errors import PeerUnusable, RecordTrashed
from domain.shared.record import Origin, Source, state_fields
from domain.shared.values import new_id
from tests.domain.communication.contacts import ADA, HOME, NOON, AddressBook, added, topics


def imported(**content: Any) -> Contact:
    source = Source("google", "people/c1")
    return Contact.add(Origin(new_id(), source=source), ADA, **content)


def replayed(contact: Contact) -> Any:
    state: Any = None
    for event in contact.pending_events:
        state = event.mutate(state)
    return state


def contents(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in state_fields(Contact)} | {"version": contact.version}


def full_card() -> dict[str, Any]:
    return {
        "kind": ContactKind.ORG,
        "nicknames": ("Countess",),
        "pronouns": ("she",),
        "gender_identity": "woman",
        "emails": (ContactEmail("ada@example.org", "home", preferred=True),),
        "phones": (ContactPhone("+44 20 1", "work", preferred=True, e164="+44201"),),
        "urls": ("ada.example.org",),
        "identities": (Identity("matrix", "@ada:example.org", new_id()),),
        "addresses": (HOME,),
        "organizations": (Membership("Royal Society", ("Mathematics",), date(1840, 1, 1)),),
        "titles": ("Analyst",),
        "roles": ("Programmer",),
        "anniversaries": (Anniversary(Occasion.BIRTH, PartialDate(12, 10, 1815)),),
        "relationships": (Relationship(Relation.PARENT, name="Lord Byron"),),
        "languages": ("en", "fr"),
        "timezone": "Europe/London",
        "notes": "Engines.",
        "photo_media_id": new_id(),
    }


def test_catalogue_finds_the_kind() -> None:
    assert kind_named("contact") is Contact


def test_added_contact_keeps_all_of_its_card() -> None:
    card = full_card()

    contact = added(**card)

    assert {name: getattr(contact, name) for name in card} == card
    assert contact.name == ADA
    assert topics(contact) == ["contact.added"]


def test_contact_needs_a_name_or_an_organisation() -> None:
    with pytest.raises(Unnamed):
        added(ContactName(full="  ", given="Ada"))

    assert added(ContactName(), organizations=(Membership("Royal Society"),)).name.full == ""


def test_renaming_to_the_same_name_is_no_event() -> None:
    contact = added()

    contact.rename(ADA)
    contact.rename(ContactName(full="Ada King"))

    assert contact.name == ContactName(full="Ada King")
    assert topics(contact) == ["contact.added", "contact.renamed"]


def test_contact_without_organisation_cannot_lose_its_name() -> None:
    contact = added()

    with pytest.raises(Unnamed):
        contact.rename(ContactName(given="Ada"))


@pytest.mark.parametrize(
    ("name", "organizations", "sort_name"),
    [
        (ContactName(full="Ada Lovelace", given="Ada", family="Lovelace"), (), "Lovelace Ada"),
        (ContactName(full="Ada de Lovelace", family="de Lovelace", sort_as="Lovelace"), (), "Lovelace"),
        (ContactName(full="Plato", family="Plato"), (), "Plato"),
        (ContactName(full="Ada Lovelace"), (Membership("Navy"),), "Ada Lovelace"),
        (ContactName(), (Membership("Navy"), Membership("Army")), "Navy"),
    ],
)
def test_contact_is_sorted_by_family_name_where_it_is_known(
    name: ContactName, organizations: tuple[Membership, ...], sort_name: str
) -> None:
    assert added(name, organizations=organizations).sort_name == sort_name


def test_sort_name_follows_the_name() -> None:
    contact = added()

    contact.rename(ContactName(full="Ada King", given="Ada", family="King"))

    assert contact.sort_name == "King Ada"


@pytest.mark.parametrize(
    ("there", "back", "flag", "events"),
    [
        (
            Contact.favourite,
            Contact.unfavourite,
            "is_favourite",
            ["contact.favourited", "contact.unfavourited"],
        ),
        (Contact.block, Contact.unblock, "is_blocked", ["contact.blocked", "contact.unblocked"]),
    ],
)
def test_toggles_go_up_and_down_once(
    there: Callable[[Contact], None], back: Callable[[Contact], None], flag: str, events: list[str]
) -> None:
    contact = added()

    back(contact)
    there(contact)
    there(contact)
    assert getattr(contact, flag) is True
    back(contact)
    back(contact)

    assert getattr(contact, flag) is False
    assert topics(contact) == ["contact.added", *events]


def test_interactions_are_counted_and_the_latest_one_remembered() -> None:
    contact = added()

    contact.log_interaction(InteractionKind.CALL, at=NOON, note="About engines")
    contact.log_interaction(InteractionKind.GIFT, at=NOON - timedelta(days=1))
    assert (contact.last_interaction_at, contact.interaction_count) == (NOON, 2)
    with clock.reading(lambda: NOON + timedelta(days=1)):
        contact.log_interaction(InteractionKind.MEETING)

    assert (contact.last_interaction_at, contact.interaction_count) == (NOON + timedelta(days=1), 3)
    assert topics(contact) == ["contact.added", *["contact.interaction_logged"] * 3]


def test_trashed_contact_changes_no_more() -> None:
    contact = added()
    contact.trash()

    with pytest.raises(RecordTrashed):
        contact.favourite()


def test_repr_shows_nothing_of_the_contact() -> None:
    assert "Ada" not in repr(added())


def test_refresh_takes_what_the_source_says_now() -> None:
    contact = imported()
    card = full_card()

    contact.refresh(ContactName(full="Ada King"), **card)

    assert {name: getattr(contact, name) for name in card} == card
    assert contact.name == ContactName(full="Ada King")
    assert contact.edited_fields == ()
    assert topics(contact) == ["contact.added", "contact.refreshed"]


def test_refresh_with_the_same_card_is_no_event() -> None:
    card = full_card() | {"emails": (ContactEmail("a@x"), ContactEmail("A@x"))}
    contact = imported(**card)

    contact.refresh(ADA, **card)

    assert topics(contact) == ["contact.added"]


@pytest.mark.parametrize(
    ("edit", "name"),
    [
        (lambda contact: contact.rename(ContactName(full="Edited")), "name"),
        (lambda contact: contact.add_email("edited@x"), "emails"),
        (lambda contact: contact.remove_email("ada@example.org"), "emails"),
        (lambda contact: contact.add_phone("99"), "phones"),
        (lambda contact: contact.remove_phone("+44 20 1"), "phones"),
        (lambda contact: contact.add_address(PostalAddress(full="Edited")), "addresses"),
        (lambda contact: contact.remove_address(HOME), "addresses"),
        (lambda contact: contact.join_organization("Edited"), "organizations"),
        (lambda contact: contact.leave_organization("Royal Society"), "organizations"),
        (lambda contact: contact.set_anniversary(Occasion.BIRTH, PartialDate(1, 1)), "anniversaries"),
        (lambda contact: contact.set_anniversary(Occasion.BIRTH, None), "anniversaries"),
        (lambda contact: contact.relate(Relation.PET, name="Edited"), "relationships"),
        (lambda contact: contact.unrelate(Relation.PARENT, name="Lord Byron"), "relationships"),
    ],
)
def test_refresh_keeps_what_the_person_edited(edit: Callable[[Contact], None], name: str) -> None:
    contact = imported(**full_card())
    edit(contact)
    edited = getattr(contact, name)

    contact.refresh(ContactName(full="From the source"), notes="New at the source")

    assert getattr(contact, name) == edited
    assert contact.edited_fields == (name,)
    assert contact.notes == "New at the source"
    assert contents(replayed(contact)) == contents(contact)


def test_edits_of_a_contact_that_was_not_imported_are_not_tracked() -> None:
    contact = added()

    contact.add_email("a@x")

    assert contact.edited_fields == ()


@pytest.mark.parametrize("edited", [False, True])
def test_refresh_cannot_take_the_last_name_away(edited: bool) -> None:  # noqa: FBT001 - pytest's parameter
    contact = imported()
    if edited:
        contact.rename(ContactName(full="Kept"))
        contact.refresh(ContactName())
        assert contact.name == ContactName(full="Kept")
    else:
        with pytest.raises(Unnamed):
            contact.refresh(ContactName())


def test_refresh_takes_relations_to_living_contacts_and_keeps_known_ones() -> None:
    book = AddressBook()
    bob = book.meet("Bob")
    friend = (Relationship(Relation.FRIEND, bob.id),)
    ada = Contact.add(Origin(new_id(), source=Source("carddav", "1"), peers=book), ADA, relationships=friend)
    bob.trash()

    ada.refresh(ADA, notes="New", relationships=friend)
    assert ada.relationships == friend
    with pytest.raises(PeerUnusable):
        ada.refresh(ADA, relationships=(Relationship(Relation.COLLEAGUE, bob.id),))
    with pytest.raises(SelfRelation):
        ada.refresh(ADA, relationships=(Relationship(Relation.COLLEAGUE, ada.id),))


def test_refresh_does_not_mind_relations_it_does_not_take() -> None:
    contact = imported()
    contact.relate(Relation.PET, name="Rex")

    contact.refresh(ADA, notes="New", relationships=(Relationship(Relation.FRIEND, new_id()),))

    assert (contact.notes, contact.relationships) == ("New", (Relationship(Relation.PET, name="Rex"),))


def test_picture_of_the_source_is_taken_until_the_person_chooses() -> None:
    contact, first, second, own = imported(), new_id(), new_id(), new_id()
    contact.refresh_photo(first)
    contact.refresh(ADA, notes="new")
    assert contact.photo_media_id == first
    contact.refresh_photo(second)
    assert contact.photo_media_id == second
    contact.set_photo(own)
    contact.refresh_photo(first)
    assert contact.photo_media_id == own
    contact.set_photo(None)
    contact.refresh_photo(first)
    assert contact.photo_media_id is None


def test_replaying_the_events_gives_the_same_state() -> None:
    book = AddressBook()
    bob = book.meet("Bob")
    ada = Contact.add(Origin(new_id(), source=Source("carddav", "1"), peers=book), ADA, **full_card())
    ada.rename(ContactName(full="Ada King"))
    ada.add_email("b@x", preferred=True)
    ada.remove_email("ada@example.org")
    ada.add_phone("99")
    ada.remove_phone("99")
    ada.add_address(PostalAddress(full="Elsewhere"))
    ada.remove_address(HOME)
    ada.join_organization("Navy")
    ada.leave_organization("Royal Society")
    ada.set_anniversary(Occasion.DEATH, PartialDate(11, 27, 1852))
    ada.set_anniversary(Occasion.BIRTH, None)
    ada.relate(Relation.FRIEND, contact_id=bob.id)
    ada.unrelate(Relation.PARENT, name="Lord Byron")
    ada.refresh(ADA, notes="New")
    ada.favourite()
    ada.unfavourite()
    ada.block()
    ada.unblock()
    ada.log_interaction(InteractionKind.CALL)
    ada.refresh_photo(new_id())
    ada.set_photo(new_id())
    ada.tag("maths")
    ada.annotate("Kind")
    ada.merge_into(bob.id)
    ada.trash()

    assert contents(replayed(ada)) == contents(ada)
    assert len(topics(ada)) == 26
