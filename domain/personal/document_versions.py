"""The part of a document that is its bytes: every version of them, and on which device they are being changed."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.personal.document_terms import (
    MAX_VERSIONS,
    CheckOutPast,
    DocumentCheckedOut,
    DocumentVersion,
    Pages,
    VersionKind,
)
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.errors import ItemNotFound
from domain.shared.known import say
from domain.shared.record import TooMany
from domain.shared.values import Id, Line, Moment, Name, StoredContent


class Versions(Content):
    """A document as it was at several times, one of them the current one."""

    _: KW_ONLY
    versions: tuple[DocumentVersion, ...]
    current_version: int = 1
    checked_out_by: UUID | None = None
    """The device on which the next version is being made."""
    checked_out_until: datetime | None = None

    class Event(Content.Event):
        """Any event of a document."""

    class VersionAdded(Event):
        TOPIC = "document.version_added"
        added: DocumentVersion

        def apply(self, document: Versions) -> None:
            document.versions = (*document.versions, self.added)
            document.current_version = self.added.n

    class RevertedToVersion(Event):
        TOPIC = "document.reverted_to_version"
        current_version: int

    class CheckedOut(Event):
        TOPIC = "document.checked_out"
        checked_out_by: UUID
        checked_out_until: datetime

    class CheckedIn(Event):
        TOPIC = "document.checked_in"

        def apply(self, document: Versions) -> None:
            document.checked_out_by = document.checked_out_until = None

    class CheckOutBroken(Event):
        TOPIC = "document.check_out_broken"
        reason: str

        def apply(self, document: Versions) -> None:
            document.checked_out_by = document.checked_out_until = None

    def add_version(
        self,
        content: StoredContent,
        *,
        comment: Line = "",
        created_at: Moment | None = None,
        device_id: Id | None = None,
        kind: VersionKind | None = None,
        pages: Pages | None = None,
        by: Name | None = None,
    ) -> None:
        """Add a newer version, which becomes the current one; the same content again adds nothing.

        Where the document is checked out, ``device_id`` must be the device that has it.
        """
        self._require_free_for(device_id)
        if content.is_same_as(self.content):
            return
        if len(self.versions) >= MAX_VERSIONS:
            raise TooMany
        number, made_at = len(self.versions) + 1, created_at or clock.now()
        added = DocumentVersion(number, content, comment, made_at, kind, pages, by)
        self.trigger_event(self.VersionAdded, added=added)

    def revert_to_version(self, n: Annotated[int, Field(ge=1)]) -> None:
        """Make an earlier version, or again a later one, the current one; none is lost."""
        self._require_free_for(None)
        if n > len(self.versions):
            raise ItemNotFound
        if n != self.current_version:
            self.trigger_event(self.RevertedToVersion, current_version=n)

    def check_out(self, device_id: Id, *, until: Moment) -> None:
        """Keep others from making versions while one is made on a device, for a time; again for longer."""
        if until <= clock.now():
            raise CheckOutPast
        self._require_free_for(device_id)
        say(self, self.CheckedOut, checked_out_by=device_id, checked_out_until=until)

    def check_in(self, device_id: Id) -> None:
        """Give the document back from the device that has it."""
        self._require_free_for(device_id)
        if self.checked_out_by is not None:
            self.trigger_event(self.CheckedIn)

    def break_check_out(self, reason: Line = "") -> None:
        """Take the document from a device that does not give it back."""
        if self.checked_out_by is not None:
            self.trigger_event(self.CheckOutBroken, reason=reason)

    @property
    def content(self) -> StoredContent:
        """The bytes of the current version."""
        return self.versions[self.current_version - 1].content

    def _require_free_for(self, device_id: UUID | None) -> None:
        until = self.checked_out_until
        if until is not None and until > clock.now() and device_id != self.checked_out_by:
            raise DocumentCheckedOut
