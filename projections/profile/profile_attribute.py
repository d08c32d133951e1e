"""What can be asked of the facts about a person."""

from __future__ import annotations

from datetime import UTC, datetime, time

from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import AttributeStatus
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View

_DETAIL_LENGTH = 120


def _moment(attribute: ProfileAttribute) -> Moment | None:
    """Return since when the fact is true; one that is only proposed, was rejected or taken back did not happen."""
    if attribute.valid_from is None or attribute.status is not AttributeStatus.HELD:
        return None
    value = attribute.value[:_DETAIL_LENGTH]
    return Moment(
        datetime.combine(attribute.valid_from, time(), UTC),
        attribute.name,
        f"{value} {attribute.unit}" if attribute.unit else value,
    )


def _words(attribute: ProfileAttribute) -> Words:
    return Words(attribute.name, attribute.value)


VIEW = View(
    ProfileAttribute,
    RecordTable(
        ProfileAttribute,
        "profile_attributes",
        filters=("status", "namespace"),
        listed=("namespace", "key", "value", "valid_from", "valid_to"),
    ),
    derived=(on_timeline(_moment), in_search(_words)),
)
