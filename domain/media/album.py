"""An album: media of one person, each once, in an order."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from domain.media.album_terms import (
    MAX_MEDIA,
    AlbumClosed,
    AlbumKind,
    AlbumOrder,
    AlbumRule,
    AlbumStatus,
    ContentsFollowRule,
    CoverNotMember,
    NoRuleToFollow,
    NotInAlbum,
    RuleMissing,
)
from domain.media.media import Media
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.nesting import Nestable
from domain.shared.peers import require_usable
from domain.shared.record import Origin, TooMany, peers_of
from domain.shared.values import Id, Many, Text, Title


class Album(Nestable):
    """A collection of media; trashing it leaves them where they are."""

    KIND: ClassVar[str] = "album"
    MAX_DEPTH: ClassVar[int] = 8

    title: str
    description: str = ""
    kind: AlbumKind = AlbumKind.MANUAL
    order: AlbumOrder = AlbumOrder.MANUAL
    status: AlbumStatus = AlbumStatus.OPEN
    rule: AlbumRule | None = None
    media: tuple[UUID, ...] = ()
    """In the order they are put in by hand; of a smart album nothing, as its rule is asked anew each time."""
    arrivals: tuple[UUID, ...] = ()
    """The same media in the order in which they came to the album, whatever place they were moved to since."""
    cover_media_id: UUID | None = None
    parent_album_id: UUID | None = None

    class Event(Nestable.Event):
        """Any event of an album."""

    class Created(Event, Content.Created):
        TOPIC = "album.created"
        title: str
        description: str
        kind: AlbumKind
        order: AlbumOrder

    class Renamed(Event):
        TOPIC = "album.renamed"
        title: str

    class Described(Event):
        TOPIC = "album.described"
        description: str

    class MediaAdded(Event):
        TOPIC = "album.media_added"
        media_ids: tuple[UUID, ...]

        def apply(self, album: Album) -> None:
            album.media = (*album.media, *self.media_ids)
            album.arrivals = (*album.arrivals, *self.media_ids)

    class MediaRemoved(Event):
        TOPIC = "album.media_removed"
        media_id: UUID

        def apply(self, album: Album) -> None:
            album.media = tuple(each for each in album.media if each != self.media_id)
            album.arrivals = tuple(each for each in album.arrivals if each != self.media_id)
            if album.cover_media_id == self.media_id:
                album.cover_media_id = None

    class MediaMoved(Event):
        TOPIC = "album.media_moved"
        media_id: UUID
        after: UUID | None

        def apply(self, album: Album) -> None:
            album.media = _moved(album.media, self.media_id, self.after)

    class RuleSet(Event):
        TOPIC = "album.rule_set"
        rule: AlbumRule

    class Frozen(Event):
        TOPIC = "album.frozen"
        media: tuple[UUID, ...]

        def apply(self, album: Album) -> None:
            super().apply(album)
            album.arrivals = self.media
            album.kind = AlbumKind.MANUAL
            album.rule = None

    class OrderChanged(Event):
        TOPIC = "album.order_changed"
        order: AlbumOrder

    class CoverSet(Event):
        TOPIC = "album.cover_set"
        cover_media_id: UUID

    class CoverCleared(Event):
        TOPIC = "album.cover_cleared"

        def apply(self, album: Album) -> None:
            album.cover_media_id = None

    class Nested(Event):
        TOPIC = "album.nested"
        parent_album_id: UUID

    class Unnested(Event):
        TOPIC = "album.unnested"

        def apply(self, album: Album) -> None:
            album.parent_album_id = None

    class Archived(Event):
        TOPIC = "album.archived"

        def apply(self, album: Album) -> None:
            album.status = AlbumStatus.ARCHIVED

    class Reopened(Event):
        TOPIC = "album.reopened"

        def apply(self, album: Album) -> None:
            album.status = AlbumStatus.OPEN

    @classmethod
    def create(
        cls,
        origin: Origin,
        title: Title,
        *,
        description: Text = "",
        kind: AlbumKind = AlbumKind.MANUAL,
        order: AlbumOrder = AlbumOrder.MANUAL,
        rule: AlbumRule | None = None,
    ) -> Album:
        """Begin an album, empty; a smart one holds what its rule finds."""
        if (kind is AlbumKind.SMART) is (rule is None):
            raise RuleMissing
        album = cls._begin(origin, cls.Created, title=title, description=description, kind=kind, order=order)
        if rule is not None:
            album.set_rule(rule)
        return album

    def rename(self, title: Title) -> None:
        if title != self.title:
            self.trigger_event(Album.Renamed, title=title)

    def describe(self, description: Text) -> None:
        if description != self.description:
            self.trigger_event(Album.Described, description=description)

    def set_rule(self, rule: AlbumRule) -> None:
        """Have a smart album hold what another rule finds."""
        self._require_open()
        if self.kind is not AlbumKind.SMART:
            raise NoRuleToFollow
        say(self, Album.RuleSet, rule=rule)

    def freeze(self, media_ids: Many[Id]) -> None:
        """Make a smart album one that is filled by hand, with these media: those that its rule finds now, if you like."""
        self._require_open()
        if self.kind is not AlbumKind.SMART:
            raise NoRuleToFollow
        self.trigger_event(Album.Frozen, media=self._addable(media_ids))

    def add_media(self, media_ids: Many[Id]) -> None:
        """Put media at the end of the album; those it holds already stay where they are."""
        self._require_filled_by_hand()
        added = self._addable(media_ids)
        if added:
            self.trigger_event(Album.MediaAdded, media_ids=added)

    def remove_media(self, media_id: Id) -> None:
        """Take a medium out of the album; where it was the cover, the album has none afterwards."""
        self._require_filled_by_hand()
        if media_id in self.media:
            self.trigger_event(Album.MediaRemoved, media_id=media_id)

    def move_media(self, media_id: Id, after: Id | None = None) -> None:
        """Put a medium behind another one, or in front of all."""
        self._require_filled_by_hand()
        self._require_member(media_id)
        if after is not None:
            self._require_member(after)
        if after != media_id and _moved(self.media, media_id, after) != self.media:
            self.trigger_event(Album.MediaMoved, media_id=media_id, after=after)

    def change_order(self, order: AlbumOrder) -> None:
        """Have the album shown in another order; the one made by hand is kept for later."""
        self._require_open()
        if order is not self.order:
            self.trigger_event(Album.OrderChanged, order=order)

    def set_cover(self, media_id: Id) -> None:
        self._require_filled_by_hand()
        if media_id not in self.media:
            raise CoverNotMember
        if media_id != self.cover_media_id:
            self.trigger_event(Album.CoverSet, cover_media_id=media_id)

    def clear_cover(self) -> None:
        self._require_open()
        if self.cover_media_id is not None:
            self.trigger_event(Album.CoverCleared)

    def nest_under(self, parent_album_id: Id) -> None:
        self._require_open()
        before = self.parent_album_id
        if parent_album_id == before:
            return
        self._require_place(self._peer(Album, parent_album_id).id)
        self.trigger_event(Album.Nested, parent_album_id=parent_album_id)
        self._tell_parents(before)

    def unnest(self) -> None:
        self._require_open()
        before = self.parent_album_id
        if before is not None:
            self.trigger_event(Album.Unnested)
            self._tell_parents(before)

    def archive(self) -> None:
        if self.status is not AlbumStatus.ARCHIVED:
            self.trigger_event(Album.Archived)

    def reopen(self) -> None:
        if self.status is not AlbumStatus.OPEN:
            self.trigger_event(Album.Reopened)

    @property
    def lies_in(self) -> UUID | None:
        return self.parent_album_id

    def _require_open(self) -> None:
        if self.status is not AlbumStatus.OPEN:
            raise AlbumClosed

    def _require_filled_by_hand(self) -> None:
        self._require_open()
        if self.kind is AlbumKind.SMART:
            raise ContentsFollowRule

    def _require_fit(self) -> None:
        if self.parent_album_id is not None:
            self._require_place(self.parent_album_id)

    def _addable(self, media_ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
        """Return those the album does not hold, each once; raises PeerUnusable, TooMany."""
        members = set(self.media)
        added = tuple(each for each in dict.fromkeys(media_ids) if each not in members)
        if len(members) + len(added) > MAX_MEDIA:
            raise TooMany
        require_usable(peers_of(self), Media, added)
        return added

    def _require_member(self, media_id: UUID) -> None:
        if media_id not in self.media:
            raise NotInAlbum


def _moved(media: tuple[UUID, ...], media_id: UUID, after: UUID | None) -> tuple[UUID, ...]:
    rest = [each for each in media if each != media_id]
    place = 0 if after is None else rest.index(after) + 1
    return (*rest[:place], media_id, *rest[place:])
