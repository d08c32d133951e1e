"""Links that open for named recipients only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.core.link import Link
from domain.core.link_terms import (
    MAX_RECIPIENTS,
    Audience,
    LinkExpired,
    LinkRevoked,
    NotForRecipients,
    NothingShown,
    RecipientStatus,
    RecipientUnknown,
)
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.record import TooMany, state_of
from tests.domain.core.links import PHOTO, Hands, Shown, created, topics

pytestmark = pytest.mark.usefixtures("hands")


def digest(address: str) -> str:
    return hmac.digest(b"the key of the program that shows links", address.encode(), hashlib.sha256).hex()


ANA, BO = digest("ana@example.org"), digest("bo@example.org")


def for_some(*invited: str, **details: Any) -> Link:
    link = created(audience=Audience.NAMED_RECIPIENTS, **details)
    for each in invited:
        link.invite_recipient(each)
    return link


def statuses(link: Link) -> list[RecipientStatus]:
    return [each.status for each in link.recipients]


def test_link_for_named_recipients_opens_for_them_only() -> None:
    link = for_some(ANA)
    link.open(recipient=ANA)
    for nobody in (None, BO):
        with pytest.raises(RecipientUnknown):
            link.open(recipient=nobody)
    assert (link.view_count, statuses(link)) == (1, [RecipientStatus.SEEN])


def test_link_for_named_recipients_opens_for_nobody_before_one_is_invited() -> None:
    link = for_some()
    for anybody in (None, ANA):
        with pytest.raises(RecipientUnknown):
            link.open(recipient=anybody)
    assert topics(link) == ["link.created"]


@pytest.mark.parametrize("audience", [Audience.ANYONE_WITH_LINK, Audience.SIGNED_IN_USERS])
def test_link_for_others_invites_nobody_and_does_not_ask_who_comes(audience: Audience) -> None:
    link = created(audience=audience)
    with pytest.raises(NotForRecipients):
        link.invite_recipient(ANA)
    link.open()
    link.open(recipient=ANA)
    assert topics(link) == ["link.created", "link.opened", "link.opened"]


def test_who_opens_the_link_has_seen_it_from_the_first_visit_on() -> None:
    link = for_some(ANA)
    link.open(recipient=ANA)
    link.open(recipient=ANA)
    assert topics(link)[2:] == ["link.opened", "link.recipient_seen", "link.opened"]


def test_an_invitation_is_sent_and_accepted_once() -> None:
    link = for_some(ANA, BO)
    for _ in range(2):
        link.confirm_invitation_sent(ANA)
    assert statuses(link) == [RecipientStatus.PENDING, RecipientStatus.NOT_SENT]
    for _ in range(2):
        link.accept_invitation(ANA)
    link.confirm_invitation_sent(ANA)
    link.open(recipient=ANA)
    assert statuses(link) == [RecipientStatus.ACCEPTED, RecipientStatus.NOT_SENT]
    assert topics(link)[3:] == ["link.invitation_sent", "link.invitation_accepted", "link.opened"]


def test_who_is_removed_is_shut_out_and_stays_listed() -> None:
    link = for_some(ANA, BO)
    link.accept_invitation(ANA)
    for _ in range(2):
        link.remove_recipient(ANA)
    assert statuses(link) == [RecipientStatus.REVOKED, RecipientStatus.NOT_SENT]
    with pytest.raises(RecipientUnknown):
        link.open(recipient=ANA)
    for refused in (link.accept_invitation, link.confirm_invitation_sent):
        with pytest.raises(RecipientUnknown):
            refused(ANA)
    link.open(recipient=BO)
    assert topics(link).count("link.recipient_removed") == 1


def test_who_was_removed_can_be_invited_again_and_is_still_listed_once() -> None:
    link = for_some(ANA)
    link.open(recipient=ANA)
    before = link.recipients[0].id
    link.remove_recipient(ANA)
    link.invite_recipient(ANA, label="Ana")
    assert [(each.id, each.label, each.status) for each in link.recipients] == [
        (before, "Ana", RecipientStatus.NOT_SENT)
    ]
    link.open(recipient=ANA)


def test_each_recipient_is_invited_once_and_may_be_called_something_else() -> None:
    link = for_some()
    link.invite_recipient(ANA, label="Ana")
    link.accept_invitation(ANA)
    link.invite_recipient(ANA, label="Ana")
    link.invite_recipient(ANA)
    assert link.version == 3
    link.invite_recipient(ANA, label="Ana of the choir")
    assert [(each.label, each.status) for each in link.recipients] == [
        ("Ana of the choir", RecipientStatus.ACCEPTED)
    ]


def test_recipients_are_bounded() -> None:
    link = for_some(*(digest(f"{number}@example.org") for number in range(MAX_RECIPIENTS)))
    link.remove_recipient(digest("0@example.org"))
    with pytest.raises(TooMany):
        link.invite_recipient(ANA)
    link.invite_recipient(digest("0@example.org"))


def test_who_was_never_invited_cannot_be_removed_or_accept() -> None:
    link = for_some(ANA)
    for command in (link.remove_recipient, link.accept_invitation, link.confirm_invitation_sent):
        with pytest.raises(RecipientUnknown):
            command(BO)


@pytest.mark.parametrize("verb", ["invite_recipient", "remove_recipient", "accept_invitation"])
@pytest.mark.parametrize("given", ["ana@example.org", ANA.upper(), ANA[:-1], ""])
def test_an_address_itself_is_not_taken(verb: str, given: str) -> None:
    command = commands_of(Link)[verb]
    assert command.arguments((ANA,), {})["recipient"] == ANA
    with pytest.raises(InvalidInput) as refused:
        command.arguments((given,), {})
    assert not given or given not in str(refused.value)


def test_a_stranger_does_not_learn_how_the_link_stands(hands: Hands) -> None:
    shown = Shown()
    link = for_some(ANA, peers=shown)
    shown.trashed = {PHOTO.id}
    with pytest.raises(NothingShown):
        link.open(recipient=ANA)
    with pytest.raises(RecipientUnknown):
        link.open(recipient=BO)
    hands.pass_days(8)
    with pytest.raises(LinkExpired):
        link.open(recipient=ANA)
    with pytest.raises(RecipientUnknown):
        link.open(recipient=BO)


def test_an_invitation_is_not_accepted_after_the_end(hands: Hands) -> None:
    link = for_some(ANA)
    hands.pass_days(7)
    with pytest.raises(LinkExpired):
        link.accept_invitation(ANA)


COMMANDS: list[Callable[[Link], None]] = [
    lambda link: link.invite_recipient(BO),
    lambda link: link.confirm_invitation_sent(ANA),
    lambda link: link.accept_invitation(ANA),
    lambda link: link.remove_recipient(ANA),
    lambda link: link.open(recipient=ANA),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_revoked_link_and_one_in_the_trash_have_no_dealings_with_recipients(
    command: Callable[[Link], None],
) -> None:
    link = for_some(ANA)
    link.trash()
    with pytest.raises(RecordTrashed):
        command(link)
    link.restore()
    link.revoke()
    with pytest.raises(LinkRevoked):
        command(link)


def test_inviting_somebody_shows_records_to_others() -> None:
    assert "invite_recipient" in Link.SHARES


def test_events_tell_who_was_invited_with_their_digest() -> None:
    link = for_some(ANA, BO)
    link.confirm_invitation_sent(ANA)
    link.open(recipient=ANA)
    link.accept_invitation(ANA)
    link.remove_recipient(BO)
    folded: Any = None
    for event in link.pending_events:
        stored = TypeAdapter(type(event)).dump_json(event)
        folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
    assert state_of(folded) == state_of(link)
    assert [each.digest for each in folded.recipients] == [ANA, BO]
