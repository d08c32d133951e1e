"""Search by words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from domain.personal.transaction import Transaction
from domain.productivity.note import Note
from domain.productivity.task import Task
from infrastructure.errors import InvalidQuery, NoWords, TooManyWords
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from tests.store.asking import walk

pytestmark = pytest.mark.usefixtures("registered")


def titles(page: Iterable[Any]) -> set[str]:
    return {hit.title.replace("\x02", "").replace("\x03", "") for hit in page}


@pytest.fixture
def library(store: Store, me: Session, stranger: Session) -> None:
    me.do_all(
        [
            call(Note.write, "Passport renewal", body="Bring the old document to the town hall."),
            call(Note.write, "Town", body="A passport photograph is expired. " + "filler " * 200),
            call(Note.write, "Hall town", body="Nothing"),
            call(Task.create, title="Renew it", notes="the passport"),
        ]
    )
    stranger.do(Note.write, "Passport of Eve", body="town hall zanzibar")
    store.catch_up()


@pytest.mark.usefixtures("library")
def test_search_finds_words_phrases_alternatives_and_leaves_out_what_is_negated(me: Session) -> None:
    assert titles(me.search("passport")) == {"Passport renewal", "Town", "Renew it"}
    assert titles(me.search("PASSPORT")) == {"Passport renewal", "Town", "Renew it"}
    assert titles(me.search("passport -expired")) == {"Passport renewal", "Renew it"}
    assert titles(me.search('"town hall"')) == {"Passport renewal"}
    assert titles(me.search("town hall")) == {"Passport renewal", "Hall town"}
    assert titles(me.search("expired or nothing")) == {"Town", "Hall town"}
    assert titles(me.search("passport", kind="task")) == {"Renew it"}
    assert titles(me.search("passport", kind="email")) == set()
    assert titles(me.search("unheardof")) == set()


@pytest.mark.usefixtures("library")
def test_search_ranks_titles_first_and_marks_what_matched(me: Session) -> None:
    hits = me.search("passport")
    assert hits[0].title == "\x02Passport\x03 renewal"
    assert all(one.rank >= two.rank for one, two in pairwise(hits))
    (town,) = (hit for hit in hits if hit.title == "Town")
    assert "\x02passport\x03 photograph" in town.excerpt
    assert len(town.excerpt) < 400


@pytest.mark.usefixtures("library")
def test_search_never_finds_what_is_somebody_elses(me: Session, stranger: Session) -> None:
    assert titles(stranger.search("zanzibar")) == {"Passport of Eve"}  # control
    assert titles(me.search("zanzibar")) == set()
    for words in ("passport or zanzibar", "-unheardof", '"town hall"', str(stranger.subject_id)):
        assert "Passport of Eve" not in titles(me.search(words)), words
    assert titles(stranger.search("passport")) == {"Passport of Eve"}


@pytest.mark.usefixtures("library")
def test_search_takes_any_words_that_can_be_stored(me: Session) -> None:
    for words in ("'", '"', "a:*b & !", "\\", "<->", "ü" * 5000):
        assert "Passport of Eve" not in titles(me.search(words)), words
    for words in ("", " "):
        with pytest.raises(NoWords):
            me.search(words)
    with pytest.raises(TooManyWords):
        me.search("word " * 2001)
    for words in ("x\x00y", "\udc80"):
        with pytest.raises(InvalidQuery):
            me.search(words)
        with pytest.raises(InvalidQuery):
            me.count(Transaction, account_id=words)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("words", ["-", "!!", "'", '""', "?", "a" * 9_000, "<>", "/", "- or -"])
def test_words_that_name_nothing_find_nothing(me: Session, words: str) -> None:
    assert titles(me.search(words)) == set()
    assert len(me.search(f"passport {words}")) == 3  # control


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("words", ["-zebra", "-passport -zebra", '-"town hall"', "zebra or -zebra"])
def test_a_search_that_only_leaves_out_finds_nothing(me: Session, words: str) -> None:
    assert titles(me.search(words)) == set()


@pytest.mark.usefixtures("library")
def test_nobody_is_found_whole_by_their_id(me: Session) -> None:
    own = str(me.subject_id)
    for words in (
        own,
        f'"{own}"',
        own.upper(),
        f"'{own}'",
        f"zebra or {own}",
        f"{{{own}}}",
        own.replace("-", ""),
    ):
        assert titles(me.search(words)) == set(), words


def test_a_word_is_found_however_its_accents_are_written(store: Store, me: Session) -> None:
    one, two = (unicodedata.normalize(form, "Été à Zürich, 한국") for form in ("NFC", "NFD"))
    assert one != two
    me.do_all([call(Note.write, one, body="plain"), call(Note.write, "plain", body=two)])
    me.do(Note.tag, me.do(Note.write, "labelled").id, two.split(",")[0])
    store.catch_up()
    for form in ("NFC", "NFD"):
        assert len(me.search(unicodedata.normalize(form, "été zürich"))) == 3, form
        assert len(me.search(unicodedata.normalize(form, '"zürich 한국"'))) == 2, form
    assert len(me.search("ete")) == 0  # control: accents count
    (hit,) = me.search(unicodedata.normalize("NFD", "zürich plain"), kind="note", limit=1)[:1]
    assert "\x02" in hit.title + hit.excerpt


def test_words_in_angle_brackets_and_between_slashes_are_found(store: Store, me: Session) -> None:
    me.do(Note.write, "<Draft> his/her", body="See https://example.org/manual/Setup?lang=rust or <b>bold</b>")
    me.do(Note.write, "her manual", body="Draft")
    store.catch_up()
    both, first = {"<Draft> his/her", "her manual"}, {"<Draft> his/her"}
    for words in ("draft", "her", "manual", "<draft>"):
        assert titles(me.search(words)) == both, words
    for words in (
        "setup", "rust", "bold", "his/her", "example.org", "https://example.org/manual", "example.org/manual/setup",
        "draft -his", '"manual/setup"', "/manual/setup",
    ):  # fmt: skip
        expected = {"her manual"} if words == "draft -his" else first
        assert titles(me.search(words)) == expected, words
    assert titles(me.search("her -his/her")) == {"her manual"}
    assert titles(me.search("manual/her")) == set()


def test_search_follows_the_record_and_pages_through_equal_ranks(store: Store, me: Session) -> None:
    receipts = me.do_all([call(Note.write, f"same {number:02}", body="word") for number in range(25)])
    store.catch_up()
    found = walk(lambda cursor: me.search("word", limit=4, cursor=cursor))
    assert sorted(hit.record_id for hit in found) == sorted(receipt.id for receipt in receipts)
    me.do(Note.retitle, receipts[0].id, "unique")
    me.do(Note.trash, receipts[1].id)
    me.do(Note.tag, receipts[2].id, "labelled")
    store.catch_up()
    assert [hit.record_id for hit in me.search("unique")] == [receipts[0].id]
    assert [hit.record_id for hit in me.search("labelled")] == [receipts[2].id]
    assert len(me.search("word", limit=100)) == 24
