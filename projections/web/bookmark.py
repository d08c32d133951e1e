"""What can be asked of bookmarks."""

from __future__ import annotations

from domain.web.bookmark import Bookmark
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(bookmark: Bookmark) -> Moment:
    return Moment(bookmark.added_at, bookmark.title or bookmark.url, "to read" if bookmark.to_read else "")


def _words(bookmark: Bookmark) -> Words:
    return Words(bookmark.title, "\n".join((bookmark.url, bookmark.description, " ".join(bookmark.folder))))


VIEW = View(
    Bookmark,
    RecordTable(
        Bookmark,
        "bookmarks",
        filters=("to_read",),
        orders=("added_at",),
        listed=("title", "url", "folder", "added_at"),
    ),
    derived=(on_timeline(_moment), in_search(_words)),
)
