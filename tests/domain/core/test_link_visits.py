"""Who opens a link, how often and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.core.link import Link
from domain.core.link_terms import (
    ExpiryPast,
    LinkExhausted,
    LinkExpired,
    LinkNotExpired,
    LinkStatus,
    NothingShown,
    Target,
)
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.record import Origin
from domain.shared.values import StoredContent, new_id
from tests.domain.core.links import NOON, PERSON, PHOTO, Hands, Shown, created, days, status_of, topics
from tests.domain.shelf import Shelf

pytestmark = pytest.mark.usefixtures("hands")


def test_visit_is_counted() -> None:
    link = created()
    link.open(ip_prefix="192.0.2.0/24", ua_family="Firefox")
    link.open()
    assert (link.view_count, link.last_opened_at) == (2, NOON)
    assert topics(link)[1:] == ["link.opened", "link.opened"]
    assert link.pending_events[1].ip_prefix == "192.0.2.0/24"  # type: ignore[attr-defined]


@pytest.mark.parametrize("address", ["192.0.2.7", "192.0.2.0/25", "2001:db8::/49", "192.0.2.1/24", "home"])
def test_visitor_is_never_known_by_address(address: str) -> None:
    command = commands_of(Link)["open"]
    assert command.arguments((), {"ip_prefix": "2001:db8::/48"})["ip_prefix"] == "2001:db8::/48"
    with pytest.raises(InvalidInput) as refused:
        command.arguments((), {"ip_prefix": address})
    assert address not in str(refused.value)


def test_expired_link_is_not_opened(hands: Hands) -> None:
    link = created()
    hands.pass_days(7)
    with pytest.raises(LinkExpired):
        link.open()
    assert topics(link) == ["link.created"]


def test_link_opens_until_the_last_moment(hands: Hands) -> None:
    link = created()
    hands.at = link.expires_at - timedelta(microseconds=1)
    link.open()
    assert link.view_count == 1


def test_end_is_recorded_once_and_only_when_reached(hands: Hands) -> None:
    link = created()
    with pytest.raises(LinkNotExpired):
        link.expire()
    hands.pass_days(7)
    link.expire()
    link.expire()
    assert (status_of(link), link.expired_at) == (LinkStatus.EXPIRED, days(7))
    assert topics(link)[1:] == ["link.expired"]
    with pytest.raises(LinkExpired):
        link.open()


def test_extended_link_opens_again(hands: Hands) -> None:
    link = created()
    hands.pass_days(8)
    link.expire()
    with pytest.raises(ExpiryPast):
        link.extend(days(7.5))
    link.extend(days(9))
    assert (status_of(link), link.expired_at) == (LinkStatus.ACTIVE, None)
    link.open()
    assert link.view_count == 1


def test_link_is_exhausted_by_its_last_view() -> None:
    link = created(max_views=2)
    link.open()
    assert status_of(link) is LinkStatus.ACTIVE
    link.open()
    assert status_of(link) is LinkStatus.EXHAUSTED
    with pytest.raises(LinkExhausted):
        link.open()
    assert link.view_count == 2


def test_raised_view_limit_opens_the_link_again() -> None:
    link = created(max_views=1)
    link.open()
    link.set_view_limit(1)
    link.set_view_limit(2)
    assert status_of(link) is LinkStatus.ACTIVE
    link.open()
    link.set_view_limit(None)
    assert (status_of(link), link.max_views) == (LinkStatus.ACTIVE, None)
    assert topics(link).count("link.view_limit_set") == 2


def test_view_limit_below_the_views_had_exhausts_the_link() -> None:
    link = created()
    link.open()
    link.open()
    link.set_view_limit(1)
    assert status_of(link) is LinkStatus.EXHAUSTED


def test_extending_does_not_give_more_views(hands: Hands) -> None:
    link = created(max_views=1)
    link.open()
    hands.pass_days(7)
    link.expire()
    link.extend(days(8))
    assert status_of(link) is LinkStatus.EXHAUSTED


def test_link_of_which_everything_is_in_the_trash_is_not_opened() -> None:
    shown, note = Shown(), Target("note", new_id())
    link = created(shown, targets=(PHOTO, note))
    shown.trashed = {PHOTO.id}
    link.open()
    shown.trashed = {PHOTO.id, note.id}
    with pytest.raises(NothingShown):
        link.open()
    shown.trashed = {note.id}
    link.open()
    assert link.view_count == 2


def test_link_of_which_everything_is_under_quarantine_is_not_opened() -> None:
    photo = Media.add(
        Origin(PERSON, PHOTO.id), StoredContent(new_id(), 1, "image/jpeg"), kind=MediaKind.PHOTO
    )
    awaited = Media.begin_upload(Origin(PERSON), kind=MediaKind.PHOTO)
    link = created(Shelf(photo, awaited), targets=(PHOTO, Target("media", awaited.id)))
    link.open()
    photo.quarantine("not a JPEG")
    with pytest.raises(NothingShown):
        link.open()
    photo.release()
    link.open()
    photo.trash()
    with pytest.raises(NothingShown):
        link.open()
    awaited.complete_upload(StoredContent(new_id(), 1, "image/jpeg"))
    link.open()
    assert link.view_count == 3
