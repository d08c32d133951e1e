"""Gives moments the plain offsets that dates are written with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

_MINUTE = timedelta(minutes=1)


def plain(moment: datetime) -> datetime:
    """Return a moment with a fixed offset; UTC where the offset has seconds, as before there were time zones."""
    offset = moment.utcoffset() or timedelta()
    return moment.astimezone(UTC if offset % _MINUTE else timezone(offset))
