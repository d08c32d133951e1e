"""Forgetting from the command line."""

from __future__ import annotations

from infrastructure.cli.app import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_USAGE
from infrastructure.store.store import Store
from tests.cli.test_cli import CANARY, Run, ada, assert_refused, lines, made, run

__all__ = ["ada", "run"]  # the fixtures


def test_a_record_then_the_person_are_erased_and_verified(ada: Run, store: Store) -> None:
    note = made(ada, "note.write", f"title={CANARY}")
    made(ada, "task.create", "title=stays for now")
    (preview,) = lines(ada("erase", "--record", note, "--dry-run", "--json"))
    assert preview == {"grain": "record", "kinds": {"note": {"records": 1, "events": 1}}, "held": {}}
    store.catch_up()
    assert lines(ada("find", "note", "--json"))
    (receipt,) = lines(ada("erase", "--record", note, "--grounds", "art. 17(1)(a)", "--json"))
    assert (receipt["record_ids"], receipt["kinds"]) == ([note], preview["kinds"])
    assert lines(ada("find", "note", "--json")) == []
    assert_refused(ada("do", "note.retitle", note, f"title={CANARY}"), EXIT_REFUSED)
    (verdict,) = lines(ada("erasures", "verify", receipt["erasure_id"], "--json"))
    assert (verdict["holds"], verdict["signed"]) == (True, True)
    assert lines(ada("erasures", "show", receipt["erasure_id"], "--json")) == [receipt]
    told = ada("erase", "--grounds", "art. 17(1)(b)")
    assert "done" in told.stdout
    assert [each["grain"] for each in lines(ada("erasures", "list", "--json"))] == ["record", "person"]
    assert_refused(ada("do", "task.create", f"title={CANARY}"), EXIT_REFUSED)
    assert_refused(ada("erase", "--kind", "task", "--grounds", "nothing is left"), EXIT_NOT_FOUND)


def test_what_cannot_be_erased_is_refused_in_one_line(ada: Run) -> None:
    assert_refused(ada("erase"), EXIT_USAGE)
    assert_refused(ada("erase", "--grounds", "test", "--kind", CANARY), EXIT_REFUSED)
    assert_refused(ada("erase", "--grounds", "test", "--record", CANARY), EXIT_NOT_FOUND)
    assert_refused(ada("erasures", "show", CANARY), EXIT_NOT_FOUND)
    assert_refused(ada("erasures", "list", CANARY), EXIT_USAGE)
    assert_refused(ada("find-person", "--kind", CANARY), EXIT_USAGE)


def test_an_address_is_found_by_the_operator(ada: Run) -> None:
    found = made(ada, "contact.add", '{"name": {"full": "Zoe"}, "emails": [{"address": "zoe@example.org"}]}')
    assert [each["record_id"] for each in lines(ada("find-person", "zoe@example.org", "--json"))] == [found]
    assert ada("find-person", "nobody@example.org").stdout == "nowhere\n"
