"""Front matter of every kind says the same things."""

from __future__ import annotations

from pathlib import Path
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
