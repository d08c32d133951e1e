"""A document that is being changed on one device is left alone by others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.personal.document_terms import CheckOutPast, DocumentCheckedOut
from domain.shared import clock
from domain.shared.peers import PeerRef
from domain.shared.values import StoredContent, new_id
from tests.domain.personal.papers import NOON, SIGNED, received, topics

LAPTOP, TABLET = new_id(), new_id()
EVENING = NOON + timedelta(hours=6)


def test_document_that_is_checked_out_gets_versions_from_that_device_only() -> None:
    with clock.reading(lambda: NOON):
        document = received()
        document.check_out(LAPTOP, until=EVENING)
        for device_id in (None, TABLET):
            with pytest.raises(DocumentCheckedOut):
                document.add_version(SIGNED, device_id=device_id)
        document.add_version(SIGNED, device_id=LAPTOP)
        with pytest.raises(DocumentCheckedOut):
            document.revert_to_version(1)
        with pytest.raises(DocumentCheckedOut):
            document.check_out(TABLET, until=EVENING)
        with pytest.raises(DocumentCheckedOut):
            document.check_in(TABLET)
    assert document.content == SIGNED
    assert document.named_peers == {PeerRef("device", LAPTOP)}


def test_document_is_given_back_and_free_for_all() -> None:
    with clock.reading(lambda: NOON):
        document = received()
        document.check_in(LAPTOP)
        document.check_out(LAPTOP, until=EVENING)
        document.check_out(LAPTOP, until=EVENING)
        document.check_out(LAPTOP, until=EVENING + timedelta(hours=1))
        document.check_in(LAPTOP)
        document.add_version(SIGNED)
    assert (document.checked_out_by, document.checked_out_until) == (None, None)
    assert topics(document)[1:] == [
        "document.checked_out",
        "document.checked_out",
        "document.checked_in",
        "document.version_added",
    ]


def test_check_out_that_has_run_out_binds_nobody() -> None:
    with clock.reading(lambda: NOON):
        document = received()
        document.check_out(LAPTOP, until=EVENING)
    with clock.reading(lambda: EVENING):
        document.add_version(SIGNED)
        document.check_out(TABLET, until=EVENING + timedelta(hours=1))
    assert document.checked_out_by == TABLET


def test_check_out_is_broken_where_a_device_does_not_give_the_document_back() -> None:
    with clock.reading(lambda: NOON):
        document = received()
        document.break_check_out()
        document.check_out(LAPTOP, until=EVENING)
        document.break_check_out("the laptop is lost")
        document.add_version(StoredContent(new_id(), 1, "text/plain"))
    assert topics(document)[1:] == [
        "document.checked_out",
        "document.check_out_broken",
        "document.version_added",
    ]


def test_document_is_checked_out_until_a_time_to_come() -> None:
    with clock.reading(lambda: NOON), pytest.raises(CheckOutPast):
        received().check_out(LAPTOP, until=NOON)
