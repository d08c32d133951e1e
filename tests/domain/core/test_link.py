"""Who may see what through a link, and for how long."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.core.link import Link
from domain.core.link_terms import (
    MAX_TARGETS,
    Audience,
    ExpiryPast,
    LastPermission,
    LastTarget,
    LifeTooLong,
    LinkExpired,
    LinkRevoked,
    LinkStatus,
    NotEarlier,
    NotLater,
    PasswordMissing,
    Permission,
    Target,
    TargetKind,
    TargetNotFound,
    TargetsFixed,
    TargetsUnfit,
    TokenReused,
)
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.peers import Claim
from domain.shared.record import TooMany, state_fields
from domain.shared.values import new_id
from tests.domain.core.links import HASH, NOON, PHC, PHOTO, Hands, created, days, status_of, topics

pytestmark = pytest.mark.usefixtures("hands")

OTHER_PHC = PHC.replace("t=3", "t=4")
OTHER_HASH = hashlib.sha256(b"other token").hexdigest()
NOTE = Target("note", new_id())
BLOOD_TEST = Target("health_record", new_id())


def collection(*targets: Target, **details: Any) -> Link:
    return created(target_kind=TargetKind.COLLECTION, targets=targets or (PHOTO,), **details)


def revoked() -> Link:
    link = collection()
    link.revoke("enough")
    return link


def state_of(link: Link) -> dict[str, Any]:
    return {name: getattr(link, name) for name in (*state_fields(Link), "version")}


def test_link_lets_anyone_view_for_a_week_unless_told_otherwise() -> None:
    link = created()
    assert topics(link) == ["link.created"]
    assert (link.status, link.expires_at) == (LinkStatus.ACTIVE, days(7))
    assert (link.permissions, link.audience) == ((Permission.VIEW,), Audience.ANYONE_WITH_LINK)
    assert (link.token_hash, link.targets) == (HASH, (PHOTO,))


def test_link_keeps_what_it_was_made_with() -> None:
    link = created(
        slug="holiday",
        title="Holiday",
        message="Look!",
        permissions=(Permission.VIEW, Permission.DOWNLOAD, Permission.VIEW),
        audience=Audience.SIGNED_IN_USERS,
        max_views=3,
    )
    assert (link.slug, link.title, link.message) == ("holiday", "Holiday", "Look!")
    assert link.permissions == (Permission.DOWNLOAD, Permission.VIEW)
    assert (link.audience, link.max_views) == (Audience.SIGNED_IN_USERS, 3)


@pytest.mark.parametrize(
    "token_hash", ["correct horse", HASH.upper(), HASH[:-1], HASH + "0", HASH + "\n", ""]
)
def test_only_the_digest_of_a_token_is_taken(token_hash: str) -> None:
    command = commands_of(Link)["create"]
    assert command.arguments((HASH,), {})["token_hash"] == HASH
    with pytest.raises(InvalidInput) as refused:
        command.arguments((token_hash,), {})
    assert not token_hash or token_hash not in str(refused.value)


@pytest.mark.parametrize("kind", ["user", "integration", "link", "notification", "audit", "diary"])
def test_only_content_is_shown(kind: str) -> None:
    command = commands_of(Link)["add_target"]
    body = f'{{"target": {{"kind": "{{}}", "id": "{new_id()}"}}}}'
    assert command.arguments_from_json(body.replace("{}", "note"))
    with pytest.raises(InvalidInput):
        command.arguments_from_json(body.replace("{}", kind))


def test_token_and_slug_are_claimed_among_all_until_revoked() -> None:
    assert created().claims == {Claim("link.token", HASH, everywhere=True)}
    link = created(slug="holiday")
    assert link.claims == {
        Claim("link.token", HASH, everywhere=True),
        Claim("link.slug", "holiday", everywhere=True),
    }
    link.revoke()
    assert link.claims == frozenset()


@pytest.mark.parametrize(
    "details",
    [
        {"targets": ()},
        {"targets": (PHOTO, PHOTO)},
        {"targets": (PHOTO,), "query": "tag:holiday"},
        {"target_kind": TargetKind.COLLECTION, "targets": ()},
        {"target_kind": TargetKind.QUERY, "targets": ()},
        {"target_kind": TargetKind.QUERY, "targets": (), "query": ""},
        {"target_kind": TargetKind.QUERY, "targets": (PHOTO,), "query": "tag:holiday"},
        {"targets": tuple(Target("note", new_id()) for _ in range(MAX_TARGETS + 1))},
    ],
)
def test_link_shows_records_or_what_a_filter_finds(details: dict[str, Any]) -> None:
    with pytest.raises(TargetsUnfit):
        created(**details)


def test_link_may_show_what_a_filter_found_at_a_moment() -> None:
    link = created(
        target_kind=TargetKind.QUERY, targets=(), query="tag:holiday", snapshot_at=days(-1), password_hash=PHC
    )
    assert (link.query, link.snapshot_at, link.targets) == ("tag:holiday", days(-1), ())


def test_link_lives_a_year_at_most() -> None:
    assert created(expires_at=days(365)).expires_at == days(365)
    with pytest.raises(LifeTooLong):
        created(expires_at=days(365) + timedelta(microseconds=1))


def test_what_a_query_will_find_is_shown_for_a_week_at_most() -> None:
    link = created(
        target_kind=TargetKind.QUERY, targets=(), query="tag:holiday", expires_at=days(7), password_hash=PHC
    )
    with pytest.raises(LifeTooLong):
        link.extend(days(8))
    with pytest.raises(LifeTooLong):
        created(
            target_kind=TargetKind.QUERY,
            targets=(),
            query="tag:holiday",
            expires_at=days(8),
            password_hash=PHC,
        )


@pytest.mark.parametrize("ends", [days(0), days(-1)])
def test_link_ends_in_the_future(ends: datetime) -> None:
    with pytest.raises(ExpiryPast):
        created(expires_at=ends)


def test_health_records_are_shown_for_a_week_at_most() -> None:
    assert created(targets=(BLOOD_TEST,), password_hash=PHC).expires_at == days(7)
    with pytest.raises(LifeTooLong):
        created(targets=(PHOTO, BLOOD_TEST), expires_at=days(8), password_hash=PHC)
    with pytest.raises(LifeTooLong):
        created(targets=(BLOOD_TEST,), password_hash=PHC).extend(days(8))
    with pytest.raises(LifeTooLong):
        collection(expires_at=days(8), password_hash=PHC).add_target(BLOOD_TEST)


@pytest.mark.parametrize(
    "shown",
    [{"targets": (BLOOD_TEST,)}, {"target_kind": TargetKind.QUERY, "targets": (), "query": "tag:holiday"}],
)
def test_what_may_be_special_category_data_is_shown_behind_a_password(shown: dict[str, Any]) -> None:
    with pytest.raises(PasswordMissing):
        created(**shown)
    link = created(**shown, password_hash=PHC)
    with pytest.raises(PasswordMissing):
        link.clear_password()
    assert link.password_hash == PHC


def test_health_record_joins_a_collection_behind_a_password_only() -> None:
    link = collection()
    with pytest.raises(PasswordMissing):
        link.add_target(BLOOD_TEST)
    link.set_password(PHC)
    link.add_target(BLOOD_TEST)
    with pytest.raises(PasswordMissing):
        link.clear_password()
    link.remove_target(BLOOD_TEST)
    link.clear_password()
    assert link.password_hash is None


def test_password_is_set_and_cleared_once() -> None:
    link = created(password_hash=PHC)
    link.set_password(PHC)
    link.set_password(OTHER_PHC)
    link.clear_password()
    link.clear_password()
    assert topics(link) == ["link.created", "link.password_set", "link.password_set", "link.password_cleared"]


@pytest.mark.parametrize("said", ["correct horse", "", HASH, PHC.replace("argon2id", "argon2i"), f"{PHC} "])
def test_password_itself_is_not_taken(said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        commands_of(Link)["set_password"].arguments((said,), {})
    assert not said or said not in str(caught.value)


def test_link_is_renamed_or_loses_its_title() -> None:
    link = created(title="Holiday")
    link.rename("Holiday")
    link.rename("Summer")
    link.rename(None)
    assert topics(link)[1:] == ["link.renamed", "link.renamed"]
    assert link.title is None


def test_permissions_are_granted_and_withdrawn_once() -> None:
    link = created()
    link.grant_permission(Permission.VIEW)
    link.withdraw_permission(Permission.UPLOAD)
    assert topics(link) == ["link.created"]
    link.grant_permission(Permission.COMMENT)
    assert set(link.permissions) == {Permission.VIEW, Permission.COMMENT}
    link.withdraw_permission(Permission.VIEW)
    assert link.permissions == (Permission.COMMENT,)
    assert topics(link)[1:] == ["link.permission_granted", "link.permission_withdrawn"]


def test_link_keeps_a_permission() -> None:
    with pytest.raises(LastPermission):
        created().withdraw_permission(Permission.VIEW)
    with pytest.raises(LastPermission):
        created(permissions=())


def test_collection_grows_and_shrinks() -> None:
    link = collection()
    link.add_target(NOTE)
    link.add_target(NOTE)
    assert set(link.targets) == {PHOTO, NOTE}
    link.remove_target(PHOTO)
    assert set(link.targets) == {NOTE}
    assert topics(link)[1:] == ["link.target_added", "link.target_removed"]


def test_link_to_items_never_grows() -> None:
    link = created(targets=(PHOTO, NOTE))
    with pytest.raises(TargetsFixed):
        link.add_target(Target("note", new_id()))
    link.remove_target(NOTE)
    with pytest.raises(TargetsFixed):
        link.add_target(NOTE)


def test_collection_is_bounded() -> None:
    link = collection(*(Target("note", new_id()) for _ in range(MAX_TARGETS)))
    with pytest.raises(TooMany):
        link.add_target(PHOTO)


def test_link_keeps_a_record_to_show() -> None:
    with pytest.raises(LastTarget):
        created().remove_target(PHOTO)


def test_record_not_shown_cannot_be_removed() -> None:
    with pytest.raises(TargetNotFound):
        created().remove_target(NOTE)


def test_link_is_extended_up_to_a_year_from_now(hands: Hands) -> None:
    link = created()
    hands.pass_days(5)
    link.extend(days(370))
    assert (topics(link)[-1], link.expires_at) == ("link.extended", days(370))
    with pytest.raises(LifeTooLong):
        link.extend(days(371))


@pytest.mark.parametrize("ends", [days(7), days(6)])
def test_extending_never_shortens(ends: datetime) -> None:
    with pytest.raises(NotLater):
        created().extend(ends)


@pytest.mark.parametrize("ends", [days(7), days(8)])
def test_shortening_never_extends(ends: datetime) -> None:
    with pytest.raises(NotEarlier):
        created().shorten(ends)


def test_shortened_link_ends_earlier(hands: Hands) -> None:
    link = created()
    link.shorten(days(1))
    assert (topics(link)[-1], link.expires_at) == ("link.shortened", days(1))
    hands.pass_days(1)
    with pytest.raises(LinkExpired):
        link.open()


def test_rotated_link_has_another_token() -> None:
    link = created()
    link.rotate_token(OTHER_HASH)
    assert (topics(link)[-1], link.token_hash) == ("link.token_rotated", OTHER_HASH)
    assert link.claims == {Claim("link.token", OTHER_HASH, everywhere=True)}
    with pytest.raises(TokenReused):
        link.rotate_token(OTHER_HASH)


def test_revoked_link_says_why() -> None:
    link = revoked()
    assert (status_of(link), link.revoked_at, link.revoke_reason) == (LinkStatus.REVOKED, NOON, "enough")


AFTER_END: list[Callable[[Link], None]] = [
    lambda link: link.rename("x"),
    lambda link: link.grant_permission(Permission.COMMENT),
    lambda link: link.withdraw_permission(Permission.VIEW),
    lambda link: link.add_target(NOTE),
    lambda link: link.remove_target(PHOTO),
    lambda link: link.extend(days(9)),
    lambda link: link.shorten(days(1)),
    lambda link: link.set_view_limit(3),
    lambda link: link.open(),
    lambda link: link.expire(),
    lambda link: link.revoke(),
    lambda link: link.rotate_token(OTHER_HASH),
]


@pytest.mark.parametrize("command", AFTER_END)
def test_revoked_link_stays_revoked(command: Callable[[Link], None]) -> None:
    link = revoked()
    with pytest.raises(LinkRevoked):
        command(link)
    assert topics(link) == ["link.created", "link.revoked"]


def test_link_in_the_trash_is_not_opened() -> None:
    link = created()
    link.trash()
    with pytest.raises(RecordTrashed):
        link.open()
    link.restore()
    link.open()


def test_events_tell_the_whole_story(hands: Hands) -> None:
    link = collection(max_views=5, title="Holiday", slug="holiday")
    link.rename("Summer")
    link.grant_permission(Permission.DOWNLOAD)
    link.withdraw_permission(Permission.VIEW)
    link.add_target(NOTE)
    link.remove_target(PHOTO)
    link.open(ip_prefix="192.0.2.0/24")
    link.set_view_limit(1)
    link.shorten(days(1))
    hands.pass_days(2)
    link.expire()
    link.extend(days(30))
    link.rotate_token(OTHER_HASH)
    link.trash("later")
    link.restore()
    link.revoke("enough")
    folded: Any = None
    for event in link.pending_events:
        stored = TypeAdapter(type(event)).dump_json(event)
        folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
    assert state_of(folded) == state_of(link)
