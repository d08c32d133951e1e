"""The part of a contact that says who others are to them; a tie to another contact is said by both."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from typing import Self

from domain.communication.belonging import Belonging
from domain.communication.contact_terms import PeerMerged, Relation, Relationship, SelfRelation, require_room
from domain.shared.errors import ItemNotFound
from domain.shared.record import peers_of
from domain.shared.values import Day, Id, Name

INVERSE = {
    Relation.SPOUSE: Relation.SPOUSE,
    Relation.PARTNER: Relation.PARTNER,
    Relation.CHILD: Relation.PARENT,
    Relation.PARENT: Relation.CHILD,
    Relation.SIBLING: Relation.SIBLING,
    Relation.FRIEND: Relation.FRIEND,
    Relation.COLLEAGUE: Relation.COLLEAGUE,
    Relation.MANAGER: Relation.REPORT,
    Relation.REPORT: Relation.MANAGER,
    Relation.NEIGHBOUR: Relation.NEIGHBOUR,
}
"""What one is to those who are this to one; whom to call in an emergency has not therefore the same of them."""


class Ties(Belonging):
    """Somebody with relatives, friends and colleagues."""

    _: KW_ONLY
    relationships: tuple[Relationship, ...] = ()

    class Event(Belonging.Event):
        """Any event of a contact."""

    class TieMade(Event):
        """There is a relationship, or it has other times."""

        EDITS = ("relationships",)
        relationship: Relationship

        def apply(self, contact: Ties) -> None:
            new = self.relationship
            others = (each for each in contact.relationships if not each.is_same_as(new))
            contact.relationships = (*others, new)

    class TieCut(Event):
        """There is a relationship no longer."""

        EDITS = ("relationships",)
        relationship: Relationship

        def apply(self, contact: Ties) -> None:
            contact.relationships = tuple(
                each for each in contact.relationships if not each.is_same_as(self.relationship)
            )

    class Related(TieMade):
        TOPIC = "contact.related"

    class Unrelated(TieCut):
        TOPIC = "contact.unrelated"

    class RelationGained(TieMade):
        """The other contact says so; ``contact.related`` of that one says who this one is to it."""

        TOPIC = "contact.relation_gained"
        IN_TRASH = True

    class RelationLost(TieCut):
        TOPIC = "contact.relation_lost"
        IN_TRASH = True

    def relate(
        self,
        relation: Relation,
        *,
        contact_id: Id | None = None,
        name: Name | None = None,
        since: Day | None = None,
        until: Day | None = None,
    ) -> None:
        """Say who another contact, or somebody known by name only, is to this one.

        Of another contact it is said there, too, in the words of that side: the child's parent has a child.
        """
        relationship = Relationship(relation, contact_id, name, since, until)
        if relationship in self.relationships:
            return
        self._require_others((relationship,))
        require_room((*self.relationships, relationship))
        before = self.relationships
        self.trigger_event(self.Related, relationship=relationship)
        self._tell_related(before)

    def unrelate(self, relation: Relation, *, contact_id: Id | None = None, name: Name | None = None) -> None:
        named = Relationship(relation, contact_id, name)
        relationship = next((each for each in self.relationships if each.is_same_as(named)), None)
        if relationship is None:
            raise ItemNotFound
        before = self.relationships
        self.trigger_event(self.Unrelated, relationship=relationship)
        self._tell_related(before)

    def _tell_others(self, before: Self) -> None:
        self._tell_related(before.relationships)

    def _tell_related(self, before: tuple[Relationship, ...]) -> None:
        """Let contacts that were or are related to this one know; what was erased or merged need not."""
        kept = {each.key for each in self.relationships}
        for former in (each for each in before if each.key not in kept):
            other, tie = self._other_side(former)
            if other is not None and any(each.is_same_as(tie) for each in other.relationships):
                other.trigger_event(self.RelationLost, relationship=tie)
        for present in (each for each in self.relationships if each not in before):
            other, tie = self._other_side(present)
            if other is not None and tie not in other.relationships:
                require_room((*other.relationships, tie))
                other.trigger_event(self.RelationGained, relationship=tie)

    def _other_side(self, relationship: Relationship) -> tuple[Self | None, Relationship]:
        """Return who has to say the same, None where nobody has, and what it is in their words."""
        inverse = INVERSE.get(relationship.relation)
        if inverse is None or relationship.contact_id is None:
            return None, relationship
        other = peers_of(self).get(type(self), relationship.contact_id)
        living = None if other is None or other.merged_into is not None else other
        return living, replace(relationship, relation=inverse, contact_id=self.id)

    def _require_others(self, relationships: tuple[Relationship, ...]) -> None:
        """Refuse relationships to oneself, and to contacts that are gone or were merged."""
        for target in (each.contact_id for each in relationships if each.contact_id is not None):
            if target == self.id:
                raise SelfRelation
            if self._peer(type(self), target).merged_into is not None:
                raise PeerMerged
