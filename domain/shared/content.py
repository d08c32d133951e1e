"""The base of every kind with a person's content in it: trash, tags and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from domain.shared.errors import NotTrashed
from domain.shared.record import Record, TooMany
from domain.shared.values import Label, Line, Many, Metadata, Text, text_key

MAX_TAGS = 100
MAX_ANNOTATIONS = 1000


class Content(Record):
    """A record with a person's content in it: it can be trashed, tagged and annotated."""

    tags: tuple[str, ...] = field(default=(), kw_only=True)
    annotations: tuple[str, ...] = field(default=(), kw_only=True)

    class Event(Record.Event):
        """Any event of a content record."""

    class Created(Event, Record.Created):
        """The first event of a content record."""

    class Trashed(Event):
        TOPIC = "{kind}.trashed"
        reason: str

        def apply(self, record: Content) -> None:
            record.deleted_at = self.timestamp

    class Restored(Event):
        TOPIC = "{kind}.restored"
        IN_TRASH = True

        def apply(self, record: Content) -> None:
            record.deleted_at = None

    class Tagged(Event):
        TOPIC = "{kind}.tagged"
        EDITS = ("tags",)
        tag: str

        def apply(self, record: Content) -> None:
            record.tags = (*record.tags, self.tag)

    class Untagged(Event):
        TOPIC = "{kind}.untagged"
        EDITS = ("tags",)
        tag: str

        def apply(self, record: Content) -> None:
            record.tags = tuple(tag for tag in record.tags if tag != self.tag)

    class TagsRefreshed(Event):
        TOPIC = "{kind}.tags_refreshed"
        BY_SOURCE = True
        tags: tuple[str, ...]

    class MetadataRefreshed(Event):
        TOPIC = "{kind}.metadata_refreshed"
        BY_SOURCE = True
        metadata: Mapping[str, str]

    class Annotated(Event):
        TOPIC = "{kind}.annotated"
        text: str

        def apply(self, record: Content) -> None:
            record.annotations = (*record.annotations, self.text)

    def trash(self, reason: Line = "") -> None:
        self.trigger_event(self.Trashed, reason=reason)

    def restore(self) -> None:
        if self.deleted_at is None:
            raise NotTrashed
        self._require_way_back()
        self.trigger_event(self.Restored)

    def tag(self, tag: Label) -> None:
        if self._tagged_as(tag) is not None:
            return
        if len(self.tags) >= MAX_TAGS:
            raise TooMany
        self.trigger_event(self.Tagged, tag=tag)

    def untag(self, tag: Label) -> None:
        tagged = self._tagged_as(tag)
        if tagged is not None:
            self.trigger_event(self.Untagged, tag=tagged)

    def refresh_tags(self, tags: Many[Label]) -> None:
        """Take the tags that an imported record has at its source, the first hundred, unless the person has tagged it."""
        found: dict[str, str] = {}
        for tag in tags:
            found.setdefault(text_key(tag), tag)
        told = tuple(found.values())[:MAX_TAGS]
        if "tags" not in self.edited_fields and told != self.tags:
            self.trigger_event(self.TagsRefreshed, tags=told)

    def refresh_metadata(self, metadata: Metadata) -> None:
        """Take what the source of an imported record says now that the record has no room for."""
        if metadata != self.metadata:
            self.trigger_event(self.MetadataRefreshed, metadata=dict(metadata))

    def annotate(self, text: Text) -> None:
        if len(self.annotations) >= MAX_ANNOTATIONS:
            raise TooMany
        self.trigger_event(self.Annotated, text=text)

    def _require_way_back(self) -> None:
        """Check that what the trash has left to other records is still free, where no claim says so."""

    def _tagged_as(self, tag: str) -> str | None:
        """Return the tag as it was first written, composed or not."""
        return next((each for each in self.tags if text_key(each) == text_key(tag)), None)
