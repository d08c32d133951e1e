"""An album is shown in the order it was given, page by page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.media.album import Album
from domain.media.album_terms import AlbumKind, AlbumOrder, AlbumRule
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.shared.values import StoredContent
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.store.asking import walk

pytestmark = pytest.mark.usefixtures("registered")

# In the order in which they are made known: name of the file, day of July on which it was captured, caption.
PICTURES = (("b.jpg", 2, ""), ("undated.jpg", None, ""), ("z.jpg", 3, "Attic"), ("c.jpg", 1, ""))

SHOWN = {
    AlbumOrder.CAPTURED_ASC: ["c.jpg", "b.jpg", "z.jpg", "undated.jpg"],
    AlbumOrder.CAPTURED_DESC: ["z.jpg", "b.jpg", "c.jpg", "undated.jpg"],
    AlbumOrder.ADDED_DESC: ["c.jpg", "z.jpg", "undated.jpg", "b.jpg"],
    AlbumOrder.TITLE: ["z.jpg", "b.jpg", "c.jpg", "undated.jpg"],
}


def picture(me: Session, name: str, day: int | None = None, caption: str = "") -> UUID:
    captured = None if day is None else datetime(2025, 7, day, 12, tzinfo=UTC)
    return me.do(
        Media.add, StoredContent(uuid4(), 1, "image/jpeg"), kind=MediaKind.PHOTO, original_filename=name,
        captured_at=captured, caption_text=caption, rating=5,
    ).id  # fmt: skip


@pytest.fixture
def pictures(me: Session) -> dict[str, UUID]:
    """The pictures by the names of their files."""
    return {name: picture(me, name, day, caption) for name, day, caption in PICTURES}


def by_hand(me: Session, media: dict[str, UUID]) -> UUID:
    """Make an album of pictures and turn the order by hand round, so that it is none of the others."""
    album = me.do(Album.create, "Trip").id
    for medium in media.values():
        me.do(Album.add_media, album, (medium,))
    for name in ("c.jpg", "b.jpg"):
        me.do(Album.move_media, album, media[name], media["undated.jpg"])
    return album


def shown(store: Store, me: Session, album: UUID, *, limit: int = 50) -> list[str]:
    store.catch_up()
    pages: list[Any] = walk(lambda cursor: me.album_contents(album, limit=limit, cursor=cursor))
    assert [each.place for each in pages] == sorted({each.place for each in pages})
    return [each.filename for each in pages]


@pytest.mark.parametrize("order", SHOWN)
def test_an_album_shows_its_media_in_the_order_it_was_given(
    store: Store, me: Session, pictures: dict[str, UUID], order: AlbumOrder
) -> None:
    album = by_hand(me, pictures)
    placed = ["undated.jpg", "b.jpg", "c.jpg", "z.jpg"]
    assert shown(store, me, album) == placed
    me.do(Album.change_order, album, order)
    for limit in (1, 3, 4):
        assert shown(store, me, album, limit=limit) == SHOWN[order]
    me.do(Album.change_order, album, AlbumOrder.MANUAL)
    assert shown(store, me, album) == placed


@pytest.mark.parametrize("order", SHOWN)
def test_a_smart_album_shows_what_its_rule_finds_in_the_order_it_was_given(
    store: Store, me: Session, pictures: dict[str, UUID], order: AlbumOrder
) -> None:
    album = me.do(Album.create, "Best", kind=AlbumKind.SMART, order=order, rule=AlbumRule(rating=4)).id
    assert len(pictures) == len(SHOWN[order])
    for limit in (1, 3, 4):
        assert shown(store, me, album, limit=limit) == SHOWN[order]


def test_a_smart_album_that_nobody_ordered_begins_with_what_was_captured_first(
    store: Store, me: Session, pictures: dict[str, UUID]
) -> None:
    album = me.do(Album.create, "Best", kind=AlbumKind.SMART, rule=AlbumRule(rating=4)).id
    assert shown(store, me, album) == SHOWN[AlbumOrder.CAPTURED_ASC]
    me.do(Album.freeze, album, (pictures["z.jpg"], pictures["c.jpg"]))
    assert shown(store, me, album) == ["z.jpg", "c.jpg"]
    me.do(Album.change_order, album, AlbumOrder.ADDED_DESC)
    assert shown(store, me, album) == ["c.jpg", "z.jpg"]


def test_what_goes_and_comes_again_was_added_last(
    store: Store, me: Session, pictures: dict[str, UUID]
) -> None:
    album = by_hand(me, pictures)
    me.do(Album.change_order, album, AlbumOrder.ADDED_DESC)
    assert shown(store, me, album)[-1] == "b.jpg"
    me.do(Album.remove_media, album, pictures["b.jpg"])
    me.do(Album.add_media, album, (pictures["b.jpg"],))
    assert shown(store, me, album) == ["b.jpg", "c.jpg", "z.jpg", "undated.jpg"]


def test_a_medium_in_the_trash_is_left_out_of_every_order_and_moves_no_other(
    store: Store, me: Session, pictures: dict[str, UUID]
) -> None:
    album = by_hand(me, pictures)
    me.do(Album.set_cover, album, pictures["z.jpg"])
    me.do(Album.change_order, album, AlbumOrder.TITLE)
    store.catch_up()
    page = me.album_contents(album, limit=2)
    assert [each.filename for each in page if each.is_cover] == ["z.jpg"]
    me.do(Media.trash, pictures["z.jpg"])
    store.catch_up()
    rest = me.album_contents(album, limit=2, cursor=page.next)
    assert [each.filename for each in rest] == ["c.jpg", "undated.jpg"]
    assert shown(store, me, album) == ["b.jpg", "c.jpg", "undated.jpg"]
    me.do(Album.trash, album)
    assert shown(store, me, album) == []
