"""Mail as conversations."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from domain.communication.email import Email
from domain.communication.email_terms import Mailbox
from domain.shared.values import StoredContent
from infrastructure.ledger.events import Receipt
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from projections.threads import thread_of
from tests.store.asking import NOON, walk

pytestmark = pytest.mark.usefixtures("registered")


def mail(
    me: Session, hours: int, thread: str, sender: str, subject: str = "Re: plan", **more: Any
) -> Receipt:
    return me.do(
        Email.receive,
        received_at=NOON + timedelta(hours=hours),
        source_content=StoredContent(uuid4(), 10, "message/rfc822"),
        thread_key=thread,
        from_=(Mailbox(sender, f"{sender}@example.org"),),
        subject=subject,
        **more,
    )


def test_mail_is_grouped_into_conversations_the_latest_first(store: Store, me: Session) -> None:
    mail(me, 1, "plan", "bob", "Plan", is_read=True)
    mail(me, 2, "party", "cy", "Party", is_read=True)
    mail(me, 3, "plan", "dee")
    mail(me, 4, "plan", "bob")
    mail(me, 5, "spam", "eve", is_junk=True)
    store.catch_up()
    plan, party = me.threads()
    assert (plan.subject, plan.messages, plan.unread, plan.participants) == ("Plan", 3, 2, ("bob", "dee"))
    assert (plan.last_at, plan.thread) == (NOON + timedelta(hours=4), thread_of("plan"))
    assert (party.subject, party.messages, party.unread) == ("Party", 1, 0)
    assert [thread.thread for thread in me.threads(unread=True)] == [plan.thread]
    assert [message.participant for message in me.thread(plan.thread)] == ["bob", "dee", "bob"]
    assert [message.unread for message in me.thread(plan.thread)] == [False, True, True]
    assert len(me.thread(uuid4())) == 0


def test_reading_moving_and_trashing_mail_changes_its_conversations(store: Store, me: Session) -> None:
    first = mail(me, 1, "a", "bob", "A")
    second = mail(me, 2, "b", "cy", "B")
    store.catch_up()
    assert [thread.subject for thread in me.threads(unread=True)] == ["B", "A"]
    me.do(Email.mark_read, second.id)
    store.catch_up()
    assert [thread.subject for thread in me.threads(unread=True)] == ["A"]
    me.do(Email.move_to_thread, second.id, "a")
    store.catch_up()
    (both,) = me.threads()
    assert (both.messages, both.unread, both.participants) == (2, 1, ("bob", "cy"))
    me.do(Email.trash, first.id)
    store.catch_up()
    (left,) = me.threads()
    assert (left.subject, left.messages, left.unread) == ("B", 1, 0)


def test_conversations_and_their_messages_are_paged_each_once(store: Store, me: Session) -> None:
    for number in range(26):
        mail(me, number, f"t{number % 9}", "bob", is_read=number % 2 == 0)
    store.catch_up()
    found = walk(lambda cursor: me.threads(limit=2, cursor=cursor))
    assert len({thread.thread for thread in found}) == len(found) == 9
    assert all(one.last_at > two.last_at for one, two in pairwise(found))
    assert sum(thread.messages for thread in found) == 26
    unread = walk(lambda cursor: me.threads(unread=True, limit=2, cursor=cursor))
    assert len({thread.thread for thread in unread}) == len(unread) == 9
    messages = walk(lambda cursor: me.thread(found[0].thread, limit=1, cursor=cursor))
    assert len({message.record_id for message in messages}) == len(messages) == found[0].messages
    assert all(one.at < two.at for one, two in pairwise(messages))
