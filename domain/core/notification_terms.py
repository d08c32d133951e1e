"""The words of a notification: how urgent, where shown, what can be done, and the rules that may be broken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field, Strict, StringConstraints

from domain.shared.errors import IllegalTransition, ItemNotFound, RuleBroken
from domain.shared.values import Label, Line, Slug, Text

Body = Annotated[Text, StringConstraints(max_length=2000)]

DedupKey = Annotated[Line, StringConstraints(min_length=1, max_length=128)]
"""What a notification is about, in the words of who raises it: at most one with the same key is open."""


class Severity(StrEnum):
    INFO = "info"
    REMINDER = "reminder"
    WARNING = "warning"
    SECURITY = "security"


class Channel(StrEnum):
    IN_APP = "in_app"
    EMAIL = "email"
    PUSH = "push"
    WEBHOOK = "webhook"


class NotificationStatus(StrEnum):
    SCHEDULED = "scheduled"
    UNREAD = "unread"
    READ = "read"
    SNOOZED = "snoozed"
    ACTED = "acted"
    DISMISSED = "dismissed"
    EXPIRED = "expired"


FINAL = frozenset({NotificationStatus.ACTED, NotificationStatus.DISMISSED, NotificationStatus.EXPIRED})
SHOWN = frozenset({NotificationStatus.UNREAD, NotificationStatus.READ})


@dataclass(frozen=True, slots=True)
class Action:
    """Something the person can do about a notification with one touch."""

    id: Slug
    label: Annotated[Label, StringConstraints(max_length=40)]
    command: Slug
    """The command it stands for: ``task.complete``."""


Actions = Annotated[tuple[Action, ...], Strict(strict=False), Field(max_length=3)]
Channels = Annotated[tuple[Channel, ...], Strict(strict=False), Field(max_length=len(Channel))]


class NotificationClosed(IllegalTransition):
    """The notification was acted on, dismissed or has expired."""


class NotShown(IllegalTransition):
    """The notification is not shown now: it is scheduled or snoozed."""


class NotWaitingToShow(IllegalTransition):
    """The notification is shown already."""


class NotDue(IllegalTransition):
    """The time of the notification has not come yet."""


class NotificationNotExpired(IllegalTransition):
    """The notification has not reached its end yet."""


class SnoozeIntoPast(RuleBroken):
    """A notification can be snoozed only until a moment in the future."""


class ExpiresBeforeShown(RuleBroken):
    """A notification must not expire before it is shown."""


class ActionsAlike(RuleBroken):
    """The actions of a notification need different ids."""


class ActionNotFound(ItemNotFound):
    """The notification does not offer this action."""
