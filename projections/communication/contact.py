"""What can be asked of contacts."""

from __future__ import annotations

from domain.communication.contact import Contact
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.view import View


def _words(contact: Contact) -> Words:
    texts = [
        *contact.nicknames,
        *(each.address for each in contact.emails),
        *(each.number for each in contact.phones),
        *(each.name for each in contact.organizations),
        contact.notes,
    ]
    return Words(contact.name.full, "\n".join(texts))


VIEW = View(
    Contact,
    RecordTable(
        Contact,
        "contacts",
        filters=("is_favourite",),
        orders=("last_interaction_at", "next_contact_on"),
        listed=("name", "emails", "phones"),
    ),
    derived=(in_search(_words),),
)
