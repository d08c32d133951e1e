"""Reads files in tests, and holds every draft against the signature of its command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from domain.catalogue import kind_named
from domain.shared.commands import commands_of
from domain.shared.content import Content
from domain.shared.record import Origin
from domain.shared.values import StoredContent, new_id
from infrastructure.importers.draft import Draft, Importer, Limits, Reading, Refused

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
EXAMPLES = Path(__file__).parents[2] / "examples"
CUT = "[cut: the file has more]"
MISSING = "the samples are not beside the repository"


def samples(kind: str, *suffixes: str) -> list[Path]:
    """Return the sample files of a kind with these endings; none where there are no samples."""
    return sorted(path for path in (SAMPLES / kind).rglob("*") if path.suffix.lower() in suffixes)


def written(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def read(
    importer: Importer, path: Path, *, timezone: str = "UTC", limits: Limits | None = None
) -> list[Draft | Refused]:
    """Return all entries of a file, every draft carried out on a new record."""
    entries = list(importer.read(path, Reading(timezone=timezone, limits=limits or Limits())))
    for entry in entries:
        if isinstance(entry, Draft) and entry.verb is not None:
            carry_out(entry, entry.verb)
    return entries


def drafts(importer: Importer, path: Path, *, timezone: str = "UTC") -> list[Draft]:
    return [entry for entry in read(importer, path, timezone=timezone) if isinstance(entry, Draft)]


def only_draft(importer: Importer, path: Path, *, timezone: str = "UTC") -> Draft:
    (draft,) = drafts(importer, path, timezone=timezone)
    return draft


def carry_out(draft: Draft, verb: str) -> Content:
    """Make a record of a draft, and bring it up to date with the same; raises where a command refuses."""
    kind = kind_named(draft.kind)
    commands = commands_of(kind)
    given: dict[str, Any] = dict(draft.arguments)
    if draft.content is not None:
        given[draft.content.parameter] = StoredContent(new_id(), 1, draft.content.media_type)
    record: Content = getattr(kind, verb)(Origin(new_id()), **commands[verb].arguments((), given))
    for tag in draft.tags:
        commands["tag"].arguments((tag,), {})
    if draft.update is not None:
        told = draft.arguments if draft.update_arguments is None else draft.update_arguments
        version = record.version
        getattr(record, draft.update)(**commands[draft.update].arguments((), told))
        assert record.version == version, "what has just been imported is up to date"
    assert 0 < len(draft.source_id) <= 1000
    return record


def mutations(of: bytes) -> st.SearchStrategy[bytes]:
    """Return a file as it was, but for pieces that are overwritten, left out or repeated."""
    places = st.integers(0, max(0, len(of) - 1))
    change = st.tuples(places, st.integers(0, 40), st.binary(max_size=40))

    def changed(changes: list[tuple[int, int, bytes]]) -> bytes:
        data = of
        for place, length, piece in changes:
            data = data[:place] + piece + data[place + length :]
        return data

    return st.lists(change, max_size=8).map(changed)
