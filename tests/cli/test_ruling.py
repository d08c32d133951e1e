"""Holds and retention as people rule them from the command line."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from infrastructure.cli.app import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_USAGE
from tests.cli.test_cli import CANARY, Run, ada, assert_refused, lines, made, run

__all__ = ["ada", "run"]


def placed(ada: Run, *target: str) -> str:
    words = ("--reason", CANARY, "--purpose", "litigation", "--until", "2099-01-01", *target)
    (hold,) = lines(ada("hold", "place", *words, "--json"))
    return str(hold["hold_id"])


def test_a_held_record_from_the_hold_over_its_erasure_to_its_end(ada: Run) -> None:
    held, other = made(ada, "task.create", "title=Evidence"), made(ada, "task.create", "title=Other")
    hold = placed(ada, "--record", held)
    dry = ada("erase", "--kind", "task", "--dry-run")
    assert f"under hold {hold} until 2099-01-01: 1 records" in dry.stdout
    (receipt,) = lines(ada("erase", "--kind", "task", "--grounds", "art. 17", "--json"))
    assert receipt["kept"] == [held]
    assert_refused(ada("show", held), EXIT_REFUSED)
    (shown,) = lines(ada("hold", "show", hold, "--purpose", "litigation", "--record", held, "--json"))
    assert shown["title"] == "Evidence"
    assert_refused(ada("hold", "show", hold, "--purpose", CANARY, "--record", held), EXIT_REFUSED)
    assert_refused(ada("hold", "show", hold, "--purpose", "litigation", "--record", other), EXIT_NOT_FOUND)
    (listed,) = lines(ada("hold", "list", "--json"))
    assert (listed["hold_id"], listed["record_id"], listed["ended_at"]) == (hold, held, None)
    assert CANARY not in ada("hold", "list").stdout
    assert ada("hold", "release", hold).stdout == f"released {hold}\n"
    _, second = lines(ada("erasures", "list", "--json"))
    assert (second["follows"], second["step"]) == (receipt["erasure_id"], "done")


def test_retention_is_set_explained_carried_out_and_dropped(ada: Run) -> None:
    task = made(ada, "task.create", "title=Old")
    assert (
        ada("retention", "set", "task", "--days", "0", "--then", "trash").stdout
        == "task: 0 days, then trash\n"
    )
    (rule,) = lines(ada("retention", "list", "--json"))
    assert (rule["kind"], rule["days"], rule["action"]) == ("task", 0, "trash")
    assert re.search(r"task .* 0 +trash", ada("retention", "list").stdout)
    (verdict,) = lines(ada("retention", "run", "--dry-run", "--json"))
    assert (verdict["record_id"], verdict["outcome"]) == (task, "trash")
    assert ada("retention", "run").stdout == "1 trash\n"
    assert [each["id"] for each in lines(ada("find", "task", "--trashed", "--json"))] == [task]
    assert ada("retention", "drop", "task").returncode == 0
    assert ada("retention", "run", "--dry-run").stdout == "no rule is about anything there is\n"


def test_a_rule_set_or_dropped_is_told_as_the_list_tells_it(ada: Run) -> None:
    for whose in ((), ("--everybody",)):
        (told,) = lines(ada("retention", "set", "note", "--days", "7", "--then", "erase", *whose, "--json"))
        (listed,) = lines(ada("retention", "list", "--json"))
        assert told == {name: listed[name] for name in ("kind", "subject_id", "days", "action")}
        (dropped,) = lines(ada("retention", "drop", "note", *whose, "--json"))
        assert dropped == told | {"days": None, "action": None}
        assert lines(ada("retention", "list", "--json")) == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("hold", "release", str(uuid4())), EXIT_NOT_FOUND),
        (("hold", "release", CANARY), EXIT_NOT_FOUND),
        (("hold", "place", "--reason", CANARY, "--purpose", "p", "--until", "2099-01-01"), EXIT_USAGE),
        (
            (
                "hold",
                "place",
                "--reason",
                CANARY,
                "--purpose",
                "p",
                "--until",
                "1999-01-01",
                "--kind",
                "task",
            ),
            EXIT_REFUSED,
        ),
        (("retention", "set", "task", "--days", "1", "--then", CANARY), EXIT_USAGE),
        (("retention", "set", CANARY, "--days", "1", "--then", "trash"), EXIT_REFUSED),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(ada: Run, words: tuple[str, ...], code: int) -> None:
    assert_refused(ada(*words), code)
