"""What may happen to a message, and that its content stays what it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.catalogue import kind_named
from domain.communication.email import Email
from domain.communication.email_terms import (
    Attachment,
    AuthResult,
    ContentFixed,
    Direction,
    EmailState,
    Mailbox,
    MailCrypto,
    NoRecipients,
    NotQueued,
    base_of,
    preview_of,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from tests.domain.communication.messages import (
    ADA,
    NOON,
    SOURCE,
    arguments_of,
    contents,
    drafted,
    failed,
    queued,
    received,
    replayed,
    sent,
    topics,
)

BOB = Mailbox("Bob", "bob@example.org")
SCAN = Attachment("2", "scan.pdf", "application/pdf", 99)


def test_catalogue_finds_the_kind() -> None:
    assert kind_named("email") is Email


def test_received_message_keeps_everything_it_came_with() -> None:
    given = {
        "received_at": NOON,
        "source_content": SOURCE,
        "direction": Direction.SELF,
        "folder": "Work/2024",
        "message_id": "<2@example.org>",
        "in_reply_to": ("<1@example.org>",),
        "references": ("<0@example.org>", "<1@example.org>"),
        "thread_key": "<0@example.org>",
        "from_": (ADA, BOB),
        "sender": (ADA,),
        "to": (BOB,),
        "cc": (ADA,),
        "bcc": (BOB,),
        "reply_to": (ADA,),
        "subject": "Re: Tea",
        "subject_base": "Tea time",
        "sent_at": NOON,
        "sent_offset_minutes": -570,
        "is_read": True,
        "is_flagged": True,
        "is_answered": True,
        "is_forwarded": True,
        "is_junk": True,
        "text_body": "Hello",
        "has_html": True,
        "preview": "Hel",
        "attachments": (SCAN,),
        "list_id": "<tea.example.org>",
        "list_unsubscribe": ("mailto:off@example.org",),
        "spf": AuthResult.PASS,
        "dkim": AuthResult.FAIL,
        "dmarc": AuthResult.TEMPERROR,
        "encryption": MailCrypto.PGP,
        "signature": MailCrypto.SMIME,
        "size": 4321,
    }

    email = received(**given)

    assert {name: getattr(email, name) for name in given} == given
    assert email.state is EmailState.RECEIVED
    assert topics(email) == ["email.received"]


def test_base_subject_preview_and_size_are_worked_out_where_not_given() -> None:
    email = received(subject="AW: Re: Tea", text_body="Dear  Ada,\n\n  come at four.")

    assert (email.subject_base, email.preview, email.size) == ("Tea", "Dear Ada, come at four.", SOURCE.size)


def test_mail_sent_elsewhere_counts_as_sent() -> None:
    assert received(direction=Direction.OUTGOING).state is EmailState.SENT


@pytest.mark.parametrize("direction", [Direction.INCOMING, Direction.SELF])
def test_mail_that_came_in_counts_as_received(direction: Direction) -> None:
    assert received(direction=direction).state is EmailState.RECEIVED


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Tea", "Tea"),
        ("Re: Tea", "Tea"),
        ("RE[2]: Fwd: [tea-list] AW:  Tea  at four", "Tea at four"),
        ("Re (3): Tea", "Tea"),
        ("[only-a-list]", "[only-a-list]"),
        ("Re: [tea]", "[tea]"),
        ("Re:", ""),
        ("Really: yes", "Really: yes"),
        ("Fw: fwd: WG: Tea", "Tea"),
        ("", ""),
    ],
)
def test_base_subject_has_no_marks_of_replies_forwards_and_lists(subject: str, base: str) -> None:
    assert base_of(subject) == base


def test_preview_is_one_short_line() -> None:
    assert preview_of("a\n\tb" + " " * 50 + "c") == "a b c"
    assert len(preview_of("word " * 1000)) == 256


def test_malformed_addresses_of_real_mail_are_kept() -> None:
    broken = Mailbox("", "undisclosed recipients;<>@@")

    arguments = commands_of(Email)["receive"].arguments((), arguments_of(from_=(broken,)))

    assert arguments["from_"] == (broken,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("message_id", "x" * 999),
        ("thread_key", ""),
        ("folder", " "),
        ("folder", "x" * 256),
        ("preview", "x" * 257),
        ("sent_offset_minutes", 1440),
        ("from_", [{"address": "x" * 321}]),
        ("to", [{"address": "a\nb@example.org"}]),
        ("size", -1),
        ("received_at", "2024-05-01T12:00:00"),
        ("attachments", [{"part_id": "1", "filename": "f", "media_type": "PDF", "size": 1}]),
    ],
)
def test_arguments_out_of_bounds_are_refused(name: str, value: Any) -> None:
    body = {
        "received_at": "2024-05-01T12:00:00Z",
        "source_content": {"blob_id": str(SOURCE.blob_id), "size": 1, "media_type": "message/rfc822"},
    }
    command = commands_of(Email)["receive"]
    command.arguments_from_json(json.dumps(body))

    with pytest.raises(InvalidInput, match=f"^email.receive: {name}[.:]"):
        command.arguments_from_json(json.dumps(body | {name: value}))


def test_draft_is_outgoing_and_read_and_lies_in_the_drafts() -> None:
    email = drafted(
        from_=(BOB,),
        cc=(BOB,),
        bcc=(ADA,),
        reply_to=(BOB,),
        subject="Re: Tea",
        text_body="Yes",
        attachments=(SCAN,),
        in_reply_to=("<1@x>",),
        references=("<0@x>", "<1@x>"),
        thread_key="<0@x>",
    )

    assert (email.state, email.direction, email.folder) == (EmailState.DRAFT, Direction.OUTGOING, "drafts")
    assert email.is_read
    assert (email.from_, email.to, email.cc, email.bcc, email.reply_to) == (
        (BOB,),
        (ADA,),
        (BOB,),
        (ADA,),
        (BOB,),
    )
    assert (email.subject, email.subject_base, email.text_body, email.preview) == (
        "Re: Tea",
        "Tea",
        "Yes",
        "Yes",
    )
    assert (email.in_reply_to, email.references, email.thread_key) == (
        ("<1@x>",),
        ("<0@x>", "<1@x>"),
        "<0@x>",
    )
    assert email.attachments == (SCAN,)
    assert (email.sent_at, email.received_at, email.source_content) == (None, None, None)
    assert topics(email) == ["email.drafted"]


def test_revising_changes_what_is_given_and_keeps_the_rest() -> None:
    email = drafted(text_body="Come", attachments=(SCAN,))

    email.revise(subject="Re: Cake", cc=(BOB,))

    assert (email.subject, email.subject_base, email.cc) == ("Re: Cake", "Cake", (BOB,))
    assert (email.text_body, email.to, email.attachments) == ("Come", (ADA,), (SCAN,))
    assert topics(email) == ["email.drafted", "email.revised"]


def test_revising_can_change_every_part() -> None:
    email = drafted(text_body="Come", attachments=(SCAN,), from_=(ADA,))

    email.revise(text_body="Stay", from_=(BOB,), to=(BOB,), bcc=(ADA,), reply_to=(ADA,), attachments=())

    assert (email.text_body, email.preview, email.from_, email.to) == ("Stay", "Stay", (BOB,), (BOB,))
    assert (email.bcc, email.reply_to, email.attachments) == ((ADA,), (ADA,), ())


def test_revising_to_the_same_is_no_event() -> None:
    email = drafted()

    email.revise(subject="Tea", to=(ADA,))
    email.revise()

    assert topics(email) == ["email.drafted"]


def test_message_that_failed_can_be_revised_and_queued_again() -> None:
    email = failed()

    email.revise(to=(BOB,))
    assert email.state is EmailState.SEND_FAILED
    email.queue()

    assert (email.state, email.send_error, email.to) == (EmailState.QUEUED, "", (BOB,))


@pytest.mark.parametrize("make", [queued, sent, received])
def test_content_on_its_way_sent_or_received_cannot_be_revised(make: Callable[[], Email]) -> None:
    with pytest.raises(ContentFixed):
        make().revise(subject="Other")


@pytest.mark.parametrize(
    "to",
    [
        (),
        (Mailbox("Ada", ""),),
        (ADA, Mailbox("Bob", "bob")),
        (Mailbox("", "a b@example.org"),),
        (Mailbox("", "@example.org"),),
        (Mailbox("", "ada@"),),
    ],
)
def test_message_without_usable_recipients_cannot_be_queued(to: tuple[Mailbox, ...]) -> None:
    email = drafted(to=to)

    with pytest.raises(NoRecipients):
        email.queue()
    assert email.state is EmailState.DRAFT


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_any_sort_of_recipient_will_do(field: str) -> None:
    email = drafted(**{"to": (), field: (ADA,)})

    email.queue()

    assert email.state is EmailState.QUEUED
    assert topics(email) == ["email.drafted", "email.queued"]


def test_queueing_twice_is_one_event() -> None:
    email = queued()

    email.queue()

    assert topics(email) == ["email.drafted", "email.queued"]


@pytest.mark.parametrize("make", [sent, received])
def test_delivered_message_cannot_be_queued(make: Callable[[], Email]) -> None:
    with pytest.raises(ContentFixed):
        make().queue()


def test_sent_message_has_its_time_its_id_and_its_bytes_and_begins_a_thread() -> None:
    email = sent()

    assert (email.state, email.folder, email.sent_at) == (EmailState.SENT, "sent", NOON)
    assert (email.message_id, email.thread_key) == ("<1@example.org>", "<1@example.org>")
    assert (email.source_content, email.size) == (SOURCE, SOURCE.size)
    assert topics(email)[-1] == "email.sent"


def test_sent_reply_stays_in_its_thread() -> None:
    email = drafted(thread_key="<0@x>")
    email.queue()

    email.confirm_sent(NOON, message_id="<1@x>")

    assert (email.thread_key, email.source_content, email.size) == ("<0@x>", None, 0)


def test_sending_is_now_unless_said_otherwise() -> None:
    email = queued()

    with clock.reading(lambda: NOON):
        email.confirm_sent()

    assert email.sent_at == NOON


def test_failed_sending_says_why() -> None:
    email = failed()

    assert (email.state, email.send_error) == (EmailState.SEND_FAILED, "mailbox full")
    assert topics(email)[-1] == "email.send_failed"


@pytest.mark.parametrize("make", [drafted, sent, failed, received])
def test_only_a_queued_message_can_be_confirmed_or_fail(make: Callable[[], Email]) -> None:
    with pytest.raises(NotQueued):
        make().confirm_sent(NOON)
    with pytest.raises(NotQueued):
        make().fail_send()


def test_trashed_message_changes_no_more() -> None:
    email = received()
    email.trash()

    with pytest.raises(RecordTrashed):
        email.mark_read()


def test_error_and_repr_show_nothing_of_the_message() -> None:
    email = received(subject="Secret", from_=(ADA,))

    with pytest.raises(ContentFixed) as refusal:
        email.revise(subject="Hidden")

    assert "Secret" not in repr(email)
    assert "Hidden" not in str(refusal.value)


def test_replaying_the_events_gives_the_same_state() -> None:
    outgoing = failed()
    outgoing.revise(subject="Cake")
    outgoing.queue()
    outgoing.confirm_sent(NOON, message_id="<1@x>", source_content=SOURCE)
    outgoing.mark_answered()
    outgoing.mark_forwarded()
    outgoing.mark_unread()
    incoming = received(to=(ADA,), text_body="Hi", attachments=(SCAN,))
    incoming.mark_read()
    incoming.flag()
    incoming.unflag()
    incoming.report_junk()
    incoming.not_junk()
    incoming.move("Work")
    incoming.move_to_thread("<9@x>")
    incoming.tag("tea")
    incoming.trash()
    incoming.restore()

    for email in (outgoing, incoming):
        assert contents(replayed(email)) == contents(email)
