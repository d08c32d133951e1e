"""The bytes of a message: what of them a file has put around it, and what makes it the message it is."""

from __future__ import annotations

import codecs
import re

from infrastructure.importers.text import decoded, digest_of

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENVELOPE = re.compile(rb"(?:>?From [^\n]*\n)+")

_KEPT_BY_PROGRAMS = re.compile(
    rb"^(?:(?:x-)?status|x-mozilla-[a-z0-9-]+|x-keywords|x-uidl?|x-imap(?:base)?|x-gmail-labels|x-gm-[a-z-]+"
    rb"|x-evolution[a-z-]*|content-length|lines)[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE | re.MULTILINE,
)
"""Headers that a mail program adds and changes: no part of what makes a message the one it is."""

_QUOTED_FROM = re.compile(rb"^>+From ", re.MULTILINE)


def bare(source: bytes) -> bytes:
    """Return a message without what stands before it, in lines that a parser can find."""
    if source.startswith(_UTF16_MARKS):  # saved by an editor
        source = decoded(source).encode("utf-8", "replace")
    if b"\n" not in source:  # from an old Macintosh
        source = source.replace(b"\r", b"\n")
    source = source.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    envelope = _ENVELOPE.match(source)
    return source[envelope.end() :] if envelope else source


def identity(message: bytes, body: int) -> str:
    """Return the same digest for every copy of a message; ``body`` is where its body begins.

    Not its Message-ID: many messages have none, and many different ones share one.
    """
    headers, text = (part.replace(b"\r\n", b"\n") for part in (message[:body], message[body:]))
    kept = _KEPT_BY_PROGRAMS.sub(b"", headers).rstrip(b"\r\n")
    # Files differ in whether they quote such lines, and in how many blank lines they end with.
    return digest_of(kept, _QUOTED_FROM.sub(b"From ", text).rstrip(b"\r\n"))
