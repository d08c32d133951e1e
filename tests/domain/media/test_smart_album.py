"""An album that holds what its rule finds, until it is frozen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.media.album import Album
from domain.media.album_terms import (
    AlbumKind,
    AlbumRule,
    ContentsFollowRule,
    EmptyRule,
    NoRuleToFollow,
    RuleEndsBeforeStart,
    RuleMissing,
)
from domain.shared.errors import PeerUnusable
from domain.shared.values import new_id
from tests.domain.media.test_album import Albums, shelf, topics

__all__ = ["shelf"]


def a_smart_album(shelf: Albums) -> Album:
    return Album.create(shelf.origin(), "Best", kind=AlbumKind.SMART, rule=AlbumRule(rating=5))


@pytest.mark.parametrize(
    "command",
    [
        lambda album, media_id: album.add_media((media_id,)),
        lambda album, media_id: album.remove_media(media_id),
        lambda album, media_id: album.move_media(media_id),
        lambda album, media_id: album.set_cover(media_id),
    ],
)
def test_contents_of_a_smart_album_follow_its_rule(
    shelf: Albums, command: Callable[[Album, UUID], None]
) -> None:
    with pytest.raises(ContentsFollowRule):
        command(a_smart_album(shelf), shelf.photo())


def test_rule_of_a_smart_album_is_changed_until_it_is_frozen(shelf: Albums) -> None:
    album, photo = a_smart_album(shelf), shelf.photo()
    album.set_rule(AlbumRule(rating=5))
    album.set_rule(AlbumRule(tag="Rome"))
    album.freeze((photo, photo))
    album.set_cover(photo)
    assert (album.kind, album.rule, album.media) == (AlbumKind.MANUAL, None, (photo,))
    assert topics(album) == [
        "album.created",
        "album.rule_set",
        "album.rule_set",
        "album.frozen",
        "album.cover_set",
    ]
    with pytest.raises(NoRuleToFollow):
        album.set_rule(AlbumRule(rating=1))
    with pytest.raises(NoRuleToFollow):
        album.freeze(())


def test_frozen_album_holds_media_that_are_there(shelf: Albums) -> None:
    with pytest.raises(PeerUnusable):
        a_smart_album(shelf).freeze((new_id(),))


@pytest.mark.parametrize("given", [{"kind": AlbumKind.SMART}, {"rule": AlbumRule(rating=5)}])
def test_smart_album_and_no_other_has_a_rule(shelf: Albums, given: dict[str, Any]) -> None:
    with pytest.raises(RuleMissing):
        Album.create(shelf.origin(), "Best", **given)


def test_rule_asks_for_something_that_can_be() -> None:
    with pytest.raises(EmptyRule):
        AlbumRule()
    with pytest.raises(RuleEndsBeforeStart):
        AlbumRule(captured_from=date(2025, 1, 2), captured_until=date(2025, 1, 1))
