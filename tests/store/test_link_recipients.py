"""Read tables follow the recipients of a link without what their addresses could be guessed by."""

from __future__ import annotations

import hashlib

import psycopg
import pytest

from domain.core.link import Link
from domain.core.link_terms import Audience, RecipientStatus, RecipientUnknown, Target
from domain.core.user import User
from domain.productivity.note import Note
from infrastructure.errors import ProcessingRestricted
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from tests.conftest import Databases

TOKEN, ANA, BO = (hashlib.sha256(each).hexdigest() for each in (b"token", b"ana", b"bo"))


def a_link(me: Session, audience: Audience) -> Link:
    note = me.do(Note.write, "shown").id
    made = me.do(Link.create, TOKEN, targets=(Target("note", note),), audience=audience)
    link = me.load(made.id)
    assert isinstance(link, Link)
    return link


def test_each_event_is_followed_from_a_row_that_lacks_the_digests(
    store: Store, me: Session, databases: Databases
) -> None:
    link = a_link(me, Audience.NAMED_RECIPIENTS)
    for step in (
        call(Link.invite_recipient, link.id, ANA, label="Ana"),
        call(Link.invite_recipient, link.id, BO, label="Bo"),
        call(Link.confirm_invitation_sent, link.id, BO),
        call(Link.open, link.id, recipient=ANA),
        call(Link.accept_invitation, link.id, ANA),
        call(Link.remove_recipient, link.id, BO),
    ):
        (done,) = me.do_all([step])
        store.catch_up()
        (found,) = me.find(Link, after=done)
        assert found.recipients == me.load(link.id).recipients  # type: ignore[attr-defined]  # a link
    assert [(each.label, each.status, each.digest) for each in found.recipients] == [
        ("Ana", RecipientStatus.ACCEPTED, None),
        ("Bo", RecipientStatus.REVOKED, None),
    ]
    with psycopg.connect(databases.ledger) as connection:
        ((row,),) = connection.execute("SELECT links::text FROM read.links")
    assert "Ana" in row
    assert ANA not in row
    assert BO not in row


def test_who_is_invited_is_known_by_the_ledger(me: Session) -> None:
    link = a_link(me, Audience.NAMED_RECIPIENTS)
    me.do(Link.invite_recipient, link.id, ANA)
    with pytest.raises(RecipientUnknown) as refused:
        me.do(Link.open, link.id, recipient=BO)
    assert BO not in str(refused.value)
    me.do(Link.open, link.id, recipient=ANA)


def test_nobody_is_invited_to_what_is_restricted(me: Session) -> None:
    link = a_link(me, Audience.NAMED_RECIPIENTS)
    me.do(User.restrict_processing, me.subject_id, "note")
    with pytest.raises(ProcessingRestricted):
        me.do(Link.invite_recipient, link.id, ANA)
