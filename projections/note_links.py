"""Read model ``note_links``: which note names which other one, by its title in double brackets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from uuid import UUID

from domain.shared.values import text_key
from projections.question import Question
from projections.table import Column, Index, Sql, derived_table

MOST_LINKS = 1000
"""Links of one note that are looked at: more is no text that anybody has written."""

# Part 0 of a note is its own title, the others are the titles that it names. A title is a digest here: what stands in
# double brackets may be longer than an index takes.
TABLE = derived_table(
    "note_links",
    (Column("title_key", Sql.UUID, nullable=False),),
    indexes=(Index(("bucket", "subject_id", "title_key", "record_id")),),
    part=True,
)


def rows_of(title: str, links: tuple[str, ...]) -> Iterator[tuple[int, UUID]]:
    """Yield the rows of a note with this title and these links out."""
    if title.strip():
        yield (0, _key(title))
    keys = dict.fromkeys(_key(link) for link in islice(links, MOST_LINKS))
    yield from enumerate(keys, start=1)


def _key(title: str) -> UUID:
    return UUID(bytes=blake2b(text_key(title.strip()).encode(), digest_size=16).digest())


@dataclass(frozen=True, slots=True)
class Backlink:
    """A note that names another one."""

    note_id: UUID
    title: str


def ask_backlinks(note_id: UUID) -> Question[Backlink]:
    """Ask which other notes name one by its title."""
    return Question(
        "backlinks",
        "note",
        """
        SELECT link.record_id AS note_id, note.title
        FROM {schema}.note_links AS named
        JOIN {schema}.note_links AS link ON link.bucket = named.bucket AND link.subject_id = named.subject_id
            AND link.title_key = named.title_key AND link.part > 0 AND link.record_id <> named.record_id
        JOIN {schema}.notes AS note ON note.bucket = link.bucket AND note.id = link.record_id
        WHERE named.bucket = %(bucket)s AND named.subject_id = %(subject_id)s AND named.record_id = %(note_id)s
            AND named.part = 0
            AND (%(after_note_id)s::uuid IS NULL OR link.record_id > %(after_note_id)s)
        ORDER BY link.record_id
        LIMIT %(limit)s
        """,
        Backlink,
        {"note_id": note_id},
        keyset=("note_id",),
    )
