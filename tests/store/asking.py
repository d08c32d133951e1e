"""What tests of questions share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infrastructure.store.reader import Page

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def walk(ask: Callable[[str | None], Page[Any]]) -> list[Any]:
    """Return everything that paging with cursors gives."""
    page = ask(None)
    found = list(page)
    while page.next is not None:
        page = ask(page.next)
        assert len(page) > 0
        found += page
    return found


def wall(*parts: int) -> datetime:
    """Return a time on a wall."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - local times have no zone of their own
