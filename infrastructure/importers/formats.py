"""The one list of formats that can be imported."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from infrastructure.importers.draft import Importer

FORMATS: Mapping[str, str] = {
    ".ics": "infrastructure.importers.icalendar.files:ICalendarFiles",
    ".vcs": "infrastructure.importers.icalendar.files:ICalendarFiles",
    ".vcf": "infrastructure.importers.vcard.files:VCardFiles",
    ".vcard": "infrastructure.importers.vcard.files:VCardFiles",
    ".mbox": "infrastructure.importers.mail.files:MailFiles",
    ".eml": "infrastructure.importers.mail.files:MailFiles",
    ".html": "infrastructure.importers.bookmark_files:BookmarkFiles",
    ".htm": "infrastructure.importers.bookmark_files:BookmarkFiles",
    ".gpx": "infrastructure.importers.tracks.gpx_files:GpxFiles",
    ".md": "infrastructure.importers.notes.markdown_files:MarkdownFiles",
    ".markdown": "infrastructure.importers.notes.markdown_files:MarkdownFiles",
    ".enex": "infrastructure.importers.notes.enex_files:EnexFiles",
    ".jpg": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".jpeg": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".jfif": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".png": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".webp": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".tif": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".tiff": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".gif": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".avif": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".heic": "infrastructure.importers.pictures.image_files:ImageFiles",
    ".heif": "infrastructure.importers.pictures.image_files:ImageFiles",
}


def ending_of(path: Path) -> str:
    """Return the file name ending that says what a file holds.

    Apple Mail exports a mailbox as a folder ``Inbox.mbox`` with a file ``mbox`` in it.
    """
    return ".mbox" if path.name == "mbox" else path.suffix.lower()


@cache
def importer_for(suffix: str) -> Importer | None:
    """Return the importer of a file name ending, None where there is none; parsers load when first needed."""
    place = FORMATS.get(suffix.lower())
    if place is None:
        return None
    module, _, name = place.partition(":")
    importer: Importer = getattr(import_module(module), name)()
    return importer
