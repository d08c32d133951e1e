"""Notes for tests."""

from __future__ import annotations

from typing import Any

from domain.productivity.note import Note
from domain.shared.record import Origin, Source
from domain.shared.values import StoredContent, new_id


def an_imported_note(title: str = "Shopping", **fields: Any) -> Note:
    return Note.write(Origin(new_id(), source=Source("evernote", "7")), title, **fields)


def some_content() -> StoredContent:
    return StoredContent(new_id(), 3, "text/plain")


CONTENT, MORE_CONTENT = some_content(), some_content()
