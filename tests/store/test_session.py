"""A command from the call to the events, and back as an answer."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from domain.media.album import Album
from domain.personal.document import Document
from domain.personal.document_terms import DocumentOnHold
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.productivity.task_terms import PredecessorsOpen, Status, TaskClosed
from domain.shared.content import Content
from domain.shared.errors import InvalidInput, PeerUnusable
from domain.shared.nesting import LiesInItself
from domain.shared.record import Source
from domain.shared.values import StoredContent, new_id
from domain.web.bookmark import Bookmark
from infrastructure.errors import ClaimTaken, CommandIdReused, NotFound, SourceAlreadyKept, VersionConflict
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.store.calls import Call, request_digest
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store


def test_a_command_is_durable_and_visible_after_its_receipt(store: Store, me: Session) -> None:
    made = me.do(Task.create, title="Renew passport", due=date(2026, 12, 1))
    done = me.do(Task.complete, made.id)
    store.catch_up()
    found = me.get(Task, made.id, after=done)
    assert (found.title, found.due, found.status.value, found.version) == (
        "Renew passport",
        date(2026, 12, 1),
        "done",
        2,
    )


def test_loading_folds_the_same_state_as_the_read_table(store: Store, me: Session) -> None:
    made = me.do(Task.create, title="Pack")
    me.do(Task.add_checklist_item, made.id, "socks")
    me.do(Task.tag, made.id, "travel")
    store.catch_up()
    loaded, read = me.load(made.id), me.get(Task, made.id)
    assert isinstance(loaded, Task)
    assert (loaded.checklist, loaded.tags, loaded.version) == (read.checklist, read.tags, read.version)
    assert loaded.modified_on == read.modified_on


def test_arguments_are_checked_before_anything_is_stored(me: Session) -> None:
    with pytest.raises(InvalidInput):
        me.do(Task.create, title="")
    with pytest.raises(InvalidInput):
        me.do(Task.create, title="x\x00y")
    assert sum(me.engine.ledger.heads().values()) == 1  # the registration


def test_a_refused_command_stores_nothing(me: Session) -> None:
    made = me.do(Task.create, title="Once")
    me.do(Task.complete, made.id)
    with pytest.raises(TaskClosed):
        me.do(Task.complete, made.id)
    assert len(me.history(made.id)) == 2


def test_a_command_that_changes_nothing_appends_no_event(me: Session) -> None:
    made = me.do(Task.create, title="Same")
    receipt = me.do(Task.retitle, made.id, "Same")
    assert (receipt.version, len(me.history(made.id))) == (1, 1)


def test_a_repeated_command_id_returns_the_first_receipt(me: Session) -> None:
    command_id = new_id()
    first = me.given(command_id=command_id).do(Task.create, title="Only once")
    again = me.given(command_id=command_id).do(Task.create, title="Only once")
    assert again == first
    assert len(me.history(first.id)) == 1


def test_a_repeat_of_several_commands_returns_all_their_first_receipts(me: Session) -> None:
    command_id, old, still = new_id(), me.do(Task.create, title="Old"), me.do(Task.create, title="Still")
    calls = [
        call(Task.create, title="First"),
        call(Task.start, old.id),
        call(Task.retitle, still.id, "Still"),  # changes nothing
        call(Task.create, title="Second"),
        call(Task.complete, old.id),
    ]
    first = me.given(command_id=command_id).do_all(calls)
    assert [each.version for each in first] == [1, 3, 1, 1]
    me.do(Task.reopen, old.id)
    me.do(Task.retitle, first[0].id, "Once first")
    assert me.given(command_id=command_id).do_all(calls) == first
    assert me.engine.ledger.head(first[0].bucket) == first[0].position + 2


def test_a_command_id_with_other_content_is_refused(me: Session) -> None:
    command_id = new_id()
    me.given(command_id=command_id).do(Task.create, title="One")
    with pytest.raises(CommandIdReused):
        me.given(command_id=command_id).do(Task.create, title="Another")


def test_an_expected_version_that_has_passed_is_a_conflict(me: Session) -> None:
    made = me.do(Task.create, title="A")
    me.do(Task.retitle, made.id, "B")
    with pytest.raises(VersionConflict):
        me.given(expected_version=1).do(Task.retitle, made.id, "C")


def test_commands_done_together_see_each_other_and_share_a_transaction(me: Session) -> None:
    made = me.do(Task.create, title="Together")
    receipts = me.do_all(
        [call(Task.start, made.id), call(Task.complete, made.id), call(Task.create, title="Next")]
    )
    assert [receipt.version for receipt in receipts] == [3, 1]
    assert len({receipt.position for receipt in receipts}) == 1


def test_commands_done_together_are_all_refused_when_one_is(me: Session) -> None:
    made = me.do(Task.create, title="All or none")
    with pytest.raises(TaskClosed):
        me.do_all([call(Task.complete, made.id), call(Task.complete, made.id)])
    assert len(me.history(made.id)) == 1


def test_commands_done_together_cannot_take_the_same_place(me: Session) -> None:
    address = "https://example.org/"
    kept = me.do(Bookmark.add, address, folder=("Old",))
    with pytest.raises(ClaimTaken):
        me.do_all([call(Bookmark.add, address), call(Bookmark.add, address)])
    with pytest.raises(ClaimTaken):
        me.do_all([call(Bookmark.add, address), call(Bookmark.unfile, kept.id)])
    assert sum(me.engine.ledger.heads().values()) == 2  # the registration, and the one that was kept
    me.do_all([call(Bookmark.trash, kept.id), call(Bookmark.add, address, folder=("Old",))])


def test_commands_done_together_cannot_come_from_the_same_source(me: Session) -> None:
    from_shop = me.given(source=Source("shop", "order-42"))
    with pytest.raises(SourceAlreadyKept):
        from_shop.do_all([call(Task.create, title="Buy"), call(Task.create, title="Buy")])
    assert sum(me.engine.ledger.heads().values()) == 1  # the registration
    from_shop.do_all([call(Task.create, title="Buy"), call(Note.write, "Bought")])


def test_a_command_of_every_kind_is_carried_out_as_the_records_own_kind_has_it(me: Session) -> None:
    content = StoredContent(new_id(), 12, "application/pdf")
    contract = me.do(Document.receive, "Contract", content=content).id
    me.do(Document.place_hold, contract, "lawsuit")
    with pytest.raises(DocumentOnHold):
        me.do(Content.trash, contract)
    me.do(Document.release_hold, contract)
    me.do(Content.trash, contract)
    assert me.load(contract).deleted_at is not None


def test_a_record_of_another_kind_or_person_is_not_found(store: Store, me: Session) -> None:
    note = me.do(Note.write, title="Not a task")
    with pytest.raises(NotFound):
        me.do(Task.complete, note.id)
    with pytest.raises(NotFound):
        me.do(Task.complete, uuid4())
    stranger = store.acting_as(store.register("eve", "eve@example.org"))
    with pytest.raises(NotFound):
        stranger.do(Note.pin, note.id)
    with pytest.raises(NotFound):
        stranger.load(note.id)


def test_a_request_is_known_again_wherever_its_command_is_written(me: Session) -> None:
    class Formerly:
        def start(self) -> None: ...

    def digest(*calls: Call) -> bytes:
        return request_digest(me.engine.keys, me.subject_id, calls)

    task = uuid4()
    started = digest(Call(Task.start, task))
    assert started == digest(Call(Formerly.start, task))
    assert len({started, digest(Call(Task.complete, task)), digest(Call(Task.start, uuid4()))}) == 3
    assert digest(Call(Task.create, None)) != digest(Call(Album.create, None))


def test_username_and_address_are_unique_whatever_their_case(store: Store) -> None:
    store.register("grace", "Grace@example.org")
    with pytest.raises(ClaimTaken):
        store.register("other", "grace@EXAMPLE.org")
    with pytest.raises(ClaimTaken):
        store.register("grace", "elsewhere@example.org")


def test_a_person_is_found_by_username(store: Store) -> None:
    registered = store.register("alan", "alan@example.org")
    assert store.person("alan") == registered
    with pytest.raises(NotFound):
        store.person("nobody")


def test_a_source_is_recognised_also_when_its_record_is_in_the_trash(me: Session) -> None:
    source = Source("file.ics", "uid-1")
    made = me.given(source=source).do(Task.create, title="Imported")
    me.do(Task.trash, made.id)
    with pytest.raises(SourceAlreadyKept) as caught:
        me.given(source=source).do(Task.create, title="Imported again")
    assert caught.value.record_id == made.id


def test_a_task_cannot_come_to_lie_under_itself_through_others(me: Session) -> None:
    top, middle, bottom = (me.do(Task.create, title=name).id for name in ("top", "middle", "bottom"))
    me.do(Task.nest_under, middle, top)
    me.do(Task.nest_under, bottom, middle)
    with pytest.raises(LiesInItself):
        me.do(Task.nest_under, top, bottom)


def test_a_predecessor_in_the_trash_is_unusable(me: Session) -> None:
    first, second = (me.do(Task.create, title=name).id for name in ("first", "second"))
    me.do(Task.trash, first)
    with pytest.raises(PeerUnusable):
        me.do(Task.add_dependency, second, first)


def test_a_task_waits_for_its_predecessors_in_the_ledger_not_in_a_lagging_table(me: Session) -> None:
    first, second = (me.do(Task.create, title=name).id for name in ("first", "second"))
    me.do(Task.add_dependency, second, first)
    with pytest.raises(PredecessorsOpen):
        me.do(Task.complete, second)
    me.do(Task.complete, first)
    me.do(Task.complete, second)
    task = me.load(second)
    assert isinstance(task, Task)
    assert task.status is Status.DONE


def test_history_tells_who_why_and_by_which_command(me: Session) -> None:
    receipt = me.do(Task.create, title="Audited")
    (event,) = me.history(receipt.id)
    assert isinstance(event, OpenedEvent)
    assert event.purpose == "testing"
    assert (event.row.actor_id, event.row.command_id) == (me.subject_id, receipt.command_id)


def test_a_long_record_is_loaded_from_a_snapshot_and_the_events_after_it(me: Session) -> None:
    made = me.do(Task.create, title="0")
    for number in range(1, 130):
        me.do(Task.retitle, made.id, str(number))
    replayed = me.engine.ledger.replay(me.subject_id, made.id)
    assert (replayed[0].position, replayed[0].version) == (0, 100)
    loaded = me.load(made.id)
    assert isinstance(loaded, Task)
    assert (loaded.title, loaded.version) == ("129", 130)
    assert loaded.created_on == made.recorded_at
