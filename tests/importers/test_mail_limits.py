"""Files that are no mail, and hostile ones."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from infrastructure.importers.draft import Draft, Limits, Refused, UnreadableFile
from tests.importers.mail_messages import FROM, HEAD, Write, drafts_in, mail, multipart, part, read, said

SECONDS = 10.0  # of the processor for one hostile file, however busy the machine


@pytest.mark.parametrize("data", [b"", b"\n\n", b"just words", b"\x89PNG\r\n\x1a\n\x00", b"a: b\nc: d\n\ne"])
def test_file_that_is_no_message_is_unreadable(write: Write, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(write(data))


def test_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read(tmp_path / "none.eml")


def test_file_larger_than_allowed_is_unreadable(write: Write) -> None:
    with pytest.raises(UnreadableFile):
        read(write(HEAD + b"\nx"), limits=Limits(bytes=10))


def test_message_larger_than_allowed_is_refused_and_the_next_one_kept(write: Write) -> None:
    path = write(FROM + mail(b"1", b"long\n" * 1000) + FROM + mail(b"2", b"short"))
    first, second = read(path, limits=Limits(entry_bytes=1000))
    assert first == Refused("too_large")
    assert isinstance(second, Draft)
    assert read(write(HEAD + b"\n" + b"x" * 1000), limits=Limits(entry_bytes=1000)) == [Refused("too_large")]


def test_message_with_a_fitting_length_larger_than_allowed_is_refused(write: Write) -> None:
    head = b"From: a@example.org\nContent-Length: 5000\n\n"
    path = write(FROM + head + b"long\n" * 1000 + b"\n" + FROM + mail(b"2", b"short"))
    first, second = read(path, limits=Limits(entry_bytes=1000))
    assert first == Refused("too_large")
    assert isinstance(second, Draft)


def test_entries_and_time_are_bounded(write: Write) -> None:
    path = write((FROM + mail(b"1", b"x")) * 3)
    assert read(path, limits=Limits(entries=1))[1:] == [Refused("too_many_entries")]
    assert read(path, limits=Limits(seconds=-1)) == [Refused("out_of_time")]


def nested(count: int) -> bytes:
    return HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(count)
    )


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(nested(3000) + b"\nx", id="nested multiparts"),
        pytest.param(HEAD + b"Content-Type: message/rfc822\n\n" * 3000, id="nested messages"),
        pytest.param(multipart("mixed", *[part("", "x")] * 100_000), id="many parts"),
        pytest.param(multipart("mixed") + b"--b" * 1_000_000, id="boundaries on one line"),
        pytest.param(HEAD + b"To: " + b"a@example.org, " * 100_000 + b"\n\nx", id="many recipients"),
        pytest.param(HEAD + b"To: " + b"(" * 500_000 + b"\n\nx", id="nested comments"),
        pytest.param(HEAD + b"To: <" + b"@a," * 300_000 + b"\n\nx", id="long route"),
        pytest.param(HEAD + b"To: a at " + b"." * 900_000 + b" x\n\nx", id="disguised dots"),
        pytest.param(HEAD + b"\n" + b"\x1b$B-!\x1b(B" * 200_000, id="many shifts"),
        pytest.param(
            HEAD + b"Content-Type: text/plain; format=flowed\n\n" + b"> a \n" * 200_000, id="flowed"
        ),
        pytest.param(HEAD + b"References: <" + b" " * 500_000 + b"a\n\nx", id="spaces in an id"),
        pytest.param(HEAD + b"References: " + b"<a@b> " * 150_000 + b"\n\nx", id="many ids"),
        pytest.param(b"From: a@b\nSubject: " + b"=?a?q?" * 150_000 + b"\n\nx", id="unclosed words"),
        pytest.param(b"Subject: " + b"x" * 5_000_000 + b"\n\nx", id="long header"),
        pytest.param(HEAD + b"X: y\njunk\n" * 100_000 + b"\nx", id="many headers"),
        pytest.param(HEAD + b"Content-Type: text/html\n\n" + b"<a " * 300_000, id="unclosed tags"),
        pytest.param(HEAD + b"Content-Type: text/html\n\n" + b"<b>" * 300_000, id="nested tags"),
        pytest.param(HEAD + b"Content-Type: text/html\n\n" + b"<!--" * 250_000, id="unclosed comments"),
        pytest.param(HEAD + b'Content-Type: text/html\n\n<a "' + b">" * 900_000, id="unclosed attribute"),
        pytest.param(HEAD + b"Content-Type: text/html\n\n&#" + b"1" * 900_000, id="long character reference"),
        pytest.param(HEAD + b"Content-Type: text/plain;" + b'a="' * 300_000 + b"\n\nx", id="open parameters"),
        pytest.param(
            HEAD + b"Content-Type: text/plain; charset=punycode\n\n" + b"a" * 900_000, id="slow codec"
        ),
        pytest.param(FROM + HEAD + b"\n" + (b"From " + b" " * 390 + b"\n") * 3000, id="spaces in from lines"),
        pytest.param(FROM + HEAD + b"\n" + b">" * 5_000_000 + b"From ", id="quoted many times"),
    ],
)
def test_hostile_message_ends_soon_and_is_kept(write: Write, data: bytes) -> None:
    begin = time.process_time()
    assert len(drafts_in(write(data))) == 1
    assert time.process_time() - begin < SECONDS


def test_parts_deeper_than_allowed_stay_whole(write: Write) -> None:
    (item,) = said(write(nested(5) + b"\nx"), limits=Limits(depth=2))["attachments"]
    assert (item.part_id, item.media_type) == ("1.1", "multipart/mixed")


def test_list_of_parts_and_people_is_bounded(write: Write) -> None:
    attached = part("Content-Type: image/png", "x")
    found = said(write(multipart("mixed", *[attached] * 20_000)))
    assert len(found["attachments"]) < 1001
    assert len(said(write(HEAD + b"Cc: " + b"a@example.org," * 20_000 + b"\n\nx"))["cc"]) == 10_000


@pytest.mark.parametrize("body", [b"x" * 8_000_000, b"x\n" * 150_000], ids=["huge line", "many lines"])
def test_message_too_large_is_passed_over_in_bounded_memory(write: Write, body: bytes) -> None:
    path = write(FROM + HEAD + b"\n" + body + b"\n\n" + FROM + mail(b"2", b"y"))
    tracemalloc.start()
    try:
        first, second = read(path, limits=Limits(entry_bytes=100_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert first == Refused("too_large")
    assert isinstance(second, Draft)
    assert peak < 1_000_000
