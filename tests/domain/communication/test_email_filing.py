"""What a reader does with messages, one by one and in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.communication.email import Email
from domain.communication.email_terms import (
    ContentFixed,
    Direction,
    EmailState,
    Mailbox,
    NoRecipients,
    NotDelivered,
    NotQueued,
    NotReceived,
    UnsentInInbox,
)
from domain.shared.errors import DomainError
from tests.domain.communication.messages import (
    ADA,
    NOON,
    contents,
    drafted,
    failed,
    queued,
    received,
    replayed,
    sent,
    topics,
)


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
    with pytest.raises(NotReceived):
        received(direction=Direction.OUTGOING, is_junk=True)


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


def test_phishing_is_junk_and_worse_until_it_is_taken_back() -> None:
    email = received()
    email.report_phishing()
    email.report_phishing()
    assert (email.is_phishing, email.is_junk, email.folder) == (True, True, "junk")
    email.not_junk()
    assert (email.is_phishing, email.is_junk, email.folder) == (False, False, "inbox")
    with pytest.raises(NotReceived):
        sent().report_phishing()
