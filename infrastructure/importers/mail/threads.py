"""Puts the messages of a file into threads (after J. Zawinski's algorithm) while they pass by."""

from __future__ import annotations

import re

from domain.communication.email_terms import base_of
from infrastructure.importers.mail.headers import Headers
from infrastructure.importers.text import digest_of, one_line

MAX_KNOWN = 200_000  # message ids remembered
MAX_IDS = 1000  # of one header
_ID_CHARACTERS = 998

_BRACKETED = re.compile(r"<([^<>]+)>")


def ids_in(headers: Headers, name: str) -> tuple[str, ...]:
    """Return the message ids of a header, in angle brackets; without brackets what looks like one counts."""
    found: list[str] = []
    for value in headers.all_raw(name):
        bracketed = _BRACKETED.findall(value)
        bare = [] if bracketed else [word.strip("<>,;\"'") for word in value.split() if "@" in word]
        found.extend(bracketed or bare)
        if len(found) > MAX_IDS:
            # the first is the root of the thread, the last ones are nearest to the message
            found = [found[0], *found[-MAX_IDS + 1 :]]
    lines = (one_line("".join(each.split()), _ID_CHARACTERS - 2) for each in found)
    return tuple(dict.fromkeys(f"<{each}>" for each in lines if each))


class Threads:
    """Remembers which thread the messages seen so far belong to, and those they refer to."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def key_of(
        self, message_id: str | None, in_reply_to: tuple[str, ...], references: tuple[str, ...], subject: str
    ) -> str | None:
        """Return the key of a message's thread: the id of the first message as far as one can tell.

        A message without ids belongs to the thread of its subject; None where it has no subject either.
        """
        line = (*references, *in_reply_to, *((message_id,) if message_id else ()))
        if not line:
            base = base_of(subject).casefold()
            return f"subject:{digest_of(base)}" if base else None
        key = next((self._known[each] for each in line if each in self._known), line[0])
        for each in line:
            if len(self._known) >= MAX_KNOWN:
                break
            self._known.setdefault(each, key)
        return key
