"""Where a note stands among others, and what it refers to."""

from __future__ import annotations

import pytest

from domain.productivity.note import Note
from domain.shared.record import Origin
from domain.shared.values import new_id


def a_note(body: str = "") -> Note:
    return Note.write(Origin(new_id()), "Shopping", body=body)


def test_note_is_given_a_place_once() -> None:
    note = a_note()
    note.reorder("m")
    note.reorder("m")
    assert (note.position, note.version) == ("m", 2)


@pytest.mark.parametrize(
    ("body", "links"),
    [
        ("", ()),
        ("Milk, http, [brackets] and ftp://nobody.example", ()),
        ("See [[Meals]] and [[ Recipes |the recipes]], not [[]]", ("Meals", "Recipes")),
        ("[[Meals#Monday]] then [[Meals]]", ("Meals",)),
        (
            "At https://example.org/a?b=1#c, or (http://example.org/d).",
            ("https://example.org/a?b=1#c", "http://example.org/d"),
        ),
        (
            "[text](https://example.org/a_(b)) <https://example.org/e>",
            ("https://example.org/a_(b)", "https://example.org/e"),
        ),
        ('<a href="https://example.org/x">x</a>', ("https://example.org/x",)),
        ("**https://example.org/bold**", ("https://example.org/bold",)),
        ("https://example.org/a https://example.org/a", ("https://example.org/a",)),
    ],
)
def test_links_of_a_note_are_the_addresses_and_titles_in_its_text(body: str, links: tuple[str, ...]) -> None:
    assert a_note(body).links_out == links


def test_links_follow_the_text() -> None:
    note = a_note("[[Old]]")
    note.append("[[New]]")
    links = note.links_out
    note.revise("nothing", base_version=note.version)
    assert (links, note.links_out) == (("Old", "New"), ())
