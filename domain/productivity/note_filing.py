"""The part of a note that says where it stands among others: its notebook, its place, what is pinned or put away."""

from __future__ import annotations

from dataclasses import KW_ONLY

from domain.productivity.note_terms import NotebookPath
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.values import Rank


class NoteFiling(Content):
    """A note in its notebook, or outside of any."""

    _: KW_ONLY
    notebook: tuple[str, ...] = ()
    position: str | None = None
    """Sorted as text, among the notes of its notebook."""
    pinned: bool = False
    archived: bool = False

    class Event(Content.Event):
        """Any event of a note."""

    class Pinned(Event):
        TOPIC = "note.pinned"
        EDITS = ("pinned",)

        def apply(self, note: NoteFiling) -> None:
            note.pinned = True

    class Unpinned(Event):
        TOPIC = "note.unpinned"
        EDITS = ("pinned",)

        def apply(self, note: NoteFiling) -> None:
            note.pinned = False

    class Filed(Event):
        TOPIC = "note.filed"
        notebook: tuple[str, ...]

    class Unfiled(Event):
        TOPIC = "note.unfiled"
        EDITS = ("notebook",)

        def apply(self, note: NoteFiling) -> None:
            note.notebook = ()

    class Reordered(Event):
        TOPIC = "note.reordered"
        position: str

    class Archived(Event):
        TOPIC = "note.archived"
        EDITS = ("archived",)

        def apply(self, note: NoteFiling) -> None:
            note.archived = True

    class Unarchived(Event):
        TOPIC = "note.unarchived"
        EDITS = ("archived",)

        def apply(self, note: NoteFiling) -> None:
            note.archived = False

    def pin(self) -> None:
        if not self.pinned:
            self.trigger_event(self.Pinned)

    def unpin(self) -> None:
        if self.pinned:
            self.trigger_event(self.Unpinned)

    def file_into(self, notebook: NotebookPath) -> None:
        if not notebook:
            self.unfile()
        elif notebook != self.notebook:
            self.trigger_event(self.Filed, notebook=notebook)

    def unfile(self) -> None:
        if self.notebook:
            self.trigger_event(self.Unfiled)

    def reorder(self, position: Rank) -> None:
        say(self, self.Reordered, position=position)

    def archive(self) -> None:
        if not self.archived:
            self.trigger_event(self.Archived)

    def unarchive(self) -> None:
        if self.archived:
            self.trigger_event(self.Unarchived)
