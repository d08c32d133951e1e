"""Terminals, streams and words of a command line as other machines have them: nothing ends in an internal error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure.cli.app import EXIT_INTERNAL, EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_UNAVAILABLE
from infrastructure.store.store import Store
from tests.cli.test_cli import ROOT, Run, ada, lines, made, run

__all__ = ["ada", "run"]

WORDS = "Grüße 日本"
NO_UNICODE = os.fsdecode(b"caf\xe9")


def by_itself(
    environment: dict[str, str], *words: str, through: str = 'exec "$@"', **changes: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the program, through a shell that may close its streams, on the test's own store."""
    return subprocess.run(
        ["sh", "-c", through, "sh", sys.executable, "-m", "infrastructure.cli", *words],
        env={**environment, "COLUMNS": "200", **changes},
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_what_a_terminal_cannot_show_is_written_out(
    ada: Run, store: Store, environment: dict[str, str], encoding: str
) -> None:
    made(ada, "task.create", f"title={WORDS}")
    store.catch_up()
    finished = by_itself(environment, "find", "task", PYTHONIOENCODING=encoding)
    assert finished.returncode == 0
    assert WORDS.encode(encoding, "backslashreplace") in finished.stdout


@pytest.mark.parametrize("line", [["find", "task"], ["do", "task.create", "title=x"]])
def test_a_closed_output_ends_no_command(
    ada: Run, store: Store, environment: dict[str, str], line: list[str]
) -> None:
    for words in (line, [*line, "--json"]):
        finished = by_itself(environment, *words, through='exec "$@" >&-')
        assert (finished.returncode, finished.stderr) == (0, b"")
    store.catch_up()
    kept = lines(ada("find", "task", "--json"))
    assert len(kept) == (0 if line[0] == "find" else 2)


def test_a_terminal_without_columns_is_one_of_the_usual_width(ada: Run, store: Store) -> None:
    made(ada, "task.create", "title=passport")
    store.catch_up()
    assert "passport" in ada("find", "task", COLUMNS="0").stdout


def test_words_of_an_import_fold_and_its_numbers_do_not(ada: Run, tmp_path: Path) -> None:
    file = tmp_path / "everything that was in the old address book.vcf"
    card = "BEGIN:VCARD\nVERSION:3.0\nUID:{0}\nFN:Grace {0}\nN:Hopper;Grace;;;\nEND:VCARD\n"
    nobody = "BEGIN:VCARD\nVERSION:3.0\nUID:nobody\nNOTE:x\nEND:VCARD\n"
    file.write_text("".join(map(card.format, range(1, 201))) + nobody)
    shown, _, _ = ada("import", str(file), COLUMNS="80").stdout.lstrip("\n").partition("to undo")
    heading, *rest = shown.splitlines()
    outcomes = ["created", "refreshed", "unchanged", "skipped", "invalid"]
    assert heading.split() == ["file", "entries", *outcomes]
    assert [line.split()[1:3] for line in rest if line.startswith("all ")] == [["201", "200"]]
    assert file.name not in shown
    assert rest[-2].startswith("  ")  # why one is no record
    assert {len(line) for line in (heading, *rest[:-2], rest[-1])} == {80}


@pytest.mark.parametrize("columns", [80, 40])
def test_files_of_one_name_are_told_apart_however_narrow_the_terminal(
    ada: Run, tmp_path: Path, columns: int
) -> None:
    root = tmp_path / "cards"
    folders = [root / place / "Takeout" / "All Contacts" for place in ("home", "work")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "c.vcf").write_text("BEGIN:VCARD\nVERSION:3.0\nUID:1\nFN:Grace\nN:;Grace;;;\nEND:VCARD\n")
    *files, _ = lines(ada("import", str(root), "--json"))
    names = [str((folder / "c.vcf").relative_to(root)) for folder in folders]
    assert [each["file"] for each in files] == names
    heading, *rest = ada("import", str(root), COLUMNS=str(columns)).stdout.lstrip("\n").splitlines()
    width = heading.index("entries")
    shown = "".join("".join(line[:width].split()) for line in rest)
    assert shown == "".join(names).replace(" ", "") + "all"


@pytest.mark.parametrize(
    "asked", [["timeline", "--kind", "calendar_event"], ["agenda", "--since", "2026-12-01"]]
)
def test_moments_and_ids_stay_whole_where_words_fold(ada: Run, store: Store, asked: list[str]) -> None:
    title, place = "The yearly dinner of everybody from the old school", "Rua Augusta 12, Lisbon"
    event = made(
        ada, "calendar_event.schedule", f"title={title}", f"location={place}", "time_kind=utc",
        "start_local=2026-12-02T19:00:00", "end_local=2026-12-02T23:30:00",
    )  # fmt: skip
    store.catch_up()
    heading, *rest = ada(*asked, COLUMNS="80").stdout.splitlines()
    assert rest[0].startswith("2026-12-02 20:00  ")
    assert ("2026-12-03 00:30" in rest[0]) == (asked[0] == "agenda")
    assert rest[-1] == f"  {event}"
    assert "record id" not in heading
    assert max(map(len, (heading, *rest))) == 80
    wide = ada(*asked, COLUMNS="200").stdout.splitlines()
    assert [line.split()[-1] for line in wide] == ["id", event]


def test_a_terminal_too_narrow_for_a_table_cuts_nothing_off(ada: Run, store: Store) -> None:
    task = made(ada, "task.create", "title=Renew passport", "due=2026-12-01")
    store.catch_up()
    shown = ada("find", "task", COLUMNS="20").stdout
    assert "2026-12-01" in shown
    assert f"  {task}" in shown.splitlines()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["do", "task.create", f"title={NO_UNICODE}"], EXIT_REFUSED),
        (["do", "task.create", "title=x", "--purpose", NO_UNICODE], EXIT_REFUSED),
        (["find", "task", "--person", NO_UNICODE], EXIT_NOT_FOUND),
        (["find-person", NO_UNICODE], 0),
        (["search", NO_UNICODE], EXIT_REFUSED),
    ],
)
def test_words_that_are_no_text_are_refused_or_found_nowhere(
    ada: Run, store: Store, environment: dict[str, str], line: list[str], code: int
) -> None:
    finished = by_itself(environment, *line)
    assert finished.returncode == code != EXIT_INTERNAL, finished.stderr
    assert finished.stderr.count(b"\n") == (1 if code else 0)
    store.catch_up()
    assert lines(ada("find", "task", "--json")) == []


