"""The words of an album: its kinds and orders, the rule of a smart one, and the rules that may be broken."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from domain.media.media_terms import MediaKind, Rating
from domain.shared.errors import IllegalTransition, ItemNotFound, RuleBroken
from domain.shared.values import Day, Label

MAX_MEDIA = 100_000


class AlbumKind(StrEnum):
    MANUAL = "manual"
    SMART = "smart"
    """Whatever a rule finds lies in it, at any time."""
    SHARED = "shared"
    IMPORTED = "imported"


class AlbumOrder(StrEnum):
    """How an album is shown; the order its media were put in is kept whichever it is."""

    MANUAL = "manual"
    """As they were put; what a rule finds was put by nobody, and comes as by ``captured_asc``."""
    CAPTURED_ASC = "captured_asc"
    CAPTURED_DESC = "captured_desc"
    """Those of unknown time come last in this order, too."""
    ADDED_DESC = "added_desc"
    """What came to the album last is first; of what a rule finds, what was last made known."""
    TITLE = "title"
    """By the caption, failing that the name of the file."""


class AlbumStatus(StrEnum):
    OPEN = "open"
    ARCHIVED = "archived"


class AlbumClosed(IllegalTransition):
    """The album is archived; reopen it first."""


class NotInAlbum(ItemNotFound):
    """The album does not hold this medium."""


class ContentsFollowRule(IllegalTransition):
    """What lies in a smart album follows from its rule; change the rule, or freeze the album."""


class NoRuleToFollow(IllegalTransition):
    """Only a smart album has a rule."""


class RuleMissing(RuleBroken):
    """A smart album is made with its rule, and any other without one."""


class EmptyRule(RuleBroken, ValueError):
    """A rule asks for something."""


class RuleEndsBeforeStart(RuleBroken, ValueError):
    """The days of capture must not end before they start."""


class CoverNotMember(RuleBroken):
    """The cover must be one of the album's media."""


@dataclass(frozen=True, slots=True)
class AlbumRule:
    """Which media lie in a smart album: those not in the trash of which all that it asks for is true."""

    kind: MediaKind | None = None
    is_favourite: bool | None = None
    rating: Rating | None = None
    """At least so many stars."""
    tag: Label | None = None
    captured_from: Day | None = None
    captured_until: Day | None = None
    """The last day, by the clock on the wall where it was captured, failing that in UTC."""

    def __post_init__(self) -> None:
        if all(getattr(self, asked.name) is None for asked in fields(self)):
            raise EmptyRule
        if self.captured_from and self.captured_until and self.captured_until < self.captured_from:
            raise RuleEndsBeforeStart
