"""From when to when an album goes follows from what lies in it now."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.media.album import Album
from domain.media.album_terms import AlbumKind, AlbumRule
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.shared.values import StoredContent
from infrastructure.store.session import Session
from infrastructure.store.store import Store

pytestmark = pytest.mark.usefixtures("registered")

FIRST, SECOND, THIRD = (datetime(2025, 7, day, 23, 30, tzinfo=UTC) for day in (1, 2, 3))


def photo(me: Session, captured_at: datetime | None, **more: Any) -> UUID:
    content = StoredContent(uuid4(), 1, "image/jpeg")
    return me.do(Media.add, content, kind=MediaKind.PHOTO, captured_at=captured_at, **more).id


def dates(store: Store, me: Session, album: UUID) -> tuple[date | None, date | None]:
    store.catch_up()
    found = me.album_dates(album)
    return found.date_from, found.date_to


def july(first: int, last: int) -> tuple[date, date]:
    return date(2025, 7, first), date(2025, 7, last)


def test_an_album_goes_from_the_first_to_the_last_day_of_what_lies_in_it(store: Store, me: Session) -> None:
    early, middle, late = (photo(me, moment) for moment in (FIRST, SECOND, THIRD))
    undated = photo(me, None)
    photo(me, THIRD + timedelta(days=9))  # in no album
    album = me.do(Album.create, "Trip").id
    assert dates(store, me, album) == (None, None)
    me.do(Album.add_media, album, (middle, early, undated, late))
    assert dates(store, me, album) == july(1, 3)
    me.do(Album.remove_media, album, late)
    assert dates(store, me, album) == july(1, 2)
    me.do(Media.trash, middle)
    assert dates(store, me, album) == july(1, 1)
    me.do(Media.restore, middle)
    me.do(Media.correct_capture_time, early, THIRD)
    assert dates(store, me, album) == july(2, 3)
    store.erase(me.subject_id, grounds="asked for", record_id=middle)
    assert dates(store, me, album) == july(3, 3)
    me.do(Media.trash, early)
    assert dates(store, me, album) == (None, None)


def test_the_days_of_an_album_are_those_of_the_place_of_capture(store: Store, me: Session) -> None:
    rome = FIRST.replace(hour=1, day=2, tzinfo=None)
    album = me.do(Album.create, "Rome").id
    me.do(Album.add_media, album, (photo(me, FIRST, captured_local=rome),))
    assert dates(store, me, album) == july(2, 2)


def test_a_smart_album_goes_as_far_as_its_rule_finds(store: Store, me: Session) -> None:
    best = photo(me, FIRST, rating=5)
    other = photo(me, THIRD)
    album = me.do(Album.create, "Best", kind=AlbumKind.SMART, rule=AlbumRule(rating=4)).id
    assert dates(store, me, album) == july(1, 1)
    me.do(Media.rate, other, 5)
    assert dates(store, me, album) == july(1, 3)
    me.do(Album.trash, album)
    assert dates(store, me, album) == (None, None)
    me.do(Album.restore, album)
    me.do(Album.freeze, album, (best,))
    assert dates(store, me, album) == july(1, 1)


def test_of_an_album_of_somebody_else_nothing_is_told(store: Store, me: Session) -> None:
    album = me.do(Album.create, "Trip").id
    me.do(Album.add_media, album, (photo(me, FIRST),))
    stranger = store.acting_as(store.register("eve", "eve@example.org"))
    assert dates(store, stranger, album) == (None, None)
