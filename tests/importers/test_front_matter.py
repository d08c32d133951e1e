"""Front matter of every kind says the same things."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from infrastructure.importers.draft import Draft
from infrastructure.importers.markdown_files import MarkdownFiles
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
