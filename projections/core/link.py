"""What can be asked of sharing links."""

from __future__ import annotations

from domain.core.link import Link
from projections.record_table import RecordTable
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(link: Link) -> Moment:
    return Moment(link.created_on, link.title or "", link.status.value)


VIEW = View(
    Link,
    RecordTable(
        Link,
        "links",
        filters=("status",),
        orders=("expires_at",),
        listed=("title", "status", "expires_at", "view_count"),
    ),
    derived=(on_timeline(_moment),),
)
