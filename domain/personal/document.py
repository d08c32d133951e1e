"""A document on paper or in a file: what it is, from whom, how long it holds, and every version of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from domain.shared import clock
from domain.shared.content import Content
from domain.shared.errors import IllegalTransition, ItemNotFound, RuleBroken
from domain.shared.money import require_precision
from domain.shared.peers import Claim, PeerRef, peer_refs
from domain.shared.record import Origin, TooMany
from domain.shared.values import Currency, Day, Id, Language, Line, Moment, Money, Name, StoredContent, Title

MAX_VERSIONS = 1000

ArchiveNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""The number stamped on the paper, by which it is found in its binder."""

DocumentFolder = Annotated[Title, Field(max_length=255)]


class DocumentState(StrEnum):
    RECEIVED = "received"
    FILED = "filed"
    ARCHIVED = "archived"


class DocumentType(StrEnum):
    INVOICE = "invoice"
    RECEIPT = "receipt"
    CONTRACT = "contract"
    STATEMENT = "statement"
    ID_DOCUMENT = "id_document"
    CERTIFICATE = "certificate"
    LETTER = "letter"
    MANUAL = "manual"
    MEDICAL = "medical"
    TAX = "tax"
    WARRANTY = "warranty"
    TICKET = "ticket"
    INSURANCE = "insurance"
    PAYSLIP = "payslip"
    REPORT = "report"
    OTHER = "other"


class DocumentNotFiled(IllegalTransition):
    """The document has not been filed yet."""


class DocumentArchived(IllegalTransition):
    """The document is archived; unarchive it first."""


class DocumentNotArchived(IllegalTransition):
    """The document is not archived."""


class DocumentOnHold(IllegalTransition):
    """The document must be kept: it is under a hold, which has to be released first."""


class NothingToRenew(IllegalTransition):
    """The document does not expire, so there is nothing to renew."""


class RenewedTooShort(RuleBroken):
    """A renewed document must be valid for longer than before."""


class ExpiresBeforeValid(RuleBroken):
    """A document cannot expire before it becomes valid."""


class AmountWithoutCurrency(RuleBroken):
    """An amount needs its currency, and a currency its amount."""


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """The document as it was at one time; never changed once it is there."""

    n: int
    content: StoredContent
    comment: str
    created_at: datetime


