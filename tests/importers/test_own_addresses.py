"""Mail from any address of the person is theirs, and so are events called under one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from domain.communication.email import Email
from domain.communication.email_terms import Direction
from domain.core.user import User
from domain.productivity.calendar_event import CalendarEvent
from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import Provenance
from infrastructure.cli import importing
from infrastructure.cli.importing import import_with_progress, reading_for
from infrastructure.importers.crew import Crew
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers.test_icalendar_messages import message

ACCOUNT, OTHER, FORMER = "ada@example.org", "countess@example.org", "miss.byron@example.org"
MAIL = f"From: Ada <{OTHER}>\nTo: charles@example.org\nSubject: Engine\nMessage-ID: <1@example.org>\n\nDear Charles\n"
EVENT = message(
    "REQUEST", "SEQUENCE:1", "DTSTART:20261224T180000Z", "SUMMARY:Tea", f"ORGANIZER:mailto:{OTHER}"
)


def state(me: Session, value: str, key: str = "email", valid_to: date | None = None) -> ProfileAttribute:
    receipt = me.do(ProfileAttribute.state, "contact", key, value=value, valid_to=valid_to)
    found = me.load(receipt.id)
    assert isinstance(found, ProfileAttribute)
    return found


def own(store: Store, me: Session) -> set[str]:
    """Return the addresses an import takes for the person's own."""
    store.catch_up()
    return set(reading_for(me).addresses)


def test_addresses_are_those_of_the_account_and_those_the_person_holds(store: Store, me: Session) -> None:
    state(me, OTHER.upper())
    state(me, FORMER, valid_to=date(1835, 7, 8))
    state(me, "https://example.org/ada", key="website")
    assert own(store, me) == {ACCOUNT, OTHER, FORMER}


def test_address_that_is_proposed_retracted_or_in_the_trash_is_nobodys(store: Store, me: Session) -> None:
    me.do(
        ProfileAttribute.propose,
        "contact",
        "email",
        value=FORMER,
        provenance=Provenance.IMPORTED,
        confidence=1,
    )
    me.do(ProfileAttribute.retract, state(me, "one@example.org").id)
    me.do(ProfileAttribute.trash, state(me, OTHER).id)
    assert own(store, me) == {ACCOUNT}


def test_facts_whose_processing_is_restricted_tell_nothing(store: Store, me: Session) -> None:
    state(me, OTHER)
    me.do(User.restrict_processing, me.subject_id, "profile_attribute")
    assert own(store, me) == {ACCOUNT}


def test_addresses_are_found_beyond_the_first_page(
    store: Store, me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MAX_LIMIT", 2)
    addresses = {state(me, f"{number}@example.org").value for number in range(5)}
    assert own(store, me) == {ACCOUNT, *addresses}


@pytest.mark.parametrize("processes", [None, 2])
def test_what_comes_from_another_own_address_is_the_persons_whoever_reads_it(
    store: Store, me: Session, settings: Settings, tmp_path: Path, processes: int | None
) -> None:
    state(me, OTHER)
    store.catch_up()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "mail.eml").write_text(MAIL)
    (tmp_path / "in" / "tea.ics").write_text(EVENT, newline="\r\n")
    crew = None if processes is None else Crew(settings, processes, worth=0)
    import_with_progress(me, [tmp_path / "in"], crew, as_json=True)
    store.catch_up()
    assert [mail.direction for mail in me.find(Email)] == [Direction.OUTGOING]
    assert [event.is_organizer for event in me.find(CalendarEvent)] == [True]
