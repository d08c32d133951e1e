"""Contacts for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from domain.catalogue import topic_of
from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactName, PostalAddress
from domain.shared.record import Origin
from domain.shared.values import new_id
from tests.domain.shelf import Shelf

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ADA = ContactName(full="Ada Lovelace", given="Ada", family="Lovelace")
HOME = PostalAddress(street="Rue 1\nFloor 8", locality="Paris", country="France", country_code="FR")


class AddressBook(Shelf):
    """The contacts of a person."""

    def meet(self, name: str) -> Contact:
        contact = Contact.add(Origin(new_id(), peers=self), ContactName(full=name))
        self.add(contact)
        return contact


def added(name: ContactName = ADA, **content: Any) -> Contact:
    return Contact.add(Origin(new_id()), name, **content)


def topics(contact: Contact) -> list[str]:
    return [topic_of(cast("type[Contact.Event]", type(event)), Contact) for event in contact.pending_events]
