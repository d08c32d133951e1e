"""The part of a contact that says what they belong to: organisations they work for, and groups of the address book."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from datetime import date
from uuid import UUID

from domain.communication.contact_terms import (
    ContactKind,
    EndsBeforeStart,
    Membership,
    NotAGroup,
    NotAMember,
    PeerMerged,
    Short,
    require_room,
)
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.values import Day, Id, Many, Name


class Belonging(Content):
    """Somebody among others; a group is a contact itself, and only people and organisations are in one."""

    _: KW_ONLY
    kind: ContactKind = ContactKind.INDIVIDUAL
    organizations: tuple[Membership, ...] = ()
    groups: tuple[UUID, ...] = ()
    merged_into: UUID | None = None

    class Event(Content.Event):
        """Any event of a contact."""

    class JoinedOrganization(Event):
        TOPIC = "contact.joined_organization"
        EDITS = ("organizations",)
        membership: Membership

        def apply(self, contact: Belonging) -> None:
            others = (each for each in contact.organizations if not each.is_current_in(self.membership.name))
            contact.organizations = (*others, self.membership)

    class LeftOrganization(Event):
        TOPIC = "contact.left_organization"
        EDITS = ("organizations",)
        organization: str
        until: date

        def apply(self, contact: Belonging) -> None:
            contact.organizations = tuple(
                replace(each, until=self.until) if each.is_current_in(self.organization) else each
                for each in contact.organizations
            )

    class AddedToGroup(Event):
        TOPIC = "contact.added_to_group"
        group_id: UUID

        def apply(self, contact: Belonging) -> None:
            contact.groups = (*contact.groups, self.group_id)

    class RemovedFromGroup(Event):
        TOPIC = "contact.removed_from_group"
        group_id: UUID

        def apply(self, contact: Belonging) -> None:
            contact.groups = tuple(each for each in contact.groups if each != self.group_id)

    def join_organization(self, name: Name, *, units: Many[Short] = (), since: Day | None = None) -> None:
        """Note that the contact belongs to an organisation; one it belongs to already takes the new details."""
        membership = Membership(name, units, since)
        if membership in self.organizations:
            return
        require_room((*self.organizations, membership))
        self.trigger_event(self.JoinedOrganization, membership=membership)

    def leave_organization(self, name: Name, until: Day | None = None) -> None:
        """Note the day the contact left, by default today (UTC); the organisation stays listed as a past one."""
        until = until or clock.now().date()
        current = next((each for each in self.organizations if each.is_current_in(name)), None)
        if current is None:
            raise NotAMember
        if current.since is not None and until < current.since:
            raise EndsBeforeStart
        self.trigger_event(self.LeftOrganization, organization=name, until=until)

    def add_to_group(self, group_id: Id) -> None:
        """Put a person or an organisation into a group."""
        if group_id in self.groups:
            return
        group = self._peer(type(self), group_id)
        if group.merged_into is not None:
            raise PeerMerged
        if group.kind is not ContactKind.GROUP or self.kind not in _MEMBERS:
            raise NotAGroup
        require_room((*self.groups, group_id))
        self.trigger_event(self.AddedToGroup, group_id=group_id)

    def remove_from_group(self, group_id: Id) -> None:
        if group_id in self.groups:
            self.trigger_event(self.RemovedFromGroup, group_id=group_id)


_MEMBERS = frozenset({ContactKind.INDIVIDUAL, ContactKind.ORG})
