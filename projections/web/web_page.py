"""What can be asked of saved pages."""

from __future__ import annotations

from domain.web.web_page import WebPage
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(page: WebPage) -> Moment:
    return Moment(page.saved_at, page.title or page.url, page.read_state.value)


def _words(page: WebPage) -> Words:
    return Words(page.title, f"{page.url}\n{page.byline}\n{page.site_name}\n{page.excerpt}\n{page.text}")


VIEW = View(
    WebPage,
    RecordTable(
        WebPage,
        "web_pages",
        filters=("read_state", "state"),
        orders=("saved_at",),
        listed=("title", "url", "state", "read_state"),
    ),
    derived=(on_timeline(_moment), in_search(_words)),
)
