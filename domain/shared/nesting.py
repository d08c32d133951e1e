"""Records that lie in one another: each knows the one it lies in and those that lie in it.

Both ends are kept, by events of both records in one append: a record that knew only what is above it could
tell neither how deep the tree below it is nor what is still to be done there, and read tables may lag.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import field
from typing import Annotated, ClassVar, Self
from uuid import UUID

from domain.shared.content import Content
from domain.shared.errors import RuleBroken
from domain.shared.record import peers_of
from domain.shared.values import LEDGER_ONLY


class LiesInItself(RuleBroken):
    """A record must not lie in itself, not even through others."""


class NestedTooDeep(RuleBroken):
    """Tasks may be nested ten levels deep, albums eight."""


class Nestable(Content):
    """A record that may lie in another one of its kind."""

    MAX_DEPTH: ClassVar[int]
    """How many levels there may be, the uppermost included."""

    STAYS = frozenset({"children"})

    children: Annotated[tuple[UUID, ...], LEDGER_ONLY] = field(default=(), kw_only=True)
    """What lies directly in this one, in the trash or not; an erased one is still named."""

    class Event(Content.Event):
        """Any event of a record that may lie in another."""

    class ChildAdded(Event):
        """Another record lies in this one from now on; ``{kind}.nested`` of that one says so too."""

        TOPIC = "{kind}.child_added"
        IN_TRASH = True
        child_id: UUID

        def apply(self, record: Nestable) -> None:
            record.children = (*record.children, self.child_id)

    class ChildRemoved(Event):
        TOPIC = "{kind}.child_removed"
        IN_TRASH = True
        child_id: UUID

        def apply(self, record: Nestable) -> None:
            record.children = tuple(each for each in record.children if each != self.child_id)

    @property
    @abstractmethod
    def lies_in(self) -> UUID | None:
        """The record this one lies in."""

    def _tell_others(self, before: Self) -> None:
        self._tell_parents(before.lies_in)

    def _tell_parents(self, before: UUID | None) -> None:
        """Let the record that this one lay in and the one it lies in now know; erased ones need not."""
        if self.lies_in == before:
            return
        former, parent = self._relative(before), self._relative(self.lies_in)
        if former is not None and self.id in former.children:
            former.trigger_event(self.ChildRemoved, child_id=self.id)
        if parent is not None and self.id not in parent.children:
            parent.trigger_event(self.ChildAdded, child_id=self.id)

    def _require_place(self, parent_id: UUID) -> None:
        """Check that this record and all in it may lie there; what is in the trash counts, for it may come back."""
        levels = 1
        above = self._relative(parent_id)
        while above is not None:
            levels += 1
            if above.id == self.id:
                raise LiesInItself
            if levels > self.MAX_DEPTH:
                raise NestedTooDeep
            above = self._relative(above.lies_in)
        if levels + self._levels_below() > self.MAX_DEPTH:
            raise NestedTooDeep

    def _levels_below(self) -> int:
        levels, row = 0, self._inside()
        while row and levels < self.MAX_DEPTH:
            levels += 1
            below = [child_id for each in row for child_id in each.children]
            row = peers_of(self).get_all(type(self), below)
        return levels

    def _inside(self) -> tuple[Self, ...]:
        """Return the records that lie directly in this one, also those in the trash."""
        return peers_of(self).get_all(type(self), self.children)

    def _relative(self, record_id: UUID | None) -> Self | None:
        return None if record_id is None else peers_of(self).get(type(self), record_id)
