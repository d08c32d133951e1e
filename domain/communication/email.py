"""A message of electronic mail: one the person received, or one they write and send."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from domain.communication.email_terms import (
    DRAFTS,
    INBOX,
    SENT,
    UNSENT,
    Attachment,
    AuthResult,
    Composition,
    ContentFixed,
    Direction,
    EmailState,
    Folder,
    HtmlBody,
    Mailbox,
    MailCrypto,
    MessageId,
    NoRecipients,
    NotQueued,
    NotReceived,
    OffsetMinutes,
    Preview,
    Reception,
    ThreadKey,
    base_of,
    preview_of,
    without_html,
)
from domain.communication.filing import Filing
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import say, told
from domain.shared.record import Origin
from domain.shared.values import LEDGER_ONLY, Count, Line, Many, Moment, StoredContent, Text, Url


class Email(Filing):
    """A message, kept with the bytes it came in: parsers of mail fail, and the next one may not."""

    KIND: ClassVar[str] = "email"

    direction: Direction
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_: tuple[Mailbox, ...] = ()
    sender: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str = ""
    subject_base: str = ""
    sent_at: datetime | None = None
    sent_offset_minutes: int | None = None
    received_at: datetime | None = None
    text_body: str = ""
    has_html: bool = False
    html_body: Annotated[str | None, LEDGER_ONLY] = None
    """None also where there is HTML that is too large; whoever shows it lets it run nothing and load nothing."""
    preview: str = ""
    attachments: tuple[Attachment, ...] = ()
    list_id: str | None = None
    list_unsubscribe: tuple[str, ...] = ()
    spf: AuthResult = AuthResult.NONE
    dkim: AuthResult = AuthResult.NONE
    dmarc: AuthResult = AuthResult.NONE
    encryption: MailCrypto = MailCrypto.NONE
    signature: MailCrypto = MailCrypto.NONE
    source_content: StoredContent | None = None
    size: int = 0
    send_error: str = ""

    class Event(Filing.Event):
        """Any event of a message."""

    class Received(Event, Content.Created, Composition, Reception):
        TOPIC = "email.received"
        class_version = 2
        state: EmailState

        upcast_v1_v2 = staticmethod(without_html)

    class Drafted(Event, Content.Created, Composition):
        TOPIC = "email.drafted"
        class_version = 2
        state: EmailState
        direction: Direction
        folder: str
        is_read: bool
        in_reply_to: tuple[str, ...]
        references: tuple[str, ...]
        thread_key: str | None

        upcast_v1_v2 = staticmethod(without_html)

    class Revised(Event, Composition):
        TOPIC = "email.revised"
        class_version = 2

        upcast_v1_v2 = staticmethod(without_html)

    class Queued(Event):
        TOPIC = "email.queued"

        def apply(self, email: Email) -> None:
            email.state = EmailState.QUEUED
            email.send_error = ""

    class Sent(Event):
        TOPIC = "email.sent"
        sent_at: datetime
        message_id: str | None
        thread_key: str | None
        source_content: StoredContent | None
        size: int

        def apply(self, email: Email) -> None:
            super().apply(email)
            email.state = EmailState.SENT
            email.folder = SENT

    class SendFailed(Event):
        TOPIC = "email.send_failed"
        send_error: str

        def apply(self, email: Email) -> None:
            email.state = EmailState.SEND_FAILED
            email.send_error = self.send_error

    @classmethod
    def receive(
        cls,
        origin: Origin,
        *,
        received_at: Moment,
        source_content: StoredContent,
        direction: Direction = Direction.INCOMING,
        folder: Folder = INBOX,
        message_id: MessageId | None = None,
        in_reply_to: Many[MessageId] = (),
        references: Many[MessageId] = (),
        thread_key: ThreadKey | None = None,
        from_: Many[Mailbox] = (),
        sender: Many[Mailbox] = (),
        to: Many[Mailbox] = (),
        cc: Many[Mailbox] = (),
        bcc: Many[Mailbox] = (),
        reply_to: Many[Mailbox] = (),
        subject: Line = "",
        subject_base: Line | None = None,
        sent_at: Moment | None = None,
        sent_offset_minutes: OffsetMinutes | None = None,
        is_read: bool = False,
        is_flagged: bool = False,
        is_answered: bool = False,
        is_forwarded: bool = False,
        is_junk: bool = False,
        text_body: Text = "",
        has_html: bool = False,
        html_body: HtmlBody | None = None,
        preview: Preview | None = None,
        attachments: Many[Attachment] = (),
        list_id: Line | None = None,
        list_unsubscribe: Many[Url] = (),
        spf: AuthResult = AuthResult.NONE,
        dkim: AuthResult = AuthResult.NONE,
        dmarc: AuthResult = AuthResult.NONE,
        encryption: MailCrypto = MailCrypto.NONE,
        signature: MailCrypto = MailCrypto.NONE,
        size: Count | None = None,
    ) -> Email:
        """Keep a message as it came; an outgoing one was sent elsewhere and counts as sent.

        Base subject, preview and size are worked out where they are not given.
        """
        if is_junk and direction is Direction.OUTGOING:
            raise NotReceived
        return cls._begin(
            origin,
            cls.Received,
            state=EmailState.SENT if direction is Direction.OUTGOING else EmailState.RECEIVED,
            direction=direction,
            folder=folder,
            message_id=message_id,
            in_reply_to=in_reply_to,
            references=references,
            thread_key=thread_key,
            from_=from_,
            sender=sender,
            to=to,
            cc=cc,
            bcc=bcc,
            reply_to=reply_to,
            subject=subject,
            subject_base=base_of(subject) if subject_base is None else subject_base,
            sent_at=sent_at,
            sent_offset_minutes=sent_offset_minutes,
            received_at=received_at,
            is_read=is_read,
            is_flagged=is_flagged,
            is_answered=is_answered,
            is_forwarded=is_forwarded,
            is_junk=is_junk,
            text_body=text_body,
            has_html=has_html or bool(html_body),
            html_body=html_body or None,
            preview=preview_of(text_body) if preview is None else preview,
            attachments=attachments,
            list_id=list_id,
            list_unsubscribe=list_unsubscribe,
            spf=spf,
            dkim=dkim,
            dmarc=dmarc,
            encryption=encryption,
            signature=signature,
            source_content=source_content,
            size=source_content.size if size is None else size,
        )

    @classmethod
    def draft(
        cls,
        origin: Origin,
        *,
        subject: Line = "",
        text_body: Text = "",
        html_body: HtmlBody | None = None,
        from_: Many[Mailbox] = (),
        to: Many[Mailbox] = (),
        cc: Many[Mailbox] = (),
        bcc: Many[Mailbox] = (),
        reply_to: Many[Mailbox] = (),
        attachments: Many[Attachment] = (),
        in_reply_to: Many[MessageId] = (),
        references: Many[MessageId] = (),
        thread_key: ThreadKey | None = None,
    ) -> Email:
        return cls._begin(
            origin,
            cls.Drafted,
            state=EmailState.DRAFT,
            direction=Direction.OUTGOING,
            folder=DRAFTS,
            is_read=True,
            in_reply_to=in_reply_to,
            references=references,
            thread_key=thread_key,
            from_=from_,
            to=to,
            cc=cc,
            bcc=bcc,
            reply_to=reply_to,
            subject=subject,
            subject_base=base_of(subject),
            text_body=text_body,
            has_html=bool(html_body),
            html_body=html_body or None,
            preview=preview_of(text_body),
            attachments=attachments,
        )

    def revise(
        self,
        *,
        subject: Line | None = None,
        text_body: Text | None = None,
        html_body: HtmlBody | None = None,
        from_: Many[Mailbox] | None = None,
        to: Many[Mailbox] | None = None,
        cc: Many[Mailbox] | None = None,
        bcc: Many[Mailbox] | None = None,
        reply_to: Many[Mailbox] | None = None,
        attachments: Many[Attachment] | None = None,
    ) -> None:
        """Change what is given and keep the rest; also possible after sending failed.

        Another text without HTML leaves the message without: it would say what the text said before.
        """
        if self.state not in (EmailState.DRAFT, EmailState.SEND_FAILED):
            raise ContentFixed
        subject = told(subject, self.subject)
        is_same_text = text_body is None or text_body == self.text_body
        text_body = told(text_body, self.text_body)
        html_body = told(html_body, self.html_body if is_same_text else None) or None
        revised = Composition(
            from_=told(from_, self.from_),
            to=told(to, self.to),
            cc=told(cc, self.cc),
            bcc=told(bcc, self.bcc),
            reply_to=told(reply_to, self.reply_to),
            subject=subject,
            subject_base=base_of(subject),
            text_body=text_body,
            has_html=html_body is not None,
            html_body=html_body,
            preview=preview_of(text_body),
            attachments=told(attachments, self.attachments),
        )
        say(self, Email.Revised, **vars(revised))

    def queue(self) -> None:
        """Hand the message over for sending, for the first time or again."""
        if self.state is EmailState.QUEUED:
            return
        if self.state not in UNSENT:
            raise ContentFixed
        recipients = (*self.to, *self.cc, *self.bcc)
        if not recipients or not all(mailbox.is_deliverable for mailbox in recipients):
            raise NoRecipients
        self.trigger_event(Email.Queued)

    def confirm_sent(
        self,
        sent_at: Moment | None = None,
        *,
        message_id: MessageId | None = None,
        source_content: StoredContent | None = None,
    ) -> None:
        """Note that the message is out, with the id and the bytes it was sent with; it may begin a thread."""
        self._require_queued()
        self.trigger_event(
            Email.Sent,
            sent_at=sent_at or clock.now(),
            message_id=message_id,
            thread_key=self.thread_key or message_id,
            source_content=source_content,
            size=source_content.size if source_content else self.size,
        )

    def fail_send(self, reason: Line = "") -> None:
        self._require_queued()
        self.trigger_event(Email.SendFailed, send_error=reason)

    @property
    def named_addresses(self) -> frozenset[str]:
        headers = (*self.from_, *self.sender, *self.to, *self.cc, *self.bcc, *self.reply_to)
        return frozenset(mailbox.address for mailbox in headers if mailbox.is_deliverable)

    def _require_queued(self) -> None:
        if self.state is not EmailState.QUEUED:
            raise NotQueued
