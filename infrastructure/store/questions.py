"""What can be asked of one person's records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from domain.catalogue import KINDS, UnknownKind
from domain.shared.peers import NoPeers
from domain.shared.record import Record, attach
from infrastructure.errors import InvalidQuery, NotFound, NoWords, TooManyWords, WindowTooLong
from infrastructure.ledger.codec import state_hints
from infrastructure.ledger.events import Receipt
from infrastructure.ledger.sealing import ErasedEvent, OpenedEvent
from infrastructure.store.changes import Difference, differences
from infrastructure.store.engine import Engine
from infrastructure.store.options import asks
from infrastructure.store.reader import Page
from projections.album_contents import AlbumDates, AlbumItem, ask_album_contents, ask_album_dates
from projections.audit import AuditLine, ask_audit
from projections.catalogue import view_of
from projections.find import Listing, NotOffered
from projections.health_series import DayOfMeasurements, ask_health_series
from projections.note_links import Backlink, ask_backlinks
from projections.places import Place, Visit, ask_places, ask_visits
from projections.question import EVERY_KIND, MAX_LIMIT, Question
from projections.search import SearchHit, ask_search
from projections.spending import Spending, ask_spending
from projections.statistics import KindStatistics, ask_statistics
from projections.task_tree import TreeNode, ask_task_tree
from projections.threads import Thread, ThreadMessage, ask_thread_messages, ask_threads
from projections.timeline import TimelineEntry, ask_timeline

if TYPE_CHECKING:
    from projections.agenda import Candidate, Occurrence

R = TypeVar("R", bound=Record)
T = TypeVar("T")

LONGEST_SEARCH = 10_000
"""Characters of a search; PostgreSQL would take half a minute for 100,000 words."""


class Questions:
    """Reads one person's records. Threads may share it.

    Every question that takes ``after`` waits until the read models have reached that receipt, raises
    NotYetProjected where they do not in time, and is answered from the tables, not from the cache. Cursors and limits that do not fit raise InvalidCursor and
    InvalidQuery, options of another type than the signature says InvalidInput; what draws conclusions from
    restricted kinds raises ProcessingRestricted.
    """

    def __init__(self, engine: Engine, subject_id: UUID) -> None:
        self.engine = engine
        self.subject_id = subject_id

    @asks
    def get(self, kind: type[R], record_id: UUID, *, after: Receipt | None = None) -> R:
        """Return a record from its read table; raises NotFound."""
        self._reach(after)
        record = self.engine.reader.get(self.subject_id, kind.KIND, record_id)
        if not isinstance(record, kind):
            raise NotFound
        return record

    @asks
    def load(self, record_id: UUID, *, as_of: datetime | None = None) -> Record:
        """Return a record from the ledger, as it is or stood at a moment; raises NotFound, Erased."""
        if as_of is None:
            loaded = self.engine.repository.load(self.subject_id, record_id)
        else:
            version = self.engine.moments.version_at(self.subject_id, record_id, _aware(as_of))
            loaded = self.engine.repository.load(self.subject_id, record_id, version=version or 0)
        if loaded is None:
            raise NotFound
        attach(loaded.record, self.subject_id, NoPeers())
        return loaded.record

    @asks
    def history(self, record_id: UUID) -> list[OpenedEvent | ErasedEvent]:
        """Return every event of a record, oldest first; raises NotFound."""
        events = self.engine.repository.history(self.subject_id, record_id)
        if not events:
            raise NotFound
        return events

    @asks
    def diff(self, since: datetime, until: datetime, *, kind: str | None = None) -> Iterator[Difference]:
        """Yield what became of each record after ``since``, up to and with ``until``; by recorded time, in no order of time.

        Raises InvalidQuery for a moment without a zone, UnknownKind.
        """
        _require_kind(kind)
        spans = self.engine.moments.between(self.subject_id, _aware(since), _aware(until), kind=kind)
        return differences(self.engine, self.subject_id, spans)

    @asks
    def find(
        self,
        kind: type[R],
        /,
        *,
        order_by: str = "-created_at",
        limit: int = 50,
        cursor: str | None = None,
        trashed: bool = False,
        after: Receipt | None = None,
        **filters: Any,  # noqa: ANN401 - of the types of the columns
    ) -> Page[R]:
        """Return records by equality, sorted; ``-`` before the column turns the order round.

        Raises InvalidQuery for a filter or order the kind's view does not list, InvalidCursor.
        """
        self._reach(after)
        listing = _listing(kind, order_by, trashed=trashed, filters=filters)
        return self.engine.reader.find(self.subject_id, listing, limit, cursor, fresh=after is not None)

    @asks
    def count(
        self,
        kind: type[Record],
        /,
        *,
        trashed: bool = False,
        after: Receipt | None = None,
        **filters: Any,  # noqa: ANN401 - see find
    ) -> int:
        """Return how many records ``find`` would page through."""
        self._reach(after)
        return self.engine.reader.count(
            self.subject_id, _listing(kind, "-created_at", trashed=trashed, filters=filters)
        )

    @asks
    def timeline(
        self,
        *,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
        after: Receipt | None = None,
    ) -> Page[TimelineEntry]:
        """Return what happened, newest first; raises UnknownKind."""
        _require_kind(kind)
        question = ask_timeline(kind=kind, since=since, until=until)
        return self._ask(question, after, limit, cursor)

    @asks
    def search(
        self,
        words: str,
        *,
        kind: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
        after: Receipt | None = None,
    ) -> Page[SearchHit]:
        """Return records by words, best first; the syntax is that of web searches (and, or, -, quotes).

        What names no word to be found, such as ``-expired`` alone, finds nothing. Raises NoWords for blank text,
        TooManyWords for more than ``LONGEST_SEARCH`` characters, UnknownKind.
        """
        _require_kind(kind)
        if not words.strip():
            raise NoWords
        if len(words) > LONGEST_SEARCH:
            raise TooManyWords
        return self._ask(ask_search(words, kind=kind), after, limit, cursor)

    @asks
    def task_tree(
        self,
        root_id: UUID | None = None,
        *,
        limit: int = MAX_LIMIT,
        cursor: str | None = None,
        after: Receipt | None = None,
    ) -> Page[TreeNode]:
        """Return the tasks under one, or all trees, parents before children."""
        return self._ask(ask_task_tree(root_id), after, limit, cursor)

    @asks
    def statistics(self, *, after: Receipt | None = None) -> Page[KindStatistics]:
        """Return how much there is of each kind."""
        return self._ask(ask_statistics(), after)

    @asks
    def audit(
        self,
        *,
        record_id: UUID | None = None,
        kind: str | None = None,
        action_class: str | None = None,
        actor_id: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
        after: Receipt | None = None,
    ) -> Page[AuditLine]:
        """Return who did what, newest first; raises UnknownKind."""
        _require_kind(kind)
        question = ask_audit(
            record_id=record_id,
            kind=kind,
            action_class=action_class,
            actor_id=actor_id,
            since=since,
            until=until,
        )
        return self._ask(question, after, limit, cursor)

    @asks
    def agenda(
        self, since: datetime, until: datetime, *, zone: str = "UTC", after: Receipt | None = None
    ) -> Page[Occurrence]:
        """Return every occurrence of a calendar event in [since, until); ``zone`` places floating and all-day ones.

        Raises InvalidQuery for a zone there is not, WindowTooLong where there are too many.
        """
        from projections.agenda import TooManyOccurrences, candidates, expand  # noqa: PLC0415 - the calendar's rules: 20 ms

        if zone not in _zones():
            raise InvalidQuery
        found: list[Candidate] = []
        cursor: str | None = None
        while True:
            page = self._ask(candidates(since, until), after, MAX_LIMIT, cursor)
            found += page
            cursor = page.next
            if cursor is None:
                break
        try:
            return Page(tuple(expand(found, since, until, zone)))
        except TooManyOccurrences:
            raise WindowTooLong from None

    @asks
    def threads(
        self,
        *,
        unread: bool = False,
        limit: int = 20,
        cursor: str | None = None,
        after: Receipt | None = None,
    ) -> Page[Thread]:
        """Return mail conversations, the latest first."""
        return self._ask(ask_threads(unread=unread), after, limit, cursor)

    @asks
    def thread(
        self, thread: UUID, *, limit: int = 50, cursor: str | None = None, after: Receipt | None = None
    ) -> Page[ThreadMessage]:
        """Return the messages of a conversation, oldest first."""
        return self._ask(ask_thread_messages(thread), after, limit, cursor)

    @asks
    def backlinks(
        self, note_id: UUID, *, limit: int = 50, cursor: str | None = None, after: Receipt | None = None
    ) -> Page[Backlink]:
        """Return the other notes that name one by its title in double brackets."""
        return self._ask(ask_backlinks(note_id), after, limit, cursor)

    @asks
    def album_contents(
        self, album_id: UUID, *, limit: int = 50, cursor: str | None = None, after: Receipt | None = None
    ) -> Page[AlbumItem]:
        """Return what lies in an album, in its order."""
        return self._ask(ask_album_contents(album_id), after, limit, cursor)

    @asks
    def album_dates(self, album_id: UUID, *, after: Receipt | None = None) -> AlbumDates:
        """Return the first and the last day on which something in an album was captured."""
        return self._ask(ask_album_dates(album_id), after)[0]

    @asks
    def spending(
        self,
        since: date,
        until: date,
        *,
        limit: int = MAX_LIMIT,
        cursor: str | None = None,
        after: Receipt | None = None,
    ) -> Page[Spending]:
        """Return money in and out by month, currency and category, for months in [since, until), latest first."""
        return self._ask(ask_spending(since, until), after, limit, cursor)

    @asks
    def health_series(
        self,
        code: str,
        since: date,
        until: date,
        *,
        limit: int = MAX_LIMIT,
        cursor: str | None = None,
        after: Receipt | None = None,
    ) -> Page[DayOfMeasurements]:
        """Return count, least, mean and greatest value a day of what was measured under a code, for [since, until)."""
        return self._ask(ask_health_series(code, since, until), after, limit, cursor)

    @asks
    def places(
        self, *, limit: int = 50, cursor: str | None = None, after: Receipt | None = None
    ) -> Page[Place]:
        """Return places, the most visited first."""
        return self._ask(ask_places(), after, limit, cursor)

    @asks
    def visits(
        self, *, limit: int = 50, cursor: str | None = None, after: Receipt | None = None
    ) -> Page[Visit]:
        """Return stays at places, the latest first."""
        return self._ask(ask_visits(), after, limit, cursor)

    @asks
    def content(self, blob_id: UUID) -> Iterator[bytes]:
        """Yield stored content piece by piece; raises NotFound, Erased, CorruptEvent."""
        return self.engine.blobs.read(self.subject_id, blob_id)

    def _ask(
        self, question: Question[T], after: Receipt | None, limit: int = MAX_LIMIT, cursor: str | None = None
    ) -> Page[T]:
        if question.analysis:
            kind = "" if question.scope == EVERY_KIND else question.scope
            self.engine.ledger.fences.current(self.subject_id).require_unrestricted(self.subject_id, [kind])
        self._reach(after)
        return self.engine.reader.ask(self.subject_id, question, limit, cursor, fresh=after is not None)

    def _reach(self, after: Receipt | None) -> None:
        if after is not None:
            self.engine.reader.wait_for(after, self.engine.bell.ring)


def _require_kind(name: str | None) -> None:
    if name is not None and name not in KINDS:
        raise UnknownKind


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidQuery
    return moment


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # it reads the whole folder of zones


def _listing(kind: type[Record], order_by: str, *, trashed: bool, filters: Mapping[str, Any]) -> Listing:
    column, descending = order_by.removeprefix("-"), order_by.startswith("-")
    hints = state_hints(kind)
    try:
        checked = {name: TypeAdapter(hints[name]).validate_python(value) for name, value in filters.items()}
        return Listing(view_of(kind.KIND).table, checked, column, descending, trashed)
    except (KeyError, ValidationError, NotOffered):
        raise InvalidQuery from None