class Document(Content):
    """A document and its versions."""

    KIND: ClassVar[str] = "document"
    STAYS = frozenset({"legal_hold", "hold_reason"})

    title: str
    versions: tuple[DocumentVersion, ...]
    current_version: int = 1
    state: DocumentState = DocumentState.RECEIVED
    doc_type: DocumentType = DocumentType.OTHER
    correspondent_contact_id: UUID | None = None
    correspondent_name: str | None = None
    issued_on: date | None = None
    received_on: date | None = None
    valid_from: date | None = None
    expires_on: date | None = None
    archive_number: int | None = None
    folder: str | None = None
    language: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    reference_number: str | None = None
    retention_until: date | None = None
    legal_hold: bool = False
    hold_reason: str = ""

    class Event(Content.Event):
        """Any event of a document."""

    class Received(Event, Content.Created):
        TOPIC = "document.received"
        title: str
        versions: tuple[DocumentVersion, ...]
        doc_type: DocumentType
        correspondent_contact_id: UUID | None
        correspondent_name: str | None
        issued_on: date | None
        received_on: date | None
        valid_from: date | None
        expires_on: date | None
        archive_number: int | None
        language: str | None
        amount: Decimal | None
        currency: str | None
        reference_number: str | None
        retention_until: date | None

    class Retitled(Event):
        TOPIC = "document.retitled"
        title: str

    class Classified(Event):
        TOPIC = "document.classified"
        doc_type: DocumentType

    class CorrespondentSet(Event):
        TOPIC = "document.correspondent_set"
        correspondent_contact_id: UUID | None
        correspondent_name: str | None

    class DatesSet(Event):
        TOPIC = "document.dates_set"
        issued_on: date | None
        received_on: date | None
        valid_from: date | None

    class VersionAdded(Event):
        TOPIC = "document.version_added"
        added: DocumentVersion

        def apply(self, document: Document) -> None:
            document.versions = (*document.versions, self.added)
            document.current_version = self.added.n

    class RevertedToVersion(Event):
        TOPIC = "document.reverted_to_version"
        current_version: int

    class Filed(Event):
        TOPIC = "document.filed"
        folder: str | None
        archive_number: int | None

        def apply(self, document: Document) -> None:
            super().apply(document)
            document.state = DocumentState.FILED

    class Archived(Event):
        TOPIC = "document.archived"

        def apply(self, document: Document) -> None:
            document.state = DocumentState.ARCHIVED

    class Unarchived(Event):
        TOPIC = "document.unarchived"

        def apply(self, document: Document) -> None:
            document.state = DocumentState.FILED

    class ExpirySet(Event):
        TOPIC = "document.expiry_set"
        expires_on: date | None

    class Renewed(Event):
        TOPIC = "document.renewed"
        expires_on: date
        valid_from: date | None

    class RetentionSet(Event):
        TOPIC = "document.retention_set"
        retention_until: date | None

    class HoldPlaced(Event):
        TOPIC = "document.hold_placed"
        hold_reason: str

        def apply(self, document: Document) -> None:
            document.legal_hold = True
            document.hold_reason = self.hold_reason

    class HoldReleased(Event):
        TOPIC = "document.hold_released"

        def apply(self, document: Document) -> None:
            document.legal_hold = False
            document.hold_reason = ""

    @classmethod
    def receive(
        cls,
        origin: Origin,
        title: Title,
        *,
        content: StoredContent,
        comment: Line = "",
        created_at: Moment | None = None,
        doc_type: DocumentType = DocumentType.OTHER,
        correspondent_contact_id: Id | None = None,
        correspondent_name: Name | None = None,
        issued_on: Day | None = None,
        received_on: Day | None = None,
        valid_from: Day | None = None,
        expires_on: Day | None = None,
        archive_number: ArchiveNumber | None = None,
        language: Language | None = None,
        amount: Money | None = None,
        currency: Currency | None = None,
        reference_number: Line | None = None,
        retention_until: Day | None = None,
    ) -> Document:
        """Take in a document with its first version, made at ``created_at`` or now."""
        _require_order(valid_from, expires_on)
        if (amount is None) is not (currency is None):
            raise AmountWithoutCurrency
        if currency is not None:
            require_precision(amount, currency)
        return cls._begin(
            origin,
            cls.Received,
            title=title,
            versions=(DocumentVersion(1, content, comment, created_at or clock.now()),),
            doc_type=doc_type,
            correspondent_contact_id=correspondent_contact_id,
            correspondent_name=correspondent_name,
            issued_on=issued_on,
            received_on=received_on,
            valid_from=valid_from,
            expires_on=expires_on,
            archive_number=archive_number,
            language=language,
            amount=amount,
            currency=currency,
            reference_number=reference_number,
            retention_until=retention_until,
        )

    def retitle(self, title: Title) -> None:
        if title != self.title:
            self.trigger_event(Document.Retitled, title=title)

    def classify(self, doc_type: DocumentType) -> None:
        if doc_type is not self.doc_type:
            self.trigger_event(Document.Classified, doc_type=doc_type)

    def set_correspondent(self, *, contact_id: Id | None = None, name: Name | None = None) -> None:
        """Say whom the document is from or to: a contact, a name, or both; neither forgets it."""
        if (contact_id, name) != (self.correspondent_contact_id, self.correspondent_name):
            self.trigger_event(
                Document.CorrespondentSet, correspondent_contact_id=contact_id, correspondent_name=name
            )

    def set_dates(
        self, *, issued_on: Day | None = None, received_on: Day | None = None, valid_from: Day | None = None
    ) -> None:
        """Put these three dates in place of the old ones; one that is left out becomes unknown."""
        _require_order(valid_from, self.expires_on)
        if (issued_on, received_on, valid_from) != (self.issued_on, self.received_on, self.valid_from):
            self.trigger_event(
                Document.DatesSet, issued_on=issued_on, received_on=received_on, valid_from=valid_from
            )

    def add_version(
        self, content: StoredContent, *, comment: Line = "", created_at: Moment | None = None
    ) -> None:
        """Add a newer version, which becomes the current one; the same content again adds nothing."""
        if content == self.content:
            return
        if len(self.versions) >= MAX_VERSIONS:
            raise TooMany
        added = DocumentVersion(len(self.versions) + 1, content, comment, created_at or clock.now())
        self.trigger_event(Document.VersionAdded, added=added)

    def revert_to_version(self, n: Annotated[int, Field(ge=1)]) -> None:
        """Make an earlier version, or again a later one, the current one; none is lost."""
        if n > len(self.versions):
            raise ItemNotFound
        if n != self.current_version:
            self.trigger_event(Document.RevertedToVersion, current_version=n)

    def file(
        self, folder: DocumentFolder | None = None, *, archive_number: ArchiveNumber | None = None
    ) -> None:
        """Put the document in its place, or in another one; what is not given stays as it is."""
        if self.state is DocumentState.ARCHIVED:
            raise DocumentArchived
        place = (folder or self.folder, archive_number or self.archive_number)
        if self.state is not DocumentState.FILED or place != (self.folder, self.archive_number):
            self.trigger_event(Document.Filed, folder=place[0], archive_number=place[1])

    def archive(self) -> None:
        if self.state is DocumentState.RECEIVED:
            raise DocumentNotFiled
        if self.state is DocumentState.FILED:
            self.trigger_event(Document.Archived)

    def unarchive(self) -> None:
        if self.state is not DocumentState.ARCHIVED:
            raise DocumentNotArchived
        self.trigger_event(Document.Unarchived)

    def set_expiry(self, expires_on: Day | None) -> None:
        """Say when the document runs out; None for never."""
        _require_order(self.valid_from, expires_on)
        if expires_on != self.expires_on:
            self.trigger_event(Document.ExpirySet, expires_on=expires_on)

    def renew(self, expires_on: Day, *, valid_from: Day | None = None) -> None:
        """Extend a document that expires; without a new ``valid_from`` the old one stays."""
        if self.expires_on is None:
            raise NothingToRenew
        if expires_on <= self.expires_on:
            raise RenewedTooShort
        valid_from = valid_from or self.valid_from
        _require_order(valid_from, expires_on)
        self.trigger_event(Document.Renewed, expires_on=expires_on, valid_from=valid_from)

    def set_retention(self, retention_until: Day | None) -> None:
        """Say until when the law wants the document kept; a reminder, where a hold is a lock."""
        if retention_until != self.retention_until:
            self.trigger_event(Document.RetentionSet, retention_until=retention_until)

    def place_hold(self, reason: Line = "") -> None:
        """Keep the document from the trash until the hold is released."""
        if not self.legal_hold or reason != self.hold_reason:
            self.trigger_event(Document.HoldPlaced, hold_reason=reason)

    def release_hold(self) -> None:
        if self.legal_hold:
            self.trigger_event(Document.HoldReleased)

    def trash(self, reason: Line = "") -> None:
        if self.legal_hold:
            raise DocumentOnHold
        super().trash(reason)

    def _require_fit(self) -> None:
        if self.legal_hold and self.deleted_at is not None:
            raise DocumentOnHold

    @property
    def claims(self) -> frozenset[Claim]:
        """The archive number: one paper per number, also while a document is in the trash."""
        if self.archive_number is None:
            return frozenset()
        return frozenset({Claim("document.archive_number", str(self.archive_number))})

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        return peer_refs("contact", self.correspondent_contact_id)

    @property
    def on_hold(self) -> bool:
        return self.legal_hold

    @property
    def content(self) -> StoredContent:
        """The bytes of the current version."""
        return self.versions[self.current_version - 1].content


def _require_order(valid_from: date | None, expires_on: date | None) -> None:
    if valid_from is not None and expires_on is not None and expires_on < valid_from:
        raise ExpiresBeforeValid
