"""The part of a calendar event that says what belongs to it elsewhere: an agenda, a ticket, the minutes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY

from domain.productivity.calendar_event_terms import MAX_ATTACHMENTS, AttachmentNotFound
from domain.productivity.invitations import Invitations
from domain.shared.record import TooMany
from domain.shared.values import Url


class CalendarAttachments(Invitations):
    """Something with papers, each known by the address where it is to be found."""

    _: KW_ONLY
    attachments: tuple[str, ...] = ()

    class Event(Invitations.Event):
        """Any event of a calendar event."""

    class AttachmentsKnown(Event):
        TOPIC = "calendar_event.attachments_known"
        BY_SOURCE = True
        attachments: tuple[str, ...]

    class Attached(Event):
        TOPIC = "calendar_event.attached"
        EDITS = ("attachments",)
        attachment: str

        def apply(self, event: CalendarAttachments) -> None:
            event.attachments = (*event.attachments, self.attachment)

    class Detached(Event):
        TOPIC = "calendar_event.detached"
        EDITS = ("attachments",)
        attachment: str

        def apply(self, event: CalendarAttachments) -> None:
            event.attachments = tuple(each for each in event.attachments if each != self.attachment)

    def attach(self, url: Url) -> None:
        self._require_live()
        attachments = each_once((*self.attachments, url))
        if attachments != self.attachments:
            self.trigger_event(self.Attached, attachment=url)

    def detach(self, url: Url) -> None:
        self._require_live()
        if url not in self.attachments:
            raise AttachmentNotFound
        self.trigger_event(self.Detached, attachment=url)


def each_once(attachments: Iterable[str]) -> tuple[str, ...]:
    """Return the attachments, each where it first comes; raises TooMany."""
    unique = tuple(dict.fromkeys(attachments))
    if len(unique) > MAX_ATTACHMENTS:
        raise TooMany
    return unique
