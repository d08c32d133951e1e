"""Logging: key=value lines on stderr. Ids, kinds, counts and error classes only; never what a person wrote."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any


@cache
def log() -> Any:  # noqa: ANN401 - structlog's loggers have no common type
    """Return the logger; structlog takes 0.1 s to import, and most commands log nothing."""
    import structlog  # noqa: PLC0415

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger()
