"""The program as people run it: what it does, what it says, what it answers with, and what it never repeats."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infrastructure.cli.app import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_UNAVAILABLE, EXIT_USAGE
from infrastructure.cli.commands import COMMANDS, command_named
from infrastructure.settings import Settings
from infrastructure.store.store import Store

ROOT = Path(__file__).parents[2]
CANARY = "canary5b8f21c07e"

Run = Callable[..., subprocess.CompletedProcess[str]]


PROGRAM = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from infrastructure.standby.client import carried_out
code = carried_out(sys.argv.pop(1))
if code is None:
    from infrastructure.cli.app import main
    main()
sys.exit(code)
"""


@pytest.fixture
def run(environment: dict[str, str], standby: Path) -> Run:
    """Runs the program on the test's own store."""
    environment = {name: value for name, value in environment.items() if name != "PYTHONPATH"}

    def run(*arguments: str, folder: Path = ROOT, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, str(ROOT), str(standby), *arguments],
            env={**environment, "COLUMNS": "200", **changes},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def ada(run: Run) -> Run:
    """The program, after somebody has made herself known; whatever it is asked is up to date."""
    assert run("init", "ada", "ada@example.org", "--timezone", "Europe/Berlin").returncode == 0
    return run


def lines(finished: subprocess.CompletedProcess[str]) -> list[Any]:
    """Return what a program has printed as JSON, line by line."""
    assert finished.returncode == 0, finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


def made(run: Run, *arguments: str) -> str:
    """Carry out a command and return the id of its record."""
    (receipt,) = lines(run("do", *arguments, "--json"))
    return str(receipt["id"])


def assert_refused(finished: subprocess.CompletedProcess[str], code: int) -> None:
    """See one line on stderr, nothing on stdout, no traceback and not a word of what was typed."""
    assert finished.returncode == code, finished.stderr
    assert finished.stdout == ""
    assert re.fullmatch(r"lifeledger: [^\n]+\n", finished.stderr)
    assert "Traceback" not in finished.stderr
    assert CANARY not in finished.stderr


def test_file_goes_in_with_a_command_and_comes_out_whole(ada: Run, tmp_path: Path) -> None:
    photo, back = tmp_path / "photo.jpg", tmp_path / "back.jpg"
    photo.write_bytes(secrets.token_bytes(100_000))
    media = made(ada, "media.add", "kind=photo", f"content=@{photo}")
    note = made(ada, "note.write", "title=Trip")
    made(ada, "note.attach", note, json.dumps({"name": "a", "content": f"@{photo};type=image/x-raw"}))
    (shown,) = lines(ada("show", media, "--json"))
    (kept,) = lines(ada("show", note, "--json"))[0]["attachments"]
    assert (shown["content"]["media_type"], shown["content"]["size"]) == ("image/jpeg", 100_000)
    assert kept["content"]["media_type"] == "image/x-raw"
    assert ada("content", shown["content"]["blob_id"], str(back)).returncode == 0
    assert (back.read_bytes(), back.stat().st_mode & 0o777) == (photo.read_bytes(), 0o600)
    assert_refused(ada("content", str(uuid4()), str(tmp_path / "none")), EXIT_NOT_FOUND)
    assert_refused(ada("content", shown["content"]["blob_id"], str(back)), EXIT_REFUSED)
    assert_refused(ada("do", "media.add", "kind=photo", f"content=@{tmp_path / CANARY}"), EXIT_REFUSED)
    assert not (tmp_path / "none").exists()
    assert back.read_bytes() == photo.read_bytes()


