"""What can be asked of albums."""

from __future__ import annotations

from collections.abc import Iterator

from domain.media.album import Album
from projections import album_contents
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import Derived, Row, View


def _moment(album: Album) -> Moment:
    return Moment(album.created_on, album.title, "" if album.rule else f"{len(album.media)} items")


def _words(album: Album) -> Words:
    return Words(album.title, album.description)


def _contents(album: Album) -> Iterator[Row]:
    arrivals = {media_id: arrival for arrival, media_id in enumerate(album.arrivals)}
    for place, media_id in enumerate(album.media):
        # A revert recorded before arrivals were known may have brought back media without one.
        yield (place, media_id, media_id == album.cover_media_id, arrivals.get(media_id, -1))


VIEW = View(
    Album,
    RecordTable(Album, "albums", filters=("status",), orders=("title",), listed=("title", "kind", "status")),
    derived=(on_timeline(_moment), in_search(_words), Derived(album_contents.TABLE, _contents)),
)
