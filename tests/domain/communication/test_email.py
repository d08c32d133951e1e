"""What may happen to a message, and that its content stays what it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.catalogue import kind_named, topic_of
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
    NotDelivered,
    NotQueued,
    NotReceived,
    UnsentInInbox,
    base_of,
    preview_of,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import DomainError, InvalidInput, RecordTrashed
from domain.shared.record import Origin, state_fields
from domain.shared.values import StoredContent, new_id

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ADA = Mailbox("Ada", "ada@example.org")
BOB = Mailbox("Bob", "bob@example.org")
SOURCE = StoredContent(new_id(), 1234, "message/rfc822")
SCAN = Attachment("2", "scan.pdf", "application/pdf", 99)


def _arguments(**content: Any) -> dict[str, Any]:
    return {"received_at": NOON, "source_content": SOURCE} | content


def received(**content: Any) -> Email:
    return Email.receive(Origin(new_id()), **_arguments(**content))


def drafted(**content: Any) -> Email:
    given: dict[str, Any] = {"to": (ADA,), "subject": "Tea"}
    return Email.draft(Origin(new_id()), **given | content)


def queued() -> Email:
    email = drafted()
    email.queue()
    return email


def sent() -> Email:
    email = queued()
    email.confirm_sent(NOON, message_id="<1@example.org>", source_content=SOURCE)
    return email


def failed() -> Email:
    email = queued()
    email.fail_send("mailbox full")
    return email


def topics(email: Email) -> list[str]:
    return [topic_of(cast("type[Email.Event]", type(event)), Email) for event in email.pending_events]


def replayed(email: Email) -> Any:
    state: Any = None
    for event in email.pending_events:
        state = event.mutate(state)
    return state


def contents(email: Email) -> dict[str, Any]:
    return {name: getattr(email, name) for name in state_fields(Email)} | {"version": email.version}


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

    arguments = commands_of(Email)["receive"].arguments((), _arguments(from_=(broken,)))

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


@pytest.mark.parametrize(
    ("there", "back", "flag", "events"),
    [
        (Email.mark_read, Email.mark_unread, "is_read", ["email.marked_read", "email.marked_unread"]),
        (Email.flag, Email.unflag, "is_flagged", ["email.flagged", "email.unflagged"]),
        (Email.report_junk, Email.not_junk, "is_junk", ["email.reported_junk", "email.cleared_of_junk"]),
    ],
)
def test_flags_go_up_and_down_once(
    there: Callable[[Email], None], back: Callable[[Email], None], flag: str, events: list[str]
) -> None:
    email = received()

    back(email)
    there(email)
    there(email)
    assert getattr(email, flag) is True
    back(email)
    back(email)

    assert getattr(email, flag) is False
    assert topics(email) == ["email.received", *events]


def test_junk_goes_to_the_junk_folder_and_back_to_the_inbox() -> None:
    email = received(folder="Work")

    email.report_junk()
    assert email.folder == "junk"
    email.not_junk()

    assert email.folder == "inbox"


def test_cleared_message_stays_where_the_person_has_put_it() -> None:
    email = received()
    email.report_junk()
    email.move("Work")

    email.not_junk()

    assert (email.folder, email.is_junk) == ("Work", False)


@pytest.mark.parametrize("make", [drafted, queued, failed, sent])
def test_own_message_is_no_junk(make: Callable[[], Email]) -> None:
    with pytest.raises(NotReceived):
        make().report_junk()


def test_moving_puts_the_message_into_one_other_folder() -> None:
    email = received()

    email.move("Work")
    email.move("Work")

    assert email.folder == "Work"
    assert topics(email) == ["email.received", "email.moved"]


@pytest.mark.parametrize("make", [drafted, queued, failed])
@pytest.mark.parametrize("inbox", ["inbox", "INBOX"])
def test_unsent_message_does_not_go_to_the_inbox(make: Callable[[], Email], inbox: str) -> None:
    email = make()

    with pytest.raises(UnsentInInbox):
        email.move(inbox)
    email.move("Ideas")

    assert email.folder == "Ideas"


@pytest.mark.parametrize(
    ("mark", "flag", "event"),
    [
        (Email.mark_answered, "is_answered", "email.marked_answered"),
        (Email.mark_forwarded, "is_forwarded", "email.marked_forwarded"),
    ],
)
@pytest.mark.parametrize("make", [received, sent])
def test_delivered_message_is_marked_once(
    make: Callable[[], Email], mark: Callable[[Email], None], flag: str, event: str
) -> None:
    email = make()

    mark(email)
    mark(email)

    assert getattr(email, flag) is True
    assert topics(email).count(event) == 1


@pytest.mark.parametrize("make", [drafted, queued, failed])
def test_unsent_message_cannot_have_been_answered_or_forwarded(make: Callable[[], Email]) -> None:
    with pytest.raises(NotDelivered):
        make().mark_answered()
    with pytest.raises(NotDelivered):
        make().mark_forwarded()


def test_message_is_in_one_thread_at_a_time() -> None:
    email = received(thread_key="<0@x>")

    email.move_to_thread("<9@x>")
    email.move_to_thread("<9@x>")

    assert email.thread_key == "<9@x>"
    assert topics(email) == ["email.received", "email.moved_to_thread"]


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


CONTENT = ("from_", "to", "cc", "bcc", "reply_to", "subject", "subject_base", "text_body", "attachments")
FOLDERS = st.sampled_from(["inbox", "INBOX", "drafts", "Work", "junk"])


class MailHandling(RuleBasedStateMachine):
    """Any commands in any order: a model says which are allowed and what they leave behind."""

    def __init__(self) -> None:
        super().__init__()
        self.email = drafted()
        self.state = EmailState.DRAFT
        self.flags = {"is_read": True, "is_flagged": False, "is_answered": False, "is_junk": False}
        self.fixed: dict[str, Any] | None = None

    @precondition(lambda self: self.email.version == 1)
    @rule(outgoing=st.booleans())
    def begin_with_mail_that_came(self, outgoing: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        self.email = received(
            direction=Direction.OUTGOING if outgoing else Direction.INCOMING, to=(ADA,), subject="Tea"
        )
        self.state = EmailState.SENT if outgoing else EmailState.RECEIVED
        self.flags["is_read"] = False
        self._fix()

    @rule(subject=st.text("abc:", max_size=8), to=st.sampled_from([(), (ADA,), (Mailbox("x", "y"),)]))
    def revise(self, subject: str, to: tuple[Mailbox, ...]) -> None:
        allowed = self.state in (EmailState.DRAFT, EmailState.SEND_FAILED)
        self._expect(lambda: self.email.revise(subject=subject, to=to), None if allowed else ContentFixed)
        if allowed:
            assert (self.email.subject, self.email.to) == (subject, to)

    @rule()
    def queue(self) -> None:
        if self.state in (EmailState.SENT, EmailState.RECEIVED):
            self._expect(self.email.queue, ContentFixed)
        elif self.state is not EmailState.QUEUED and self.email.to != (ADA,):
            self._expect(self.email.queue, NoRecipients)
        else:
            self._expect(self.email.queue, None)
            self.state = EmailState.QUEUED
            self._fix()

    @rule()
    def confirm_sent(self) -> None:
        if self._expect(
            lambda: self.email.confirm_sent(NOON, message_id="<1@x>"),
            None if self.state is EmailState.QUEUED else NotQueued,
        ):
            self.state = EmailState.SENT

    @rule()
    def fail_send(self) -> None:
        if self._expect(self.email.fail_send, None if self.state is EmailState.QUEUED else NotQueued):
            self.state = EmailState.SEND_FAILED
            self.fixed = None

    @rule(read=st.booleans())
    def mark_read_or_unread(self, read: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        self._expect(self.email.mark_read if read else self.email.mark_unread, None)
        self.flags["is_read"] = read

    @rule(flagged=st.booleans())
    def flag_or_unflag(self, flagged: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        self._expect(self.email.flag if flagged else self.email.unflag, None)
        self.flags["is_flagged"] = flagged

    @rule()
    def mark_answered(self) -> None:
        delivered = self.state in (EmailState.SENT, EmailState.RECEIVED)
        if self._expect(self.email.mark_answered, None if delivered else NotDelivered):
            self.flags["is_answered"] = True

    @rule(junk=st.booleans())
    def report_junk_or_not(self, junk: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        refused = junk and self.state is not EmailState.RECEIVED
        command = self.email.report_junk if junk else self.email.not_junk
        if self._expect(command, NotReceived if refused else None):
            self.flags["is_junk"] = junk

    @rule(folder=FOLDERS)
    def move(self, folder: str) -> None:
        unsent = self.state not in (EmailState.SENT, EmailState.RECEIVED)
        refused = unsent and folder.lower() == "inbox"
        if self._expect(lambda: self.email.move(folder), UnsentInInbox if refused else None):
            assert self.email.folder == folder

    def _expect(self, command: Callable[[], None], refusal: type[DomainError] | None) -> bool:
        version = self.email.version
        if refusal is None:
            command()
            assert self.email.version - version in (0, 1)
            return True
        with pytest.raises(refusal):
            command()
        assert self.email.version == version
        return False

    def _fix(self) -> None:
        self.fixed = {name: getattr(self.email, name) for name in CONTENT}

    @invariant()
    def state_and_flags_are_those_of_the_model(self) -> None:
        assert self.email.state is self.state
        assert {name: getattr(self.email, name) for name in self.flags} == self.flags

    @invariant()
    def content_stays_what_it_was_when_it_was_fixed(self) -> None:
        if self.fixed is not None:
            assert {name: getattr(self.email, name) for name in CONTENT} == self.fixed

    @invariant()
    def unsent_message_is_not_in_the_inbox(self) -> None:
        assert self.state in (EmailState.SENT, EmailState.RECEIVED) or self.email.folder.lower() != "inbox"

    @invariant()
    def what_was_sent_from_here_has_a_time_and_an_id(self) -> None:
        if self.state is EmailState.SENT and self.email.received_at is None:
            assert (self.email.sent_at, self.email.message_id) == (NOON, "<1@x>")

    def teardown(self) -> None:
        assert contents(replayed(self.email)) == contents(self.email)


TestMailHandling = MailHandling.TestCase
TestMailHandling.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
