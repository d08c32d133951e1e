"""The words of a document: its types and states, its versions, and the rules that may be broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.values import StoredContent, Title

MAX_VERSIONS = 1000

ArchiveNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""The number stamped on the paper, by which it is found in its binder."""

Pages = Annotated[int, Field(ge=1, le=1_000_000)]

DocumentFolder = Annotated[Title, Field(max_length=255)]


class DocumentState(StrEnum):
    RECEIVED = "received"
    PROCESSING = "processing"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    FILED = "filed"
    ARCHIVED = "archived"


class VersionKind(StrEnum):
    ORIGINAL = "original"
    ARCHIVE_PDFA = "archive_pdfa"
    """Made to be kept (ISO 19005)."""
    EDITED = "edited"
    SIGNED = "signed"


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


class DocumentCheckedOut(IllegalTransition):
    """The document is being changed on a device; it has to be checked in there first."""


class NotProcessing(IllegalTransition):
    """Nothing is reading the document."""


class DocumentSettled(IllegalTransition):
    """The document is filed or archived."""


class CheckOutPast(RuleBroken):
    """A document is checked out until a time to come."""


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
    kind: VersionKind | None = None
    """None where nobody has said."""
    pages: int | None = None
    by: str | None = None
    """Who made it, or with what: who added it is known from the event."""


def require_order(valid_from: date | None, expires_on: date | None) -> None:
    """Raise ExpiresBeforeValid where a document would run out before it holds."""
    if valid_from is not None and expires_on is not None and expires_on < valid_from:
        raise ExpiresBeforeValid