def test_a_task_from_the_command_to_every_view(ada: Run, store: Store) -> None:
    task = made(ada, "task.create", "title=Renew passport", "due=2026-12-01", "--purpose", "travel")
    made(ada, "task.create", '{"title": "Pack", "priority": "high"}')
    made(ada, "task.retitle", task, "title=Renew the passport")
    event = made(
        ada, "calendar_event.schedule", "title=Dentist", "time_kind=utc", "start_local=2026-12-02T09:00:00"
    )
    store.catch_up()

    (shown,) = lines(ada("show", task, "--json"))
    assert (shown["id"], shown["title"], shown["version"]) == (task, "Renew the passport", 2)
    assert "Renew the passport" in ada("show", task).stdout

    assert [each["title"] for each in lines(ada("find", "task", "--order", "created_at", "--json"))] == [
        "Renew the passport",
        "Pack",
    ]
    todo = lines(ada("find", "task", "--where", "status=todo", "--order", "created_at", "--json"))
    assert [each["id"] for each in todo][:1] == [task]
    assert lines(ada("find", "task", "--where", "status=done", "--json")) == []
    assert "Pack" in ada("find", "task", "--where", "status=todo").stdout

    first, cursor = lines(ada("find", "task", "--order", "created_at", "--limit", "1", "--json"))
    (second,) = lines(
        ada("find", "task", "--order", "created_at", "--limit", "1", "--cursor", cursor["next"], "--json")
    )
    assert (first["title"], second["title"]) == ("Renew the passport", "Pack")

    assert task in {each["record_id"] for each in lines(ada("timeline", "--json"))}
    window = ("--since", "2026-12-01", "--until", "2026-12-03")
    assert [each["record_id"] for each in lines(ada("agenda", *window, "--json"))] == [event]
    assert [each["record_id"] for each in lines(ada("search", "passport", "--json"))] == [task]

    changes = lines(ada("history", task, "--json"))
    assert [(each["version"], each["action"]) for each in changes] == [
        (1, "task.created"),
        (2, "task.retitled"),
    ]
    assert changes[0]["purpose"] == "travel"
    assert "Renew the passport" in ada("history", task).stdout

    audited = lines(ada("audit", "--record", task, "--json"))
    assert {each["action"] for each in audited} == {"task.created", "task.retitled"}
    counts = {each["kind"]: each["records"] for each in lines(ada("statistics", "--json"))}
    assert counts["task"] == 2
    assert lines(ada("threads", "--json")) == []


@pytest.mark.parametrize(
    "command", ["timeline", "agenda", "threads", "audit", "statistics", "status", "kinds", "migrate"]
)
def test_commands_that_show_work_without_options(ada: Run, command: str) -> None:
    finished = ada(command)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout


def test_status_tells_lag_and_parked_records(ada: Run, store: Store) -> None:
    made(ada, "note.write", "title=n")
    (before,) = lines(ada("status", "--json"))
    store.catch_up()
    (after,) = lines(ada("status", "--json"))
    assert (before["events"], before["lag"], after["lag"], after["parked"]) == (2, 1, 0, 0)


def test_nothing_is_parked_in_a_sound_store(ada: Run) -> None:
    assert lines(ada("projections", "parked", "--json")) == []
    assert "nothing is parked" in ada("projections", "parked").stdout


def test_the_kinds_and_the_commands_of_one_are_listed(run: Run) -> None:
    assert "calendar_event" in {each["kind"] for each in lines(run("kinds", "--json"))}
    *told, _ = lines(run("kinds", "task", "--json"))
    commands = {each["command"]: each for each in told}
    assert commands["task.create"]["creates"]
    assert "title" in commands["task.create"]["arguments"]["properties"]
    assert "task.complete" in run("kinds", "task").stdout


def test_importing_a_folder_again_creates_nothing(ada: Run, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "me.vcf").write_text(
        "BEGIN:VCARD\nVERSION:3.0\nUID:1\nFN:Grace Hopper\nN:Hopper;Grace;;;\nEND:VCARD\n"
    )
    (folder / "todo.ics").write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\nBEGIN:VTODO\nUID:2\nSUMMARY:Call\nEND:VTODO\nEND:VCALENDAR\n"
    )
    (folder / "unknown.xyz").write_text("?")
    *files, total = lines(ada("import", str(folder), "--json"))
    assert {each["file"]: each["created"] for each in files} == {"me.vcf": 1, "todo.ics": 1}
    assert (total["created"], total["ignored_files"]) == (2, 1)
    *_, again = lines(ada("import", str(folder), "--json"))
    assert (again["created"], again["unchanged"]) == (0, 2)
    assert "me.vcf" in ada("import", str(folder)).stdout


