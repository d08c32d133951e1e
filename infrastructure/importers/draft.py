"""What an importer makes of a file: drafts of records, and entries that are none.

A format is one module with one class that obeys ``Importer``, and one line in importers/formats.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

from domain.shared.errors import LifeledgerError

MEGABYTE = 1 << 20
PARTED = "; "
"""Between what several sources say of one thing, each a part, in its metadata."""


class Outcome(StrEnum):
    """How an entry of a file ended."""

    CREATED = "created"
    REFRESHED = "refreshed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    INVALID = "invalid"


class UnreadableFile(LifeledgerError):
    """The file is not of the format its name says, or is broken beyond use."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one file, so that a hostile one costs little."""

    bytes: int = 2048 * MEGABYTE
    """A file larger than this is not read; streaming formats (mbox) may be as large as this."""
    whole_file_bytes: int = 128 * MEGABYTE
    """A file of a format that is read as a whole may be as large as this."""
    entry_bytes: int = 64 * MEGABYTE
    entries: int = 1_000_000
    depth: int = 32
    seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What an importer may know besides the file."""

    timezone: str = "UTC"
    """The person's zone: for times that name none and have to have one."""
    addresses: frozenset[str] = frozenset()
    """The person's own e-mail addresses, lower-cased: mail from them is outgoing."""
    limits: Limits = field(default_factory=Limits)
    folder: str | None = None
    """Where the file lies below what is imported, where another file of the run has the same name."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that belong to a record; stored encrypted, and given to the command as ``parameter``.

    ``data`` holds them, or ``path`` names the file they are read from, piece by piece.
    """

    parameter: str
    media_type: str
    data: bytes | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that is attached to a record, by the record's command ``verb``: ``attach``, or one that takes a medium's id.

    The draft of the file comes before that of the record and is named by ``kind`` and ``source_id``; where its
    bytes, with this SHA-256, were there already as another record, that one is attached.
    """

    kind: str
    source_id: str
    sha256: str
    name: str = field(compare=False)
    verb: str = "attach"


@dataclass(frozen=True, slots=True)
class Awaited:
    """Another task that must be done before one may begin, by the record's command ``add_dependency``."""

    source_id: str
    lag_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """One record as a file has it.

    ``source_id`` names it at its source, the same at every import of the same thing: its UID, or a digest of
    what cannot change. ``arguments`` are those of the creating command ``verb``, as Python values; the
    signature checks them; where ``verb`` is None it is no more than a word on a thing that is known already, and
    is skipped where none is. A thing that is known already gets ``update`` instead, with ``update_arguments``
    (the creating command's where it is None); None for what cannot change. ``revision`` counts the states of a
    thing at its source (SEQUENCE of RFC 5545) where it says so: one lower than what was heard before is skipped
    as superseded. Each of the ``attached`` files is attached once: what the person detaches stays detached. So it is
    with ``under``, the source id of the record of the same kind that this one lies under, and with each that it has
    ``awaited``; their drafts come before.
    ``apart`` names a thing by its place, for where another file of the run has the same ``source_id``: what another
    file was known by is then not taken for it. ``metadata`` is what the source says that a record has no room for;
    where each source ``tells_a_part``, as of a day of tracks, it is added to what others said.
    """

    kind: str
    verb: str | None
    source_id: str
    arguments: Mapping[str, Any]
    update: str | None = None
    update_arguments: Mapping[str, Any] | None = None
    content: Content | None = None
    tags: tuple[str, ...] = ()
    revision: int | None = None
    attached: tuple[Attached, ...] = ()
    under: str | None = None
    awaited: tuple[Awaited, ...] = ()
    apart: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tells_a_part: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that is no record; ``reason`` is a short code and never quotes the entry.

    ``outcome`` is INVALID for what is broken, SKIPPED for what is whole but not kept (a time zone, a
    free-busy entry).
    """

    reason: str
    outcome: Outcome = Outcome.INVALID


class Importer(Protocol):
    """Reads one format."""

    platform: ClassVar[str]
    """The source_platform of its records: ``file.ics``."""

    suffixes: ClassVar[frozenset[str]]
    """File name endings it reads, lower-case, with the dot."""

    def read(self, path: Path, reading: Reading) -> Iterator[Draft | Refused]:
        """Yield every entry of a file, one by one; raises UnreadableFile. Never raises for one broken entry."""
        ...
