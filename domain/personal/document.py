"""A document on paper or in a file: what it is, from whom, how long it holds, and every version of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from domain.personal.document_keeping import Keeping
from domain.personal.document_reading import Reading
from domain.personal.document_terms import (
    AmountWithoutCurrency,
    ArchiveNumber,
    DocumentArchived,
    DocumentFolder,
    DocumentNotArchived,
    DocumentNotFiled,
    DocumentState,
    DocumentType,
    DocumentVersion,
    Pages,
    VersionKind,
    require_order,
)
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.money import require_precision
from domain.shared.peers import Claim, PeerRef, peer_refs
from domain.shared.record import Origin
from domain.shared.values import Currency, Day, Id, Language, Line, Moment, Money, Name, StoredContent, Title


class Document(Reading, Keeping):
    """A document and its versions."""

    KIND: ClassVar[str] = "document"
    STAYS = frozenset({"legal_hold", "hold_reason", "checked_out_by", "checked_out_until"})

    title: str
    doc_type: DocumentType = DocumentType.OTHER
    correspondent_contact_id: UUID | None = None
    correspondent_name: str | None = None
    issued_on: date | None = None
    received_on: date | None = None
    archive_number: int | None = None
    folder: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    reference_number: str | None = None

    class Event(Reading.Event, Keeping.Event):
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
        pages: Pages | None = None,
    ) -> Document:
        """Take in a document with its first version, made at ``created_at`` or now."""
        require_order(valid_from, expires_on)
        if (amount is None) is not (currency is None):
            raise AmountWithoutCurrency
        if currency is not None:
            require_precision(amount, currency)
        made_at = created_at or clock.now()
        first = DocumentVersion(1, content, comment, made_at, VersionKind.ORIGINAL, pages)
        return cls._begin(
            origin,
            cls.Received,
            title=title,
            versions=(first,),
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
        require_order(valid_from, self.expires_on)
        if (issued_on, received_on, valid_from) != (self.issued_on, self.received_on, self.valid_from):
            self.trigger_event(
                Document.DatesSet, issued_on=issued_on, received_on=received_on, valid_from=valid_from
            )

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
        if self.state not in (DocumentState.FILED, DocumentState.ARCHIVED):
            raise DocumentNotFiled
        if self.state is DocumentState.FILED:
            self.trigger_event(Document.Archived)

    def unarchive(self) -> None:
        if self.state is not DocumentState.ARCHIVED:
            raise DocumentNotArchived
        self.trigger_event(Document.Unarchived)

    @property
    def claims(self) -> frozenset[Claim]:
        """The archive number: one paper per number, also while a document is in the trash."""
        if self.archive_number is None:
            return frozenset()
        return frozenset({Claim("document.archive_number", str(self.archive_number))})

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        return peer_refs("contact", self.correspondent_contact_id) | peer_refs("device", self.checked_out_by)
