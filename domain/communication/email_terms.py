"""The words of an e-mail: its states, parts and the rules it may break."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.values import Count, Line, MediaType, StoredContent, Text, Title

INBOX = "inbox"
DRAFTS = "drafts"
SENT = "sent"
JUNK = "junk"

PREVIEW_LENGTH = 256  # characters
MAX_HTML_BODY = 64 * 1024  # characters

MessageId = Annotated[Line, Field(min_length=1, max_length=998)]
"""A msg-id (RFC 5322 section 3.6.4) as written; many real ones are malformed."""

ThreadKey = Annotated[Line, Field(min_length=1, max_length=998)]
"""What the messages of one thread have in common: the root's message id, or a key derived without one."""

Folder = Annotated[Title, Field(max_length=255)]
"""A mailbox by its path at the source, such as ``Work/2024``."""

Preview = Annotated[Text, Field(max_length=PREVIEW_LENGTH)]

HtmlBody = Annotated[Text, Field(max_length=MAX_HTML_BODY)]
"""HTML of up to 65,536 characters, kept as it was given: importers sanitise it, and commands do not."""

OffsetMinutes = Annotated[int, Field(ge=-1439, le=1439)]
"""Minutes east of UTC, as the sender's clock had it."""


class EmailState(StrEnum):
    DRAFT = "draft"
    QUEUED = "queued"
    SENT = "sent"
    SEND_FAILED = "send_failed"
    RECEIVED = "received"


UNSENT = frozenset({EmailState.DRAFT, EmailState.QUEUED, EmailState.SEND_FAILED})


class Direction(StrEnum):
    INCOMING = "incoming"
    OUTGOING = "outgoing"
    SELF = "self"
    """From the person to themselves."""


class Disposition(StrEnum):
    ATTACHMENT = "attachment"
    INLINE = "inline"


class AuthResult(StrEnum):
    """What the receiving server found (RFC 8601)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    TEMPERROR = "temperror"


class MailCrypto(StrEnum):
    NONE = "none"
    SMIME = "smime"
    PGP = "pgp"


class ContentFixed(IllegalTransition):
    """A message that is on its way, sent or received cannot be changed."""


class NotQueued(IllegalTransition):
    """The message is not waiting to be sent."""


class NotDelivered(IllegalTransition):
    """The message has neither been sent nor received yet."""


class NotReceived(IllegalTransition):
    """Only a received message can be junk."""


class NoRecipients(RuleBroken):
    """A message needs recipients, each with an e-mail address, before it can be sent."""


class UnsentInInbox(RuleBroken):
    """A message that has not been sent does not belong in the inbox."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A person or list in a header; real mail holds broken addresses, so any line will do."""

    name: Line = ""
    address: Annotated[Line, Field(max_length=320)] = ""

    @property
    def is_deliverable(self) -> bool:
        """Whether a mail server could be asked to send to the address."""
        local, _, domain = self.address.rpartition("@")
        return bool(local and domain) and not any(char.isspace() for char in self.address)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of the message; its bytes are in the source of the message, under the part id."""

    part_id: Annotated[Line, Field(max_length=64)]
    filename: Line
    media_type: MediaType
    size: Count
    content_id: Annotated[Line, Field(max_length=998)] | None = None
    disposition: Disposition = Disposition.ATTACHMENT


@dataclass(frozen=True)
class Composition:
    """What the writer of a message decides."""

    from_: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    subject: str
    subject_base: str
    text_body: str
    has_html: bool
    html_body: str | None
    preview: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class Reception:
    """What a message brought with it besides what its writer decided, and how it was filed at its source."""

    direction: Direction
    folder: str
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    thread_key: str | None
    sender: tuple[Mailbox, ...]
    sent_at: datetime | None
    sent_offset_minutes: int | None
    received_at: datetime
    is_read: bool
    is_flagged: bool
    is_answered: bool
    is_forwarded: bool
    is_junk: bool
    list_id: str | None
    list_unsubscribe: tuple[str, ...]
    spf: AuthResult
    dkim: AuthResult
    dmarc: AuthResult
    encryption: MailCrypto
    signature: MailCrypto
    source_content: StoredContent
    size: int


def without_html(data: dict[str, Any]) -> None:
    """Make an event of the first version one of the second: HTML was noted of what came, and kept of nothing."""
    data.setdefault("has_html", False)
    data["html_body"] = None


_REPLY_MARK = re.compile(r"(re|fwd?|aw|wg|sv|vs|antw|tr|rv)\s?([\[(]\d{1,4}[\])])?\s?:", re.IGNORECASE)
_LIST_MARK = re.compile(r"\[[^\]\[]{1,64}\]")


def base_of(subject: str) -> str:
    """Return the subject without the marks of replies, forwards and lists (after RFC 5256 section 2.1)."""
    base = " ".join(subject.split())
    while True:
        mark = _REPLY_MARK.match(base)
        if mark is None:
            mark = _LIST_MARK.match(base)
            if mark is None or mark.end() == len(base):
                return base
        base = base[mark.end() :].lstrip()


def preview_of(text: str) -> str:
    """Return the beginning of a text on one line."""
    return " ".join(text[: 8 * PREVIEW_LENGTH].split())[:PREVIEW_LENGTH]
