"""Evernote's export files, made for tests."""

from __future__ import annotations

import base64
from pathlib import Path

from infrastructure.importers.notes.enex_files import EnexFiles
from tests.importers.reading import written

ENEX = EnexFiles()

CREATED = "<created>20261101T100000Z</created>"


def enex(folder: Path, body: str | bytes) -> Path:
    head = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE en-export SYSTEM "http://example.org/e.dtd">'
    data = body if isinstance(body, bytes) else f"{head}<en-export>{body}</en-export>".encode()
    return written(folder, "notes.enex", data)


def note(content: str, rest: str = CREATED, title: str = "T") -> str:
    enml = f'<!DOCTYPE en-note SYSTEM "http://example.org/enml2.dtd"><en-note>{content}</en-note>'
    return f"<note><title>{title}</title><content><![CDATA[{enml}]]></content>{rest}</note>"


def resource(data: bytes | str, mime: str = "text/plain", name: str = "a.txt", more: str = "") -> str:
    """Return an attachment with these bytes, or with a text in the place of its base64."""
    text = data if isinstance(data, str) else base64.encodebytes(data).decode()
    attributes = f"<resource-attributes><file-name>{name}</file-name>{more}</resource-attributes>"
    return f'<resource><data encoding="base64">\n{text}</data><mime>{mime}</mime>{attributes}</resource>'
