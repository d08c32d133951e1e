"""What is said of a question that cannot be meant as it was asked."""

from __future__ import annotations

import pytest

from infrastructure.cli.app import EXIT_REFUSED
from infrastructure.store.store import Store
from tests.cli.test_cli import CANARY, Run, ada, assert_refused, lines, made, run

__all__ = ["ada", "run"]  # the fixtures


@pytest.mark.parametrize(
    "words",
    [
        ["find", CANARY],
        ["timeline", "--kind", CANARY],
        ["search", "passport", "--kind", CANARY],
        ["audit", "--kind", CANARY],
        ["diff", "--from", "yesterday", "--kind", CANARY],
        ["timeline", "--kind", CANARY, "--as-of", "yesterday"],
    ],
)
def test_a_kind_that_there_is_not_is_said_to_be_none(ada: Run, words: list[str]) -> None:
    finished = ada(*words)
    assert_refused(finished, EXIT_REFUSED)
    assert finished.stderr == "lifeledger: There is no such kind of record.\n"


def test_a_kind_of_which_there_is_nothing_is_found_empty(ada: Run) -> None:
    for words in (["timeline"], ["search", "passport"], ["audit"]):
        assert lines(ada(*words, "--kind", "device", "--json")) == []


@pytest.mark.parametrize(
    ("words", "wrong"),
    [("", "There are no words"), (" ", "There are no words"), ("word " * 2001, "10,000 characters")],
)
def test_a_search_by_no_words_or_too_many_is_told_what_is_wrong(ada: Run, words: str, wrong: str) -> None:
    finished = ada("search", words)
    assert_refused(finished, EXIT_REFUSED)
    assert wrong in finished.stderr


def test_a_field_is_filtered_by_once(ada: Run, store: Store) -> None:
    photo = made(ada, "media.begin_upload", "kind=photo", "original_filename=a.jpg")
    made(ada, "media.begin_upload", "kind=video", "original_filename=a.mov")
    store.catch_up()
    for twice in (["kind=video", "kind=photo"], ["kind=photo", "kind=photo"], ["kind", "kind=photo"]):
        finished = ada("find", "media", *(word for each in twice for word in ("--where", each)))
        assert_refused(finished, EXIT_REFUSED)
        assert "--where is FIELD=VALUE, each field once" in finished.stderr
    both = lines(ada("find", "media", "--where", "kind=photo", "--where", "is_favourite=false", "--json"))
    assert [each["id"] for each in both] == [photo]
