"""Stores the bytes that come with commands, encrypted, before the events that name them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

from domain.shared import clock
from domain.shared.errors import LifeledgerError
from domain.shared.record import Origin, subject_of
from infrastructure.blobs.blobs import Blobs
from infrastructure.errors import Unavailable
from infrastructure.ledger.events import BlobEntry
from infrastructure.store.calls import Call
from infrastructure.store.unit_of_work import UnitOfWork
from infrastructure.store.upload import Upload


class Storing:
    """Stores the uploads of one attempt at commands. Not thread-safe."""

    def __init__(self, blobs: Blobs, work: UnitOfWork) -> None:
        self._blobs = blobs
        self._work = work
        self._stored: list[BlobEntry] = []

    def carried_in(self, call: Call, origin: Origin | None) -> Call:
        """Return a command with stored content where it has uploads; raises what ``UnitOfWork.existing`` does."""
        if not any(isinstance(each, Upload) for each in (*call.args, *call.kwargs.values())):
            return call
        args = tuple(self._kept(each, call, origin) for each in call.args)
        kwargs = {name: self._kept(value, call, origin) for name, value in call.kwargs.items()}
        return replace(call, args=args, kwargs=kwargs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Delete what was stored for commands that were refused; after a lost reply that is not certain."""
        if kind is not None and issubclass(kind, LifeledgerError) and not issubclass(kind, Unavailable):
            self.discard()

    def discard(self) -> None:
        """Delete what no event will name."""
        self._blobs.discard(self._stored)

    def _kept(self, value: Any, call: Call, origin: Origin | None) -> Any:  # noqa: ANN401 - any argument of a command
        if not isinstance(value, Upload):
            return value
        if origin is not None:
            subject_id, record_id = origin.subject_id, origin.record_id
            key = self._work.key_for_new(call.kind, clock.now())
        else:
            record = self._work.existing(call.record_id)
            subject_id, record_id, key = subject_of(record), record.id, self._work.key_of(record)
        with value.opened() as stream:
            stored = self._blobs.store(subject_id, record_id, key, value.media_type, stream)
        self._stored.append(stored.entry)
        self._work.blobs.append(stored.entry)
        return stored.content
