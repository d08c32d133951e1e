"""The file of all erasures, outside every database: what a restored backup has to forget again.

One JSON object a line, numbered from 1, chained by SHA-256 to the line before and signed. As every line names
the one before, the signature of the last holds for all. A line that lacks its end was never acted upon: keys
are destroyed only after the file is on disk.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import orjson

from infrastructure.erasure.request import ErasureRequest, Scope
from infrastructure.erasure.signing import Signer, canonical
from infrastructure.errors import BrokenErasureFile, ErasureFileUnusable

_BEGINNING = sha256(b"lifeledger erasures\x01").hexdigest()


@dataclass(frozen=True, slots=True)
class Line:
    """One erasure as the file tells it: enough to carry it out again on databases that never heard of it."""

    number: int
    request: ErasureRequest
    scope: Scope

    def as_json(self) -> dict[str, Any]:
        """Return the line as JSON values, without its chain and signature."""
        asked = self.request
        return {
            "number": self.number,
            "erasure_id": str(asked.erasure_id),
            "subject_id": str(asked.subject_id),
            "requested_by": str(asked.requested_by),
            "requested_at": asked.requested_at.isoformat(),
            "grounds": asked.grounds,
            **asked.as_json(),
            "scope": self.scope.as_json(),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Return the line that ``as_json`` gave."""
        request = ErasureRequest.from_json(
            (UUID(said["erasure_id"]), UUID(said["subject_id"]), UUID(said["requested_by"])),
            datetime.fromisoformat(said["requested_at"]),
            said["grounds"],
            said,
        )
        return cls(said["number"], request, Scope.from_json(said["scope"]))


class ErasureFile:
    """Appends and reads the erasures of a store. Safe to use from several threads and processes.

    With a ``copy`` every line is written to both places; where one is behind, the other mends it.
    """

    def __init__(self, path: Path, copy: Path | None, signer: Signer) -> None:
        self._paths = [path] if copy is None else [path, copy]
        self._signer = signer

    def append(self, request: ErasureRequest, scope: Scope) -> int:
        """Write an erasure to disk and return its number; one that is there already keeps its own.

        Raises BrokenErasureFile, ErasureFileUnusable where a place cannot be written.
        """
        with self._locked():
            texts = self._mended()
            for line in map(_parsed, texts):
                if line["erasure_id"] == str(request.erasure_id):
                    return int(line["number"])
            body = Line(len(texts) + 1, request, scope).as_json()
            body["previous"] = _chained(texts)
            text = canonical(self._signer.signed(body))
            for path in self._paths:
                _write(path, text + b"\n")
            return len(texts) + 1

    def lines(self) -> list[Line]:
        """Return every erasure, oldest first; raises BrokenErasureFile."""
        return [Line.from_json(_parsed(text)) for text in self._checked()]

    def last_number(self) -> int:
        """Return the number of the newest erasure, 0 where there is none; raises BrokenErasureFile."""
        return len(self._checked())

    def _checked(self) -> list[bytes]:
        """Return the lines of the place that has most, chain and last signature checked."""
        if not any(path.exists() for path in self._paths):
            return []
        with self._locked():
            return self._mended()

    def _mended(self) -> list[bytes]:
        """Check all places and bring those that are behind up to the one that has most."""
        found = [_complete_lines(path) for path in self._paths]
        longest = max(found, key=len)
        _check_chain(longest)
        if longest and not self._signer.accepts(_parsed(longest[-1])):
            raise BrokenErasureFile
        for path, texts in zip(self._paths, found, strict=True):
            if texts != longest[: len(texts)]:
                raise BrokenErasureFile
            if len(texts) < len(longest):
                _write(path, b"".join(text + b"\n" for text in longest[len(texts) :]))
        return longest

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self._paths[0]
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError:
            raise ErasureFileUnusable from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def count_of(path: Path) -> int:
    """Return how many erasures a file holds, its chain checked but no signature; raises BrokenErasureFile."""
    texts = _complete_lines(path)
    _check_chain(texts)
    return len(texts)


def _complete_lines(path: Path) -> list[bytes]:
    """Return the lines of a file, and cut off what a crash left of one that was being written."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError:
        raise ErasureFileUnusable from None
    *lines, rest = data.split(b"\n")
    if rest:
        os.truncate(path, len(data) - len(rest))
    return lines


def _check_chain(texts: Sequence[bytes]) -> None:
    previous = _BEGINNING
    for number, text in enumerate(texts, 1):
        said = _parsed(text)
        if said.get("number") != number or said.get("previous") != previous:
            raise BrokenErasureFile
        previous = sha256(text).hexdigest()


def _chained(texts: Sequence[bytes]) -> str:
    return sha256(texts[-1]).hexdigest() if texts else _BEGINNING


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BrokenErasureFile from None
    if not isinstance(said, dict):
        raise BrokenErasureFile
    return said


def _write(path: Path, data: bytes) -> None:
    """Append to a file and have it on disk, its name included."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError:
        raise ErasureFileUnusable from None
