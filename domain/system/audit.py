"""What sort of action an event is; a line of the audit trail is a row of ``projections.audit``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from domain.catalogue import KINDS, events_of, kind_named
from domain.shared.record import Record


class ActionClass(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    EXPORT = "export"
    SHARE = "share"
    PERMISSION = "permission"
    KEY = "key"
    SYSTEM = "system"
    READ = "read"


_BY_TOPIC: Mapping[str, ActionClass] = {
    "erasure": ActionClass.DELETE,
    "link.opened": ActionClass.READ,
    "link.recipient_seen": ActionClass.READ,
    "link.permission_granted": ActionClass.PERMISSION,
    "link.permission_withdrawn": ActionClass.PERMISSION,
    "link.token_rotated": ActionClass.KEY,
    "user.consent_given": ActionClass.PERMISSION,
    "user.consent_withdrawn": ActionClass.PERMISSION,
    "user.processing_restricted": ActionClass.PERMISSION,
    "user.restriction_lifted": ActionClass.PERMISSION,
    "user.suspended": ActionClass.PERMISSION,
    "user.reinstated": ActionClass.PERMISSION,
    "integration.authorisation_completed": ActionClass.PERMISSION,
    "integration.reauthorised": ActionClass.PERMISSION,
    "integration.scopes_widened": ActionClass.PERMISSION,
    "integration.scopes_narrowed": ActionClass.PERMISSION,
    "integration.disconnected": ActionClass.PERMISSION,
    "device.trusted": ActionClass.PERMISSION,
    "device.distrusted": ActionClass.PERMISSION,
    "device.reported_lost": ActionClass.PERMISSION,
    "device.wiped": ActionClass.DELETE,
    "profile_attribute.visibility_changed": ActionClass.SHARE,
}

_BY_FACT: Mapping[str, ActionClass] = {
    "trashed": ActionClass.DELETE,
    "erased": ActionClass.DELETE,
    "exported": ActionClass.EXPORT,
    "shared": ActionClass.SHARE,
    "unshared": ActionClass.SHARE,
    "read": ActionClass.READ,
}

_BY_NOUN: Mapping[str, ActionClass] = {
    "link": ActionClass.SHARE,
    "export": ActionClass.EXPORT,
    "key": ActionClass.KEY,
}


@lru_cache(maxsize=4096)
def action_class_of(topic: str) -> ActionClass:
    """Return what sort of action the topic of an event stands for, from the particular to the general.

    What is not about a record of some kind, such as a rebuild, is the system's own.
    """
    noun, _, fact = topic.partition(".")
    named = _BY_TOPIC.get(topic) or _BY_FACT.get(fact) or _BY_NOUN.get(noun)
    if named is not None:
        return named
    if noun not in KINDS or (noun == "integration" and fact.startswith("sync_")):
        return ActionClass.SYSTEM
    event_class = events_of(kind_named(noun)).get(topic)
    begins = event_class is not None and issubclass(event_class, Record.Created)
    return ActionClass.CREATE if begins else ActionClass.UPDATE
