"""What a file with a medium in it is called by its ending."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

_ENDING = re.compile(r"[a-z0-9]{1,16}")

# Not the module mimetypes: what it answers depends on the files of the machine, and on the version of Python.
_BY_TYPE: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
    "image/vnd.microsoft.icon": "ico",
    "video/matroska": "mkv",
    "video/mpeg": "mpg",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "audio/matroska": "mka",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/vnd.wave": "wav",
    "audio/x-matroska": "mka",
    "text/plain": "txt",
    "application/octet-stream": "",
}


def extension_of(file_name: str, media_type: str | None) -> str:
    """Return the ending of a file, in lower case and without its dot, from its name or else its type.

    It has 1 to 16 ASCII letters and digits; the text is empty where neither tells any.
    """
    named = PurePosixPath(file_name).suffix.removeprefix(".").lower()
    if _ENDING.fullmatch(named):
        return named
    if media_type is None:
        return ""
    usual = _BY_TYPE.get(media_type, media_type.partition("/")[2].removeprefix("x-"))
    return usual if _ENDING.fullmatch(usual) else ""
