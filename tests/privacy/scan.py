"""Looks for strings in raw bytes, however they are written: the files of a server, its answers, a dump."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from os.path import commonprefix
from pathlib import Path
from urllib.parse import quote

from tests.privacy.members import members

PIECE = 16 << 20
OVERLAP = 256 << 10


def _base64_at(skipped: int) -> Callable[[str], bytes]:
    """Return base64 of a text that stands ``skipped`` bytes into a group of three, without what its neighbours change."""

    def encoded(text: str) -> bytes:
        whole = b"\0" * skipped + text.encode()
        first, last = -(-skipped * 8 // 6), len(whole) * 8 // 6
        return base64.b64encode(whole)[first:last]

    return encoded


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "capitals": lambda text: text.upper().encode(),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "base64 at 0": _base64_at(0),
    "base64 at 1": _base64_at(1),
    "base64 at 2": _base64_at(2),
    "url-safe base64 at 0": lambda text: _base64_at(0)(text).translate(bytes.maketrans(b"+/", b"-_")),
    "url-safe base64 at 1": lambda text: _base64_at(1)(text).translate(bytes.maketrans(b"+/", b"-_")),
    "url-safe base64 at 2": lambda text: _base64_at(2)(text).translate(bytes.maketrans(b"+/", b"-_")),
    "hex": lambda text: text.encode().hex().encode(),
    "hex in capitals": lambda text: text.encode().hex().upper().encode(),
    "url": lambda text: quote(text, safe="").encode(),
    "json": lambda text: json.dumps(text)[1:-1].encode(),
}


class Needles:
    """Strings that begin alike. Their common beginning is looked for first, so that a scan is a few passes at most."""

    def __init__(self, strings: Iterable[str]) -> None:
        listed = list(strings)
        beginning = commonprefix(listed)  # noqa: RUF071 - of strings, not of paths
        if len(beginning) < len("canary"):
            raise ValueError("strings without a common beginning")
        self._whole: dict[bytes, dict[int, dict[bytes, str]]] = {}
        """By encoded beginning and length, so that a place where one begins is one look-up."""
        for encode in ENCODINGS.values():
            by_length = self._whole.setdefault(encode(beginning), {})
            for each in listed:
                form = encode(each)
                by_length.setdefault(len(form), {})[form] = each

    def in_bytes(self, data: bytes) -> set[str]:
        """Return which strings the data holds, also in compressed members."""
        found = self._plain(data)
        for member in members(data):
            found |= self._plain(member)
        return found

    def in_files(self, paths: Iterable[Path]) -> dict[Path, set[str]]:
        """Return which strings each file holds; files without any are left out."""
        found: dict[Path, set[str]] = {}
        for path in paths:
            for piece in _pieces(path):
                if strings := self.in_bytes(piece):
                    found.setdefault(path, set()).update(strings)
        return found

    def _plain(self, data: bytes) -> set[str]:
        found: set[str] = set()
        for beginning, by_length in self._whole.items():
            at = data.find(beginning)
            while at >= 0:
                for length, forms in by_length.items():
                    if string := forms.get(data[at : at + length]):
                        found.add(string)
                at = data.find(beginning, at + 1)
        return found


def files_below(folder: Path) -> Iterator[Path]:
    """Yield all regular files below a folder, or the file itself."""
    if folder.is_file():
        yield folder
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces of which each repeats the end of the one before; one that has gone yields none."""
    try:
        with path.open("rb") as file:
            kept = b""
            while read := file.read(PIECE):
                yield kept + read
                kept = read[-OVERLAP:]
    except FileNotFoundError:
        return
