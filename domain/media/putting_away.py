"""The part of a medium that says where it is seen: on the timeline, or put away in one way at a time."""

from __future__ import annotations

from dataclasses import KW_ONLY

from domain.media.media_terms import PutAwayOtherwise, Visibility
from domain.shared.content import Content
from domain.shared.known import say


class PuttingAway(Content):
    """Something seen or heard that may be put away."""

    _: KW_ONLY
    visibility: Visibility = Visibility.TIMELINE

    class Event(Content.Event):
        """Any event of a medium."""

    class Archived(Event):
        TOPIC = "media.archived"
        visibility: Visibility

    class Unarchived(Event):
        TOPIC = "media.unarchived"
        visibility: Visibility

    class Hidden(Event):
        TOPIC = "media.hidden"
        visibility: Visibility

    class Unhidden(Event):
        TOPIC = "media.unhidden"
        visibility: Visibility

    class Locked(Event):
        TOPIC = "media.locked"
        visibility: Visibility

    class Unlocked(Event):
        TOPIC = "media.unlocked"
        visibility: Visibility

    def archive(self) -> None:
        self._require_only(Visibility.ARCHIVED)
        say(self, self.Archived, visibility=Visibility.ARCHIVED)

    def unarchive(self) -> None:
        self._require_only(Visibility.ARCHIVED)
        say(self, self.Unarchived, visibility=Visibility.TIMELINE)

    def hide(self) -> None:
        self._require_only(Visibility.HIDDEN)
        say(self, self.Hidden, visibility=Visibility.HIDDEN)

    def unhide(self) -> None:
        self._require_only(Visibility.HIDDEN)
        say(self, self.Unhidden, visibility=Visibility.TIMELINE)

    def lock(self) -> None:
        self._require_only(Visibility.LOCKED)
        say(self, self.Locked, visibility=Visibility.LOCKED)

    def unlock(self) -> None:
        self._require_only(Visibility.LOCKED)
        say(self, self.Unlocked, visibility=Visibility.TIMELINE)

    def _require_only(self, where: Visibility) -> None:
        if self.visibility not in (Visibility.TIMELINE, where):
            raise PutAwayOtherwise
