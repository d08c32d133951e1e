"""Read model ``search``: full text over titles, bodies and names.

The subject's id is one of the words, so that a search for a word that everybody uses reads one person's rows.
The text configuration is ``simple``: people keep things in many languages, and no stemming is better than
the wrong one. Titles weigh more than bodies. PostgreSQL passes over ``<words like this>`` and takes
``his/her`` for one word, a path; commas in the place of those characters make words of all parts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from domain.shared.content import Content
from domain.shared.record import Record
from projections.question import EVERY_KIND, Question
from projections.table import Column, Index, Sql, derived_table
from projections.view import Derived, Row

MAX_BODY = 200_000
"""Characters of a body that are searched: a tsvector holds at most a megabyte."""


def _words_of(column: str, weight: str) -> str:
    return f"setweight(to_tsvector('simple'::regconfig, replace(replace({column}, '<', ','), '/', ',')), '{weight}')"


TABLE = derived_table(
    "search",
    (
        Column("kind", Sql.TEXT, open=True, nullable=False),
        Column("title", Sql.TEXT, nullable=False),
        Column("body", Sql.TEXT, nullable=False),
        Column(
            "words",
            Sql.TSVECTOR,
            generated=(
                "array_to_tsvector(ARRAY[subject_id::text])"
                f" || {_words_of('title', 'A')} || {_words_of('body', 'B')}"
            ),
        ),
    ),
    indexes=(Index(("words",), method="gin"),),
)


class Words(NamedTuple):
    """What a record can be found by."""

    title: str
    body: str = ""


def in_search(words: Callable[[Any], Words | None]) -> Derived:
    """Make a kind searchable; its tags and annotations are found too."""

    def rows(record: Record) -> Iterator[Row]:
        found = words(record)
        if found is None:
            return
        own = (*record.tags, *record.annotations) if isinstance(record, Content) else ()
        body = "\n".join(part for part in (found.body, *own) if part)
        yield (record.KIND, _composed(found.title), _composed(body)[:MAX_BODY])

    return Derived(TABLE, rows)


@dataclass(frozen=True, slots=True)
class SearchHit:
    r"""A record that was found; matches in ``title`` and ``excerpt`` stand between \x02 and \x03."""

    rank: float
    kind: str
    record_id: UUID
    title: str
    excerpt: str


def ask_search(words: str, *, kind: str | None) -> Question[SearchHit]:
    """Ask for records by words, best first: ``passport -expired "exact phrase" or renewal``.

    What every record without any of the words would match, such as ``-expired`` or ``!!``, finds nothing.
    """
    return Question(
        "search",
        EVERY_KIND,
        """
        WITH asked AS (
            SELECT websearch_to_tsquery('simple', replace(replace(%(words)s, '<', ','), '/', ',')) AS query
        ), hits AS (
            SELECT s.kind, s.record_id, s.title, s.body, asked.query,
                ts_rank_cd(s.words, asked.query)::float8 AS rank
            FROM {schema}.search AS s, asked
            WHERE querytree(asked.query) NOT IN ('', 'T')  -- no word has to be there: all of a person's would match
                AND s.words @@ (asked.query && quote_literal(%(subject_id)s::text)::tsquery)
                AND s.bucket = %(bucket)s AND s.subject_id = %(subject_id)s
                AND (%(kind)s::text IS NULL OR s.kind = %(kind)s)
        ), page AS (
            SELECT * FROM hits
            WHERE %(after_rank)s::float8 IS NULL
                OR (-rank, record_id) > (-%(after_rank)s::float8, %(after_record_id)s)
            ORDER BY -rank, record_id LIMIT %(limit)s
        )
        SELECT rank, kind, record_id,
            ts_headline('simple', title, query, 'HighlightAll=true, StartSel="\x02", StopSel="\x03"') AS title,
            ts_headline('simple', left(body, 20000), query,
                'MaxFragments=2, MaxWords=18, MinWords=6, StartSel="\x02", StopSel="\x03"') AS excerpt
        FROM page ORDER BY -rank, record_id
        """,
        SearchHit,
        {"words": _composed(words), "kind": kind},
        keyset=("rank", "record_id"),
    )


def _composed(text: str) -> str:
    """Return one form (NFC) of what looks the same: macOS and file systems write accents apart from their letters."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
