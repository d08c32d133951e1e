"""What may happen to a contact, and what an address book never says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from domain.catalogue import kind_named, topic_of
from domain.communication.contact import Contact
from domain.communication.contact_terms import (
    MAX_PARTS,
    Anniversary,
    ContactEmail,
    ContactKind,
    ContactMerged,
    ContactName,
    ContactPhone,
    EndsBeforeStart,
    Identity,
    InteractionKind,
    Membership,
    NoSuchDate,
    NotAMember,
    NotOneTarget,
    Occasion,
    PartialDate,
    PeerMerged,
    PostalAddress,
    Relation,
    Relationship,
    SelfMerge,
    SelfRelation,
    Unnamed,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, ItemNotFound, PeerUnusable, RecordTrashed
from domain.shared.record import Origin, R, Source, TooMany, state_fields
from domain.shared.values import new_id

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ADA = ContactName(full="Ada Lovelace", given="Ada", family="Lovelace")
HOME = PostalAddress(street="Rue 1\nFloor 8", locality="Paris", country="France", country_code="FR")


class AddressBook:
    """The other records of a person, by id."""

    def __init__(self) -> None:
        self.contacts: dict[UUID, Contact] = {}

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        found = self.contacts.get(record_id)
        return found if isinstance(found, kind) else None

    def add(self, name: str) -> Contact:
        contact = Contact.add(Origin(new_id(), peers=self), ContactName(full=name))
        self.contacts[contact.id] = contact
        return contact


def added(name: ContactName = ADA, **content: Any) -> Contact:
    return Contact.add(Origin(new_id()), name, **content)


def imported(**content: Any) -> Contact:
    source = Source("google", "people/c1")
    return Contact.add(Origin(new_id(), source=source), ADA, **content)


def topics(contact: Contact) -> list[str]:
    return [topic_of(cast("type[Contact.Event]", type(event)), Contact) for event in contact.pending_events]


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


# E-mail addresses and telephone numbers


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


def test_full_list_still_takes_changes() -> None:
    contact = added(emails=tuple(ContactEmail(f"{n}@x") for n in range(MAX_PARTS)))

    contact.add_email("7@x", preferred=True)

    assert contact.emails[7].preferred


# Addresses, organisations, anniversaries


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


# Relations and merging


def test_relation_to_a_contact_is_kept_once_for_each_sort() -> None:
    book = AddressBook()
    ada, bob = book.add("Ada"), book.add("Bob")

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
    ada = AddressBook().add("Ada")

    with pytest.raises(SelfRelation):
        ada.relate(Relation.SPOUSE, contact_id=ada.id)


def test_new_contact_is_not_related_to_itself() -> None:
    own = new_id()

    with pytest.raises(SelfRelation):
        Contact.add(Origin(new_id(), record_id=own), ADA, relationships=(Relationship(Relation.SPOUSE, own),))


def test_relation_needs_a_living_contact() -> None:
    book = AddressBook()
    ada, bob = book.add("Ada"), book.add("Bob")
    bob.trash()

    for target in (bob.id, new_id()):
        with pytest.raises(PeerUnusable):
            ada.relate(Relation.FRIEND, contact_id=target)
        with pytest.raises(PeerUnusable):
            Contact.add(
                Origin(new_id(), peers=book), ADA, relationships=(Relationship(Relation.FRIEND, target),)
            )


def test_merged_contact_says_where_it_went() -> None:
    book = AddressBook()
    ada, countess = book.add("Ada"), book.add("Countess")

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
    ada, countess = book.add("Ada"), book.add("Countess")
    countess.merge_into(ada.id)

    with pytest.raises(ContactMerged):
        command(countess)
    assert countess.version == 2


def test_merged_contact_cannot_be_merged_elsewhere() -> None:
    book = AddressBook()
    ada, countess, bob = book.add("Ada"), book.add("Countess"), book.add("Bob")
    countess.merge_into(ada.id)

    with pytest.raises(ContactMerged):
        countess.merge_into(bob.id)


def test_merged_contact_can_still_be_trashed_and_restored() -> None:
    book = AddressBook()
    ada, countess = book.add("Ada"), book.add("Countess")
    countess.merge_into(ada.id)

    countess.trash()
    countess.restore()

    assert countess.deleted_at is None


def test_contact_is_not_merged_into_itself() -> None:
    ada = AddressBook().add("Ada")

    with pytest.raises(SelfMerge):
        ada.merge_into(ada.id)


def test_contact_is_merged_only_into_a_living_one() -> None:
    book = AddressBook()
    ada, bob = book.add("Ada"), book.add("Bob")
    bob.trash()

    with pytest.raises(PeerUnusable):
        ada.merge_into(bob.id)


def test_nothing_new_refers_to_a_merged_contact() -> None:
    book = AddressBook()
    ada, countess, bob = book.add("Ada"), book.add("Countess"), book.add("Bob")
    countess.merge_into(ada.id)

    with pytest.raises(PeerMerged):
        bob.merge_into(countess.id)
    with pytest.raises(PeerMerged):
        ada.merge_into(countess.id)
    with pytest.raises(PeerMerged):
        bob.relate(Relation.FRIEND, contact_id=countess.id)


# Toggles and interactions


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


# Refreshing an imported contact


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
    bob = book.add("Bob")
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


def test_replaying_the_events_gives_the_same_state() -> None:
    book = AddressBook()
    bob = book.add("Bob")
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
    ada.tag("maths")
    ada.annotate("Kind")
    ada.merge_into(bob.id)
    ada.trash()

    assert contents(replayed(ada)) == contents(ada)
    assert len(topics(ada)) == 24
