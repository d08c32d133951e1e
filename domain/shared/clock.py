"""The time as events record it: the system clock, or a fixed one where a caller sets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=_system_time)


def now() -> datetime:
    """Return the current moment, timezone-aware in UTC, to the microsecond."""
    return _source.get()()


@contextmanager
def reading(source: Callable[[], datetime]) -> Iterator[None]:
    """Take the time from ``source`` inside the block (this thread or task only)."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
