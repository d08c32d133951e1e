"""Messages to read, and what is read of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

from domain.catalogue import kind_named
from domain.shared.commands import commands_of
from domain.shared.values import StoredContent, new_id
from infrastructure.importers.draft import Draft, Reading, Refused
from infrastructure.importers.mail.files import MailFiles

FROM = b"From lena@example.org Mon Nov  2 10:00:00 2026\n"
HEAD = b"From: Lena <lena@example.org>\nTo: me@example.org\nSubject: Garlic\n"


class Write(Protocol):
    """Writes a file and says where."""

    def __call__(self, data: bytes, name: str = "mail.eml") -> Path: ...


def read(path: Path, **known: Any) -> list[Draft | Refused]:
    return list(MailFiles().read(path, Reading(**known)))


def drafts_in(path: Path, **known: Any) -> list[Draft]:
    entries = read(path, **known)
    assert all(isinstance(entry, Draft) for entry in entries)
    return [validated(entry) for entry in entries if isinstance(entry, Draft)]


def draft_in(path: Path, **known: Any) -> Draft:
    (draft,) = drafts_in(path, **known)
    return draft


def said(path: Path, **known: Any) -> dict[str, Any]:
    return dict(draft_in(path, **known).arguments)


def validated(draft: Draft) -> Draft:
    """Check a draft as the intake will."""
    assert draft.verb is not None
    assert draft.content is not None
    assert draft.content.data
    stored = StoredContent(new_id(), len(draft.content.data), draft.content.media_type)
    command = commands_of(kind_named(draft.kind))[draft.verb]
    command.arguments((), {**draft.arguments, draft.content.parameter: stored})
    tag = commands_of(kind_named(draft.kind))["tag"]
    for each in draft.tags:
        tag.arguments((each,), {})
    assert re.fullmatch(r"[0-9a-f]{64}", draft.source_id)
    return draft


def subjects(path: Path) -> list[str]:
    return [draft.arguments["subject"] for draft in drafts_in(path)]


def mail(subject: bytes, body: bytes) -> bytes:
    return b"From: a@example.org\nSubject: " + subject + b"\n\n" + body + b"\n\n"


def part(headers: str, body: str) -> str:
    return f"--b\n{headers}\n\n{body}\n"


def multipart(kind: str, *parts: str, closed: bool = True) -> bytes:
    head = HEAD.decode() + f'Content-Type: multipart/{kind}; boundary="b"\n\npreamble\n'
    return (head + "".join(parts) + ("--b--\nepilogue\n" if closed else "")).encode()
