"""The part of a message that is its reader's: whether it is read, flagged, answered or junk, and where it is filed."""

from __future__ import annotations

from dataclasses import KW_ONLY

from domain.communication.email_terms import (
    INBOX,
    JUNK,
    UNSENT,
    EmailState,
    Folder,
    NotDelivered,
    NotReceived,
    ThreadKey,
    UnsentInInbox,
)
from domain.shared.content import Content


class Filing(Content):
    """A message in a folder and a thread, with the marks that mail programs share."""

    _: KW_ONLY
    state: EmailState
    folder: str
    thread_key: str | None = None
    is_read: bool = False
    is_flagged: bool = False
    is_answered: bool = False
    is_forwarded: bool = False
    is_junk: bool = False
    is_phishing: bool = False

    class Event(Content.Event):
        """Any event of a message."""

    class MarkedRead(Event):
        TOPIC = "email.marked_read"

        def apply(self, email: Filing) -> None:
            email.is_read = True

    class MarkedUnread(Event):
        TOPIC = "email.marked_unread"

        def apply(self, email: Filing) -> None:
            email.is_read = False

    class Flagged(Event):
        TOPIC = "email.flagged"

        def apply(self, email: Filing) -> None:
            email.is_flagged = True

    class Unflagged(Event):
        TOPIC = "email.unflagged"

        def apply(self, email: Filing) -> None:
            email.is_flagged = False

    class Moved(Event):
        TOPIC = "email.moved"
        folder: str

    class MarkedAnswered(Event):
        TOPIC = "email.marked_answered"

        def apply(self, email: Filing) -> None:
            email.is_answered = True

    class MarkedForwarded(Event):
        TOPIC = "email.marked_forwarded"

        def apply(self, email: Filing) -> None:
            email.is_forwarded = True

    class ReportedJunk(Event):
        TOPIC = "email.reported_junk"

        def apply(self, email: Filing) -> None:
            email.is_junk = True
            email.folder = JUNK

    class ClearedOfJunk(Event):
        TOPIC = "email.cleared_of_junk"
        folder: str

        def apply(self, email: Filing) -> None:
            email.is_junk = email.is_phishing = False
            email.folder = self.folder

    class ReportedPhishing(Event):
        TOPIC = "email.reported_phishing"

        def apply(self, email: Filing) -> None:
            email.is_junk = email.is_phishing = True
            email.folder = JUNK

    class MovedToThread(Event):
        TOPIC = "email.moved_to_thread"
        thread_key: str

    def mark_read(self) -> None:
        if not self.is_read:
            self.trigger_event(self.MarkedRead)

    def mark_unread(self) -> None:
        if self.is_read:
            self.trigger_event(self.MarkedUnread)

    def flag(self) -> None:
        if not self.is_flagged:
            self.trigger_event(self.Flagged)

    def unflag(self) -> None:
        if self.is_flagged:
            self.trigger_event(self.Unflagged)

    def move(self, folder: Folder) -> None:
        if self.state in UNSENT and folder.casefold() == INBOX:
            raise UnsentInInbox
        if folder != self.folder:
            self.trigger_event(self.Moved, folder=folder)

    def mark_answered(self) -> None:
        self._require_delivered()
        if not self.is_answered:
            self.trigger_event(self.MarkedAnswered)

    def mark_forwarded(self) -> None:
        self._require_delivered()
        if not self.is_forwarded:
            self.trigger_event(self.MarkedForwarded)

    def report_junk(self) -> None:
        if self.state is not EmailState.RECEIVED:
            raise NotReceived
        if not self.is_junk:
            self.trigger_event(self.ReportedJunk)

    def report_phishing(self) -> None:
        """Say that the message pretends to be somebody else's, to get at secrets or money."""
        if self.state is not EmailState.RECEIVED:
            raise NotReceived
        if not self.is_phishing:
            self.trigger_event(self.ReportedPhishing)

    def not_junk(self) -> None:
        """Take back that the message is junk, or worse; from the junk folder it goes to the inbox."""
        if self.is_junk:
            folder = INBOX if self.folder.casefold() == JUNK else self.folder
            self.trigger_event(self.ClearedOfJunk, folder=folder)

    def move_to_thread(self, thread_key: ThreadKey) -> None:
        """Put the message into another thread, to split or join threads by hand."""
        if thread_key != self.thread_key:
            self.trigger_event(self.MovedToThread, thread_key=thread_key)

    def _require_delivered(self) -> None:
        if self.state in UNSENT:
            raise NotDelivered
