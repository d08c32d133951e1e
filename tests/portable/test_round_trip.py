"""A portable copy holds everything, is taken in with its history, and taken in again changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as example_settings
from pydantic import SecretStr

from domain.catalogue import KINDS
from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactName
from domain.core.user import User
from domain.personal.document import Document
from domain.productivity.task import Task
from domain.shared.content import Content
from domain.shared.values import StoredContent, new_id
from domain.web.bookmark import Bookmark
from infrastructure.blobs.blobs import INLINE_BYTES
from infrastructure.bootstrap import open_store
from infrastructure.errors import ClaimTaken, ConfigurationError, ContentOfAnother, CopyUnusable, Erased
from infrastructure.portable.age import AgeKey, AgeLock, Unlocked, new_identity
from infrastructure.portable.copy import MANIFEST, CopyManifest, read_manifest
from infrastructure.portable.export import export, locked_by_passphrase, unlocked_by_passphrase
from infrastructure.portable.take_in import TakenIn, take_in
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.backup.living import import_tasks, keep_mail
from tests.conftest import Databases, Servers, fresh_databases
from tests.histories import Step, histories, live


def lines_of(folder: Path) -> dict[str, list[Any]]:
    """Return what a plain copy says, by file; records in the order of their ids."""
    return {
        path.name: sorted(
            map(json.loads, path.read_text().splitlines()), key=lambda record: str(record["id"])
        )
        for path in folder.glob("*.jsonl")
    }


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "content").glob("*")}


def plainly(session: Session, folder: Path) -> CopyManifest:
    return export(session, folder, Unlocked())


def taken(session: Session, folder: Path) -> TakenIn:
    return take_in(session, folder, read_manifest(folder), Unlocked())


@pytest.fixture
def other(
    settings: Settings, servers: Servers, templates: tuple[str, str], tmp_path: Path
) -> Iterator[Store]:
    """A store of its own, with other keys."""
    with fresh_databases(servers, templates) as databases:
        places = {"ledger_url": SecretStr(databases.ledger), "keys_url": SecretStr(databases.keys)}
        with open_store(settings.model_copy(update={**places, "data_dir": tmp_path / "other"})) as opened:
            yield opened


@pytest.mark.slow
@example_settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(histories(min_size=20, every_kind=True))
def test_export_import_export_is_the_identity_for_every_kind(
    store: Store, other: Store, tmp_path: Path, history: tuple[Step, ...]
) -> None:
    me = store.acting_as(
        store.register(f"p{uuid4().hex[:20]}", f"{uuid4().hex}@example.org"), purpose="living"
    )
    import_tasks(me, "imported")  # before a history that may restrict what can be done at all
    for number, size in enumerate((0, 900, INLINE_BYTES + 1)):
        keep_mail(me, number, size)
    lived = live(me, history)
    made = {receipt.id for _, receipt in lived.taken}
    kinds = {step.command.partition(".")[0] for step in history if lived.ids[step.record] in made}
    # Usernames, addresses and tokens are unique among all people: an earlier example may have drawn the same.
    assert kinds >= set(KINDS) - {"user", "link"}
    first, second = tmp_path / uuid4().hex, tmp_path / uuid4().hex
    manifest = plainly(me, first)
    assert {Path(file.name).stem for file in manifest.files} == kinds | {"user"}
    theirs = other.acting_as(me.subject_id)
    result = taken(theirs, first)
    assert result.skipped == {}
    assert result.events == sum(file.events for file in manifest.files)
    plainly(theirs, second)
    assert lines_of(second) == lines_of(first)
    assert content_of(second) == content_of(first)
    assert len(content_of(first)) == 3
    again = taken(theirs, first)
    assert (again.events, again.unchanged) == (0, sum(file.records for file in manifest.files))
    other.catch_up()
    assert other.engine.projector.parked() == []


def test_rules_between_records_hold_for_what_is_taken_in(me: Session, other: Store, tmp_path: Path) -> None:
    import_tasks(me, "from a file")
    plainly(me, tmp_path / "copy")
    theirs = other.acting_as(me.subject_id)
    assert taken(theirs, tmp_path / "copy").created == 26
    with pytest.raises(ClaimTaken):
        other.register("ada", "another@example.org")
    heads = other.engine.ledger.heads()
    import_tasks(theirs, "from a file")  # recognised
    assert other.engine.ledger.heads() == heads
    other.catch_up()
    assert len(theirs.find(Task)) == 25


def test_a_record_that_went_on_elsewhere_is_continued_and_one_that_differs_is_left(
    me: Session, other: Store, tmp_path: Path
) -> None:
    going_on, parting = me.do(Task.create, title="one").id, me.do(Task.create, title="two").id
    theirs = other.acting_as(me.subject_id)
    plainly(me, tmp_path / "first")
    taken(theirs, tmp_path / "first")
    me.given().do(Task.start, going_on)
    me.do(Task.complete, going_on)
    me.do(Task.complete, parting)
    theirs.do(Task.trash, parting)
    plainly(me, tmp_path / "second")
    result = taken(theirs, tmp_path / "second")
    assert (result.continued, result.unchanged, result.events) == (1, 1, 2)
    assert result.skipped == {"changed": 1}
    assert theirs.load(going_on).version == 3
    assert theirs.load(parting).deleted_at is not None


def test_another_person_gets_the_records_but_not_the_person(
    me: Session, other: Store, tmp_path: Path
) -> None:
    task = me.do(Task.create, title="given away").id
    keep_mail(me, 1, INLINE_BYTES * 2)
    plainly(me, tmp_path / "copy")
    eve = other.acting_as(other.register("eve", "eve@example.org"))
    result = taken(eve, tmp_path / "copy")
    assert result.skipped == {"another person": 1}
    assert [item.row.actor_id for item in eve.history(task)] == [me.subject_id]
    ((blob_id, _),) = eve.engine.blobs.of_person(eve.subject_id)
    assert b"".join(eve.content(blob_id)) == b"".join(me.content(blob_id))


def test_erased_records_are_in_the_copy_as_erased_and_do_not_come_back(
    me: Session, other: Store, tmp_path: Path, settings: Settings, databases: Databases
) -> None:
    task = me.do(Task.create, title="planted4711").id
    plainly(me, tmp_path / "before")
    assert "planted4711" in (tmp_path / "before" / "task.jsonl").read_text()
    with psycopg.connect(databases.keys) as connection:
        connection.execute(
            "UPDATE keys.period_keys SET wrapped = NULL, destroyed_at = now() WHERE kind = 'task'"
        )
        connection.execute("UPDATE keys.destructions SET count = count + 1")
    with open_store(settings) as fresh:  # another process: the first one trusts its keys for a moment more
        plainly(fresh.acting_as(me.subject_id), tmp_path / "after")
        (line,) = lines_of(tmp_path / "after")["task.jsonl"]
        assert line == {
            "id": str(task), "kind": "task", "version": 1, "state": None, "history": [{"version": 1, "erased": True}]
        }  # fmt: skip
        assert taken(fresh.acting_as(me.subject_id), tmp_path / "before").skipped == {"erased": 1}
    assert taken(other.acting_as(me.subject_id), tmp_path / "after").skipped == {"erased": 1}


def test_an_encrypted_copy_opens_with_its_key_alone_and_shows_nothing_without(
    me: Session, other: Store, tmp_path: Path
) -> None:
    me.do(Task.create, title="planted4711")
    keep_mail(me, 1, INLINE_BYTES * 2)
    identity, recipient = new_identity()
    export(me, tmp_path / "to", AgeLock([recipient]))
    export(me, tmp_path / "word", locked_by_passphrase(tmp_path / "word", "correct horse"))
    for name, key in (
        ("to", AgeKey(identity)),
        ("word", unlocked_by_passphrase(tmp_path / "word", "correct horse")),
    ):
        folder = tmp_path / name
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert not any(b"planted4711" in path.read_bytes() for path in files)
        assert all(
            path.stat().st_mode & 0o077 == 0
            for path in files
            if path.suffix == ".age" and "identity" not in path.name
        )
        manifest = read_manifest(folder)
        with pytest.raises(CopyUnusable):
            take_in(me, folder, manifest, AgeKey(new_identity()[0]))
        subject = other.acting_as(me.subject_id)
        assert take_in(subject, folder, manifest, key).skipped == {}
    assert len(content_of(tmp_path / "to")) == 1
    with pytest.raises(CopyUnusable):
        unlocked_by_passphrase(tmp_path / "word", "another horse")


@pytest.mark.parametrize("name", ["task.jsonl", MANIFEST])
def test_a_copy_with_a_changed_file_is_refused_before_anything_is_taken_in(
    me: Session, tmp_path: Path, name: str
) -> None:
    me.do(Task.create, title="task")
    plainly(me, tmp_path / "copy")
    path = tmp_path / "copy" / name
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(CopyUnusable):
        read_manifest(tmp_path / "copy")
    with pytest.raises(ConfigurationError):
        plainly(me, tmp_path / "copy")


def test_a_broken_line_costs_one_record(me: Session, other: Store, tmp_path: Path) -> None:
    for number in range(3):
        me.do(Task.create, title=f"task {number}")
    manifest = plainly(me, tmp_path / "copy")
    path = tmp_path / "copy" / "task.jsonl"
    first, second, third = path.read_text().splitlines()
    path.write_text("\n".join((first, re.sub(r'"schema":\d+', '"schema":"x"', second), third, "{", "")))
    result = take_in(other.acting_as(me.subject_id), tmp_path / "copy", manifest, Unlocked())
    assert (result.created, result.skipped) == (3, {"invalid": 2})


def test_place_that_was_anothers_in_between_is_its_last_holders(
    me: Session, other: Store, tmp_path: Path
) -> None:
    first = me.do(Bookmark.add, "https://example.org/").id
    me.do(Content.trash, first)
    second = me.do(Bookmark.add, "https://example.org/").id
    me.do(Content.trash, second)
    me.do(Content.restore, first)
    plainly(me, tmp_path / "copy")
    theirs = other.acting_as(me.subject_id)
    assert taken(theirs, tmp_path / "copy").skipped == {}
    assert theirs.load(second).deleted_at is not None
    with pytest.raises(ClaimTaken):
        theirs.do(Bookmark.add, "https://example.org/")
    theirs.do(Content.trash, first)
    theirs.do(Bookmark.add, "https://example.org/")


def test_hold_that_was_released_before_the_copy_holds_nothing_in_the_other_store(
    store: Store, me: Session, other: Store, tmp_path: Path
) -> None:
    scan = StoredContent(new_id(), 1, "application/pdf")
    released, standing = (me.do(Document.receive, "Deed", content=scan).id for _ in range(2))
    for document_id in (released, standing):
        me.do(Document.place_hold, document_id, "a claim")
        store.acting_as(me.subject_id, purpose="a look").do(Document.retitle, document_id, "The deed")
    me.do(Document.release_hold, released)
    plainly(me, tmp_path / "copy")
    theirs = other.acting_as(me.subject_id)
    assert taken(theirs, tmp_path / "copy").skipped == {}
    erasure = other.erase(me.subject_id, grounds="asked for", kind=Document)
    assert erasure.receipt is not None
    assert erasure.receipt["kept"] == [str(standing)]
    with pytest.raises(Erased):
        theirs.load(released)


def test_restriction_that_was_lifted_before_the_copy_restricts_nothing_in_the_other_store(
    store: Store, me: Session, other: Store, tmp_path: Path
) -> None:
    me.do(User.restrict_processing, me.subject_id, "task")
    store.acting_as(me.subject_id, purpose="a second thought").do(
        User.lift_restriction, me.subject_id, "task"
    )
    plainly(me, tmp_path / "copy")
    theirs = other.acting_as(me.subject_id)
    taken(theirs, tmp_path / "copy")
    theirs.do(Task.create, "anything")


def test_address_that_was_removed_before_the_copy_occurs_nowhere_in_the_other_store(
    store: Store, me: Session, other: Store, tmp_path: Path
) -> None:
    ada = me.do(Contact.add, ContactName(full="Ada")).id
    me.do(Contact.add_email, ada, "old@example.org")
    store.acting_as(me.subject_id, purpose="tidying").do(Contact.remove_email, ada, "old@example.org")
    me.do(Contact.add_email, ada, "new@example.org")
    plainly(me, tmp_path / "copy")
    taken(other.acting_as(me.subject_id), tmp_path / "copy")
    assert [len(other.find_person(f"{which}@example.org")) for which in ("new", "old")] == [1, 0]


def test_content_that_a_store_keeps_for_one_person_is_not_taken_in_for_another(
    store: Store, me: Session, tmp_path: Path
) -> None:
    keep_mail(me, 1, INLINE_BYTES + 1)
    plainly(me, tmp_path / "copy")
    stranger = store.acting_as(store.register("bob", "bob@example.org"))
    before = store.engine.ledger.heads()
    with pytest.raises(ContentOfAnother):
        taken(stranger, tmp_path / "copy")
    assert store.engine.ledger.heads() == before
    ((blob_id, _),) = store.engine.blobs.of_person(me.subject_id)
    assert len(b"".join(store.engine.blobs.read(me.subject_id, blob_id))) == INLINE_BYTES + 1
    assert taken(me, tmp_path / "copy").events == 0
