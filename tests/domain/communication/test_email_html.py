"""The HTML of a message beside its text: kept whole or not at all, in the ledger and not in read tables."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from domain.communication.email import Email
from domain.communication.email_terms import MAX_HTML_BODY, ContentFixed
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.values import new_id
from infrastructure.ledger.codec import (
    decode_event,
    decode_state,
    encode_event,
    encode_state,
    schema_version_of,
)
from projections.catalogue import view_of
from tests.domain.communication.messages import (
    ADA,
    NOON,
    arguments_of,
    contents,
    drafted,
    received,
    replayed,
    topics,
)

HTML = "<p>Come at <b>four</b></p>"


def test_received_message_keeps_its_html() -> None:
    email = received(text_body="Come at four", html_body=HTML)
    assert (email.text_body, email.has_html, email.html_body) == ("Come at four", True, HTML)
    assert (received().has_html, received().html_body) == (False, None)


def test_message_may_have_html_that_is_not_kept() -> None:
    for html_body in (None, ""):
        email = received(has_html=True, html_body=html_body)
        assert (email.has_html, email.html_body) == (True, None)


def test_html_is_bounded_and_storable() -> None:
    command = commands_of(Email)["receive"]
    command.arguments((), arguments_of(html_body="x" * MAX_HTML_BODY))
    for html_body in ("x" * (MAX_HTML_BODY + 1), "x\x00", "\ud800"):
        with pytest.raises(InvalidInput):
            command.arguments((), arguments_of(html_body=html_body))


def test_draft_and_its_revision_have_html() -> None:
    email = drafted(text_body="Come", html_body=HTML)
    assert (email.has_html, email.html_body) == (True, HTML)
    email.revise(text_body="Stay", html_body="<p>Stay</p>")
    assert (email.text_body, email.has_html, email.html_body) == ("Stay", True, "<p>Stay</p>")
    assert contents(replayed(email)) == contents(email)


def test_html_stays_as_long_as_its_text_does() -> None:
    email = drafted(text_body="Come", html_body=HTML)
    email.revise(subject="Cake", text_body="Come")
    assert (email.has_html, email.html_body) == (True, HTML)
    email.revise(text_body="Stay")
    assert (email.text_body, email.has_html, email.html_body) == ("Stay", False, None)


def test_html_is_taken_away_by_giving_none_of_it() -> None:
    email = drafted(text_body="Come", html_body=HTML)
    email.revise(html_body="")
    assert (email.text_body, email.has_html, email.html_body) == ("Come", False, None)
    email.revise(html_body="")
    assert topics(email) == ["email.drafted", "email.revised"]


def test_html_of_a_received_message_cannot_be_revised() -> None:
    with pytest.raises(ContentFixed):
        received(html_body=HTML).revise(html_body="<p>x")


def test_html_is_in_a_snapshot_and_in_no_row() -> None:
    email = received(text_body="Come at four", html_body=HTML)
    assert decode_state(Email, encode_state(email))["html_body"] == HTML
    view = view_of("email")
    row = view.table.row(1, email)
    told = repr([row, [list(derived.rows(email)) for derived in view.derived]])
    assert "Come at four" in told
    assert HTML not in told
    told_by_row: Any = view.table.record(row)
    assert (told_by_row.has_html, told_by_row.html_body) == (True, None)


def first_version(event: Email.Event, *missing: str) -> bytes:
    """Return the body of an event as it was before HTML was kept."""
    body = orjson.loads(encode_event(event, None))
    for name in ("html_body", *missing):
        del body["data"][name]
    return orjson.dumps(body)


def test_events_of_the_first_version_are_read_and_kept_no_html() -> None:
    incoming, outgoing = received(has_html=True, text_body="x"), drafted(to=(ADA,), text_body="y")
    outgoing.revise(subject="Cake")
    told: list[tuple[Email, int, tuple[str, ...]]] = [
        (incoming, 0, ()), (outgoing, 0, ("has_html",)), (outgoing, 1, ("has_html",)),
    ]  # fmt: skip
    for email, number, missing in told:
        event: Any = email.pending_events[number]
        topic = topics(email)[number]
        assert schema_version_of(type(event)) == 2
        read, _ = decode_event(
            "email", topic, 1, (new_id(), number + 1, NOON), first_version(event, *missing)
        )
        then: Any = read
        assert (then.text_body, then.has_html, then.html_body) == (email.text_body, email is incoming, None)
