"""What may happen to an album, and that it holds each medium once and in order."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import kind_named, topic_of
from domain.media import album as album_module
from domain.media.album import Album
from domain.media.album_terms import (
    AlbumClosed,
    AlbumKind,
    AlbumOrder,
    AlbumStatus,
    CoverNotMember,
    NotInAlbum,
)
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, PeerUnusable, RecordTrashed
from domain.shared.nesting import LiesInItself, NestedTooDeep
from domain.shared.record import Origin, TooMany, state_fields
from domain.shared.values import StoredContent, new_id
from tests.domain.shelf import Shelf


class Albums(Shelf):
    """The media and albums one person has."""

    def __init__(self) -> None:
        super().__init__()
        self.subject_id = new_id()

    def origin(self) -> Origin:
        return Origin(self.subject_id, peers=self)

    def photo(self) -> UUID:
        media = Media.add(self.origin(), StoredContent(new_id(), 1, "image/jpeg"), kind=MediaKind.PHOTO)
        self.add(media)
        return media.id

    def album(self, photos: int = 0) -> Album:
        album = Album.create(self.origin(), "Rome")
        self.add(album)
        if photos:
            album.add_media(tuple(self.photo() for _ in range(photos)))
        return album


@pytest.fixture
def shelf() -> Albums:
    return Albums()


def topics(album: Album) -> list[str]:
    return [topic_of(cast("type[Album.Event]", type(event)), Album) for event in album.pending_events]


def contents(album: Album) -> dict[str, Any]:
    return {name: getattr(album, name) for name in state_fields(Album)} | {"version": album.version}


def test_catalogue_finds_the_kind() -> None:
    assert kind_named("album") is Album


def test_created_album_is_open_and_empty() -> None:
    album = Album.create(
        Origin(new_id()), "Rome", description="A week", kind=AlbumKind.SHARED, order=AlbumOrder.CAPTURED_ASC
    )

    assert (album.title, album.description) == ("Rome", "A week")
    assert (album.kind, album.order) == (AlbumKind.SHARED, AlbumOrder.CAPTURED_ASC)
    assert (album.status, album.media, album.cover_media_id) == (AlbumStatus.OPEN, (), None)
    assert topics(album) == ["album.created"]


def test_album_is_renamed_and_described_once(shelf: Albums) -> None:
    album = shelf.album()

    album.rename("Roma")
    album.rename("Roma")
    album.describe("A week")
    album.describe("A week")

    assert (album.title, album.description) == ("Roma", "A week")
    assert topics(album)[1:] == ["album.renamed", "album.described"]


def test_added_media_stand_at_the_end_in_the_order_given(shelf: Albums) -> None:
    album = shelf.album()
    first, second, third = shelf.photo(), shelf.photo(), shelf.photo()

    album.add_media((second,))
    album.add_media((third, first))

    assert album.media == (second, third, first)


def test_medium_is_in_an_album_once(shelf: Albums) -> None:
    album = shelf.album()
    first, second = shelf.photo(), shelf.photo()

    album.add_media((first, first))
    album.add_media((second, first))
    album.add_media((first, second))
    album.add_media(())

    assert album.media == (first, second)
    assert [cast("Any", event).media_ids for event in album.pending_events[1:]] == [(first,), (second,)]


def test_only_living_media_of_the_person_are_added(shelf: Albums) -> None:
    album = shelf.album()
    here, trashed = shelf.photo(), shelf.photo()
    cast("Media", shelf.records[trashed]).trash()

    for unusable in (trashed, new_id(), shelf.album().id):
        with pytest.raises(PeerUnusable):
            album.add_media((here, unusable))

    assert album.media == ()


def test_full_album_takes_no_more_media(shelf: Albums, monkeypatch: pytest.MonkeyPatch) -> None:
    album = shelf.album(photos=2)
    monkeypatch.setattr(album_module, "MAX_MEDIA", 2)

    album.add_media(album.media)
    with pytest.raises(TooMany):
        album.add_media((shelf.photo(),))


def test_medium_is_removed_once(shelf: Albums) -> None:
    album = shelf.album(photos=3)
    first, second, third = album.media

    album.remove_media(second)
    album.remove_media(second)

    assert album.media == (first, third)
    assert topics(album)[2:] == ["album.media_removed"]


def test_removed_cover_leaves_the_album_without_one(shelf: Albums) -> None:
    album = shelf.album(photos=2)
    cover, other = album.media
    album.set_cover(cover)

    album.remove_media(other)
    assert album.cover_media_id == cover
    album.remove_media(cover)

    assert album.cover_media_id is None


def test_medium_moves_behind_another_or_to_the_front(shelf: Albums) -> None:
    album = shelf.album(photos=3)
    first, second, third = album.media

    album.move_media(first, after=third)
    assert album.media == (second, third, first)
    album.move_media(third)
    assert album.media == (third, second, first)
    album.move_media(first, third)

    assert album.media == (third, first, second)
    assert topics(album)[2:] == ["album.media_moved"] * 3


def test_medium_that_is_there_already_does_not_move(shelf: Albums) -> None:
    album = shelf.album(photos=2)
    first, second = album.media

    album.move_media(first)
    album.move_media(second, after=first)
    album.move_media(second, after=second)

    assert album.version == 2


def test_only_media_of_the_album_are_moved_and_moved_behind(shelf: Albums) -> None:
    album = shelf.album(photos=1)
    member, stranger = album.media[0], shelf.photo()

    with pytest.raises(NotInAlbum):
        album.move_media(stranger)
    with pytest.raises(NotInAlbum):
        album.move_media(member, after=stranger)


@given(st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 4)), max_size=8))
def test_moving_keeps_every_medium_once(moves: list[tuple[int, int | None]]) -> None:
    shelf = Albums()
    album = shelf.album(photos=5)
    members = album.media

    for moved, after in moves:
        album.move_media(members[moved], None if after is None else members[after])
        if after is None:
            assert album.media[0] == members[moved]
        elif after != moved:
            assert album.media.index(members[moved]) == album.media.index(members[after]) + 1

    assert sorted(album.media) == sorted(members)


def test_cover_is_one_of_the_media(shelf: Albums) -> None:
    album = shelf.album(photos=1)
    (member,) = album.media

    with pytest.raises(CoverNotMember):
        album.set_cover(shelf.photo())
    album.clear_cover()
    album.set_cover(member)
    album.set_cover(member)
    assert (album.cover_media_id, album.version) == (member, 3)
    album.clear_cover()

    assert album.cover_media_id is None
    assert topics(album)[2:] == ["album.cover_set", "album.cover_cleared"]


def test_order_is_changed_once(shelf: Albums) -> None:
    album = shelf.album(photos=2)
    media = album.media

    album.change_order(AlbumOrder.TITLE)
    album.change_order(AlbumOrder.TITLE)

    assert (album.order, album.media) == (AlbumOrder.TITLE, media)
    assert topics(album)[2:] == ["album.order_changed"]


def test_album_is_nested_and_unnested_once(shelf: Albums) -> None:
    album, parent = shelf.album(), shelf.album()

    album.unnest()
    album.nest_under(parent.id)
    album.nest_under(parent.id)
    assert (album.parent_album_id, album.version) == (parent.id, 2)
    album.unnest()

    assert album.parent_album_id is None
    assert topics(album)[1:] == ["album.nested", "album.unnested"]


def test_album_cannot_contain_itself(shelf: Albums) -> None:
    outer, middle, inner = shelf.album(), shelf.album(), shelf.album()
    middle.nest_under(outer.id)
    inner.nest_under(middle.id)

    for descendant in (outer, middle, inner):
        with pytest.raises(LiesInItself):
            outer.nest_under(descendant.id)


def test_albums_are_nested_eight_levels_deep_at_most(shelf: Albums) -> None:
    deepest = shelf.album()
    for _ in range(Album.MAX_DEPTH - 1):
        inner = shelf.album()
        inner.nest_under(deepest.id)
        deepest = inner

    with pytest.raises(NestedTooDeep):
        shelf.album().nest_under(deepest.id)


def test_albums_inside_an_album_count_when_it_is_moved(shelf: Albums) -> None:
    outer, middle, moved, inner = (shelf.album() for _ in range(4))
    middle.nest_under(outer.id)
    deepest = moved
    for _ in range(Album.MAX_DEPTH - 2):
        inner = shelf.album()
        inner.nest_under(deepest.id)
        deepest = inner

    with pytest.raises(NestedTooDeep):
        moved.nest_under(middle.id)
    moved.nest_under(outer.id)

    assert outer.children == (middle.id, moved.id)
    moved.unnest()
    assert list(outer.children) == [middle.id]


def test_album_can_be_nested_below_one_that_stands_in_a_trashed_one(shelf: Albums) -> None:
    outer, middle, inner = shelf.album(), shelf.album(), shelf.album()
    middle.nest_under(outer.id)
    outer.trash()

    inner.nest_under(middle.id)

    assert inner.parent_album_id == middle.id
    outer.restore()
    with pytest.raises(LiesInItself):
        outer.nest_under(inner.id)


def test_album_cannot_be_nested_under_what_is_not_there(shelf: Albums) -> None:
    trashed = shelf.album()
    trashed.trash()

    for unusable in (trashed.id, new_id(), shelf.photo()):
        with pytest.raises(PeerUnusable):
            shelf.album().nest_under(unusable)


def test_album_is_archived_and_reopened_once(shelf: Albums) -> None:
    album = shelf.album()

    album.reopen()
    album.archive()
    album.archive()
    assert (album.status, album.version) == (AlbumStatus.ARCHIVED, 2)
    album.reopen()

    assert album.status is AlbumStatus.OPEN
    assert topics(album)[1:] == ["album.archived", "album.reopened"]


@pytest.mark.parametrize(
    "change",
    [
        lambda album: album.add_media((new_id(),)),
        lambda album: album.remove_media(album.media[0]),
        lambda album: album.move_media(album.media[1]),
        lambda album: album.set_cover(album.media[0]),
        lambda album: album.clear_cover(),
        lambda album: album.change_order(AlbumOrder.TITLE),
        lambda album: album.nest_under(new_id()),
        lambda album: album.unnest(),
    ],
)
def test_archived_album_stays_as_it_is(shelf: Albums, change: Callable[[Album], None]) -> None:
    album = shelf.album(photos=2)
    album.archive()

    with pytest.raises(AlbumClosed):
        change(album)


def test_trashing_an_album_leaves_its_media_alone(shelf: Albums) -> None:
    album = shelf.album(photos=1)

    album.trash()

    assert shelf.records[album.media[0]].deleted_at is None
    with pytest.raises(RecordTrashed):
        album.rename("Roma")


@pytest.mark.parametrize("body", [{"title": " "}, {"title": "Rome", "kind": "clever"}, {}])
def test_arguments_out_of_bounds_are_refused(body: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Album)["create"].arguments_from_json(json.dumps(body))


def test_media_come_as_a_list_in_json() -> None:
    media_id = new_id()

    arguments = commands_of(Album)["add_media"].arguments_from_json(
        json.dumps({"media_ids": [str(media_id)]})
    )

    assert arguments == {"media_ids": (media_id,)}


def test_replaying_the_events_gives_the_same_state(shelf: Albums) -> None:
    album = shelf.album(photos=3)
    first, second, third = album.media
    album.rename("Roma")
    album.describe("A week")
    album.move_media(third, after=first)
    album.set_cover(third)
    album.clear_cover()
    album.set_cover(second)
    album.remove_media(second)
    album.change_order(AlbumOrder.ADDED_DESC)
    album.nest_under(shelf.album().id)
    album.unnest()
    album.archive()
    album.reopen()
    album.annotate("ask Ada for hers")
    album.trash()

    state: Any = None
    for event in album.pending_events:
        state = event.mutate(state)

    assert contents(state) == contents(album)
    assert album.version == 16
