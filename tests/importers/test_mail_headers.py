"""Headers of mail: subjects, people, lists and dates, as broken as they come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.communication.email_terms import AuthResult, Mailbox
from tests.importers.mail_messages import FROM, HEAD, Write, said


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?b?R3LDvA?= =?utf-8?b?w59l?=", "Grüße"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
        (b"a =?iso-8859-1?q?=FC?= b", "a ü b"),
        (b"=?x-nonsense?q?=FC?=", "ü"),
        (b"=?utf-8?q?What?_now?=", "What? now"),
        (b"=?utf-8*de?q?ja?=", "ja"),
        (b"=?utf-8?q?a=0Ab?=", "a b"),
        (b"Gr\xfc\xdfe", "Grüße"),
        ("Grüße".encode(), "Grüße"),
        (b"a\x00b", "ab"),
        (b"=?broken", "=?broken"),
        (b"folded\n over\n\tlines", "folded over lines"),
    ],
)
def test_subject_is_decoded(write: Write, written: bytes, read_as: str) -> None:
    assert said(write(b"From: a@example.org\nSubject: " + written + b"\n\nx"))["subject"] == read_as


def test_subject_too_long_is_cut(write: Write) -> None:
    assert said(write(b"From: a@example.org\nSubject: " + b"x" * 5000 + b"\n\nx"))["subject"] == "x" * 1000


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        (b"lena@example.org", "", "lena@example.org"),
        (b"Lena <lena@example.org>", "Lena", "lena@example.org"),
        (b'"Brandt, Lena" <lena@example.org>', "Brandt, Lena", "lena@example.org"),
        (b"lena@example.org (Lena)", "Lena", "lena@example.org"),
        (b"lena at example.org (Lena)", "Lena", "lena@example.org"),
        (b"=?utf-8?q?J=C3=B6rg,_Dr.?= <j@example.org>", "Jörg, Dr.", "j@example.org"),
        (b'"=?utf-8?q?J=C3=B6rg?=" <j@example.org>', "Jörg", "j@example.org"),
        (b"Friends: lena@example.org;", "", "lena@example.org"),
        (b"<@a.example,@b.example:lena@example.org>", "", "lena@example.org"),
        (b"Lena lena@example.org", "Lena", "lena@example.org"),
        (b'"Lena <lena@example.org>', "Lena", "lena@example.org"),
        (b"Lena <lena@example.org", "Lena", "lena@example.org"),
        (b"Lena Brandt", "Lena Brandt", ""),
        (b"root", "", "root"),
        (b"lena @ example . org", "", "lena@example.org"),
    ],
)
def test_mailbox_is_read(write: Write, written: bytes, name: str, address: str) -> None:
    assert said(write(b"Subject: x\nFrom: " + written + b"\n\nx"))["from_"] == (Mailbox(name, address),)


@pytest.mark.parametrize("written", [b"undisclosed-recipients:;", b"", b"(nobody)", b"<>", b",;,"])
def test_no_mailbox_is_read_where_there_is_none(write: Write, written: bytes) -> None:
    assert said(write(b"Subject: x\nTo: " + written + b"\n\nx"))["to"] == ()


def test_mailboxes_are_told_apart_whatever_separates_them(write: Write) -> None:
    to = b"a@example.org, B <b@example.org>; c@example.org <d@example.org> e@example.org f@example.org"
    found = [box.address for box in said(write(b"Subject: x\nTo: " + to + b"\nTo: g@example.org\n\nx"))["to"]]
    assert "".join(address[0] for address in found) == "abdefg"


def test_line_that_is_no_header_among_headers_is_passed_over(write: Write) -> None:
    found = said(write(b"From: a@example.org\nquite broken\nSubject: x\n\nbody"))
    assert (found["subject"], found["text_body"]) == ("x", "body")


def test_envelope_line_among_headers_is_passed_over(write: Write) -> None:
    found = said(write(b"Subject: x\n>" + FROM + b"From: a@example.org\n\nbody"))
    assert (found["subject"], found["text_body"]) == ("x", "body")


def test_body_without_a_blank_line_before_it_is_kept(write: Write) -> None:
    found = said(write(b"From: a@example.org\nSubject: x\nHello there.\n\nBye."))
    assert (found["subject"], found["text_body"]) == ("x", "Hello there.\n\nBye.")


def test_line_of_spaces_among_headers_does_not_end_them(write: Write) -> None:
    found = said(write(b"From: a@example.org\nTo: b@example.org,\n \n c@example.org\n\t\nSubject: x\n\nbody"))
    assert (len(found["to"]), found["subject"], found["text_body"]) == (2, "x", "body")


def test_list_and_results_of_the_receiving_server_are_kept(write: Write) -> None:
    found = said(
        write(
            b"Authentication-Results: mx; spf=softfail; dkim=fail; dkim=pass; dmarc=temperror\n"
            b"Authentication-Results: forged; spf=pass\n"
            b"List-Id: Garden <garden.example.org>\n"
            b"List-Unsubscribe: <mailto:off@example.org>, <https://example.org/o\n ff>, <http://>, <javascript:x>\n"
            + HEAD
            + b"\nx"
        )
    )
    assert (found["spf"], found["dkim"], found["dmarc"]) == (
        AuthResult.FAIL,
        AuthResult.PASS,
        AuthResult.TEMPERROR,
    )
    assert found["list_id"] == "garden.example.org"
    assert found["list_unsubscribe"] == ("mailto:off@example.org", "https://example.org/off")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (b"Mon, 2 Nov 2026 10:00:00 +0100", "2026-11-02T10:00:00+01:00"),
        (b"2 Nov 26 10:00 +0100", "2026-11-02T10:00:00+01:00"),
        (b"Mon, 2 Nov 2026 10:00:00 +0100 (CET)", "2026-11-02T10:00:00+01:00"),
        (b"Mon, 2 Nov 2026 10:00:00 CET", "2026-11-02T10:00:00+01:00"),
        (b"Mon, 2 Nov 2026 10:00:00 GMT+0100", "2026-11-02T10:00:00+01:00"),
        (b"Mon, 2 Nov 2026 10:00:00 +01:00", "2026-11-02T10:00:00+01:00"),
        (b"Mon, 2 Nov 2026 10:00:60 +0100", "2026-11-02T10:00:59+01:00"),
        (b"2026-11-02T10:00:00+01:00", "2026-11-02T10:00:00+01:00"),
        (b"Mon, 2 Nov 2026 10:00:00 -0000", "2026-11-02T10:00:00+00:00"),
        (b"Mon, 2 Nov 2026 10:00:00", "2026-11-02T10:00:00-05:00"),
        (b"Mon Nov  2 10:00:00 2026", "2026-11-02T10:00:00-05:00"),
    ],
)
def test_date_is_read(write: Write, written: bytes, moment: str) -> None:
    found = said(write(HEAD + b"Date: " + written + b"\n\nx"), timezone="America/New_York")
    assert found["sent_at"] == datetime.fromisoformat(moment)
    assert found["received_at"] == found["sent_at"]


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"yesterday",
        b"Mon, 30 Jun 3609 15:33:50 +0600",
        b"Mon, 2 Nov 2026 10:00:00 +9999",
        b"1 Jan 0001",
        b"Tue, 30 Nov -0001 00:00:00 +0000",
    ],
)
def test_date_that_cannot_be_true_is_no_date(write: Write, written: bytes) -> None:
    assert said(write(HEAD + b"Date: " + written + b"\n\nx"))["sent_at"] is None


def test_message_arrived_when_the_last_server_with_a_date_says(write: Write) -> None:
    hops = b"Received: from x\nReceived: by y; Mon, 2 Nov 2026 09:00:05 +0000\nReceived: by z; Sun, 1 Nov 2026 1:00:00 +0000\n"
    found = said(write(hops + HEAD + b"Date: Mon, 2 Nov 2026 10:00:00 +0100\n\nx"))
    assert found["received_at"] == datetime(2026, 11, 2, 9, 0, 5, tzinfo=UTC)
    assert found["sent_offset_minutes"] == 60


def test_message_without_a_date_arrived_when_it_was_put_into_the_mbox(write: Write) -> None:
    found = said(write(FROM + HEAD + b"\nx"))
    assert (found["sent_at"], found["received_at"]) == (None, datetime(2026, 11, 2, 10, tzinfo=UTC))


def test_message_without_any_date_is_kept_with_the_same_moment_at_every_import(write: Write) -> None:
    found = said(write(HEAD + b"\nx"))
    assert (found["sent_at"], found["received_at"]) == (None, datetime(1970, 1, 1, tzinfo=UTC))
