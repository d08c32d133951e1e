"""What sort of action an event is, as the audit trail tells it."""

from __future__ import annotations

import pytest

from domain.catalogue import KINDS, events_of, kind_named
from domain.system.audit import _BY_TOPIC, ActionClass, action_class_of


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("task.created", ActionClass.CREATE),
        ("user.registered", ActionClass.CREATE),
        ("integration.connected", ActionClass.CREATE),
        ("profile_attribute.stated", ActionClass.CREATE),
        ("profile_attribute.proposed", ActionClass.CREATE),
        ("notification.raised", ActionClass.CREATE),
        ("task.completed", ActionClass.UPDATE),
        ("task.refreshed", ActionClass.UPDATE),
        ("task.restored", ActionClass.UPDATE),
        ("task.something_yet_unknown", ActionClass.UPDATE),
        ("task.trashed", ActionClass.DELETE),
        ("device.wiped", ActionClass.DELETE),
        ("subject.erased", ActionClass.DELETE),
        ("subject.exported", ActionClass.EXPORT),
        ("export.finished", ActionClass.EXPORT),
        ("link.created", ActionClass.SHARE),
        ("link.extended", ActionClass.SHARE),
        ("link.recipient_invited", ActionClass.SHARE),
        ("profile_attribute.visibility_changed", ActionClass.SHARE),
        ("link.permission_granted", ActionClass.PERMISSION),
        ("user.consent_withdrawn", ActionClass.PERMISSION),
        ("device.trusted", ActionClass.PERMISSION),
        ("link.token_rotated", ActionClass.KEY),
        ("key.destroyed", ActionClass.KEY),
        ("link.opened", ActionClass.READ),
        ("link.recipient_seen", ActionClass.READ),
        ("task.read", ActionClass.READ),
        ("integration.sync_started", ActionClass.SYSTEM),
        ("projection.rebuilt", ActionClass.SYSTEM),
        ("", ActionClass.SYSTEM),
    ],
)
def test_topic_tells_the_class_of_an_action(topic: str, expected: ActionClass) -> None:
    assert action_class_of(topic) is expected


def test_trash_is_a_deletion_of_any_kind() -> None:
    assert {action_class_of(f"{kind}.trashed") for kind in KINDS} == {ActionClass.DELETE}


@pytest.mark.parametrize("topic", sorted(_BY_TOPIC.keys() - {"erasure"}))  # that one is of no kind
def test_topic_singled_out_is_one_there_is(topic: str) -> None:
    assert topic in events_of(kind_named(topic.partition(".")[0]))
