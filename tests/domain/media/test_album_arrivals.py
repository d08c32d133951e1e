"""An album knows in which order its media came to it, wherever they were put since."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.media.album import Album
from domain.media.album_terms import AlbumKind, AlbumRule
from projections.media.album import VIEW
from tests.domain.media.test_album import Albums


@pytest.fixture
def album() -> Album:
    return Albums().album(photos=4)


@pytest.mark.parametrize(
    "command",
    [
        lambda album: album.move_media(album.media[3]),
        lambda album: album.move_media(album.media[0], album.media[2]),
        lambda album: album.add_media((album.media[2], album.media[0])),
    ],
)
def test_moving_a_medium_or_adding_it_again_changes_nothing_in_when_it_came(
    album: Album, command: Callable[[Album], None]
) -> None:
    before = album.arrivals
    assert len(before) == 4
    command(album)
    assert album.arrivals == before


def test_medium_that_was_removed_came_when_it_was_added_again(album: Album) -> None:
    first, *others = album.media
    album.remove_media(first)
    assert album.arrivals == tuple(others)
    album.add_media((first,))
    assert album.arrivals == (*others, first)


def test_media_of_a_frozen_album_came_when_it_was_frozen() -> None:
    shelf = Albums()
    photos = (shelf.photo(), shelf.photo())
    album = Album.create(shelf.origin(), "Best", kind=AlbumKind.SMART, rule=AlbumRule(rating=5))
    album.freeze(photos)
    assert album.arrivals == photos


def test_medium_brought_back_by_a_revert_that_knew_of_no_arrivals_came_first(album: Album) -> None:
    (contents,) = (each.rows for each in VIEW.derived if each.table.name == "album_contents")
    gone, *_ = media = album.media
    album.remove_media(gone)
    album.trigger_event(Album.Reverted, state={"media": media}, to_version=2, reason="")
    assert [row[3] for row in contents(album)] == [-1, 0, 1, 2]
