"""Writes address books, and reads what becomes of their cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infrastructure.importers.draft import Draft, Refused
from infrastructure.importers.vcard.files import VCardFiles
from tests.importers.reading import read, written

IMPORTER = VCardFiles()


def cards(folder: Path, text: str | bytes, **more: Any) -> list[Draft | Refused]:
    return read(IMPORTER, written(folder, "contacts.vcf", text), **more)


def contacts(folder: Path, text: str | bytes) -> list[Draft]:
    return [each for each in cards(folder, text) if isinstance(each, Draft)]


def only(folder: Path, *lines: str) -> Draft:
    (draft,) = cards(folder, "\r\n".join(("BEGIN:VCARD", *lines, "END:VCARD", "")))
    assert isinstance(draft, Draft)
    return draft


def card(folder: Path, *lines: str) -> dict[str, Any]:
    """Return the arguments made of a card of somebody called Ada."""
    return dict(only(folder, "FN:Ada", *lines).arguments)
