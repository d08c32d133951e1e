"""How a contact is reached, and which way is preferred."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.communication.contact import Contact
from domain.communication.contact_terms import (
    MAX_PARTS,
    Anniversary,
    ContactEmail,
    ContactPhone,
    Identity,
    Membership,
    Occasion,
    PartialDate,
    PostalAddress,
    Relation,
    Relationship,
)
from domain.shared.commands import commands_of
from domain.shared.errors import ItemNotFound
from domain.shared.place import HalfPlace
from domain.shared.record import Origin, Source, TooMany, state_of
from domain.shared.values import new_id
from tests.domain.communication.contacts import ADA, HOME, added, topics


def test_first_email_is_the_preferred_one_until_another_is_preferred() -> None:
    contact = added()

    contact.add_email("a@x")
    contact.add_email("b@x", label="work")
    assert list(contact.emails) == [ContactEmail("a@x", preferred=True), ContactEmail("b@x", "work")]
    contact.add_email("c@x", preferred=True)

    assert [each.preferred for each in contact.emails] == [False, False, True]
    assert topics(contact) == ["contact.added", *["contact.email_added"] * 3]


def test_email_that_is_there_already_is_relabelled_and_stays_preferred() -> None:
    contact = added()
    contact.add_email("a@x")
    contact.add_email("b@x")

    contact.add_email("A@X", label="home")

    assert contact.emails == (ContactEmail("A@X", "home", preferred=True), ContactEmail("b@x"))


def test_listed_email_can_become_the_preferred_one() -> None:
    contact = added(emails=(ContactEmail("a@x"), ContactEmail("b@x")))

    contact.add_email("b@x", preferred=True)

    assert contact.emails == (ContactEmail("a@x"), ContactEmail("b@x", preferred=True))


def test_preferred_email_keeps_its_label_and_is_the_only_one() -> None:
    contact = added(emails=(ContactEmail("a@x"), ContactEmail("b@x", "work")))
    for _ in range(2):
        contact.prefer_email("B@x")
    assert contact.emails == (ContactEmail("a@x"), ContactEmail("b@x", "work", preferred=True))
    assert topics(contact) == ["contact.added", "contact.email_preferred"]


def test_preferred_number_keeps_its_label_and_is_the_only_one() -> None:
    home = ContactPhone("030 23125 015", "home", e164="+493023125015")
    contact = added(phones=(ContactPhone("0171 1"), home))
    for _ in range(2):
        contact.prefer_phone("03023125015")
    assert contact.phones == (ContactPhone("0171 1"), replace(home, preferred=True))
    assert topics(contact) == ["contact.added", "contact.phone_preferred"]


def test_adding_the_same_email_again_is_no_event() -> None:
    contact = added()
    contact.add_email("a@x", label="home")

    contact.add_email("a@x", label="home")
    contact.add_email("a@x", label="home", preferred=True)

    assert topics(contact) == ["contact.added", "contact.email_added"]


def test_next_email_is_preferred_when_the_preferred_one_is_removed() -> None:
    contact = added(emails=(ContactEmail("a@x"), ContactEmail("b@x", preferred=True), ContactEmail("c@x")))

    contact.remove_email("B@x")

    assert contact.emails == (ContactEmail("a@x", preferred=True), ContactEmail("c@x"))
    assert topics(contact)[-1] == "contact.email_removed"


def test_phone_numbers_follow_the_same_rules() -> None:
    contact = added()

    contact.add_phone("+49 1234 567", label="home")
    contact.add_phone("0800", e164="+490800", preferred=True)
    contact.add_phone("+49-1234-567", label="home")
    contact.add_phone("0800", e164="+490800")
    assert list(contact.phones) == [
        ContactPhone("+49-1234-567", "home"),
        ContactPhone("0800", preferred=True, e164="+490800"),
    ]
    contact.remove_phone("08 00")

    assert list(contact.phones) == [ContactPhone("+49-1234-567", "home", preferred=True)]
    assert topics(contact) == ["contact.added", *["contact.phone_added"] * 3, "contact.phone_removed"]


def test_number_without_digits_is_kept_as_it_is() -> None:
    contact = added()

    contact.add_phone("--")
    contact.add_phone("()")

    assert [each.number for each in contact.phones] == ["--", "()"]


@pytest.mark.parametrize(
    ("preferred", "expected"),
    [
        ((False, False, False), [True, False, False]),
        ((False, True, True), [False, True, False]),
        ((False, False, True), [False, False, True]),
    ],
)
def test_imported_card_ends_with_one_preferred_email(
    preferred: tuple[bool, ...], expected: list[bool]
) -> None:
    emails = tuple(ContactEmail(f"{n}@x", preferred=each) for n, each in enumerate(preferred))

    assert [each.preferred for each in added(emails=emails).emails] == expected


def test_imported_card_lists_the_same_address_and_number_once() -> None:
    contact = added(
        emails=(ContactEmail("a@x", "home"), ContactEmail("b@x"), ContactEmail("A@X", "work")),
        phones=(ContactPhone("12 34"), ContactPhone("1234")),
    )

    assert contact.emails == (ContactEmail("a@x", "home", preferred=True), ContactEmail("b@x"))
    assert contact.phones == (ContactPhone("12 34", preferred=True),)


def test_broken_email_of_a_real_vcard_is_kept() -> None:
    body = {"name": {"full": "Ada"}, "emails": [{"address": "ada at example"}], "phones": [{"number": "?"}]}

    arguments = commands_of(Contact)["add"].arguments_from_json(json.dumps(body))

    assert arguments["emails"] == (ContactEmail("ada at example"),)


@pytest.mark.parametrize(
    "prefer", [lambda contact: contact.prefer_email("b@x"), lambda contact: contact.prefer_phone("2")]
)
def test_what_is_not_there_cannot_be_preferred(prefer: Callable[[Contact], None]) -> None:
    contact = added(emails=(ContactEmail("a@x"),), phones=(ContactPhone("1"),))
    with pytest.raises(ItemNotFound):
        prefer(contact)
    assert topics(contact) == ["contact.added"]


def test_import_does_not_take_back_what_the_person_prefers() -> None:
    emails = (ContactEmail("a@x", preferred=True), ContactEmail("b@x"))
    contact = Contact.add(Origin(new_id(), source=Source("vcard", "7")), ADA, emails=emails)
    contact.prefer_email("b@x")
    contact.refresh(ADA, emails=emails)
    assert [each.preferred for each in contact.emails] == [False, True]


def test_events_tell_which_way_is_preferred() -> None:
    contact = added(
        emails=(ContactEmail("a@x"), ContactEmail("b@x")), phones=(ContactPhone("1"), ContactPhone("2"))
    )
    contact.prefer_email("b@x")
    contact.prefer_phone("2")
    folded: Any = None
    for event in contact.pending_events:
        stored = TypeAdapter(type(event)).dump_json(event)
        folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
    assert state_of(folded) == state_of(contact)


@pytest.mark.parametrize(
    "remove",
    [
        lambda contact: contact.remove_email("a@x"),
        lambda contact: contact.remove_phone("1"),
        lambda contact: contact.remove_address(HOME),
        lambda contact: contact.unrelate(Relation.FRIEND, name="Bob"),
    ],
)
def test_what_is_not_there_cannot_be_removed(remove: Callable[[Contact], None]) -> None:
    contact = added()

    with pytest.raises(ItemNotFound):
        remove(contact)
    assert topics(contact) == ["contact.added"]


@pytest.mark.parametrize(
    ("full", "add"),
    [
        (
            {"emails": tuple(ContactEmail(f"{n}@x") for n in range(MAX_PARTS))},
            lambda contact: contact.add_email("new@x"),
        ),
        (
            {"phones": tuple(ContactPhone(str(n)) for n in range(MAX_PARTS))},
            lambda contact: contact.add_phone("new"),
        ),
        (
            {"addresses": tuple(PostalAddress(full=str(n)) for n in range(MAX_PARTS))},
            lambda contact: contact.add_address(HOME),
        ),
        (
            {"organizations": tuple(Membership(str(n)) for n in range(MAX_PARTS))},
            lambda contact: contact.join_organization("new"),
        ),
        (
            {"relationships": tuple(Relationship(Relation.FRIEND, name=str(n)) for n in range(MAX_PARTS))},
            lambda contact: contact.relate(Relation.FRIEND, name="new"),
        ),
        (
            {
                "anniversaries": tuple(
                    Anniversary(Occasion.OTHER, PartialDate(1, 1), str(n)) for n in range(MAX_PARTS)
                )
            },
            lambda contact: contact.set_anniversary(Occasion.OTHER, PartialDate(1, 1), label="new"),
        ),
    ],
)
def test_lists_do_not_grow_without_end(full: dict[str, Any], add: Callable[[Contact], None]) -> None:
    with pytest.raises(TooMany):
        add(added(**full))


MANY: dict[str, Callable[[int], Any]] = {
    "emails": lambda n: ContactEmail(f"{n}@x"),
    "phones": lambda n: ContactPhone(str(n)),
    "addresses": lambda n: PostalAddress(full=str(n)),
    "organizations": lambda n: Membership(str(n)),
    "relationships": lambda n: Relationship(Relation.FRIEND, name=str(n)),
    "anniversaries": lambda n: Anniversary(Occasion.OTHER, PartialDate(1, 1), str(n)),
    "identities": lambda n: Identity("jabber", str(n)),
    "urls": str,
}


@pytest.mark.parametrize("parts", MANY)
def test_card_does_not_bring_more_parts_than_may_be_added(parts: str) -> None:
    contact = added()
    too_many = tuple(MANY[parts](n) for n in range(MAX_PARTS + 1))
    given: dict[str, Any] = {parts: too_many}
    with pytest.raises(TooMany):
        added(**given)
    with pytest.raises(TooMany):
        contact.refresh(ADA, **given)
    given[parts] = (*too_many[1:], too_many[1])
    assert len(getattr(added(**given), parts)) == MAX_PARTS


TWICE: dict[str, tuple[Any, ...]] = {
    "addresses": (HOME, PostalAddress(full="Elsewhere"), HOME),
    "organizations": (Membership("Initech", ("Sales",)), Membership("Acme"), Membership("Initech", ("IT",))),
    "relationships": (
        Relationship(Relation.FRIEND, name="Bob"),
        Relationship(Relation.CHILD, name="Bob"),
        Relationship(Relation.FRIEND, name="Bob", since=date(2020, 1, 1)),
    ),
    "anniversaries": (
        Anniversary(Occasion.BIRTH, PartialDate(1, 2)),
        Anniversary(Occasion.WEDDING, PartialDate(1, 2)),
        Anniversary(Occasion.BIRTH, PartialDate(1, 3)),
    ),
    "urls": ("a", "b", "a"),
}


@pytest.mark.parametrize("parts", TWICE)
def test_card_brings_each_part_once_as_it_comes_first(parts: str) -> None:
    given: dict[str, Any] = {parts: TWICE[parts]}
    contact = added()
    contact.refresh(ADA, **given)
    assert getattr(contact, parts) == TWICE[parts][:2]
    assert getattr(added(**given), parts) == TWICE[parts][:2]


def test_past_memberships_of_an_organisation_are_kept_beside_the_present_one() -> None:
    past = tuple(Membership("Initech", until=date(2000 + n, 1, 1)) for n in range(2))
    contact = added(organizations=(*past, Membership("Initech"), past[0]))
    assert contact.organizations == (*past, Membership("Initech"))


def test_full_list_still_takes_changes() -> None:
    contact = added(emails=tuple(ContactEmail(f"{n}@x") for n in range(MAX_PARTS)))

    contact.add_email("7@x", preferred=True)

    assert contact.emails[7].preferred


@pytest.mark.parametrize("number", [" ", "\n", "12\n34"])
def test_number_from_before_they_were_checked_can_be_removed(number: str) -> None:
    contact = added(phones=(ContactPhone(number),))

    contact.remove_phone(**commands_of(Contact)["remove_phone"].arguments((number,), {}))

    assert not contact.phones


def test_address_with_a_code_from_before_they_were_checked_can_be_removed() -> None:
    odd = replace(HOME, country_code="ZZ")
    contact = added(addresses=(HOME, odd))

    contact.remove_address(replace(HOME, country_code=None))

    assert contact.addresses == (HOME,)


def test_address_is_added_once_and_removed_by_what_it_is() -> None:
    contact = added()
    other = PostalAddress(full="Elsewhere")

    contact.add_address(HOME)
    contact.add_address(other)
    contact.add_address(HOME)
    assert list(contact.addresses) == [HOME, other]
    contact.remove_address(HOME)

    assert list(contact.addresses) == [other]
    assert topics(contact) == ["contact.added", *["contact.address_added"] * 2, "contact.address_removed"]


@pytest.mark.parametrize("half", [{"latitude": 48.8}, {"longitude": 2.3}])
def test_address_has_both_coordinates_or_none(half: dict[str, Any]) -> None:
    contact, address = added(), PostalAddress(full="Rue 1, Paris", **half)

    with pytest.raises(HalfPlace):
        added(addresses=(HOME, address))
    with pytest.raises(HalfPlace):
        contact.add_address(address)
    with pytest.raises(HalfPlace):
        contact.refresh(ADA, addresses=(address,))

    contact.add_address(PostalAddress(full="Rue 1, Paris", latitude=48.8, longitude=2.3))
    assert contact.addresses[0].latitude == 48.8
