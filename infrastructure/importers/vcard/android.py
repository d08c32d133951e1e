"""Says in the words of other programs what Android puts into a property of its own."""

from __future__ import annotations

import binascii

from infrastructure.importers.content_lines import Component, ContentLine, split_value
from infrastructure.importers.text import decoded

_ITEM = "vnd.android.cursor.item/"
_EVENTS = {"1": "Anniversary", "3": "Birthday"}
_RELATIONS = {
    "1": "Assistant",
    "2": "Brother",
    "3": "Child",
    "4": "Domestic partner",
    "5": "Father",
    "6": "Friend",
    "7": "Manager",
    "8": "Mother",
    "9": "Parent",
    "10": "Partner",
    "11": "Referred by",
    "12": "Relative",
    "13": "Sister",
    "14": "Spouse",
}
_MAX_LINES = 1000
_CUSTOM = "X-CUSTOM("


def with_android_lines(card: Component) -> Component:
    """Return the card with nicknames, days and relations where all programs have them."""
    lines = card.all("X-ANDROID-CUSTOM")[:_MAX_LINES]
    if not lines:
        return card
    properties = {name: list(known) for name, known in card.properties.items()}
    for number, line in enumerate(lines):
        item, value, kind, label = (*split_value(line.value, ";"), "", "", "", "")[:4]
        name = ""
        if item == f"{_ITEM}nickname":
            name = "NICKNAME"
        elif item == f"{_ITEM}contact_event":
            label = _EVENTS.get(kind, label)
            name = "BDAY" if label == "Birthday" else "X-ABDATE"
        elif item == f"{_ITEM}relation":
            label = _RELATIONS.get(kind, label)
            name = "X-ABRELATEDNAMES"
        if not name or not value.strip():
            continue
        group = f"android-{number}"
        properties.setdefault(name, []).append(ContentLine(name, _escaped(value), group=group))
        if label:
            properties.setdefault("X-ABLABEL", []).append(
                ContentLine("X-ABLABEL", _escaped(label), group=group)
            )
    return Component(card.name, properties)


def custom_label(line: ContentLine) -> str:
    """Return the person's own word for a way to reach somebody; beyond ASCII it is quoted-printable.

    ``TEL;X-CUSTOM(Gym):…``, ``TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=D0=94):…``
    """
    for name, values in line.params.items():
        if name.startswith(_CUSTOM) and values:
            return decoded(binascii.a2b_qp(values[-1].removesuffix(")").encode()), values[0])
    word = next((each for each in line.words if each.startswith(_CUSTOM)), "")
    return word.removeprefix(_CUSTOM).removesuffix(")")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,")
