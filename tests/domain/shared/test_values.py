"""Which texts stand for something that exists: numbers, addresses, countries and currencies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from domain.catalogue import kind_named
from domain.media.media import Media
from domain.shared.codes import COUNTRIES, CURRENCIES
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.money import MINOR_UNITS
from domain.shared.values import new_id
from infrastructure.ledger.codec import decode_event, encode_event

CAPTURED = {
    "capture": {
        "id": str(new_id()),
        "captured_at": "2026-05-04T10:00:00Z",
        "format": "pdf",
        "content": {"blob_id": str(new_id()), "size": 1, "media_type": "application/pdf"},
        "final_url": "http:",
    },
    "title": "",
    "byline": "",
    "site_name": "",
    "excerpt": "",
    "language": None,
    "published_at": None,
    "text": "",
    "word_count": 0,
    "reading_time_s": 0,
    "links_out": ["http:"],
}
BOOKED = {"account_id": str(new_id()), "amount": "-12", "booked_on": "2026-05-04"}


def taken(command: str, **given: Any) -> dict[str, Any]:
    kind, _, verb = command.partition(".")
    return commands_of(kind_named(kind))[verb].arguments_from_json(orjson.dumps(given))


@pytest.mark.parametrize("number", [" ", "\t", "12\n34", "12\r", "\u2028"])
def test_phone_number_that_is_blank_or_has_lines_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput):
        taken("contact.add_phone", number=number)
    with pytest.raises(InvalidInput):
        taken("contact.add", name={"full": "Ada"}, phones=[{"number": number}])


@pytest.mark.parametrize("number", ["--", "110", " +49 (0)30 23125-014", "1-800-FLOWERS"])
def test_phone_number_is_taken_as_it_is_written(number: str) -> None:
    assert taken("contact.add_phone", number=number)["number"] == number


@pytest.mark.parametrize(
    "url",
    [
        "http:",
        "HTTPS://",
        "http:///path",
        "https://:443",
        "ftp://?x",
        "https://a.example.org/b c",
        "https://a.example.org/b\u00a0c",
        " https://a.example.org",
        "https://a.exa\nmple.org",
        "javascript:a\nb",
        "mailto:",
        "about: ",
        "a.example.org",
        "http://[::1",
    ],
)
def test_address_that_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        taken("bookmark.add", url=url)
    assert url not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example.org",
        "HTTP://user@a.example.org:8080/ü?q=1#top",
        "http://[::1]/",
        "mailto:ada@example.org",
        "javascript:alert('a b')",
        "file:///tmp/a b",
        "urn:isbn:0451450523",
        "at://did:plc:1/post",
        "about:blank",
        "place:folder=MENU",
    ],
)
def test_address_of_any_scheme_is_taken_as_it_is_written(url: str) -> None:
    assert taken("bookmark.add", url=url)["url"] == url


@pytest.mark.parametrize("code", ["ZZ", "UK", "EU", "AN", "de", "D", "DEU", ""])
def test_code_that_no_country_has_is_refused(code: str) -> None:
    with pytest.raises(InvalidInput):
        taken("contact.add_address", address={"country_code": code})


@pytest.mark.parametrize("code", ["ZZZ", "EURO", "eur", "BTC", ""])
def test_code_that_no_currency_has_is_refused(code: str) -> None:
    with pytest.raises(InvalidInput, match=r"^transaction\.record: currency: [^;]*$"):
        taken("transaction.record", currency=code, **BOOKED)


@pytest.mark.parametrize("code", ["EUR", "JPY", "ZWG", "XAU", "DEM", "HRK"])
def test_currency_of_an_old_statement_is_one_too(code: str) -> None:
    assert taken("transaction.record", currency=code, **BOOKED)["currency"] == code


def test_codes_are_as_many_as_the_standards_list() -> None:
    assert len(COUNTRIES - {"XK"}) == 249
    assert {len(code) for code in COUNTRIES} == {2}
    assert {len(code) for code in CURRENCIES} == {3}
    assert MINOR_UNITS.keys() <= CURRENCIES


@pytest.mark.parametrize(
    ("kind", "topic", "data"),
    [
        ("contact", "contact.phone_added", {"phone": {"number": " ", "label": None, "preferred": False}}),
        ("contact", "contact.address_added", {"address": {"country_code": "ZZ"}}),
        ("user", "user.preference_set", {"preference": {"default_currency": "ZZZ"}}),
        ("web_page", "web_page.captured", CAPTURED | {"canonical_url": "http:"}),
    ],
)
def test_what_an_older_rule_let_in_is_still_read(kind: str, topic: str, data: dict[str, Any]) -> None:
    envelope = (new_id(), 2, datetime(2026, 5, 4, tzinfo=UTC))
    event, _ = decode_event(kind, topic, 1, envelope, orjson.dumps({"purpose": None, "data": data}))
    assert event.originator_version == 2


@pytest.mark.parametrize(
    ("told", "digest"),
    [({}, None), ({"digest": None}, None), ({"digest": "5eed" * 16}, "5eed" * 16)],
    ids=["of older events", "unknown", "known"],
)
def test_content_is_read_with_and_without_a_digest(told: dict[str, Any], digest: str | None) -> None:
    content = {"blob_id": str(new_id()), "size": 3, "media_type": "image/jpeg", **told}
    data = {"content": content, "width": None, "height": None, "orientation": 1, "duration_ms": None}
    body = orjson.dumps({"purpose": None, "data": data})
    envelope = (new_id(), 2, datetime(2026, 5, 4, tzinfo=UTC))
    event, _ = decode_event("media", "media.content_replaced", 1, envelope, body)
    assert isinstance(event, Media.ContentReplaced)
    assert (str(event.content.blob_id), event.content.digest) == (content["blob_id"], digest)
    again, _ = decode_event("media", "media.content_replaced", 1, envelope, encode_event(event, None))
    assert isinstance(again, Media.ContentReplaced)
    assert again.content.digest == digest
