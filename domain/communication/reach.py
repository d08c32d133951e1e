"""The part of a contact that says how to reach them: e-mail addresses, telephone numbers, postal addresses."""

from __future__ import annotations

from dataclasses import KW_ONLY

from domain.communication.contact_terms import (
    E164,
    ContactEmail,
    ContactPhone,
    ListedPhone,
    MailAddress,
    PostalAddress,
    find,
    including,
    preferring,
    require_room,
    require_whole_places,
    settled,
)
from domain.shared.content import Content
from domain.shared.errors import ItemNotFound
from domain.shared.values import Label, Phone


class Reach(Content):
    """Somebody with ways to reach them; of the addresses, and of the numbers, one is preferred."""

    _: KW_ONLY
    emails: tuple[ContactEmail, ...] = ()
    phones: tuple[ContactPhone, ...] = ()
    addresses: tuple[PostalAddress, ...] = ()

    class Event(Content.Event):
        """Any event of a contact."""

    class EmailAdded(Event):
        TOPIC = "contact.email_added"
        EDITS = ("emails",)
        email: ContactEmail

        def apply(self, contact: Reach) -> None:
            contact.emails = including(contact.emails, self.email)

    class EmailRemoved(Event):
        TOPIC = "contact.email_removed"
        EDITS = ("emails",)
        address: str

        def apply(self, contact: Reach) -> None:
            contact.emails = settled(tuple(each for each in contact.emails if each.address != self.address))

    class EmailPreferred(Event):
        TOPIC = "contact.email_preferred"
        EDITS = ("emails",)
        address: str

        def apply(self, contact: Reach) -> None:
            contact.emails = preferring(contact.emails, ContactEmail(self.address).key)

    class PhoneAdded(Event):
        TOPIC = "contact.phone_added"
        EDITS = ("phones",)
        phone: ContactPhone

        def apply(self, contact: Reach) -> None:
            contact.phones = including(contact.phones, self.phone)

    class PhoneRemoved(Event):
        TOPIC = "contact.phone_removed"
        EDITS = ("phones",)
        number: str

        def apply(self, contact: Reach) -> None:
            contact.phones = settled(tuple(each for each in contact.phones if each.number != self.number))

    class PhonePreferred(Event):
        TOPIC = "contact.phone_preferred"
        EDITS = ("phones",)
        number: str

        def apply(self, contact: Reach) -> None:
            contact.phones = preferring(contact.phones, ContactPhone(self.number).key)

    class AddressAdded(Event):
        TOPIC = "contact.address_added"
        EDITS = ("addresses",)
        address: PostalAddress

        def apply(self, contact: Reach) -> None:
            contact.addresses = (*contact.addresses, self.address)

    class AddressRemoved(Event):
        TOPIC = "contact.address_removed"
        EDITS = ("addresses",)
        address: PostalAddress

        def apply(self, contact: Reach) -> None:
            contact.addresses = tuple(each for each in contact.addresses if each != self.address)

    def add_email(self, address: MailAddress, *, label: Label | None = None, preferred: bool = False) -> None:
        """Add an address, the preferred one if it is the first; one that is there already is relabelled."""
        email = ContactEmail(address, label, preferred)
        emails = including(self.emails, email)
        require_room(emails)
        if emails != self.emails:
            self.trigger_event(self.EmailAdded, email=email)

    def remove_email(self, address: MailAddress) -> None:
        """Remove an address; if it was the preferred one, the first of the others takes its place."""
        email = find(self.emails, ContactEmail(address).key)
        self.trigger_event(self.EmailRemoved, address=email.address)

    def prefer_email(self, address: MailAddress) -> None:
        """Prefer a listed address to the others; its label stays."""
        email = find(self.emails, ContactEmail(address).key)
        if not email.preferred:
            self.trigger_event(self.EmailPreferred, address=email.address)

    def add_phone(
        self, number: Phone, *, label: Label | None = None, preferred: bool = False, e164: E164 | None = None
    ) -> None:
        """Add a number, the preferred one if it is the first; one that is there already is relabelled."""
        phone = ContactPhone(number, label, preferred, e164)
        phones = including(self.phones, phone)
        require_room(phones)
        if phones != self.phones:
            self.trigger_event(self.PhoneAdded, phone=phone)

    def remove_phone(self, number: ListedPhone) -> None:
        """Remove a number; if it was the preferred one, the first of the others takes its place."""
        phone = find(self.phones, ContactPhone(number).key)
        self.trigger_event(self.PhoneRemoved, number=phone.number)

    def prefer_phone(self, number: ListedPhone) -> None:
        """Prefer a listed number to the others; its label stays."""
        phone = find(self.phones, ContactPhone(number).key)
        if not phone.preferred:
            self.trigger_event(self.PhonePreferred, number=phone.number)

    def add_address(self, address: PostalAddress) -> None:
        if address in self.addresses:
            return
        require_whole_places((address,))
        require_room((*self.addresses, address))
        self.trigger_event(self.AddressAdded, address=address)

    def remove_address(self, address: PostalAddress) -> None:
        known = next((each for each in self.addresses if each.is_meant_by(address)), None)
        if known is None:
            raise ItemNotFound
        self.trigger_event(self.AddressRemoved, address=known)
