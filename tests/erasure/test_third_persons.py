"""Somebody who is in other people's records can be found there by address, and taken out."""

from __future__ import annotations

import psycopg

from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactEmail, ContactName
from domain.communication.email import Email
from domain.communication.email_terms import Mailbox
from infrastructure.store.store import Mentioned, Store
from tests.conftest import Databases

ADDRESS = "Zoë@Example.org"


def test_an_address_is_found_in_the_contacts_and_mail_of_all_people(
    store: Store, databases: Databases
) -> None:
    ada, eve = (store.acting_as(store.register(name, f"{name}@example.org")) for name in ("ada", "eve"))
    contact = ada.do(Contact.add, ContactName(full="Zoë"), emails=(ContactEmail(ADDRESS),)).id
    mail = eve.do(Email.draft, to=(Mailbox("Zoë", ADDRESS.lower()), Mailbox("", "other@example.org"))).id
    found = [Mentioned(ada.subject_id, "contact", contact), Mentioned(eve.subject_id, "email", mail)]
    assert store.find_person("zoë@example.org") == sorted(found, key=lambda each: each.subject_id)
    assert store.find_person("nobody@example.org") == []
    with psycopg.connect(databases.ledger) as connection:
        rows = connection.execute("SELECT t::text FROM ledger.address_index AS t").fetchall()
    assert len(rows) == 3
    assert "example" not in repr(rows)
    ada.do(Contact.remove_email, contact, ADDRESS)
    assert store.find_person(ADDRESS) == [found[1]]
    store.erase(eve.subject_id, grounds="request of a third person", record_id=mail)
    assert store.find_person(ADDRESS) == []
