"""What the trash keeps from others, and what it leaves to them (ADR 17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from domain.core.link import Link
from domain.core.link_terms import Target, TargetKind
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.personal.document import Document
from domain.personal.location import LocationDay
from domain.personal.location_terms import Point
from domain.productivity.note import Note
from domain.profile.profile_attribute import ProfileAttribute
from domain.shared.content import Content
from domain.shared.errors import RecordTrashed
from domain.shared.values import StoredContent, new_id
from domain.social.social_account import SocialAccount
from domain.social.social_post import SocialPost
from domain.web.bookmark import Bookmark
from domain.web.web_page import WebPage
from infrastructure.errors import ClaimTaken
from infrastructure.ledger.events import Receipt
from infrastructure.store.session import Session, call

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SCAN = StoredContent(new_id(), 12, "application/pdf")

Make = Callable[[Session, int], Receipt]


def a_page(me: Session, number: int) -> Receipt:
    return me.do(WebPage.save, f"https://example.org/{number}", saved_at=NOON)


def a_post(me: Session, number: int) -> Receipt:
    return me.do(SocialPost.collect, "Hello", canonical_uri=f"https://example.social/{number}")


def an_account(me: Session, number: int) -> Receipt:
    return me.do(SocialAccount.discover, "mastodon", handle="ada", external_id=str(number))


def a_day(me: Session, number: int) -> Receipt:
    return me.do(
        LocationDay.record_batch,
        day=date(2026, 3, 2),
        device=f"telephone {number}",
        points=(Point(NOON, 52.5, 13.4),),
    )


def a_document(me: Session, number: int) -> Receipt:
    return me.do(Document.receive, "Lease", content=SCAN, archive_number=number)


def a_medium(me: Session, number: int) -> Receipt:
    return me.do(Media.add, StoredContent(UUID(int=number), 12, "image/jpeg"), kind=MediaKind.PHOTO)


def a_link(me: Session, number: int) -> Receipt:
    return me.do(
        Link.create,
        new_id().hex * 2,
        targets=(Target("note", me.do(Note.write, "shown").id),),
        target_kind=TargetKind.ITEM,
        slug=f"holiday-{number}",
    )


def a_bookmark(me: Session, number: int) -> Receipt:
    return me.do(Bookmark.add, f"https://example.org/{number}", folder=("Reading",))


def a_primary_attribute(me: Session, number: int) -> Receipt:
    stated = me.do(ProfileAttribute.state, "work", f"employer_{number}", value="Initech")
    return me.do(ProfileAttribute.make_primary, stated.id)


THINGS: Mapping[str, Make] = {
    "page": a_page,
    "post": a_post,
    "account": an_account,
    "day": a_day,
    "document": a_document,
    "medium": a_medium,
    "link": a_link,
}
PLACES: Mapping[str, Make] = {"bookmark": a_bookmark, "primary attribute": a_primary_attribute}


def throw_away(me: Session, record_id: UUID) -> None:
    record = me.load(record_id)
    assert isinstance(record, Content)
    me.do(type(record).trash, record_id)


@pytest.mark.parametrize("thing", THINGS)
def test_a_thing_in_the_trash_is_still_known_and_can_be_restored(me: Session, thing: str) -> None:
    make = THINGS[thing]
    kept = make(me, 1)
    throw_away(me, kept.id)
    with pytest.raises(ClaimTaken):
        make(me, 1)
    make(me, 2)  # another one is no repeat
    me.do(Content.restore, kept.id)
    with pytest.raises(ClaimTaken):
        make(me, 1)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_left_for_the_trash_is_free_until_it_is_taken_again(me: Session, place: str) -> None:
    make = PLACES[place]
    first = make(me, 1)
    with pytest.raises(ClaimTaken):
        make(me, 1)
    throw_away(me, first.id)
    second = make(me, 1)
    with pytest.raises(ClaimTaken):
        me.do(Content.restore, first.id)
    throw_away(me, second.id)
    me.do(Content.restore, first.id)
    with pytest.raises(ClaimTaken):
        me.do(Content.restore, second.id)


def test_the_bytes_of_one_medium_do_not_take_the_place_of_another_ones(me: Session) -> None:
    one, other, better = a_medium(me, 1), a_medium(me, 2), StoredContent(UUID(int=3), 12, "image/jpeg")
    with pytest.raises(ClaimTaken):
        me.do(Media.replace_content, one.id, StoredContent(UUID(int=2), 12, "image/jpeg"))
    me.do(Media.replace_content, one.id, better)
    with pytest.raises(ClaimTaken):
        me.do(Media.replace_content, other.id, better)
    me.do(Media.replace_content, other.id, StoredContent(UUID(int=1), 12, "image/jpeg"))


def test_in_the_trash_not_even_what_would_change_nothing_is_accepted(me: Session) -> None:
    note = me.do(Note.write, "n").id
    me.do(Note.retitle, note, "n")
    me.do(Note.trash, note)
    for command, words in ((Note.retitle, ("n",)), (Note.untag, ("t",)), (Note.unpin, ()), (Note.trash, ())):
        with pytest.raises(RecordTrashed):
            me.do_all([call(command, note, *words)])
    me.do(Note.restore, note)
    me.do(Note.retitle, note, "n")
