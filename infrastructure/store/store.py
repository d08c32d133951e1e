"""A store of people's records: register a person, act as one, look after the whole."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from domain.shared.errors import LifeledgerError
from domain.shared.peers import Claim
from domain.shared.record import Record
from domain.shared.values import new_id
from infrastructure.crypto.keyring import EVERYONE
from infrastructure.errors import NotFound
from infrastructure.ledger.holds import Hold
from infrastructure.logs import log
from infrastructure.projector.worker import work
from infrastructure.store.blind_names import blind_address, blind_claim
from infrastructure.store.engine import Engine
from infrastructure.store.options import asks
from infrastructure.store.session import Session

if TYPE_CHECKING:
    from infrastructure.erasure.erasures import Erasures
    from infrastructure.erasure.journal import Erasure
    from infrastructure.rulings.held_records import HeldRecords
    from infrastructure.rulings.holds import Holds
    from infrastructure.store.retention import Retention


@dataclass(frozen=True, slots=True)
class Person:
    """A registered person; the id is that of their User record and the subject of all their events."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A record that names an e-mail address; what it says of it takes the person's own session to read."""

    subject_id: UUID
    kind: str
    record_id: UUID


class Store:
    """Open it with ``lifeledger.open_store()``, close it or use it in a with statement.

    Threads may share a store and its sessions. Processes may not: after a fork each opens its own.
    """

    def __init__(
        self, engine: Engine, resources: ExitStack, *, project: bool, outdated: bool = False
    ) -> None:
        """``outdated`` read tables serve until ``renew``, or the thread that projects, has built new ones."""
        self.engine = engine
        self._outdated = outdated
        self._resources = resources
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        if project:
            self._begin("projector", self._project)
            self.renew_beside()

    def register(self, username: str, email: str, **details: Any) -> Person:  # noqa: ANN401 - the arguments of User.register
        """Register a person; raises InvalidInput, ClaimTaken where the username or the address is in use."""
        from domain.core.user import User  # noqa: PLC0415 - kinds are imported when first used

        subject_id = new_id()
        session = Session(self.engine, subject_id, actor_id=subject_id, purpose="registration")
        session.given(record_id=subject_id).do(User.register, username, email, **details)
        return Person(subject_id)

    @asks
    def person(self, username: str) -> Person:
        """Return a person by username; raises NotFound, InvalidInput."""
        return Person(self._subject_of(Claim("user.username", username, everywhere=True)))

    def acting_as(
        self, person: Person | UUID, *, purpose: str | None = None, actor_id: UUID | None = None
    ) -> Session:
        """Return a session on a person's records; ``purpose`` is kept, encrypted, with every event.

        ``actor_id`` is who acts, where it is not the person themselves.
        """
        subject_id = person.id if isinstance(person, Person) else person
        return Session(self.engine, subject_id, actor_id or subject_id, purpose)

    @property
    def erasures(self) -> Erasures:
        """Return what was erased, and what is under way."""
        return self.engine.care.erasures

    def erase(
        self,
        person: Person | UUID,
        *,
        grounds: str,
        kind: type[Record] | None = None,
        period: str | None = None,
        record_id: UUID | None = None,
        requested_by: UUID | None = None,
    ) -> Erasure:
        """Forget a person, a kind of their records, a period of that kind, or one record, for good.

        ``grounds`` say which rule asks for it and are kept: no names in them. ``period`` is a year, for
        locations a month, such as ``2026-03``. Raises InvalidInput, NotFound, Unavailable, KeyUnavailable.
        """
        from infrastructure.erasure.erasures import new_request  # noqa: PLC0415 - see Engine.care

        subject_id = person.id if isinstance(person, Person) else person
        request = new_request(
            subject_id,
            grounds,
            requested_by or subject_id,
            kind=kind.KIND if kind else "",
            period=period or "",
            record_id=record_id,
        )
        return self.erasures.erase(request)

    @property
    def holds(self) -> Holds:
        """Return the legal holds."""
        return self.engine.care.holds

    @cached_property
    def retention(self) -> Retention:
        """The rules of how long records are kept, and what follows from them."""
        from infrastructure.store.retention import Retention  # noqa: PLC0415 - see Engine.care

        return Retention(self.engine)

    def hold(
        self,
        person: Person | UUID,
        *,
        reason: str,
        purpose: str,
        until: datetime,
        kind: type[Record] | None = None,
        record_id: UUID | None = None,
        placed_by: UUID | None = None,
    ) -> Hold:
        """Have a kind of a person's records, or one record, kept until a moment, whoever asks to erase it.

        Reason and purpose are kept sealed; what is erased meanwhile can be read for this purpose only, see
        ``under_hold``. Raises InvalidInput, NotFound, Erased, its TooLateToHold, Unavailable.
        """
        from infrastructure.rulings.holds import Ruling  # noqa: PLC0415 - see Engine.care

        subject_id = person.id if isinstance(person, Person) else person
        return self.holds.place(
            subject_id,
            Ruling(reason, purpose),
            until,
            placed_by=placed_by or subject_id,
            kind=kind.KIND if kind else "",
            record_id=record_id,
        )

    def under_hold(self, hold_id: UUID, *, purpose: str, actor_id: UUID) -> HeldRecords:
        """Return the records under a hold, for reading; every reading is noted with who read.

        Raises NotFound, NotUnderHold unless the hold stands and was placed for this purpose.
        """
        return self.engine.care.hold_reading.under(hold_id, purpose, actor_id)

    def tidy(self) -> None:
        """Go on with what others have left unfinished, and do what has fallen due; raises Unavailable, KeyUnavailable."""
        self.erasures.resume_all()
        self.holds.end_due()
        self.retention.run_if_due()
        self.engine.care.key_care.rotate_if_due()
        self.engine.care.key_care.date_receipts()
        self.engine.care.rebuilder.tidy()

    @asks
    def find_person(self, address: str) -> list[Mentioned]:
        """Return in whose contacts and mail an e-mail address occurs; raises Unavailable, KeyUnavailable."""
        found = self.engine.ledger.mentioning(blind_address(self.engine.keys, address))
        return [Mentioned(*each) for each in found]

    def catch_up(self) -> int:
        """Project what is outstanding now; return the number of events."""
        self.renew()
        return self.engine.projector.run_until_idle()

    def renew(self, *, stop: threading.Event | None = None) -> None:
        """Rebuild read tables that were made by other code, unless another process does."""
        if self._outdated:
            self.engine.care.rebuilder.renew(wait=False, stop=stop)
            self._outdated = False

    def renew_beside(self) -> None:
        """Rebuild read tables that were made by other code in a thread of its own."""
        if self._outdated:
            self._begin("rebuilder", self._renew)

    def close(self) -> None:
        """Finish the batch in hand and give everything back; embedded servers stay up."""
        if self._threads:
            self._stop.set()
            self.engine.bell.ring()
            for thread in self._threads:
                thread.join()
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _project(self) -> None:
        work(self.engine.projector, self.engine.bell, self._stop, self.tidy)

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work, name=name, daemon=True))
        self._threads[-1].start()

    def _renew(self) -> None:
        """Leave to the next start what cannot be built now: the old tables serve."""
        try:
            self.renew(stop=self._stop)
        except LifeledgerError as error:
            log().warning("rebuild failed", reason=type(error).__name__)

    def _subject_of(self, claim: Claim) -> UUID:
        blind = blind_claim(self.engine.keys, EVERYONE, claim, EVERYONE, taken=True)
        subject_id = self.engine.ledger.claimant(blind.bucket, blind.claim)
        if subject_id is None:
            raise NotFound
        return subject_id
