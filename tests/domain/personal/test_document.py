"""What may happen to a document, and that no version of it is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.catalogue import kind_named
from domain.personal.document import Document
from domain.personal.document_terms import (
    AmountWithoutCurrency,
    DocumentArchived,
    DocumentNotArchived,
    DocumentNotFiled,
    DocumentOnHold,
    DocumentState,
    DocumentType,
    DocumentVersion,
    ExpiresBeforeValid,
    NothingToRenew,
    RenewedTooShort,
    VersionKind,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.money import ExcessPrecision
from domain.shared.peers import Claim
from domain.shared.record import state_fields
from domain.shared.values import new_id
from tests.domain.personal.papers import NOON, SCAN, SIGNED, received, topics

NEW_YEAR, MIDSUMMER, CHRISTMAS = date(2024, 1, 1), date(2024, 6, 24), date(2024, 12, 25)


def filed(**content: Any) -> Document:
    document = received(**content)
    document.file("Flat")
    return document


def archived(**content: Any) -> Document:
    document = filed(**content)
    document.archive()
    return document


def replayed(document: Document) -> Any:
    state: Any = None
    for event in document.pending_events:
        state = event.mutate(state)
    return state


def contents(document: Document) -> dict[str, Any]:
    return {name: getattr(document, name) for name in state_fields(Document)} | {"version": document.version}


def test_catalogue_finds_the_kind() -> None:
    assert kind_named("document") is Document


def test_received_document_keeps_what_is_known_of_it() -> None:
    given = {
        "doc_type": DocumentType.CONTRACT,
        "correspondent_contact_id": new_id(),
        "correspondent_name": "Landlord",
        "issued_on": NEW_YEAR,
        "received_on": MIDSUMMER,
        "valid_from": NEW_YEAR,
        "expires_on": CHRISTMAS,
        "archive_number": 17,
        "language": "de-DE",
        "amount": Decimal("850.00"),
        "currency": "EUR",
        "reference_number": "L/17",
        "retention_until": CHRISTMAS,
    }

    document = received(comment="as signed", **given)

    assert {name: getattr(document, name) for name in given} == given
    assert document.title == "Lease"
    assert document.versions == (DocumentVersion(1, SCAN, "as signed", NOON, VersionKind.ORIGINAL),)
    assert (document.current_version, document.content) == (1, SCAN)
    assert document.state is DocumentState.RECEIVED
    assert topics(document) == ["document.received"]


def test_version_is_made_now_unless_said_otherwise() -> None:
    with clock.reading(lambda: NOON):
        document = received(created_at=None)
        document.add_version(SIGNED)

    assert [version.created_at for version in document.versions] == [NOON, NOON]


@pytest.mark.parametrize("lonely", [{"amount": Decimal(1)}, {"currency": "EUR"}])
def test_amount_and_currency_come_together(lonely: dict[str, Any]) -> None:
    with pytest.raises(AmountWithoutCurrency):
        received(**lonely)


@pytest.mark.parametrize(("amount", "currency"), [("850.001", "EUR"), ("0.5", "JPY")])
def test_amount_has_no_more_decimals_than_its_currency(amount: str, currency: str) -> None:
    with pytest.raises(ExcessPrecision):
        received(amount=Decimal(amount), currency=currency)

    assert received(amount=Decimal("850.001"), currency="KWD").amount == Decimal("850.001")


def test_document_does_not_expire_before_it_is_valid() -> None:
    with pytest.raises(ExpiresBeforeValid):
        received(valid_from=MIDSUMMER, expires_on=NEW_YEAR)

    assert received(valid_from=MIDSUMMER, expires_on=MIDSUMMER).expires_on == MIDSUMMER


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", " "),
        ("archive_number", 0),
        ("amount", 1.5),
        ("language", "not a tag"),
        ("content", {"blob_id": str(SCAN.blob_id), "size": -1, "media_type": "application/pdf"}),
    ],
)
def test_arguments_out_of_bounds_are_refused(name: str, value: Any) -> None:
    content = {"blob_id": str(SCAN.blob_id), "size": 1, "media_type": "application/pdf"}
    body = {"title": "Lease", "content": content, "amount": "1.50", "currency": "EUR"}
    command = commands_of(Document)["receive"]
    command.arguments_from_json(json.dumps(body))

    with pytest.raises(InvalidInput, match=f"^document.receive: {name}[.:]"):
        command.arguments_from_json(json.dumps(body | {name: value}))


def test_describing_it_again_in_the_same_way_is_no_event() -> None:
    contact_id = new_id()
    document = received()

    for _ in range(2):
        document.retitle("Lease of 2024")
        document.classify(DocumentType.CONTRACT)
        document.set_correspondent(contact_id=contact_id, name="Landlord")
        document.set_dates(issued_on=NEW_YEAR, received_on=MIDSUMMER, valid_from=NEW_YEAR)
        document.set_expiry(CHRISTMAS)
        document.set_retention(CHRISTMAS)

    assert (document.title, document.doc_type) == ("Lease of 2024", DocumentType.CONTRACT)
    assert (document.correspondent_contact_id, document.correspondent_name) == (contact_id, "Landlord")
    assert (document.issued_on, document.received_on, document.valid_from) == (NEW_YEAR, MIDSUMMER, NEW_YEAR)
    assert (document.expires_on, document.retention_until) == (CHRISTMAS, CHRISTMAS)
    assert topics(document) == [
        "document.received",
        "document.retitled",
        "document.classified",
        "document.correspondent_set",
        "document.dates_set",
        "document.expiry_set",
        "document.retention_set",
    ]


def test_correspondent_dates_expiry_and_retention_can_be_unknown_again() -> None:
    document = received(
        correspondent_name="Landlord",
        issued_on=NEW_YEAR,
        received_on=NEW_YEAR,
        valid_from=NEW_YEAR,
        expires_on=CHRISTMAS,
        retention_until=CHRISTMAS,
    )

    document.set_correspondent()
    document.set_dates(received_on=MIDSUMMER)
    document.set_expiry(None)
    document.set_retention(None)

    assert document.correspondent_name is None
    assert (document.issued_on, document.received_on, document.valid_from) == (None, MIDSUMMER, None)
    assert (document.expires_on, document.retention_until) == (None, None)


def test_dates_stay_in_order_whichever_is_set() -> None:
    document = received(valid_from=MIDSUMMER, expires_on=MIDSUMMER)

    with pytest.raises(ExpiresBeforeValid):
        document.set_expiry(NEW_YEAR)
    with pytest.raises(ExpiresBeforeValid):
        document.set_dates(valid_from=CHRISTMAS)
    assert topics(document) == ["document.received"]


def test_filing_gives_the_document_its_place() -> None:
    document = received()

    document.file("Flat", archive_number=17)

    assert (document.state, document.folder, document.archive_number) == (DocumentState.FILED, "Flat", 17)
    assert topics(document) == ["document.received", "document.filed"]


def test_document_may_be_filed_without_a_folder() -> None:
    document = received()

    document.file()

    assert (document.state, document.folder) == (DocumentState.FILED, None)


def test_filing_elsewhere_keeps_what_is_not_given_and_filing_again_is_no_event() -> None:
    document = filed(archive_number=17)

    document.file("Tax")
    document.file("Tax", archive_number=17)
    document.file()
    assert (document.folder, document.archive_number) == ("Tax", 17)
    document.file(archive_number=18)

    assert (document.folder, document.archive_number) == ("Tax", 18)
    assert topics(document).count("document.filed") == 3


def test_only_a_filed_document_is_archived() -> None:
    with pytest.raises(DocumentNotFiled):
        received().archive()


def test_archived_document_is_unarchived_to_where_it_was() -> None:
    document = archived()

    document.archive()
    assert document.state is DocumentState.ARCHIVED
    document.unarchive()

    assert (document.state, document.folder) == (DocumentState.FILED, "Flat")
    assert topics(document)[2:] == ["document.archived", "document.unarchived"]


def test_archived_document_cannot_be_filed() -> None:
    with pytest.raises(DocumentArchived):
        archived().file("Tax")


@pytest.mark.parametrize("make", [received, filed])
def test_only_an_archived_document_is_unarchived(make: Callable[[], Document]) -> None:
    with pytest.raises(DocumentNotArchived):
        make().unarchive()


def test_renewed_document_is_valid_for_longer() -> None:
    document = received(valid_from=NEW_YEAR, expires_on=MIDSUMMER)

    document.renew(CHRISTMAS)
    assert (document.valid_from, document.expires_on) == (NEW_YEAR, CHRISTMAS)
    document.renew(date(2025, 12, 25), valid_from=CHRISTMAS)

    assert (document.valid_from, document.expires_on) == (CHRISTMAS, date(2025, 12, 25))
    assert topics(document)[1:] == ["document.renewed", "document.renewed"]


def test_document_that_never_expires_cannot_be_renewed() -> None:
    with pytest.raises(NothingToRenew):
        received().renew(CHRISTMAS)


@pytest.mark.parametrize("expires_on", [MIDSUMMER, NEW_YEAR])
def test_renewal_must_reach_further(expires_on: date) -> None:
    with pytest.raises(RenewedTooShort):
        received(expires_on=MIDSUMMER).renew(expires_on)


def test_renewed_document_does_not_expire_before_it_is_valid() -> None:
    with pytest.raises(ExpiresBeforeValid):
        received(expires_on=NEW_YEAR).renew(MIDSUMMER, valid_from=CHRISTMAS)


def test_document_on_hold_cannot_be_trashed() -> None:
    document = received()
    document.place_hold("lawsuit")

    with pytest.raises(DocumentOnHold):
        document.trash("old")
    assert (document.legal_hold, document.hold_reason, document.deleted_at) == (True, "lawsuit", None)


def test_released_document_can_be_trashed() -> None:
    document = received()
    document.place_hold("lawsuit")

    document.release_hold()
    document.trash("old")

    assert (document.legal_hold, document.hold_reason) == (False, "")
    assert document.deleted_at is not None
    assert topics(document)[1:] == ["document.hold_placed", "document.hold_released", "document.trashed"]


def test_hold_goes_on_and_off_once() -> None:
    document = received()

    document.release_hold()
    document.place_hold("lawsuit")
    document.place_hold("lawsuit")
    document.release_hold()
    document.release_hold()

    assert topics(document)[1:] == ["document.hold_placed", "document.hold_released"]


def test_reason_of_a_hold_can_be_put_right() -> None:
    document = received()
    document.place_hold()

    document.place_hold("audit")

    assert (document.legal_hold, document.hold_reason) == (True, "audit")


def test_trashed_document_changes_no_more() -> None:
    document = received()
    document.trash()

    with pytest.raises(RecordTrashed):
        document.place_hold()


def test_archive_number_is_claimed_for_one_document_of_the_person() -> None:
    document = received()
    assert document.claims == frozenset()

    document.file(archive_number=17)
    assert document.claims == {Claim("document.archive_number", "17")}
    document.file(archive_number=18)

    assert document.claims == {Claim("document.archive_number", "18")}


def test_archive_number_stays_claimed_in_the_trash() -> None:
    document = received(archive_number=17)

    document.trash()

    assert document.claims == {Claim("document.archive_number", "17")}


def test_repr_shows_nothing_of_the_document() -> None:
    assert "Lease" not in repr(received())


def test_replaying_the_events_gives_the_same_state() -> None:
    document = received(expires_on=MIDSUMMER)
    document.retitle("Lease of 2024")
    document.classify(DocumentType.CONTRACT)
    document.set_correspondent(name="Landlord")
    document.set_dates(issued_on=NEW_YEAR)
    document.add_version(SIGNED)
    document.revert_to_version(1)
    document.file("Flat", archive_number=17)
    document.archive()
    document.unarchive()
    document.set_expiry(date(2024, 7, 1))
    document.renew(CHRISTMAS)
    document.set_retention(CHRISTMAS)
    document.place_hold("lawsuit")
    document.release_hold()
    document.tag("flat")
    document.trash()

    assert contents(replayed(document)) == contents(document)
    assert len(topics(document)) == 17
