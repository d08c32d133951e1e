"""Saved pages for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from domain.catalogue import topic_of
from domain.shared.record import Origin, state_fields
from domain.shared.values import new_id
from domain.web.web_page import WebPage
from domain.web.web_page_terms import PageState

NOON = datetime(2023, 8, 1, 12, tzinfo=UTC)
URL = "https://example.org/a"


def page(**details: Any) -> WebPage:
    return WebPage.save(Origin(new_id()), URL, **details)


def topics(saved: WebPage) -> list[str]:
    return [topic_of(cast("type[WebPage.Event]", type(event)), WebPage) for event in saved.pending_events]


def contents(saved: WebPage) -> dict[str, Any]:
    return {name: getattr(saved, name) for name in state_fields(WebPage)} | {"version": saved.version}


def state_of(saved: WebPage) -> PageState:
    return saved.state
