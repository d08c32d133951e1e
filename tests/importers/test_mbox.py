"""An mbox file is cut at the right lines, and its messages are recognised in other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.importers.draft import Draft, Outcome, Refused
from tests.importers.mail_messages import FROM, HEAD, Write, drafts_in, mail, read, subjects


def test_quoted_from_lines_belong_to_the_body_and_lose_one_mark(write: Write) -> None:
    path = write(FROM + mail(b"1", b">From Lena\n>>From me") + FROM + mail(b"2", b"x"))
    first, second = drafts_in(path)
    assert first.arguments["text_body"] == "From Lena\n>From me"
    assert second.arguments["subject"] == "2"


def test_from_line_of_prose_after_a_blank_line_begins_no_message(write: Write) -> None:
    assert subjects(write(FROM + mail(b"1", b"x\n\nFrom Russia with love\nYear: 1963"))) == ["1"]


def test_dated_from_line_followed_by_prose_begins_no_message(write: Write) -> None:
    assert subjects(write(FROM + mail(b"1", b"x\n\n" + FROM + b"and so on, he wrote"))) == ["1"]


@pytest.mark.parametrize("second", [FROM, b"From lena@example.org\n", b">" + FROM])
def test_second_from_line_of_a_message_is_passed_over(write: Write, second: bytes) -> None:
    path = write(FROM + mail(b"1", b"x") + FROM + second + mail(b"2", b"y"))
    assert [draft.arguments["text_body"] for draft in drafts_in(path)] == ["x", "y"]


def test_missing_blank_line_before_a_message_is_forgiven(write: Write) -> None:
    assert subjects(write(FROM + mail(b"1", b"x").rstrip() + b"\n" + FROM + mail(b"2", b"y"))) == ["1", "2"]


@pytest.mark.parametrize(
    "line",
    [
        b"From - Mon Nov  2 10:00:00 2026",
        b"From -",
        b"From 1789@xxx Mon Nov 02 10:00:00 +0000 2026",
        b"From lena@example.org  Mon Nov  2 10:00 CET 2026",
        b"From MAILER-DAEMON Mon Nov  2 10:00:00 2026",
        b'From "l b"@example.org Mon Nov  2 10:00:00 2026',
        b"From lena@example.org Mon, 2 Nov 2026 10:00:00 +0100",
        b"From Mon Nov  2 10:00:00 2026",
        b"From lena@example.org",
        b"From lena at example.org  Mon Nov  2 10:00:00 2026",
    ],
)
def test_from_lines_of_many_programs_begin_a_message(write: Write, line: bytes) -> None:
    assert subjects(write(line + b"\n" + mail(b"1", b"x") + line + b"\n" + mail(b"2", b"y"))) == ["1", "2"]


def test_content_length_that_fits_protects_from_lines_in_the_body(write: Write) -> None:
    body = b"x\n\n" + FROM + b"Subject: inner\n\ny\n"
    head = b"From: a@example.org\nSubject: 1\nContent-Length: %d\n\n" % len(body)
    path = write(FROM + head + body + b"\n" + FROM + mail(b"2", b"z"))
    assert subjects(path) == ["1", "2"]


def test_body_that_is_quoted_besides_its_length_loses_the_marks(write: Write) -> None:
    head = b"From: a@example.org\nSubject: 1\nContent-Length: 13\n\n"
    first, _ = drafts_in(write(FROM + head + b">From Lena\nx\n\n" + FROM + mail(b"2", b"z")))
    assert first.arguments["text_body"] == "From Lena\nx"


def test_from_line_within_a_long_line_begins_no_message(write: Write) -> None:
    body = b"x\n" + b" " * (1 << 16) + FROM + b"Subject: inner"
    assert subjects(write(FROM + mail(b"1", body))) == ["1"]


@pytest.mark.parametrize("length", [b"0", b"3", b"99999999", b"-1", b"x"])
def test_content_length_that_does_not_fit_is_ignored(write: Write, length: bytes) -> None:
    head = b"From: a@example.org\nSubject: 1\nContent-Length: " + length + b"\n\nhello\n\n"
    assert subjects(write(FROM + head + FROM + mail(b"2", b"z"))) == ["1", "2"]


@pytest.mark.parametrize("ending", [b"\r\n", b"\r"])
def test_line_ends_of_other_systems_are_understood(write: Write, ending: bytes) -> None:
    data = (FROM + mail(b"1", b"one") + FROM + mail(b"2", b"two")).replace(b"\n", ending)
    assert [draft.arguments["text_body"] for draft in drafts_in(write(data))] == ["one", "two"]


def test_byte_order_mark_before_an_mbox_is_passed_over(write: Write) -> None:
    assert subjects(write(b"\xef\xbb\xbf" + FROM + mail(b"1", b"x"))) == ["1"]


def test_message_without_headers_is_refused_and_the_next_one_kept(write: Write) -> None:
    entries = read(write(FROM + b"\nnothing\n\n" + FROM + mail(b"2", b"y")))
    assert entries[0] == Refused("no_headers")
    assert isinstance(entries[1], Draft)


def test_message_deleted_in_thunderbird_and_not_compacted_yet_is_skipped(write: Write) -> None:
    path = write(FROM + b"X-Mozilla-Status: 0009\n" + mail(b"1", b"x"))
    assert read(path) == [Refused("deleted", Outcome.SKIPPED)]


def test_same_message_in_other_files_has_the_same_source_id(tmp_path: Path) -> None:
    message = HEAD + b"Message-ID: <1@example.org>\n\nHello,\nFrom here on it rains.\n"
    marks = b"Status: RO\nX-Gmail-Labels: Inbox,\n Work\nX-Mozilla-Status: 0001\n"
    quoted = message.replace(b"\nFrom here", b"\n>From here")
    copies = [
        message,
        message.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + message + b"\n\n",
        quoted,  # saved from an mbox by a program that knows nothing of quoting
        FROM + quoted + b"\n",
        b"From - \n" + marks + quoted + b"\n" + FROM + mail(b"2", b"x"),
    ]
    names = set()
    for number, copy in enumerate(copies):
        path = tmp_path / f"{number}.eml"
        path.write_bytes(copy)
        names.add(drafts_in(path)[0].source_id)
    assert len(names) == 1


def test_different_messages_with_one_message_id_have_different_source_ids(write: Write) -> None:
    one = b"Message-ID: <1@example.org>\n" + mail(b"1", b"x")
    first, second = drafts_in(write(FROM + one + FROM + one.replace(b"x\n", b"y\n")))
    assert first.source_id != second.source_id


def test_source_is_kept_as_it_came_without_the_line_that_is_no_part_of_it(write: Write) -> None:
    draft = drafts_in(write(FROM + mail(b"1", b">From x") + FROM + mail(b"2", b"y")))[0]
    assert draft.content is not None
    assert draft.content.parameter == "source_content"
    assert draft.content.media_type == "message/rfc822"
    assert draft.content.data == b"From: a@example.org\nSubject: 1\n\nFrom x\n"
    assert draft.update is None


def test_counters_of_an_imap_server_are_no_message(write: Write) -> None:
    data = b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\nStatus: RO\n\nx\n\n"
    counters, message = read(write(FROM + data + FROM + mail(b"1", b"y")))
    assert counters == Refused("folder_data", Outcome.SKIPPED)
    assert isinstance(message, Draft)


@pytest.mark.parametrize("data", [b"", b"\n"])
def test_folder_without_mail_holds_no_entry(write: Write, data: bytes) -> None:
    assert read(write(data, "Archive.mbox")) == []
