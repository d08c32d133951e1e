"""Texts without ids, keys and signatures: three letters from a to f stand in a long hexadecimal number by chance."""

from __future__ import annotations

import re

_HEXADECIMAL = re.compile(r"[0-9a-f-]{8,}")


def without_ids(text: str) -> str:
    """Return a text without its hexadecimal numbers."""
    return _HEXADECIMAL.sub("", text)
