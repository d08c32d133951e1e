"""The one list of the kinds of record there are.

A kind's module is imported when the kind is first used: a command line that looks up a task need not wait
for the classes of twenty other kinds to be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from domain.shared.errors import InvalidInput
from domain.shared.record import Record

KINDS: Mapping[str, str] = {
    "user": "domain.core.user:User",
    "integration": "domain.core.integration:Integration",
    "link": "domain.core.link:Link",
    "notification": "domain.core.notification:Notification",
    "media": "domain.media.media:Media",
    "album": "domain.media.album:Album",
    "social_post": "domain.social.social_post:SocialPost",
    "social_account": "domain.social.social_account:SocialAccount",
    "email": "domain.communication.email:Email",
    "contact": "domain.communication.contact:Contact",
    "web_page": "domain.web.web_page:WebPage",
    "bookmark": "domain.web.bookmark:Bookmark",
    "calendar_event": "domain.productivity.calendar_event:CalendarEvent",
    "task": "domain.productivity.task:Task",
    "note": "domain.productivity.note:Note",
    "document": "domain.personal.document:Document",
    "transaction": "domain.personal.transaction:Transaction",
    "location": "domain.personal.location:LocationDay",
    "health_record": "domain.personal.health_record:HealthRecord",
    "profile_attribute": "domain.profile.profile_attribute:ProfileAttribute",
    "device": "domain.profile.device:Device",
}
"""Every kind that has a stream of events. The 22nd, audit, is read-only: a projection of all the others."""


class UnknownKind(InvalidInput):
    """There is no such kind of record."""


@cache
def kind_named(name: str) -> type[Record]:
    """Return the aggregate class of a kind; raises UnknownKind."""
    try:
        module, _, class_name = KINDS[name].partition(":")
    except KeyError:
        raise UnknownKind from None
    kind: type[Record] = getattr(import_module(module), class_name)
    return kind


def all_kinds() -> Iterator[type[Record]]:
    """Yield every kind, in the order of the list."""
    return map(kind_named, KINDS)


@cache
def events_of(kind: type[Record]) -> Mapping[str, type[Record.Event]]:
    """Return the event classes of a kind by their stored topic: the only names a ledger row may resolve to."""
    found: dict[str, type[Record.Event]] = {}
    for name in dir(kind):
        member = getattr(kind, name)
        if isinstance(member, type) and issubclass(member, Record.Event) and getattr(member, "TOPIC", None):
            found[topic_of(member, kind)] = member
    return found


@cache
def topic_of(event_class: type[Record.Event], kind: type[Record]) -> str:
    """Return the name under which an event of a kind is stored."""
    return event_class.TOPIC.replace("{kind}", kind.KIND)