def test_what_follows_from_the_fields_of_a_medium_is_shown_with_them(ada: Run) -> None:
    medium = made(
        ada, "media.begin_upload", "kind=photo", "original_filename=IMG_1.HEIC", "width=4032", "height=3024"
    )
    made(ada, "media.abort_upload", medium, "reason=no battery")
    (shown,) = lines(ada("show", medium, "--json"))
    assert (shown["extension"], shown["display_size"]) == ("heic", [4032, 3024])
    assert (shown["processing"], shown["content"]) == ("failed", None)
    assert re.search(r"extension +heic", ada("show", medium).stdout)


def test_a_field_that_is_a_group_of_fields_is_given_as_json(ada: Run, store: Store) -> None:
    album = made(ada, "album.create", "title=Best", "kind=smart", 'rule={"rating": 3}')
    contact = made(ada, "contact.add", 'name={"full": "Grace Hopper"}', "kind=individual")
    person = str(store.person("ada").id)
    made(ada, "user.set_preference", person, 'preference={"theme": "dark"}')
    assert lines(ada("show", album, "--json"))[0]["rule"]["rating"] == 3
    assert lines(ada("show", contact, "--json"))[0]["name"]["full"] == "Grace Hopper"
    assert lines(ada("show", person, "--json"))[0]["preferences"]["theme"] == "dark"
    assert_refused(ada("do", "contact.add", f"name={CANARY}"), EXIT_REFUSED)


def test_what_a_rule_forbids_is_refused(ada: Run) -> None:
    task = made(ada, "task.create", "title=once")
    made(ada, "task.complete", task)
    assert_refused(ada("do", "task.complete", task), EXIT_REFUSED)
    assert_refused(ada("do", "user.register", "username=zed", "email=zed@example.org"), EXIT_REFUSED)
    assert_refused(ada("do", "task.create", f"title={CANARY}\n{CANARY}"), EXIT_REFUSED)
    assert_refused(ada("do", "task.create", f'{{"title": "x", "{CANARY}": 1}}'), EXIT_REFUSED)
    assert_refused(ada("do", "task.create", f'{{"title": {CANARY}'), EXIT_REFUSED)
    assert_refused(ada("do", "task.create", CANARY), EXIT_REFUSED)
    assert_refused(ada("do", f"task.{CANARY}"), EXIT_REFUSED)
    assert_refused(ada("do", f"{CANARY}.create"), EXIT_REFUSED)
    assert_refused(ada("kinds", CANARY), EXIT_REFUSED)
    assert_refused(ada("find", "task", "--where", f"{CANARY}=1"), EXIT_REFUSED)
    assert_refused(ada("find", "task", "--where", f"status={CANARY}"), EXIT_REFUSED)
    assert_refused(ada("find", "task", "--where", CANARY), EXIT_REFUSED)
    assert_refused(ada("find", "task", "--order", CANARY), EXIT_REFUSED)
    assert_refused(ada("find", "task", "--cursor", CANARY), EXIT_REFUSED)
    assert_refused(ada("init", "ada", f"{CANARY}@example.org"), EXIT_REFUSED)
    assert_refused(ada("init", f"{CANARY} not a name", "x@example.org"), EXIT_REFUSED)


def test_wrong_usage_is_said_without_what_was_typed(ada: Run, tmp_path: Path) -> None:
    assert_refused(ada(CANARY), EXIT_USAGE)
    assert_refused(ada("find"), EXIT_USAGE)
    assert_refused(ada("timeline", f"--{CANARY}"), EXIT_USAGE)
    assert_refused(ada("timeline", "--limit", CANARY), EXIT_USAGE)
    assert_refused(ada("timeline", "--limit", "0"), EXIT_USAGE)
    assert_refused(ada("timeline", "--since", CANARY), EXIT_USAGE)
    assert_refused(ada("timeline", CANARY), EXIT_USAGE)
    assert_refused(ada("import", str(tmp_path / CANARY)), EXIT_USAGE)
    assert_refused(ada("projections", CANARY), EXIT_USAGE)


def test_a_record_or_person_that_is_not_there_is_said_to_be_so(ada: Run) -> None:
    for record in (str(uuid4()), CANARY):
        assert_refused(ada("show", record), EXIT_NOT_FOUND)
        assert_refused(ada("history", record), EXIT_NOT_FOUND)
        assert_refused(ada("do", "task.complete", record), EXIT_NOT_FOUND)
    assert_refused(ada("timeline", "--person", CANARY), EXIT_NOT_FOUND)


