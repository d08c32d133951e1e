"""What comes as a whole card is what the commands for single parts would have left."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.communication.contact import Contact
from domain.communication.contact_terms import (
    Anniversary,
    ContactEmail,
    ContactPhone,
    Membership,
    Occasion,
    PartialDate,
    PostalAddress,
    Relation,
    Relationship,
)
from tests.domain.communication.contacts import ADA, added


def _with_tuples(card: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(parts) for name, parts in card.items()}


NAMES = st.sampled_from(["Initech", "Acme", "initech"])
LABELS = st.sampled_from([None, "home", "work"])
DAYS = st.sampled_from([None, date(2020, 1, 1), date(2024, 2, 29)])
CARDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "emails": st.lists(
            st.builds(
                ContactEmail,
                st.sampled_from(["a@x", "A@X", "b@x", "J\u00f6@x", "JO\u0308@x"]),
                LABELS,
                st.booleans(),
            )
        ),
        "phones": st.lists(
            st.builds(ContactPhone, st.sampled_from(["12", "1 2", "--", "+12"]), LABELS, st.booleans())
        ),
        "addresses": st.lists(st.builds(PostalAddress, LABELS, street=NAMES)),
        "organizations": st.lists(
            st.builds(Membership, NAMES, st.lists(NAMES, max_size=2).map(tuple), until=DAYS)
        ),
        "anniversaries": st.lists(
            st.builds(
                Anniversary,
                st.sampled_from(Occasion),
                st.builds(PartialDate, st.integers(1, 12), st.just(7)),
                LABELS,
            )
        ),
        "relationships": st.lists(st.builds(Relationship, st.sampled_from(Relation), st.none(), NAMES, DAYS)),
    }
).map(_with_tuples)


def refreshed(card: dict[str, Any]) -> Contact:
    contact = added()
    contact.refresh(ADA, **card)
    return contact


@settings(max_examples=50, deadline=None)
@given(CARDS)
def test_adding_what_a_card_brought_changes_nothing(card: dict[str, Any]) -> None:
    for contact in (added(**card), refreshed(card)):
        version = contact.version
        for email in contact.emails:
            contact.add_email(email.address, label=email.label, preferred=email.preferred)
        for phone in contact.phones:
            contact.add_phone(phone.number, label=phone.label, preferred=phone.preferred)
        for address in contact.addresses:
            contact.add_address(address)
        for each in contact.organizations:
            if each.until is None:
                contact.join_organization(each.name, units=each.units, since=each.since)
        for day in contact.anniversaries:
            contact.set_anniversary(day.occasion, day.on, label=day.label)
        for other in contact.relationships:
            contact.relate(other.relation, name=other.name, since=other.since)
        assert contact.version == version


@settings(max_examples=50, deadline=None)
@given(CARDS)
def test_nothing_that_a_card_brought_is_there_twice(card: dict[str, Any]) -> None:
    contact = added(**card)
    for email in contact.emails:
        contact.remove_email(email.address)
    for phone in contact.phones:
        contact.remove_phone(phone.number)
    for address in contact.addresses:
        contact.remove_address(address)
    for day in contact.anniversaries:
        contact.set_anniversary(day.occasion, None, label=day.label)
    for other in contact.relationships:
        contact.unrelate(other.relation, name=other.name)
    for each in contact.organizations:
        if each.until is None:
            contact.leave_organization(each.name, date(2026, 1, 1))
    lists = (contact.emails, contact.phones, contact.addresses, contact.anniversaries, contact.relationships)
    assert not any(lists)
    assert not [each for each in contact.organizations if each.until is None]
