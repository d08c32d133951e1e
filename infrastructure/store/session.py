"""One person's records as one actor may change and read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, overload
from uuid import UUID

from domain.catalogue import kind_named
from domain.shared.commands import commands_of
from domain.shared.record import Origin, Record, Source
from domain.shared.values import MAX_MANY, StoredContent, new_id
from infrastructure.errors import InvalidQuery, NotFound, SourceAlreadyKept, VersionConflict
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import Attribution, Receipt, SourceEntry
from infrastructure.ledger.fences import following_fences
from infrastructure.ledger.moments import Span
from infrastructure.store.blind_names import blind_source
from infrastructure.store.calls import Call, request_digest
from infrastructure.store.engine import Engine
from infrastructure.store.given import Given, checked_id, checked_line, checked_purpose
from infrastructure.store.options import asks
from infrastructure.store.questions import Questions
from infrastructure.store.storing import Storing
from infrastructure.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from tenacity import Retrying

    from infrastructure.store.past import Past
    from infrastructure.store.reverting import Action, Reversal

P = ParamSpec("P")
R = TypeVar("R", bound=Record)

CONFLICT_ATTEMPTS = 5
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def call(command: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Call:  # noqa: ANN401 - checked when it is carried out
    """Return a command for ``Session.do_all``: ``call(Task.complete, task_id, force=True)``; raises InvalidInput."""
    given = tuple(map(_kept, args))
    named = {name: _kept(value) for name, value in kwargs.items()}
    if isinstance(getattr(command, "__self__", None), type):
        return Call(command, None, given, named)
    if not given:
        raise NotFound
    return Call(command, checked_id("record_id", given[0]), given[1:], named)


def _kept(value: Any) -> Any:  # noqa: ANN401 - any argument of a command
    """Return what can be read more than once: a command is digested, carried out and perhaps repeated."""
    return tuple(islice(value, MAX_MANY + 1)) if isinstance(value, Iterator) else value


class Session(Questions):
    """A person's records, for one actor and purpose. Threads may share it; ``given`` returns another one."""

    def __init__(self, engine: Engine, subject_id: UUID, actor_id: UUID, purpose: str | None) -> None:
        super().__init__(engine, subject_id)
        self.actor_id = checked_id("actor_id", actor_id)
        self.purpose = checked_purpose(purpose)
        self._given = Given()

    def given(self, **circumstances: Any) -> Session:  # noqa: ANN401 - the fields of Given
        """Return this session with other circumstances for its next command; see Given for their names.

        Raises InvalidInput.
        """
        other = Session(self.engine, self.subject_id, self.actor_id, self.purpose)
        other._given = self._given.with_others(circumstances)
        return other

    @overload
    def do(
        self, command: Callable[Concatenate[Origin, P], Record], /, *args: P.args, **kwargs: P.kwargs
    ) -> Receipt: ...
    @overload
    def do(
        self,
        command: Callable[Concatenate[R, P], None],
        record_id: UUID,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Receipt: ...
    def do(self, command: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Receipt:
        """Carry out one command and return its receipt once its events are durable.

        On a version conflict the record is loaded again and the command repeated a few times, unless an
        expected version was given. Raises DomainError, NotFound, VersionConflict, ClaimTaken, Erased and
        its SubjectErased, ProcessingRestricted, SourceAlreadyKept, CommandIdReused, Busy, Unavailable; after any
        of them nothing was stored.
        """
        return self.do_all([call(command, *args, **kwargs)])[-1]

    def do_all(self, calls: Iterable[Call]) -> tuple[Receipt, ...]:
        """Carry out several commands in one transaction, each seeing the ones before it; all or none.

        Returns one receipt for each record that was given a command, in the order of their first command.
        """
        listed = list(calls)
        given = replace(self._given, command_id=self._given.command_id or new_id())
        digest = request_digest(self.engine.keys, self.subject_id, listed)
        if self._given.command_id is not None:
            earlier = self.engine.ledger.receipt(self.subject_id, self._given.command_id, digest)
            if earlier is not None:
                return self._repeated(listed, earlier)
        try:
            return following_fences(lambda: self._attempt(listed, given, digest))
        except VersionConflict:
            if given.expected_version is not None:
                raise
        again: tuple[Receipt, ...] = _retrying()(
            following_fences, lambda: self._attempt(listed, given, digest)
        )
        return again

    @asks
    def as_of(self, moment: datetime) -> Past:
        """Return the person's records as they stood at a moment, to ask and not to change; close it after use.

        The moment is when things were recorded, not when they happened. Raises InvalidQuery for one without a zone.
        """
        from infrastructure.store.past import Past  # noqa: PLC0415 - most commands are about now

        return Past(self.engine, self.subject_id, moment)

    def revert(
        self,
        *,
        to: datetime | None = None,
        record_id: UUID | None = None,
        kind: str | None = None,
        run: UUID | None = None,
        reason: str = "",
        dry_run: bool = False,
        each: Callable[[Reversal], None] = lambda _: None,
    ) -> Counter[Action]:
        """Bring records back to how they stood at a moment, or to before a run, by new events; count what was done.

        Everything of the person, or one record or one kind; or all that the events of one correlation id changed
        (an import, another revert) and nobody has changed since. What was made later goes to the trash. ``each``
        hears of every record that is brought back, or left and why; with ``dry_run`` nothing is stored. Raises
        NotFound, InvalidQuery, InvalidInput, Unavailable; after a failure what was told is done, and the rest can be done again.
        """
        from infrastructure.store.reverting import Reverting  # noqa: PLC0415 - see as_of

        if (to is None) == (run is None) or (run and (record_id or kind)) or (record_id and kind):
            raise InvalidQuery
        reverting = Reverting(self, checked_line("reason", reason), each, dry_run=dry_run)
        return reverting.carry_out(self._spans(to, record_id, kind, run))

    def _spans(
        self, to: datetime | None, record_id: UUID | None, kind: str | None, run: UUID | None
    ) -> Iterator[Span]:
        moments = self.engine.moments
        if to is None:
            return moments.by_run(self.subject_id, run or new_id())
        if to.tzinfo is None:
            raise InvalidQuery
        if record_id is None:
            if kind is not None:
                kind_named(kind)
            return moments.between(self.subject_id, to, END_OF_TIME, kind=kind)
        version = moments.version_at(self.subject_id, record_id, to)
        last = moments.version_at(self.subject_id, record_id, END_OF_TIME)
        if version is None or last is None:
            raise NotFound
        return iter((Span(record_id, None, version, last, last),))

    def _attempt(self, calls: Sequence[Call], given: Given, digest: bytes) -> tuple[Receipt, ...]:
        engine = self.engine
        fences = engine.ledger.fences.known(self.subject_id)
        work = UnitOfWork(self.subject_id, engine.repository, engine.sealer, engine.keys, fences)
        command_id = given.command_id or new_id()
        by = Attribution(self.actor_id, command_id, given.correlation_id or command_id, given.causation_id)
        with Storing(engine.blobs, work) as storing:
            touched = self._carried_out(calls, given, work, storing)
            append = work.append(by, digest, self.purpose)
            if append is None:
                storing.discard()
                position = engine.ledger.head(bucket_of(self.subject_id), work.known_fences)
                return tuple(self._receipt(record, position, command_id) for record in touched.values())
            done = engine.ledger.append(append)
        engine.bell.ring()
        work.after_commit()
        last = append.events[-1]
        if (done.id, done.version) != (
            last.record_id,
            last.version,
        ):  # an earlier carrying out of the same command
            storing.discard()
            return self._repeated(calls, done)
        return tuple(self._receipt(record, done.position, command_id) for record in touched.values())

    def _carried_out(
        self, calls: Sequence[Call], given: Given, work: UnitOfWork, storing: Storing
    ) -> dict[UUID, Record]:
        """Carry out commands in a unit of work; return the records they were given to or made, by id."""
        touched: dict[UUID, Record] = {}
        for each in calls:
            origin = self._origin(work, each, given) if each.creates else None
            carried = storing.carried_in(each, origin)
            record = work.run(carried, origin=origin, expected_version=given.expected_version)
            touched[record.id] = record
            if origin is not None and origin.source is not None:
                blind = self._blind_name(record.KIND, origin.source)
                work.sources.append(SourceEntry(blind, record.id, b""))
        return touched

    def _repeated(self, calls: Sequence[Call], first: Receipt) -> tuple[Receipt, ...]:
        """Return what the first carrying out of these commands has returned."""
        found = self.engine.ledger.receipts(first, [each.record_id for each in calls])
        return found if found or len(calls) > 1 else (first,)  # its record has been erased since

    def _origin(self, work: UnitOfWork, each: Call, given: Given) -> Origin:
        if given.source is not None:
            blind = self._blind_name(each.kind.KIND, given.source)
            known = self.engine.ledger.sources(self.subject_id, [blind])
            if known:
                raise SourceAlreadyKept(known[blind][0])
            for entry in work.sources:  # of the commands before this one
                if entry.source == blind:
                    raise SourceAlreadyKept(entry.record_id)
        return work.origin(given.record_id, given.source, given.metadata)

    def _blind_name(self, kind: str, source: Source) -> bytes:
        secret = self.engine.keys.subject_secret(self.subject_id, "index")
        return blind_source(secret, kind, source.platform, source.object_id)

    def _receipt(self, record: Record, position: int, command_id: UUID) -> Receipt:
        return Receipt(
            record.id, record.version, bucket_of(self.subject_id), position, command_id, record.modified_on
        )


@cache
def _retrying() -> Retrying:
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential  # noqa: PLC0415 - it loads asyncio, and questions need no retry

    return Retrying(
        retry=retry_if_exception_type(VersionConflict),
        stop=stop_after_attempt(CONFLICT_ATTEMPTS - 1),
        wait=wait_random_exponential(multiplier=0.01, max=0.25),
        reraise=True,
    )


def named(
    kind_name: str,
    verb: str,
    record_id: UUID | None,
    arguments: bytes | str,
    uploads: Mapping[str, StoredContent] | None = None,
) -> Call:
    """Return the call of a command given by name and JSON, its arguments checked; raises InvalidInput.

    ``uploads`` are bytes (see ``upload``), which JSON cannot hold; they take the place of the arguments of their names.
    """
    kind = kind_named(kind_name)
    command = commands_of(kind).get(verb)
    if command is None:
        raise NotFound
    checked = command.arguments_from_json(arguments)
    return Call(getattr(kind, verb), record_id, (), {**checked, **(uploads or {})})
