"""How a message was filed, and the thread it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.communication.email_terms import Direction
from tests.importers.mail_messages import FROM, HEAD, Write, draft_in, drafts_in, mail, said


def reply(number: int, *, references: str = "", in_reply_to: str = "") -> bytes:
    lines = [f"From: a@example.org\nSubject: Re: x\nMessage-ID: <{number}@x>"]
    lines += [f"References: {references}"] if references else []
    lines += [f"In-Reply-To: {in_reply_to}"] if in_reply_to else []
    return FROM + "\n".join(lines).encode() + b"\n\nx\n\n"


def thread_keys(path: Path) -> list[str | None]:
    return [draft.arguments["thread_key"] for draft in drafts_in(path)]


def test_replies_belong_to_the_thread_of_the_root_of_their_references(write: Write) -> None:
    path = write(reply(1) + reply(3, references="<1@x> <2@x>", in_reply_to="<2@x>") + reply(4))
    assert thread_keys(path) == ["<1@x>", "<1@x>", "<4@x>"]


def test_root_of_the_references_outranks_the_other_messages_they_name(write: Write) -> None:
    path = write(reply(1) + reply(2) + reply(3, references="<1@x> <2@x>"))
    assert thread_keys(path) == ["<1@x>", "<2@x>", "<1@x>"]


def test_replies_without_references_follow_the_message_they_answer(write: Write) -> None:
    assert (
        thread_keys(write(reply(1) + reply(2, in_reply_to="<1@x>") + reply(3, in_reply_to="<2@x>")))
        == ["<1@x>"] * 3
    )


def test_thread_holds_together_when_the_newest_message_comes_first(write: Write) -> None:
    path = write(reply(3, in_reply_to="<2@x>") + reply(2, in_reply_to="<1@x>") + reply(1))
    assert len(set(thread_keys(path))) == 1


def test_messages_without_ids_belong_to_the_thread_of_their_subject(write: Write) -> None:
    one, two, other = drafts_in(
        write(FROM + mail(b"Tea", b"x") + FROM + mail(b"AW: tea", b"y") + FROM + mail(b"", b"z"))
    )
    assert one.arguments["thread_key"] == two.arguments["thread_key"]
    assert other.arguments["thread_key"] is None


def test_address_where_a_message_id_belongs_makes_no_thread(write: Write) -> None:
    found = said(write(HEAD + b"Message-ID: <1@x>\nIn-Reply-To: me@example.org\n\nx"))
    assert (found["in_reply_to"], found["thread_key"]) == ((), "<1@x>")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", {"is_read": True, "folder": "inbox"}),
        ("Status: RO", {"is_read": True}),
        ("Status: O", {"is_read": False}),
        ("X-Status: AF", {"is_answered": True, "is_flagged": True}),
        ("X-Status: D", {"folder": "trash"}),
        ("X-Mozilla-Status: 0000", {"is_read": False}),
        (
            "X-Mozilla-Status: 1007",
            dict.fromkeys(("is_read", "is_answered", "is_flagged", "is_forwarded"), True),
        ),
        ("X-Mozilla-Keys: Junk", {"is_junk": True, "folder": "junk"}),
        ("X-Gmail-Labels: Inbox,Unread", {"is_read": False, "folder": "inbox"}),
        ("X-Gmail-Labels: Sent", {"folder": "sent", "direction": Direction.OUTGOING}),
        (
            "X-Gmail-Labels: =?UTF-8?Q?Ge=C3=B6ffnet,Spam?=",
            {"is_junk": True, "folder": "junk", "is_read": True},
        ),
        ("X-Gmail-Labels: Corbeille,Non lus", {"folder": "trash", "is_read": False}),
        ("X-Gmail-Labels: Enviados,Destacados", {"folder": "sent", "is_flagged": True}),
        ("X-Gmail-Labels: Caixa de entrada,Abertas", {"folder": "inbox", "is_read": True}),
        ("X-Gmail-Labels: Archived,Starred", {"folder": "archive", "is_flagged": True}),
        ("X-Unsent: 1", {"folder": "drafts", "direction": Direction.OUTGOING}),
        ("X-Spam-Flag: YES", {"is_junk": True, "folder": "junk"}),
    ],
)
def test_marks_of_mail_programs_are_understood(write: Write, header: str, expected: dict[str, Any]) -> None:
    found = said(write((header + "\n").encode().lstrip() + HEAD + b"\nx"))
    assert {name: found[name] for name in expected} == expected


def test_labels_of_the_person_become_tags(write: Write) -> None:
    draft = draft_in(
        write(b'X-Gmail-Labels: Inbox,Important,Category Updates,"Hut, winter",Work\n' + HEAD + b"\nx")
    )
    assert draft.tags == ("Hut, winter", "Work")


def test_tags_of_thunderbird_have_the_names_it_shows(write: Write) -> None:
    draft = draft_in(write(b"X-Mozilla-Keys: $label4 nonjunk hut $Forwarded   \n" + HEAD + b"\nx"))
    assert draft.tags == ("To Do", "hut")


def test_marks_of_gmail_are_no_tags_in_other_languages(write: Write) -> None:
    labels = "Posta in arrivo,Aperti,Importanti,Categoria: Forum,Da leggere,Casa"
    assert draft_in(write(f"X-Gmail-Labels: {labels}\n".encode() + HEAD + b"\nx")).tags == ("Casa",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sent Items.mbox", {"folder": "sent", "direction": Direction.OUTGOING}),
        ("Entwu\u0308rfe.mbox", {"folder": "drafts", "direction": Direction.OUTGOING}),
        ("Junk.mbox", {"folder": "junk", "is_junk": True}),
        ("mail.mbox", {"folder": "inbox", "is_junk": False}),
    ],
)
def test_name_of_an_mbox_is_the_folder_where_every_program_has_it(
    write: Write, name: str, expected: dict[str, Any]
) -> None:
    found = said(write(FROM + mail(b"1", b"x"), name))
    assert {field: found[field] for field in expected} == expected


@pytest.mark.parametrize(
    ("sender", "recipient", "direction", "folder"),
    [
        (b"Me <ME@example.org>", b"a@example.org", Direction.OUTGOING, "sent"),
        (b"me@example.org", b"Me <me@example.org>", Direction.SELF, "inbox"),
        (b"a@example.org", b"me@example.org", Direction.INCOMING, "inbox"),
    ],
)
def test_addresses_of_the_person_tell_the_direction(
    write: Write, sender: bytes, recipient: bytes, direction: Direction, folder: str
) -> None:
    path = write(b"Status: O\nFrom: " + sender + b"\nTo: " + recipient + b"\n\nx")
    found = said(path, addresses=frozenset({"me@example.org"}))
    assert (found["direction"], found["folder"]) == (direction, folder)
    assert found["is_read"] is (direction is Direction.OUTGOING)
