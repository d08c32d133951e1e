"""Which edition of the IANA time zone database tells here what a wall time is in UTC."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache
from pathlib import Path

import tzdata

UNTOLD = "-"
"""Stands for zone data that is not there, or does not say which it is; less than any version."""

_VERSION = re.compile(r"\d{4}[a-z]{1,2}")
_NOTES = ("tzdata.zi", "+VERSION")  # what tzcode installs, also on most Linux systems; macOS
_BEGINNING = 80  # bytes; the version is in the first line


@cache
def version() -> str:
    """Return the versions of the system's zone data and of the package's, such as ``2025b 2026f``.

    Both count: a zone that the system does not have is taken from the package. As text, a later version is
    greater. The process keeps its answer, since zones that it has read stay as they were.
    """
    return f"{_of_the_system()} {_checked(tzdata.IANA_VERSION)}"


def _of_the_system() -> str:
    for folder in zoneinfo.TZPATH:
        for name in _NOTES:
            try:
                with Path(folder, name).open("rb") as file:
                    return _checked(file.read(_BEGINNING).decode(errors="replace"))
            except OSError:
                continue
    return UNTOLD


def _checked(text: str) -> str:
    found = _VERSION.search(text)
    return found[0] if found else UNTOLD