def test_a_data_directory_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LIFELEDGER_")}
    for place in (circle, tmp_path / ("x" * 300)):
        for command in ("status", "stop"):
            finished = by_itself(inherited, command, "--data-dir", str(place))
            assert finished.returncode in {EXIT_UNAVAILABLE, 0}, finished.stderr
            assert finished.stderr.count(b"\n") == (1 if finished.returncode else 0)


@pytest.mark.parametrize("field", ["html_body", "text_body"])
def test_a_text_of_many_screens_is_cut_short_where_people_read_and_whole_where_programs_do(
    ada: Run, field: str
) -> None:
    text = "<p>" + "soup " * 10_000 + "end"
    draft = made(ada, "email.draft", f"{field}={text}")
    shown = ada("show", draft).stdout
    assert 700 < shown.count("soup") < 1_000
    assert "<p>soup soup" in shown
    assert "… [cut: --json has all of it]" in " ".join(shown.split())
    (told,) = lines(ada("show", draft, "--json"))
    assert (told[field], told["has_html"]) == (text, field == "html_body")
    assert len(ada("history", draft).stdout) < 5_000


def test_a_text_of_some_screens_is_whole(ada: Run) -> None:
    note = made(ada, "note.write", "title=x", f"body={'a' * 3_990}bcdefghijk")
    shown = "".join(ada("show", note).stdout.split())
    assert "abcdefghijk" in shown
    assert "cut:" not in shown
    made(ada, "note.append", note, "text=l")
    assert "[cut:--jsonhasallofit]" in "".join(ada("show", note).stdout.split())


def test_what_is_held_is_cut_as_what_is_not(ada: Run) -> None:
    note = made(ada, "note.write", "title=x", f"body={'soup ' * 2_000}")
    held = ["--until", "2099-01-01", "--reason", "r", "--purpose", "p", "--record", note]
    (hold,) = lines(ada("hold", "place", *held, "--json"))
    shown = ada("hold", "show", hold["hold_id"], "--purpose", "p", "--record", note).stdout
    assert "[cut: --json has all of it]" in " ".join(shown.split())
    assert shown.count("soup") == 800
