"""Imports of mail with its HTML: once, whichever version imported it before, and read only from the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from domain.communication.email import Email
from infrastructure.importers.batch import Intake
from infrastructure.importers.draft import Draft, Reading
from infrastructure.importers.mail.files import MailFiles
from infrastructure.importers.run import import_paths
from infrastructure.store.changes import changes_of
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers.mail_messages import FROM, mail, multipart, part
from tests.importers.test_runs import heads, outcomes

READING = Reading()
WORD, TRACKER = "chestnut", "tracker.example"
LETTER = multipart(
    "alternative",
    part("Content-Type: text/plain", "about soup"),
    part("Content-Type: text/html", f"<h1>{WORD}</h1><img src=https://{TRACKER}/x.gif>"),
)
KEPT = f"<h1>{WORD}</h1><img>"


def letters(folder: Path) -> Path:
    path = folder / "inbox.mbox"
    path.write_bytes(FROM + LETTER + b"\n" + FROM + mail(b"Leaves", b"no HTML"))
    return path


def kept(store: Store, me: Session) -> list[Email]:
    """Return the messages as the ledger has them, by subject."""
    store.catch_up()
    loaded = (me.load(each.id) for each in me.find(Email))
    return sorted((each for each in loaded if isinstance(each, Email)), key=lambda each: each.subject)


def test_html_is_read_from_the_ledger_and_from_no_table(store: Store, me: Session, tmp_path: Path) -> None:
    import_paths(me, [letters(tmp_path)], READING)
    assert [(each.has_html, each.html_body) for each in kept(store, me)] == [(True, KEPT), (False, None)]
    listed = sorted(me.find(Email), key=lambda each: each.subject)
    assert [(each.has_html, each.html_body) for each in listed] == [(True, None), (False, None)]
    assert [len(me.search(word)) for word in ("soup", WORD)] == [1, 0]


def test_the_same_mail_again_changes_nothing(store: Store, me: Session, tmp_path: Path) -> None:
    path = letters(tmp_path)
    assert outcomes(import_paths(me, [path], READING)) == {"created": 2}
    events = heads(me)
    assert outcomes(import_paths(me, [path], READING)) == {"unchanged": 2}
    assert heads(me) == events
    assert kept(store, me)[0].html_body == KEPT


def test_mail_that_came_without_its_html_stays_as_it_came(store: Store, me: Session, tmp_path: Path) -> None:
    """Such as an earlier version imported."""
    path = letters(tmp_path)
    bare = [
        replace(
            each, arguments={name: value for name, value in each.arguments.items() if name != "html_body"}
        )
        for each in MailFiles().read(path, READING)
        if isinstance(each, Draft)
    ]
    Intake(me, MailFiles.platform, path.name).take(bare)
    events = heads(me)
    assert outcomes(import_paths(me, [path], READING)) == {"unchanged": 2}
    assert heads(me) == events
    assert [(each.has_html, each.html_body) for each in kept(store, me)] == [(True, None), (False, None)]


def test_html_of_a_draft_is_seen_in_its_history_and_comes_back_with_a_revert(
    store: Store, me: Session
) -> None:
    draft = me.do(Email.draft, text_body="a", html_body="<p>a</p>").id
    me.do(Email.revise, draft, text_body="b")
    drafted, revised = changes_of(me.history(draft))
    changed = {each.field: (each.before, each.after) for each in revised.fields}
    assert (changed["html_body"], changed["has_html"]) == (("<p>a</p>", None), (True, False))
    me.revert(to=drafted.at, record_id=draft)
    store.catch_up()
    again = me.load(draft)
    assert isinstance(again, Email)
    assert (again.html_body, again.has_html, me.get(Email, draft).has_html) == ("<p>a</p>", True, True)
