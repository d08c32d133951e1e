"""Front matter of every kind says the same things."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from infrastructure.importers.draft import Draft
from infrastructure.importers.notes.markdown_files import MarkdownFiles
from tests.importers.reading import only_draft, written


def note(tmp_path: Path, text: str) -> Draft:
    return only_draft(MarkdownFiles(), written(tmp_path, "some-note.md", text))


def said(tmp_path: Path, text: str) -> dict[str, Any]:
    return dict(note(tmp_path, text).arguments)


@pytest.mark.parametrize(
    ("lines", "tags"),
    [
        ("tags:\n  - reading list", ("reading list",)),
        ("tags: [reading list]", ("reading list",)),
        ("tags: reading list", ("reading", "list")),
        ("tags: reading list, b", ("reading list", "b")),
        ("categories: jekyll update\ntags: [a]", ("a", "jekyll", "update")),
    ],
)
def test_list_of_tags_is_not_taken_apart(tmp_path: Path, lines: str, tags: tuple[str, ...]) -> None:
    assert note(tmp_path, f"---\n{lines}\n---\nx").tags == tags


HUGO = """+++
title = "Hugo & co" # of mine
date = 2026-03-10T12:00:00+01:00
draft = false
tags = [
  "go", # the language
  'web dev',
]
description = \"\"\"
[no.table]
title = "none"
\"\"\"
"source" = "https://example.org/"
[taxonomies]
categories = ["x, y"]
[params]
author = "Nobody"
title = "Other"
+++

# Heading
"""


def test_front_matter_in_toml_is_read(tmp_path: Path) -> None:
    draft = note(tmp_path, HUGO)
    found = draft.arguments
    assert (found["title"], found["body"], found["author"]) == ("Hugo & co", "# Heading", None)
    assert found["written_at"] == datetime.fromisoformat("2026-03-10T12:00:00+01:00")
    assert (draft.tags, found["source_url"]) == (("go", "web dev", "x, y"), "https://example.org/")


@pytest.mark.parametrize(
    "text", ["+++\ntitle = 'a'\nno end", "+++\n\n+++\nx", "+++\nprose\n+++\nx", "++++\ntitle = 'a'\n++++\nx"]
)
def test_what_is_no_toml_is_all_body(tmp_path: Path, text: str) -> None:
    found = said(tmp_path, text)
    assert (found["title"], found["body"]) == ("some-note", text)


@pytest.mark.parametrize(
    "line",
    [
        "a = " + "[" * 60_000,
        "a." * 30_000 + "b = 1",
        "a = " + '"\\' * 30_000,
        "[" + "[" * 60_000,
        'a = ["' * 9000,
    ],
)
def test_toml_that_is_meant_to_harm_ends_soon(tmp_path: Path, line: str) -> None:
    begun = process_time()
    for text in (line, f"tags = [\n{line}", "\n".join([line[:60]] * 990)):
        said(tmp_path, f"+++\ntitle = 'a'\n{text}\n+++\nx")
    assert process_time() - begun < 5  # it takes a tenth of a second


def test_properties_of_a_page_of_logseq_are_read_and_stay_in_the_body(tmp_path: Path) -> None:
    text = "title:: My page\ntags:: garden, [[digital notes]]\ndate:: [[Mar 7th, 2026]]\nicon::\n\n- block\n  id:: 6412"
    draft = note(tmp_path, text)
    found = draft.arguments
    assert (found["title"], found["body"], draft.tags) == ("My page", text, ("garden", "digital notes"))
    assert found["written_at"] == datetime(2026, 3, 7, tzinfo=UTC)


def test_lines_with_two_colons_that_say_nothing_known_are_text(tmp_path: Path) -> None:
    assert said(tmp_path, "std::vector\nfoo:: bar\n")["title"] == "some-note"


NESTED = """---
title: Farm
book:
  author: Orwell # by pen name
  "Year of": 1945
  where:
    city: London
    shops: [a, "b, c"]
  blurb: >
    all: animals
    are equal
  readers:
    - Ada
    - Tim
people:
  - name: Ada
    role: poet
  - Tim
motto:
  words on a line
  of their own
tags:
  - reading list
---
x
"""


def test_nested_values_of_front_matter_are_kept_by_their_path(tmp_path: Path) -> None:
    draft = note(tmp_path, NESTED)
    assert draft.metadata == {
        "book.author": "Orwell",
        "book.yearof": "1945",
        "book.where.city": "London",
        "book.where.shops": "a, b, c",
        "book.blurb": "all: animals\nare equal",
        "book.readers": "Ada, Tim",
        "people": "name: Ada, role: poet, Tim",
        "motto.text": "words on a line of their own",
    }
    assert (draft.tags, draft.arguments["title"], draft.arguments["author"]) == (
        ("reading list",),
        "Farm",
        None,
    )


def test_what_is_nested_makes_no_front_matter_of_prose(tmp_path: Path) -> None:
    prose = "---\nSee below:\n  one: 1\n  two: 2\nand so on\nand on\n---\nx"
    assert said(tmp_path, prose)["body"] == prose


def test_tables_of_toml_are_kept_by_their_names(tmp_path: Path) -> None:
    assert note(tmp_path, HUGO).metadata == {
        "draft": "false",
        "description": '[no.table]\ntitle = "none"',
        "params.author": "Nobody",
        "params.title": "Other",
    }


@pytest.mark.parametrize("line", [" " * 60 + "a:", "a: b", "- a: b", "  - - -", '"' * 60 + ":"])
def test_nested_front_matter_that_is_meant_to_harm_is_bounded(tmp_path: Path, line: str) -> None:
    begun = process_time()
    lines = "\n".join(" " * (1 + each % 99) + f"{line}{each}" for each in range(990))
    draft = note(tmp_path, f"---\ntitle: a\nb:\n{lines}\n---\nx")
    assert process_time() - begun < 5  # it takes a tenth of a second
    assert len(draft.metadata) <= 100
    assert all(len(key) < 1000 and len(value) <= 10_000 for key, value in draft.metadata.items())


def test_name_in_front_matter_that_is_too_long_for_metadata_is_cut(tmp_path: Path) -> None:
    metadata = note(tmp_path, f'---\ntitle: a\n"{"k" * 5000}":\n  one: 1\n---\nx').metadata
    assert metadata == {"k" * 1000: "1"}
