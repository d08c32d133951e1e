"""The states between a beginning and its end, as a store keeps them and a question finds them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.core.integration import Integration
from domain.core.integration_terms import (
    ConnectionKind,
    IntegrationStatus,
    RateLimited,
    SyncCounts,
    UserAction,
    UserActionNeeded,
)
from domain.core.link import Link
from domain.core.link_terms import NothingShown, Target
from domain.media.album import Album
from domain.media.media import Media
from domain.media.media_terms import MediaKind, Processing
from domain.shared import clock
from domain.shared.values import StoredContent, new_id
from domain.web.web_page import WebPage
from infrastructure.errors import ClaimTaken
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.store.test_equal_bytes import LARGE, stored

FAR_OFF = datetime(2900, 1, 1, tzinfo=UTC)


def begun(me: Session) -> UUID:
    return me.do(
        Integration.begin_connect, "fastmail", "ada", kind=ConnectionKind.OAUTH2, data_kinds=("email",)
    ).id


def authorised(me: Session) -> UUID:
    integration = begun(me)
    me.do(Integration.complete_authorisation, integration)
    return integration


def limited(me: Session) -> UUID:
    integration = authorised(me)
    me.do(Integration.start_sync, integration)
    me.do(Integration.report_rate_limit, integration, FAR_OFF)
    return integration


def asked(me: Session) -> UUID:
    integration = authorised(me)
    me.do(Integration.request_user_action, integration, UserAction.TWO_FACTOR_SMS)
    return integration


@pytest.mark.parametrize(
    ("reach", "status"),
    [
        (begun, IntegrationStatus.PENDING_AUTHORISATION),
        (authorised, IntegrationStatus.CONNECTED),
        (limited, IntegrationStatus.RATE_LIMITED),
        (asked, IntegrationStatus.NEEDS_USER_ACTION),
    ],
)
def test_integrations_are_found_by_what_holds_them_up(
    store: Store, me: Session, reach: Callable[[Session], UUID], status: IntegrationStatus
) -> None:
    integration = reach(me)
    store.catch_up()
    assert [each.id for each in me.find(Integration, status=status.value)] == [integration]
    others = [each for each in IntegrationStatus if each is not status]
    assert not any(list(me.find(Integration, status=other.value)) for other in others)


def test_account_about_to_be_connected_is_taken(me: Session) -> None:
    integration = begun(me)
    with pytest.raises(ClaimTaken):
        begun(me)
    me.do(Integration.disconnect, integration)
    begun(me)


def test_sync_waits_for_the_platform_and_goes_on_in_the_read_tables_too(store: Store, me: Session) -> None:
    integration = limited(me)
    store.catch_up()  # the projector goes on from this row
    with clock.reading(lambda: FAR_OFF):
        me.do(Integration.checkpoint_sync, integration, "c1", data_kind="email", counts=SyncCounts())
        me.do(Integration.finish_sync, integration, SyncCounts())
    store.catch_up()
    (found,) = me.find(Integration, status="connected")
    assert (found.id, found.last_sync_succeeded_at) == (integration, FAR_OFF)


def test_no_sync_starts_while_something_holds_it_up(me: Session) -> None:
    with pytest.raises(UserActionNeeded):
        me.do(Integration.start_sync, (integration := asked(me)))
    me.do(Integration.finish_user_action, integration)
    me.do(Integration.report_rate_limit, integration, FAR_OFF)
    with pytest.raises(RateLimited):
        me.do(Integration.start_sync, integration)


def test_pages_that_are_being_fetched_are_found(store: Store, me: Session) -> None:
    queued, fetched = (me.do(WebPage.save, f"https://example.org/{each}").id for each in "ab")
    me.do(WebPage.capture, fetched, StoredContent(new_id(), 1, "text/html"))
    for each in (queued, fetched):
        me.do(WebPage.begin_capture, each)
    store.catch_up()
    assert {each.id for each in me.find(WebPage, state="fetching")} == {queued, fetched}
    for each in (queued, fetched):
        me.do(WebPage.fail_capture, each, "timeout")  # the projector goes on from the rows just found
    store.catch_up()
    assert [each.id for each in me.find(WebPage, state="failed")] == [queued]
    assert [each.id for each in me.find(WebPage, state="saved")] == [fetched]
    assert len(me.find(WebPage, state="fetching")) == 0


def test_medium_is_found_on_its_way_from_its_announcement_until_it_is_ready(
    store: Store, me: Session
) -> None:
    medium = me.do(Media.begin_upload, kind=MediaKind.VIDEO, original_filename="trip.mov").id
    content = StoredContent(new_id(), 9_000_000, "video/quicktime")
    steps: list[tuple[Processing, Callable[[], object]]] = [
        (Processing.AWAITING_UPLOAD, lambda: me.do(Media.abort_upload, medium, "no battery")),
        (Processing.FAILED, lambda: me.do(Media.complete_upload, medium, content, width=1920, height=1080)),
        (Processing.UPLOADED, lambda: me.do(Media.begin_processing, medium)),
        (Processing.PROCESSING, lambda: me.do(Media.finish_processing, medium)),
        (Processing.READY, lambda: me.do(Media.quarantine, medium, "no film")),
        (Processing.QUARANTINED, lambda: None),
    ]
    for state, step in steps:
        store.catch_up()  # each time the projector goes on from the row of the state before
        (found,) = me.find(Media, processing=state.value)
        assert (found.id, found.content) == (medium, content if found.width else None)
        assert sum(len(me.find(Media, processing=each.value)) for each in Processing) == 1
        step()


def test_awaited_medium_has_its_place_in_an_album_and_on_the_timeline(store: Store, me: Session) -> None:
    medium = me.do(Media.begin_upload, kind=MediaKind.PHOTO, original_filename="late.jpg").id
    album = me.do(Album.create, "Trip").id
    me.do(Album.add_media, album, (medium,))
    store.catch_up()
    assert [each.filename for each in me.album_contents(album)] == ["late.jpg"]
    assert "late.jpg" in {each.title for each in me.timeline()}


def test_uploaded_bytes_are_one_medium_of_the_person(me: Session) -> None:
    awaited, other = (me.do(Media.begin_upload, kind=MediaKind.PHOTO).id for _ in range(2))
    me.do(Media.complete_upload, awaited, stored(me, LARGE))
    with pytest.raises(ClaimTaken):
        me.do(Media.complete_upload, other, stored(me, LARGE))
    with pytest.raises(ClaimTaken):
        me.do(Media.add, stored(me, LARGE), kind=MediaKind.PHOTO)
    loaded = me.load(other)
    assert isinstance(loaded, Media)
    assert (loaded.processing, loaded.content) == (Processing.AWAITING_UPLOAD, None)


def test_link_is_opened_only_when_something_it_shows_is_not_under_quarantine(me: Session) -> None:
    photo = me.do(Media.add, stored(me, LARGE), kind=MediaKind.PHOTO).id
    link = me.do(Link.create, new_id().hex * 2, targets=(Target("media", photo),)).id
    me.do(Media.quarantine, photo, "not a JPEG")
    with pytest.raises(NothingShown):
        me.do(Link.open, link)
    me.do(Media.release, photo)
    me.do(Link.open, link)


def test_quarantine_outlasts_a_revert_as_long_as_the_bytes_are_the_same(me: Session) -> None:
    media = me.do(Media.add, StoredContent(new_id(), 1, "image/jpeg"), kind=MediaKind.PHOTO)
    me.do(Media.rate, media.id, 3)
    warned = me.do(Media.quarantine, media.id, "not what it says")
    me.revert(to=media.recorded_at, record_id=media.id)
    kept = me.load(media.id)
    assert isinstance(kept, Media)
    assert (kept.rating, kept.processing, kept.processing_problem) == (
        0,
        Processing.QUARANTINED,
        "not what it says",
    )
    other = me.do(Media.replace_content, media.id, StoredContent(new_id(), 1, "image/jpeg"))
    me.do(Media.quarantine, media.id, "that neither")
    me.revert(to=other.recorded_at, record_id=media.id)
    me.do(Media.release, media.id)
    me.revert(to=warned.recorded_at, record_id=media.id)
    first = me.load(media.id)
    assert isinstance(first, Media)
    assert first.processing is Processing.QUARANTINED
