"""Which notes name a note by its title."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.productivity.note import Note
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.store.asking import walk

pytestmark = pytest.mark.usefixtures("registered")


def note(me: Session, title: str, body: str = "") -> UUID:
    return me.do(Note.write, title=title, body=body or title).id


def naming(store: Store, me: Session, note_id: UUID) -> set[str]:
    store.catch_up()
    return {each.title for each in walk(lambda cursor: me.backlinks(note_id, limit=2, cursor=cursor))}


def test_a_note_is_found_by_those_that_name_it_however_their_letters_are_composed(
    store: Store, me: Session
) -> None:
    zoe = note(me, "Zo\u00eb", "I am [[Zo\u00eb]]")
    note(me, "first", "saw [[Zoe\u0308]] and [[Zo\u00eb|her]]")
    note(me, "second", "[[ Zo\u00eb#youth ]]")
    note(me, "third", "- [[Bob]]\n- [[Zo\u00eb]]")
    note(me, "no link", "Zo\u00eb")
    note(me, "another", "[[Zo]]")
    assert naming(store, me, zoe) == {"first", "second", "third"}


def test_what_names_a_note_follows_every_change_of_either(store: Store, me: Session) -> None:
    named = note(me, "Old")
    linking = note(me, "linking", "[[Old]]")
    assert naming(store, me, named) == {"linking"}
    me.do(Note.retitle, named, "New")
    assert naming(store, me, named) == set()
    me.do(Note.append, linking, "[[New]]")
    assert naming(store, me, named) == {"linking"}
    me.do(Note.lock, linking)
    assert naming(store, me, named) == set()
    me.do(Note.unlock, linking)
    me.do(Note.trash, linking)
    assert naming(store, me, named) == set()
    me.do(Note.restore, linking)
    assert naming(store, me, named) == {"linking"}
    store.erase(me.subject_id, grounds="asked for", record_id=linking)
    assert naming(store, me, named) == set()


def test_a_note_without_a_title_is_named_by_nobody(store: Store, me: Session) -> None:
    untitled = me.do(Note.write, body="no title").id
    note(me, "linking", "[[no title]]")
    assert naming(store, me, untitled) == set()


def test_what_is_longer_than_an_index_takes_is_no_obstacle(store: Store, me: Session) -> None:
    named = note(me, "Short")
    note(me, "long", f"[[{'x' * 100_000}]] [[Short]]")
    assert naming(store, me, named) == {"long"}
    assert store.engine.projector.parked() == []


def test_of_notes_of_somebody_else_nothing_is_told(store: Store, me: Session) -> None:
    mine = note(me, "Diary")
    eve = store.acting_as(store.register("eve", "eve@example.org"))
    note(eve, "Diary")
    note(eve, "eve's", "[[Diary]]")
    assert naming(store, me, mine) == set()
    assert naming(store, eve, mine) == set()
