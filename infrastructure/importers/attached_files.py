"""Makes a record of a file that came with another one: a medium of what is seen or heard, else a document."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain.media.media_terms import MediaKind
from domain.shared.values import MediaType
from infrastructure.importers.draft import Attached, Content, Draft
from infrastructure.importers.pictures.forms import HEAD_BYTES, KNOWN_TYPES, BrokenPicture, form_of, told_by
from infrastructure.importers.text import one_line

_FILE_NAME_CHARACTERS = 255
_TITLE_CHARACTERS = 500
_NAME_CHARACTERS = 200
_NAMELESS = "attachment"
_ANY_BYTES = "application/octet-stream"

_MEDIA = {"image": MediaKind.PHOTO, "audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}
_TOLD_BY_BYTES = KNOWN_TYPES | {"image/jpg"}

_MEDIA_TYPE: TypeAdapter[str] = TypeAdapter(MediaType)


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """The bytes of a file with what is said of them."""

    data: bytes
    name: str
    media_type: str
    """As it was said; the bytes of a picture know better."""
    made_at: datetime | None = None

    def draft(self, most: int) -> Draft:
        """Return a draft of the file, named by its SHA-256; ``most`` is what may be read as a whole."""
        form = form_of(self.data[:HEAD_BYTES])
        if form is None:
            return self._unlike_a_picture(_said(self.media_type))
        try:
            arguments, tags = told_by(form, io.BytesIO(self.data), len(self.data), most)
        except BrokenPicture:  # somebody may still make something of the bytes
            arguments, tags = {}, ()
        return self._medium(form.media_type, {"kind": MediaKind.PHOTO, **arguments}, tags)

    def attached(self, draft: Draft) -> Attached:
        """Return what a record says that this file is attached to, by the file's draft."""
        name = one_line(self.name, _NAME_CHARACTERS) or _NAMELESS
        return Attached(draft.kind, draft.source_id, draft.source_id, name)

    def _unlike_a_picture(self, media_type: str) -> Draft:
        kind = _MEDIA.get(media_type.partition("/")[0])
        if kind is not None:
            return self._medium(media_type, {"kind": kind}, ())
        return Draft(
            kind="document",
            verb="receive",
            source_id=hashlib.sha256(self.data).hexdigest(),
            arguments={
                "title": one_line(self.name, _TITLE_CHARACTERS) or _NAMELESS,
                "created_at": self.made_at,
            },
            content=Content("content", media_type, self.data),
        )

    def _medium(self, media_type: str, arguments: dict[str, Any], tags: tuple[str, ...]) -> Draft:
        name = one_line(self.name, _FILE_NAME_CHARACTERS)
        return Draft(
            kind="media",
            verb="add",
            source_id=hashlib.sha256(self.data).hexdigest(),
            arguments={"original_filename": name, **arguments},
            content=Content("content", media_type, self.data),
            tags=tags,
        )


def _said(media_type: str) -> str:
    """Return a media type as it can be kept; of bytes that are no picture of the type that is said, that of any bytes."""
    plain = media_type.partition(";")[0].strip().lower()
    try:
        known = _MEDIA_TYPE.validate_python(plain)
    except ValidationError:
        return _ANY_BYTES
    return _ANY_BYTES if known in _TOLD_BY_BYTES else known
