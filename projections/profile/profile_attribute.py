"""What can be asked of the facts about a person."""

from __future__ import annotations

from domain.profile.profile_attribute import ProfileAttribute
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.view import View


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
    derived=(in_search(_words),),
)
