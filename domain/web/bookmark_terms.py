"""The words of a bookmark: where it is filed, whether its address still works, the rules it may break."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.shared.errors import RuleBroken
from domain.shared.values import Name, Text

LongTitle = Annotated[Text, Field(max_length=2000)]
HttpStatus = Annotated[int, Field(ge=100, le=599)]

Folder = Annotated[tuple[Name, ...], Field(strict=False, max_length=32)]
"""The names of the folders down to the one meant; empty is no folder."""

SomeFolder = Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=32)]


class LinkHealth(StrEnum):
    UNCHECKED = "unchecked"
    OK = "ok"
    REDIRECTED = "redirected"
    BROKEN = "broken"
    TIMEOUT = "timeout"


def _checked(health: LinkHealth) -> LinkHealth:
    if health is LinkHealth.UNCHECKED:
        raise ValueError("must be what a check has found")
    return health


CheckedHealth = Annotated[LinkHealth, AfterValidator(_checked)]


class BookmarkNeverOpened(RuleBroken):
    """The address is one that is kept, but never opened."""


@dataclass(frozen=True)
class Details:
    """What the source of a bookmark can say of it."""

    url: str
    url_key: str
    title: str
    description: str
    folder: tuple[str, ...]
    added_at: datetime
    last_visited_at: datetime | None
    visit_count: int
    icon_url: str | None
    is_private: bool
    to_read: bool
    is_favourite: bool
    shortcut_keyword: str | None
