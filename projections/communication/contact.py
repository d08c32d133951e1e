"""What can be asked of contacts."""

from __future__ import annotations

from domain.communication.contact import Contact
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(contact: Contact) -> Moment | None:
    if contact.last_interaction_at is None:
        return None
    name = contact.name.full.strip() or contact.sort_name
    return Moment(contact.last_interaction_at, name, "last interaction")


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
    derived=(on_timeline(_moment), in_search(_words)),
)
