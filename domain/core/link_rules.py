"""What a link may show, for how long, and behind what."""

from __future__ import annotations

from datetime import datetime

from domain.core.link_terms import (
    MAX_LIFE,
    MAX_LIFE_SPECIAL,
    MAX_TARGETS,
    SPECIAL_KINDS,
    LifeTooLong,
    PasswordMissing,
    Target,
    TargetKind,
    TargetsUnfit,
)


def require_fit(target_kind: TargetKind, targets: tuple[Target, ...], query: str | None) -> None:
    """Refuse targets, or a query, that are not those of the sort of link."""
    if target_kind is TargetKind.QUERY:
        fits = bool(query) and not targets
    else:
        fits = query is None and 1 <= len(targets) <= MAX_TARGETS and len(set(targets)) == len(targets)
    if not fits:
        raise TargetsUnfit


def shown_by(target_kind: TargetKind, targets: tuple[Target, ...]) -> frozenset[str]:
    """Return the kinds of the targets; a query may show any."""
    if target_kind is TargetKind.QUERY:
        return frozenset({""})
    return frozenset(each.kind for each in targets)


def _is_special(kinds: frozenset[str]) -> bool:
    return not kinds.isdisjoint(SPECIAL_KINDS | {""})  # what a query will find, nobody knows


def require_short_life(expires_at: datetime, kinds: frozenset[str], now: datetime) -> None:
    """Refuse an end that is too late for what is shown."""
    if expires_at > now + (MAX_LIFE_SPECIAL if _is_special(kinds) else MAX_LIFE):
        raise LifeTooLong


def require_password(password_hash: str | None, kinds: frozenset[str]) -> None:
    """Refuse to show special category data without a password."""
    if password_hash is None and _is_special(kinds):
        raise PasswordMissing
