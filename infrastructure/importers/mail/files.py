"""Imports mail: ``.mbox`` files, read as a stream, and single messages (``.eml``)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from domain.communication.email_terms import DRAFTS, INBOX, JUNK, SENT, AuthResult, Direction, Mailbox
from domain.shared.values import MAX_URL
from infrastructure.importers.draft import Content, Draft, Outcome, Reading, Refused, UnreadableFile
from infrastructure.importers.mail import mbox
from infrastructure.importers.mail.addresses import mailboxes
from infrastructure.importers.mail.dates import dates_of, offset_minutes
from infrastructure.importers.mail.headers import Headers, headers_of
from infrastructure.importers.mail.parts import body_of
from infrastructure.importers.mail.source import bare, identity
from infrastructure.importers.mail.status import Status, status_of
from infrastructure.importers.mail.threads import Threads, ids_in
from infrastructure.importers.text import one_line, url_from

MEDIA_TYPE = "message/rfc822"

People = Mapping[str, tuple[Mailbox, ...]]

_PEOPLE = {"from_": "from", "sender": "sender", "to": "to", "cc": "cc", "bcc": "bcc", "reply_to": "reply-to"}
_HEAD_BYTES = 1 << 10
_ID_CHARACTERS = 998
_RESULTS_CHARACTERS = 1 << 13
_SUBJECT_CHARACTERS = 1000
_MAX_URLS = 20
_MAIL_HEADERS = frozenset({
    "from", "to", "cc", "date", "subject", "message-id", "received", "return-path", "mime-version",
    "content-type", "sender", "delivered-to", "reply-to",
})  # fmt: skip
"""A single file is no message without one of these."""

_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)
_RESULTS = {
    "pass": AuthResult.PASS,
    "fail": AuthResult.FAIL,
    "softfail": AuthResult.FAIL,
    "permerror": AuthResult.FAIL,
    "temperror": AuthResult.TEMPERROR,
}
_LIST_ID = re.compile(r"<([^<>]+)>")
_URL = re.compile(r"<\s*((?:mailto:|https?://)[^<>]+)>", re.IGNORECASE)


class MailFiles:
    """Reads mail as mail programs save and export it."""

    platform: ClassVar[str] = "file.mail"
    suffixes: ClassVar[frozenset[str]] = frozenset({".mbox", ".eml"})

    def read(self, path: Path, reading: Reading) -> Iterator[Draft | Refused]:
        """Yield every message; what begins with "From " is an mbox, whatever its name."""
        limits = reading.limits
        try:
            if path.stat().st_size > limits.bytes:
                raise UnreadableFile
            with path.open("rb") as stream:
                beginning = stream.read(_HEAD_BYTES)
                stream.seek(0)
                if not beginning.strip() and path.suffix.lower() != ".eml":
                    return  # a folder without mail
                if mbox.is_mbox(beginning):
                    yield from _all_of(mbox.entries(stream, limits), Messages(reading, _folder_of(path)))
                else:
                    yield _single(stream.read(limits.entry_bytes + 1), Messages(reading))
        except OSError:
            raise UnreadableFile from None


def _folder_of(path: Path) -> str:
    """Return what the mailbox is called; Apple Mail exports it as a folder of that name, with a file ``mbox``."""
    return path.parent.stem if path.name == "mbox" else path.stem


def _all_of(entries: Iterator[mbox.Entry], messages: Messages) -> Iterator[Draft | Refused]:
    """Yield the messages of an mbox, as many as its bounds allow."""
    limits = messages.reading.limits
    end = time.monotonic() + limits.seconds
    for number, entry in enumerate(entries):
        if number >= limits.entries:
            yield Refused("too_many_entries")
            return
        if time.monotonic() > end:
            yield Refused("out_of_time")
            return
        yield Refused("too_large") if entry.source is None else messages.take(entry.source, entry.from_line)


def _single(source: bytes, messages: Messages) -> Draft | Refused:
    if len(source) > messages.reading.limits.entry_bytes:
        return Refused("too_large")
    message = bare(source)
    if not headers_of(message, 0, len(message))[0].values.keys() & _MAIL_HEADERS:
        raise UnreadableFile
    return messages.take(source)


class Messages:
    """Makes drafts of the messages of one file, which may answer each other."""

    def __init__(self, reading: Reading, file_name: str = "") -> None:
        self.reading = reading
        self._file_name = file_name
        self._zone = ZoneInfo(reading.timezone)
        self._threads = Threads()

    def take(self, source: bytes, from_line: bytes = b"") -> Draft | Refused:
        try:
            return self._draft(source, from_line)
        except Exception:  # noqa: BLE001 - whatever nobody foresaw costs one message, and not the file
            return Refused("broken_message")

    def _draft(self, source: bytes, from_line: bytes) -> Draft | Refused:
        message = bare(source)
        headers, start = headers_of(message, 0, len(message))
        if not headers.values:
            return Refused("no_headers")
        if _is_folder_data(headers):
            return Refused("folder_data", Outcome.SKIPPED)
        status = status_of(headers, self._file_name)
        if status.is_expunged:
            return Refused("deleted", Outcome.SKIPPED)
        people = {field: mailboxes(headers.all_raw(name)) for field, name in _PEOPLE.items()}
        direction = self._direction(people, status)
        return Draft(
            kind="email",
            verb="receive",
            source_id=identity(message, start),
            arguments={
                **people,
                **self._times(headers, from_line),
                **self._thread(headers, people),
                **_filing(status, direction),
                **_list_and_results(headers),
                **_body(message, headers, start, self.reading),
            },
            content=Content("source_content", MEDIA_TYPE, data=source),
            tags=status.tags,
        )

    def _direction(self, people: People, status: Status) -> Direction:
        own = self.reading.addresses
        authors = {mailbox.address.lower() for mailbox in people["from_"] or people["sender"]}
        if authors & own:
            recipients = {each.address.lower() for field in ("to", "cc", "bcc") for each in people[field]}
            return Direction.SELF if recipients and recipients <= own else Direction.OUTGOING
        return Direction.OUTGOING if status.folder in {SENT, DRAFTS} else Direction.INCOMING

    def _times(self, headers: Headers, from_line: bytes) -> dict[str, Any]:
        dates = dates_of(headers, from_line, self._zone)
        return {
            "received_at": dates.received_at,
            "sent_at": dates.sent_at,
            "sent_offset_minutes": None if dates.sent_at is None else offset_minutes(dates.sent_at),
        }

    def _thread(self, headers: Headers, people: People) -> dict[str, Any]:
        # Some programs write an address where the id of a message belongs.
        addresses = {f"<{each.address}>" for group in people.values() for each in group}
        message_id = next(iter(ids_in(headers, "message-id")), None)
        written = one_line(headers.raw("message-id"), _ID_CHARACTERS)
        references, in_reply_to = (
            tuple(each for each in ids_in(headers, name) if each not in addresses)
            for name in ("references", "in-reply-to")
        )
        subject = one_line(headers.text("subject"), _SUBJECT_CHARACTERS)
        return {
            "subject": subject,
            "message_id": message_id if message_id and message_id in written else written or None,
            "in_reply_to": in_reply_to,
            "references": references,
            "thread_key": self._threads.key_of(message_id, in_reply_to, references, subject),
        }


def _is_folder_data(headers: Headers) -> bool:
    """Tell the first "message" of a mailbox in which IMAP servers keep their counters."""
    return ("x-imap" in headers or "x-imapbase" in headers) and "FOLDER INTERNAL DATA" in headers.raw(
        "subject"
    )


def _filing(status: Status, direction: Direction) -> dict[str, Any]:
    mine = direction is Direction.OUTGOING
    usual = SENT if mine else JUNK if status.is_junk else INBOX
    return {
        "direction": direction,
        "folder": status.folder or usual,
        "is_read": status.is_read or mine,
        "is_flagged": status.is_flagged,
        "is_answered": status.is_answered,
        "is_forwarded": status.is_forwarded,
        "is_junk": status.is_junk and not mine,
    }


def _list_and_results(headers: Headers) -> dict[str, Any]:
    results = _results(headers)
    links = ("".join(link.split()) for link in _URL.findall(headers.raw("list-unsubscribe")))
    return {
        "list_id": _list_id(headers),
        "list_unsubscribe": tuple(
            filter(None, map(url_from, (one_line(link, MAX_URL) for link in islice(links, _MAX_URLS))))
        ),
        **{name: results.get(name, AuthResult.NONE) for name in ("spf", "dkim", "dmarc")},
    }


def _list_id(headers: Headers) -> str | None:
    """Return the id of a mailing list; what stands before it in the header is its name, which changes."""
    text = one_line(headers.text("list-id"), _SUBJECT_CHARACTERS)
    found = _LIST_ID.search(text)
    return (found[1] if found else text).strip() or None


def _results(headers: Headers) -> dict[str, AuthResult]:
    """Return what the person's own server found; only the first such header is surely its own."""
    found: dict[str, AuthResult] = {}
    spf = headers.raw("received-spf").strip().partition(" ")[0]
    text = headers.raw("authentication-results")[:_RESULTS_CHARACTERS]
    for name, word in (*_RESULT.findall(text), ("spf", spf)):
        known = found.setdefault(name.lower(), result := _RESULTS.get(word.lower(), AuthResult.NONE))
        if known is not AuthResult.PASS and result is AuthResult.PASS:
            found[name.lower()] = result  # one good signature of several is enough
    return found


def _body(message: bytes, headers: Headers, start: int, reading: Reading) -> dict[str, Any]:
    body = body_of(message, headers, start, reading.limits)
    return {
        "text_body": body.text,
        "has_html": body.has_html,
        "html_body": body.html,
        "attachments": body.attachments,
        "encryption": body.encryption,
        "signature": body.signature,
    }
