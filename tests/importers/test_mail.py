"""Mail files: every message of every sample becomes a record, and no bytes do harm."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.communication.email_terms import Direction, Mailbox, MailCrypto
from infrastructure.importers.draft import Draft, UnreadableFile
from infrastructure.importers.mail.dates import UNDATED
from tests.importers.mail_messages import FROM, Write, draft_in, drafts_in, read, said, validated

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "email"
EXAMPLE = Path(__file__).parents[2] / "examples" / "mail.mbox"
FILES = sorted(path for path in SAMPLES.rglob("*") if path.is_file())
SAMPLE_DRAFTS = 81
SAMPLE_UNDATED = 7  # messages without a date anywhere in them

needs_samples = pytest.mark.skipif(not FILES, reason="the samples are not beside the repository")


def message_count(path: Path) -> int:
    """Count messages in the plainest way: lines that begin one, or the file itself."""
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if not data.startswith(b"From "):
        return 1
    return len(re.findall(rb"(?m)^From (?:-|\S+@\S+)", data))


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_message_of_a_sample_becomes_a_valid_draft(path: Path) -> None:
    assert len(drafts_in(path)) == message_count(path)


@needs_samples
def test_samples_give_as_many_drafts_as_measured() -> None:
    found = [draft for path in FILES for draft in drafts_in(path)]
    assert len(found) >= SAMPLE_DRAFTS
    assert sum(draft.arguments["received_at"] == UNDATED for draft in found) <= SAMPLE_UNDATED


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_reading_a_sample_twice_gives_the_same_drafts(path: Path) -> None:
    assert read(path) == read(path)


@needs_samples
@pytest.mark.parametrize("quote", [rb">\1", rb"\1"], ids=["quoted", "envelope lines as they are"])
def test_single_samples_are_the_same_messages_when_they_are_put_into_one_mbox(
    write: Write, quote: bytes
) -> None:
    files = [path for path in FILES if path.suffix == ".eml"]
    whole = b""
    for path in files:
        first, *rest = re.split(rb"(?m)^(?=>*From )", path.read_bytes().replace(b"\r\n", b"\n"))
        inner = [re.sub(rb"^(>*From )", rb">\1", each) for each in rest]
        if inner and not first:
            inner[0] = re.sub(rb"^>(>*From )", quote, inner[0])
        whole += FROM + first + b"".join(inner) + b"\n\n"
    alone = [draft_in(path).source_id for path in files]
    assert [draft.source_id for draft in drafts_in(write(whole, "all.mbox"))] == alone


@needs_samples
def test_sample_messages_that_share_a_message_id_are_still_different() -> None:
    ids: dict[str, set[str]] = {}
    for path in FILES:
        for draft in drafts_in(path):
            ids.setdefault(draft.arguments["message_id"] or "", set()).add(draft.source_id)
    assert len(ids["<9169D984-4E0B-45EF-82D4-8F5E53AD7012@example.com>"]) > 1


@needs_samples
@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("attachment_with_quoted_filename.eml", "subject", "Eelanalüüsi päring"),
        ("raw_email_double_at_in_header.eml", "subject", "NOTE: 한국말로 하는 것"),
        ("raw_email_with_partially_quoted_subject.eml", "subject", 'Re: Test: "漢字" mid "漢字" tail'),
        ("bad_subject.eml", "subject", "MySurvey.com: You have a survey waiting! 91123105"),
        ("raw_email_bad_time.eml", "sent_at", None),
        ("example10.eml", "sent_at", datetime.fromisoformat("1969-02-13T23:32-03:30")),
        ("example09.eml", "received_at", datetime.fromisoformat("1997-11-21T10:05:43-06:00")),
        ("japanese_shift_jis.eml", "sent_offset_minutes", 540),
        (
            "example11.eml",
            "to",
            (Mailbox("Mary Smith", "mary@example.net"), Mailbox("", "jdoe@test.example")),
        ),
        ("example07.eml", "thread_key", "<1234@local.machine.example>"),
        ("example07.eml", "in_reply_to", ("<3456@example.net>",)),
        ("sig_only_email.eml", "signature", MailCrypto.PGP),
        ("encoding_madness.eml", "text_body", "Body Text"),
    ],
)
def test_samples_say_what_a_person_reads_in_them(name: str, field: str, value: object) -> None:
    path = next(path for path in FILES if path.name == name)
    assert said(path)[field] == value


def test_example_holds_three_conversations_a_newsletter_and_a_note_to_self() -> None:
    found = [draft.arguments for draft in drafts_in(EXAMPLE, addresses=frozenset({"me@example.org"}))]
    threads = Counter(each["thread_key"] for each in found)
    assert len(found) == 12
    assert sorted(threads.values()) == [1, 1, 1, 3, 3, 3]
    assert Counter(each["direction"] for each in found) == {
        Direction.INCOMING: 8,
        Direction.OUTGOING: 3,
        Direction.SELF: 1,
    }
    assert sum(not each["is_read"] for each in found) == 3
    assert [each["list_id"] for each in found if each["list_id"]] == ["slow-atlas.news.example.com"]
    assert "Zugfahrt nach Köln: Plätze für Freitag" in [each["subject"] for each in found]
    assert [item.filename for each in found for item in each["attachments"]] == ["packing-list.txt"]


SEEDS = [EXAMPLE.read_bytes(), *(path.read_bytes()[:5000] for path in FILES[::7])]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.sampled_from((0, 1, 1, 2, 20, 300)))
        data[place : place + length] = draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from(
                    [b"\n\n", b"\nFrom ", b'"', b"(", b"<", b"=?", b"--", b"\r", b"\x00", b";", b"\n "]
                ),
            )
        )
    return bytes(data)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(FROM.__add__), mutated()))
def test_any_bytes_give_valid_drafts_or_refusals(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.mbox"
    path.write_bytes(data)
    try:
        entries = read(path)
    except UnreadableFile:
        return
    for entry in entries:
        if isinstance(entry, Draft):
            validated(entry)
        else:
            assert entry.reason in {"no_headers", "deleted"}
    assert read(path) == entries
