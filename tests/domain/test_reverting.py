"""A record taken back to an earlier state: what comes back, what stays, and which rules still hold."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any, TypeVar

import orjson
import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactName
from domain.core.link import Link
from domain.core.link_terms import TargetKind
from domain.core.user import User
from domain.productivity.task import Task
from domain.shared import clock
from domain.shared.nesting import LiesInItself
from domain.shared.record import NotRevertible, Origin, Record, Source, attach, state_of
from domain.shared.values import new_id
from infrastructure.ledger.codec import decode_event, encode_event, schema_version_of
from tests.domain.core.links import PHC
from tests.domain.shelf import Shelf
from tests.histories import BEGINNING

R = TypeVar("R", bound=Record)
ME = new_id()


def as_it_is(record: R) -> R:
    """Return the record as it would be loaded later at this version."""
    earlier = deepcopy(record)
    attach(earlier, ME, Shelf())
    return earlier


def test_an_event_is_never_earlier_than_the_one_before_it() -> None:
    with clock.reading(lambda: BEGINNING):
        task = Task.create(Origin(ME), "Renew passport")
    with clock.reading(lambda: BEGINNING - timedelta(hours=1)):
        task.start()
    with clock.reading(lambda: BEGINNING + timedelta(hours=1)):
        task.complete()
    times = [event.timestamp for event in task.collect_events()]
    assert times == [BEGINNING, BEGINNING, BEGINNING + timedelta(hours=1)]


def test_a_reverted_record_has_its_earlier_state_in_one_event_and_can_be_reverted_again() -> None:
    task = Task.create(Origin(ME), "Renew passport", notes="photo")
    first = as_it_is(task)
    task.retitle("Renew both passports")
    task.tag("travel")
    task.trash()
    second = as_it_is(task)
    task.revert_to(first, "a mistake")
    assert (state_of(task), task.version) == (state_of(first), 5)
    assert task.deleted_at is None
    task.revert_to(second, "it was none")
    assert (state_of(task), task.version) == (state_of(second), 6)


def test_reverting_to_what_is_makes_no_event() -> None:
    task = Task.create(Origin(ME), "Renew passport")
    first = as_it_is(task)
    task.retitle("Renew")
    task.retitle("Renew passport")
    task.revert_to(first, "")
    assert task.version == 3


def test_a_reverted_field_counts_as_edited_only_if_it_did_then() -> None:
    task = Task.create(Origin(ME, source=Source("ics", "1")), "Renew passport")
    first = as_it_is(task)
    task.retitle("Renew")
    assert "title" in task.edited_fields
    task.revert_to(first, "")
    assert not task.edited_fields
    task.refresh("Renew passport now")
    assert task.title == "Renew passport now"


def test_a_revert_makes_no_circle_of_tasks() -> None:
    above, below = Task.create(Origin(ME), "above"), Task.create(Origin(ME), "below")
    shelf = Shelf(above, below)
    attach(above, ME, shelf)
    attach(below, ME, shelf)
    above.nest_under(below.id)
    nested = as_it_is(above)
    above.promote()
    below.nest_under(above.id)
    with pytest.raises(LiesInItself):
        above.revert_to(nested, "")
    below.promote()
    above.revert_to(nested, "")
    assert above.parent_id == below.id


def test_reverting_a_person_brings_back_no_consent() -> None:
    me = User.register(Origin(ME, ME), "ada", "ada@example.org", display_name="Ada")
    me.give_consent("analytics", version="1", text_sha256="0" * 64)
    consenting = as_it_is(me)
    me.withdraw_consent("analytics")
    withdrawn = me.consents
    me.rename("Countess")
    me.revert_to(consenting, "")
    assert (me.display_name, me.consents) == ("Ada", withdrawn)


def test_a_link_is_not_opened_again_by_a_revert() -> None:
    link = Link.create(
        Origin(ME), "0" * 64, query="tag:shared", target_kind=TargetKind.QUERY, password_hash=PHC
    )
    open_link = as_it_is(link)
    link.revoke()
    with pytest.raises(NotRevertible):
        link.revert_to(open_link, "")


def test_a_merge_of_contacts_can_be_reverted() -> None:
    kept, given_up = (Contact.add(Origin(ME), ContactName(full=name)) for name in ("Ada", "Ada L."))
    attach(given_up, ME, Shelf(kept))
    before = as_it_is(given_up)
    given_up.merge_into(kept.id)
    given_up.revert_to(before, "")
    assert given_up.merged_into is None


def test_a_state_written_by_other_code_keeps_what_is_still_known() -> None:
    task = Task.create(Origin(ME), "Renew passport", notes="photo")
    first = as_it_is(task)
    task.retitle("Renew")
    task.revert_to(first, "")
    event = task.collect_events()[-1]
    assert isinstance(event, Task.Reverted)
    body: dict[str, Any] = orjson.loads(encode_event(event, "testing"))
    del body["data"]["state"]["notes"]
    body["data"]["state"]["colour"] = "red"
    envelope = (task.id, 3, event.timestamp)
    read, _ = decode_event(
        "task", "task.reverted", schema_version_of(Task.Reverted), envelope, orjson.dumps(body)
    )
    assert isinstance(read, Task.Reverted)
    assert set(event.state) - set(read.state) == {"notes"}
    assert read.state["status"] is task.status
    again = read.mutate(_at_version_two(first))
    assert state_of(again) == state_of(first)


def _at_version_two(task: Task) -> Task:
    task.retitle("Renew")
    return task
