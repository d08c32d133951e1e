"""The part of a contact that says into which other one it was merged, and which ones were merged into it.

Both ends are kept, by events of both in one append: a contact that gives way takes those it had taken in along,
so that ``merged_into`` never names one that was merged itself.
"""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Annotated, Any, Self
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate

from domain.communication.contact_terms import ContactMerged, PeerMerged, SelfMerge, require_room
from domain.communication.ties import Ties
from domain.shared.record import peers_of
from domain.shared.values import LEDGER_ONLY, Id


class Merging(Ties):
    """Somebody who may turn out to be the same as somebody else."""

    STAYS = Ties.STAYS | {"absorbed"}

    _: KW_ONLY
    absorbed: Annotated[tuple[UUID, ...], LEDGER_ONLY] = ()
    """The contacts that were merged into this one; an erased one is still named."""

    class Event(Ties.Event):
        """Any event of a contact."""

    class Merged(Event):
        TOPIC = "contact.merged"
        merged_into: UUID

    class Redirected(Event):
        """The contact this one was merged into was merged itself; this one has gone to the same."""

        TOPIC = "contact.redirected"
        IN_TRASH = True
        merged_into: UUID

    class Absorbed(Event):
        """Others were merged into this one; ``contact.merged`` or ``contact.redirected`` of theirs says so too."""

        TOPIC = "contact.absorbed"
        IN_TRASH = True
        contact_ids: tuple[UUID, ...]

        def apply(self, contact: Merging) -> None:
            contact.absorbed = (*contact.absorbed, *self.contact_ids)

    class Released(Event):
        """Others are merged into this one no longer: they came back by a revert, or went on with it."""

        TOPIC = "contact.released"
        IN_TRASH = True
        contact_ids: tuple[UUID, ...]

        def apply(self, contact: Merging) -> None:
            contact.absorbed = tuple(each for each in contact.absorbed if each not in self.contact_ids)

    def merge_into(self, contact_id: Id) -> None:
        """Give way to another contact for good; what is worth keeping has to be added to that one."""
        if contact_id == self.id:
            raise SelfMerge
        if self._peer(type(self), contact_id).merged_into is not None:
            raise PeerMerged
        self.trigger_event(self.Merged, merged_into=contact_id)
        self._tell_survivors(None)

    def trigger_event(self, event_class: type[CanMutateAggregate[UUID]], **fields: Any) -> None:  # noqa: ANN401 - the event's fields
        if self.merged_into is not None and event_class not in (
            self.Trashed,
            self.Restored,
            self.Reverted,
            self.Redirected,
            self.Released,
        ):
            raise ContactMerged
        super().trigger_event(event_class, **fields)

    def _require_fit(self) -> None:
        super()._require_fit()
        into = self._survivor(self.merged_into)
        if into is not None and into.merged_into is not None:
            raise PeerMerged

    def _tell_others(self, before: Self) -> None:
        super()._tell_others(before)
        self._tell_survivors(before.merged_into)

    def _tell_survivors(self, before: UUID | None) -> None:
        """Let the contact this one was merged into and the one it is merged into now know; erased ones need not."""
        if self.merged_into == before:
            return
        former, survivor = self._survivor(before), self._survivor(self.merged_into)
        if former is not None and self.id in former.absorbed:
            former.trigger_event(self.Released, contact_ids=(self.id,))
        coming = (self.id,) if self.merged_into is None else (self.id, *self._take_along(self.merged_into))
        if survivor is not None:
            require_room((*survivor.absorbed, *coming))
            survivor.trigger_event(self.Absorbed, contact_ids=coming)

    def _take_along(self, survivor_id: UUID) -> tuple[UUID, ...]:
        """Send those that were merged into this one where it goes itself; return which they are."""
        absorbed = self.absorbed
        if absorbed:
            self.trigger_event(self.Released, contact_ids=absorbed)
        for each in peers_of(self).get_all(type(self), absorbed):
            each.trigger_event(self.Redirected, merged_into=survivor_id)
        return absorbed

    def _survivor(self, contact_id: UUID | None) -> Self | None:
        return None if contact_id is None else peers_of(self).get(type(self), contact_id)