def test_without_a_known_person_the_way_to_make_oneself_known_is_told(run: Run) -> None:
    finished = run("timeline")
    assert_refused(finished, EXIT_REFUSED)
    assert "lifeledger init" in finished.stderr


def test_another_person_is_named_by_username(ada: Run) -> None:
    assert ada("init", "eve", "eve@example.org").returncode == 0
    task = made(ada, "task.create", "title=of ada")
    assert_refused(ada("show", task, "--person", "eve"), EXIT_NOT_FOUND)
    (shown,) = lines(ada("show", task, "--person", "ada", "--json"))
    assert shown["title"] == "of ada"


def test_a_server_that_does_not_answer_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    nowhere = f"postgresql://{CANARY}:{CANARY}@/ledger?host={tmp_path}"
    changes = {"LIFELEDGER_LEDGER_URL": nowhere, "LIFELEDGER_KEYS_URL": nowhere}
    assert_refused(run("status", **changes), EXIT_UNAVAILABLE)


def test_settings_that_are_not_valid_are_not_repeated(run: Run) -> None:
    finished = run("status", LIFELEDGER_IDLE_MINUTES=CANARY)
    assert finished.returncode != 0
    assert_refused(finished, finished.returncode)


def test_output_cannot_move_the_cursor_or_colour_the_screen(ada: Run) -> None:
    task = made(ada, "task.create", "title=Ring", "--json").strip()
    made(ada, "task.annotate", task, json.dumps({"text": "a\x1b[31mred\x1b[2J\u202eb"}))
    shown = ada("show", task).stdout
    assert "red" in shown
    assert not {"\x1b", "\u202e"} & set(shown)


def test_people_and_moments_look_the_same_in_a_list_and_in_a_record(
    ada: Run, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "a.eml").write_text(
        "From: Grace <grace@example.org>\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nMessage-ID: <1@x>\n\nHi\n"
    )
    assert lines(ada("import", str(tmp_path / "a.eml"), "--json"))[-1]["created"] == 1
    store.catch_up()
    (email,) = lines(ada("find", "email", "--json"))
    for shown in (ada("find", "email").stdout, ada("show", email["id"]).stdout):
        assert "Grace grace@example.org" in shown
        assert "2026-03-02 10:00" in shown
        assert "2026-03-02 09:00" not in shown


def test_output_into_a_closed_pipe_ends_quietly(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "infrastructure.cli", "kinds", "task", "--json"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_the_program_says_of_each_command_what_the_command_says(command: str) -> None:
    assert command_named(command).help.splitlines()[0] == COMMANDS[command].help


def test_the_program_and_its_commands_have_help(run: Run) -> None:
    for arguments in (["--help"], ["find", "--help"], ["import", "--help"]):
        finished = run(*arguments)
        assert (finished.returncode, finished.stderr) == (0, "")
        assert "Usage:" in finished.stdout


def test_without_docstrings_there_still_is_help_and_an_error_has_a_name(environment: dict[str, str]) -> None:
    for words, said in (
        (["do", "--help"], COMMANDS["do"].help.split()[0]),
        (["do", "task.complete", "x"], "lifeledger: not found\n"),
    ):
        finished = subprocess.run(
            [sys.executable, "-OO", "-m", "infrastructure.cli", *words],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said in finished.stdout + finished.stderr


def test_help_loads_no_database_driver(environment: dict[str, str]) -> None:
    code = (
        "import sys; from infrastructure.cli.app import app; app(['--help'], standalone_mode=False);"
        " print(sorted({'psycopg', 'pydantic', 'redis', 'sqlalchemy'} & set(sys.modules)), 'typer' in sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert finished.stdout.splitlines()[-1] == "[] True"


def test_every_command_and_setting_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [name for name in COMMANDS if not re.search(rf"(lifeledger |`){name}\b", readme)]
    settings = [f"LIFELEDGER_{name.upper()}" for name in Settings.model_fields]
    missing += [name for name in settings if name not in readme]
    assert missing == []
