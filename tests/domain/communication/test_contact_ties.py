"""What a contact belongs to, which days and which people matter to it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import (
    MAX_PARTS,
    Anniversary,
    EndsBeforeStart,
    Membership,
    NoSuchDate,
    NotAMember,
    NotOneTarget,
    Occasion,
    PartialDate,
    Relation,
    Relationship,
    SelfRelation,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, PeerUnusable
from domain.shared.record import Origin, Source, TooMany
from domain.shared.values import new_id
from tests.domain.communication.contacts import ADA, NOON, AddressBook, added, topics


def test_organisation_stays_listed_with_the_day_the_contact_left() -> None:
    contact = added()

    contact.join_organization("Royal Society", units=("Mathematics",), since=date(2020, 1, 1))
    contact.join_organization("Navy")
    contact.leave_organization("Royal Society", date(2021, 1, 1))

    assert contact.organizations == (
        Membership("Royal Society", ("Mathematics",), date(2020, 1, 1), date(2021, 1, 1)),
        Membership("Navy"),
    )
    assert topics(contact)[1:] == [
        "contact.joined_organization",
        "contact.joined_organization",
        "contact.left_organization",
    ]


def test_leaving_is_today_unless_said_otherwise() -> None:
    contact = added(organizations=(Membership("Navy"),))

    with clock.reading(lambda: NOON):
        contact.leave_organization("Navy")

    assert contact.organizations == (Membership("Navy", until=NOON.date()),)


def test_contact_may_come_back_to_an_organisation() -> None:
    past = Membership("Navy", until=date(2020, 1, 1))
    contact = added(organizations=(past,))

    contact.join_organization("Navy", since=date(2022, 1, 1))

    assert contact.organizations == (past, Membership("Navy", since=date(2022, 1, 1)))


def test_present_membership_takes_new_details() -> None:
    contact = added(organizations=(Membership("Navy"),))

    contact.join_organization("Navy")
    contact.join_organization("Navy", units=("Fleet",))

    assert contact.organizations == (Membership("Navy", ("Fleet",)),)
    assert topics(contact) == ["contact.added", "contact.joined_organization"]


def test_organisation_left_or_never_joined_cannot_be_left() -> None:
    contact = added(organizations=(Membership("Navy", until=date(2020, 1, 1)),))

    for name in ("Navy", "Army"):
        with pytest.raises(NotAMember):
            contact.leave_organization(name)


def test_organisation_cannot_be_left_before_it_was_joined() -> None:
    contact = added(organizations=(Membership("Navy", since=date(2020, 1, 2)),))

    with pytest.raises(EndsBeforeStart):
        contact.leave_organization("Navy", date(2020, 1, 1))
    contact.leave_organization("Navy", date(2020, 1, 2))

    assert contact.organizations[0].until == date(2020, 1, 2)


def test_membership_does_not_end_before_it_begins() -> None:
    with pytest.raises(EndsBeforeStart):
        Membership("Navy", since=date(2020, 1, 2), until=date(2020, 1, 1))


def test_anniversary_takes_the_place_of_the_one_of_its_occasion_and_label() -> None:
    contact = added()

    contact.set_anniversary(Occasion.BIRTH, PartialDate(12, 10))
    contact.set_anniversary(Occasion.OTHER, PartialDate(3, 1), label="adoption")
    contact.set_anniversary(Occasion.OTHER, PartialDate(4, 1), label="first engine")
    contact.set_anniversary(Occasion.BIRTH, PartialDate(12, 10, 1815))
    contact.set_anniversary(Occasion.BIRTH, PartialDate(12, 10, 1815))

    assert set(contact.anniversaries) == {
        Anniversary(Occasion.BIRTH, PartialDate(12, 10, 1815)),
        Anniversary(Occasion.OTHER, PartialDate(3, 1), "adoption"),
        Anniversary(Occasion.OTHER, PartialDate(4, 1), "first engine"),
    }
    assert topics(contact) == ["contact.added", *["contact.anniversary_set"] * 4]


def test_anniversary_can_be_forgotten() -> None:
    contact = added()
    contact.set_anniversary(Occasion.BIRTH, PartialDate(12, 10))

    contact.set_anniversary(Occasion.WEDDING, None)
    contact.set_anniversary(Occasion.BIRTH, None)

    assert contact.anniversaries == ()
    assert topics(contact)[2:] == ["contact.anniversary_cleared"]


@pytest.mark.parametrize(("month", "day", "year"), [(2, 29, None), (2, 29, 2024), (12, 31, None)])
def test_day_that_exists_is_a_partial_date(month: int, day: int, year: int | None) -> None:
    body = json.dumps({"occasion": "birth", "on": {"month": month, "day": day, "year": year}})

    arguments = commands_of(Contact)["set_anniversary"].arguments_from_json(body)

    assert arguments["on"] == PartialDate(month, day, year)


@pytest.mark.parametrize(
    ("month", "day", "year"),
    [(2, 29, 2023), (2, 30, None), (4, 31, None), (13, 1, None), (1, 0, None), (1, 1, 999)],
)
def test_day_that_does_not_exist_is_refused(month: int, day: int, year: int | None) -> None:
    body = json.dumps({"occasion": "birth", "on": {"month": month, "day": day, "year": year}})

    with pytest.raises(InvalidInput, match=r"contact.set_anniversary: on"):
        commands_of(Contact)["set_anniversary"].arguments_from_json(body)


def test_impossible_date_is_refused_by_itself_and_not_repeated() -> None:
    with pytest.raises(NoSuchDate) as refusal:
        PartialDate(2, 29, 2023)

    assert "2023" not in str(refusal.value)


def test_relation_to_a_contact_is_kept_once_for_each_sort() -> None:
    book = AddressBook()
    ada, bob = book.meet("Ada"), book.meet("Bob")

    ada.relate(Relation.FRIEND, contact_id=bob.id)
    ada.relate(Relation.FRIEND, contact_id=bob.id)
    ada.relate(Relation.COLLEAGUE, contact_id=bob.id)
    ada.relate(Relation.FRIEND, contact_id=bob.id, since=date(2020, 1, 1))

    assert set(ada.relationships) == {
        Relationship(Relation.COLLEAGUE, bob.id),
        Relationship(Relation.FRIEND, bob.id, since=date(2020, 1, 1)),
    }
    assert topics(ada) == ["contact.added", *["contact.related"] * 3]


def test_relation_may_name_somebody_who_is_no_contact() -> None:
    contact = added()

    contact.relate(Relation.PET, name="Rex")
    contact.relate(Relation.PET, name="Tom")
    contact.unrelate(Relation.PET, name="Rex")

    assert contact.relationships == (Relationship(Relation.PET, name="Tom"),)
    assert topics(contact)[-1] == "contact.unrelated"


def test_relation_is_ended_whenever_it_began() -> None:
    contact = added(relationships=(Relationship(Relation.FRIEND, name="Bob", since=date(2020, 1, 1)),))

    contact.unrelate(Relation.FRIEND, name="Bob")

    assert contact.relationships == ()


@pytest.mark.parametrize("target", [{}, {"contact_id": new_id(), "name": "Bob"}])
def test_relation_has_one_target(target: dict[str, Any]) -> None:
    with pytest.raises(NotOneTarget):
        added().relate(Relation.FRIEND, **target)


def test_relation_does_not_end_before_it_begins() -> None:
    with pytest.raises(EndsBeforeStart):
        added().relate(Relation.FRIEND, name="Bob", since=date(2020, 1, 2), until=date(2020, 1, 1))


def test_contact_is_not_related_to_itself() -> None:
    ada = AddressBook().meet("Ada")

    with pytest.raises(SelfRelation):
        ada.relate(Relation.SPOUSE, contact_id=ada.id)


def test_new_contact_is_not_related_to_itself() -> None:
    own = new_id()

    with pytest.raises(SelfRelation):
        Contact.add(Origin(new_id(), record_id=own), ADA, relationships=(Relationship(Relation.SPOUSE, own),))


def test_relation_needs_a_living_contact() -> None:
    book = AddressBook()
    ada, bob = book.meet("Ada"), book.meet("Bob")
    bob.trash()

    for target in (bob.id, new_id()):
        with pytest.raises(PeerUnusable):
            ada.relate(Relation.FRIEND, contact_id=target)
        with pytest.raises(PeerUnusable):
            Contact.add(
                Origin(new_id(), peers=book), ADA, relationships=(Relationship(Relation.FRIEND, target),)
            )


@pytest.mark.parametrize(
    ("relation", "inverse"),
    [
        (Relation.CHILD, Relation.PARENT),
        (Relation.MANAGER, Relation.REPORT),
        (Relation.SPOUSE, Relation.SPOUSE),
    ],
)
def test_tie_to_another_contact_is_said_and_taken_back_by_both(relation: Relation, inverse: Relation) -> None:
    book = AddressBook()
    ada, bob = book.meet("Ada"), book.meet("Bob")
    ada.relate(relation, contact_id=bob.id, since=date(2020, 1, 1))
    ada.relate(relation, contact_id=bob.id)
    assert bob.relationships == (Relationship(inverse, ada.id),)
    bob.relate(inverse, contact_id=ada.id)
    bob.unrelate(inverse, contact_id=ada.id)
    assert ada.relationships == ()
    assert topics(ada)[-1] == "contact.relation_lost"
    assert topics(bob)[1:] == ["contact.relation_gained", "contact.relation_gained", "contact.unrelated"]


@pytest.mark.parametrize("relation", [Relation.EMERGENCY, Relation.PET, Relation.OTHER])
def test_tie_that_goes_one_way_is_said_by_one(relation: Relation) -> None:
    book = AddressBook()
    ada, bob = book.meet("Ada"), book.meet("Bob")
    ada.relate(relation, contact_id=bob.id)
    ada.unrelate(relation, contact_id=bob.id)
    assert topics(bob) == ["contact.added"]


def test_contacts_that_come_with_ties_tell_the_others() -> None:
    book = AddressBook()
    bob, eve = book.meet("Bob"), book.meet("Eve")
    origin = Origin(new_id(), peers=book, source=Source("carddav", "1"))
    ada = Contact.add(origin, ADA, relationships=(Relationship(Relation.PARENT, bob.id),))
    assert set(bob.relationships) == {Relationship(Relation.CHILD, ada.id)}
    book.add(ada)
    ada.refresh(ADA, relationships=(Relationship(Relation.PARENT, eve.id),))
    assert not bob.relationships
    assert set(eve.relationships) == {Relationship(Relation.CHILD, ada.id)}


def test_tie_is_let_go_of_while_the_other_contact_is_in_the_trash() -> None:
    book = AddressBook()
    ada, bob = book.meet("Ada"), book.meet("Bob")
    ada.relate(Relation.FRIEND, contact_id=bob.id)
    bob.trash()
    ada.unrelate(Relation.FRIEND, contact_id=bob.id)
    bob.restore()
    assert bob.relationships == ()


def test_merged_contact_says_nothing_any_more() -> None:
    book = AddressBook()
    ada, bob = book.meet("Ada"), book.meet("Bob")
    ada.relate(Relation.FRIEND, contact_id=bob.id)
    bob.merge_into(book.meet("Robert").id)
    ada.unrelate(Relation.FRIEND, contact_id=bob.id)
    assert topics(bob)[-1] == "contact.merged"


def test_refresh_leaves_ties_alone_that_another_contact_has_said() -> None:
    book = AddressBook()
    bob = Contact.add(Origin(new_id(), peers=book, source=Source("carddav", "2")), ADA)
    book.add(bob)
    book.meet("Ada").relate(Relation.FRIEND, contact_id=bob.id)
    said = bob.relationships
    bob.refresh(ADA, notes="from the address book")
    assert (bob.relationships, bob.notes) == (said, "from the address book")


def test_other_side_has_room_for_the_tie_or_there_is_none() -> None:
    book = AddressBook()
    friends = tuple(Relationship(Relation.FRIEND, name=f"friend {number}") for number in range(MAX_PARTS))
    ada, bob = book.meet("Ada"), added(relationships=friends)
    book.add(bob)
    with pytest.raises(TooMany):
        ada.relate(Relation.FRIEND, contact_id=bob.id)
