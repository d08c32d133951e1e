"""vCard files: every card is accounted for, and none is taken for another."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
import vobject
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.communication.contact_terms import ContactKind, Relation, Relationship
from infrastructure.importers.draft import Draft, Limits, Reading, Refused, UnreadableFile
from infrastructure.importers.text import one_line
from tests.importers.address_books import IMPORTER, card, cards, contacts, only
from tests.importers.reading import CUT, EXAMPLES, MISSING, mutations, read, samples, written

FILES = samples("contacts", ".vcf")
CARD = re.compile(rb"(?im)^[ \t]*BEGIN:VCARD[ \t\r]*$")
needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)


def is_picture(found: Draft | Refused) -> bool:
    return isinstance(found, Draft) and found.kind == "media"


def contacts_in(path: Path) -> list[Draft]:
    return [each for each in IMPORTER.read(path, Reading()) if isinstance(each, Draft)]


@needs_samples
def test_every_card_of_every_sample_is_a_draft_that_its_command_takes() -> None:
    kept = 0
    for path in FILES:
        found = [each for each in read(IMPORTER, path) if not is_picture(each)]
        assert len(found) == len(CARD.findall(path.read_bytes()))
        names = [each.source_id for each in found if isinstance(each, Draft)]
        again = [each.source_id for each in contacts_in(path) if not is_picture(each)]
        assert names == again
        kept += len(set(names))
    assert kept == 13


@needs_samples
def test_contacts_say_what_the_library_reads_where_it_can_read() -> None:
    compared = 0
    for path in (*FILES, EXAMPLES / "contacts.vcf"):
        theirs = list(_by_the_library(path))
        ours = [each for each in contacts_in(path) if not is_picture(each)]
        for theirs_read, draft in zip(theirs, ours, strict=True) if theirs else ():
            assert draft.arguments["name"].full.startswith(
                one_line(theirs_read.fn.value, 200)
            )  # it cuts at commas
            for name, known in (("email", "emails"), ("tel", "phones"), ("org", "organizations")):
                held = theirs_read.contents.get(name, [])
                assert len(draft.arguments[known]) == len(held)
            compared += 1
    assert compared >= 19


def _by_the_library(path: Path) -> list[Any]:
    try:
        return list(vobject.readComponents(path.read_bytes().decode(), ignoreUnreadable=True, allowQP=True))
    except (UnicodeDecodeError, vobject.base.VObjectError):
        return []


def test_example_file_holds_eight_contacts() -> None:
    found = [each for each in read(IMPORTER, EXAMPLES / "contacts.vcf") if isinstance(each, Draft)]
    assert len({each.source_id for each in found}) == 8
    assert [each.arguments["kind"] for each in found].count(ContactKind.ORG) == 1


def test_quoted_printable_of_old_cards_is_read(tmp_path: Path) -> None:
    found = only(
        tmp_path,
        "VERSION:2.1",
        "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:=C5ngstr=F6m;J=F6rg",
        "NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Gr=C3=BC=C3=9Fe=0D=0A=",
        "=0D=0A=",
        "aus Ulm",
        "TEL;HOME:030 23125 014",
    ).arguments
    assert (found["name"].full, found["notes"]) == ("Jörg Ångström", "Grüße\n\naus Ulm")
    assert len(found["phones"]) == 1


def test_charset_of_a_property_is_that_of_its_bytes(tmp_path: Path) -> None:
    text = b"BEGIN:VCARD\nFN;CHARSET=KOI8-R:" + "Ада".encode("koi8-r") + b"\nNOTE:" + "Grüße".encode("cp1252")
    (draft,) = contacts(tmp_path, text)
    assert (draft.arguments["name"].full, draft.arguments["notes"]) == ("Ада", "Grüße")


def test_card_of_an_agent_is_a_contact_and_a_relation(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nFN:Ada\nAGENT:\nBEGIN:VCARD\nFN:Luigi\nTEL:1\nEND:VCARD\nNOTE:after\nEND:VCARD\n"
    luigi, ada = contacts(tmp_path, text)
    assert luigi.arguments["name"].full == "Luigi"
    assert ada.arguments["relationships"] == (Relationship(Relation.OTHER, name="Luigi"),)
    assert ada.arguments["notes"] == "after\n\nAgent: Luigi"


def test_agent_in_the_value_is_a_relation(tmp_path: Path) -> None:
    found = card(tmp_path, "AGENT:BEGIN:VCARD\\nFN:Luigi\\nTEL:1\\nEND:VCARD\\n")
    assert found["relationships"] == (Relationship(Relation.OTHER, name="Luigi"),)


def test_card_without_an_end_ends_where_the_next_begins(tmp_path: Path) -> None:
    found = contacts(tmp_path, "begin:vcard\nfn:Ada\nBEGIN:VCARD\nFN:Luigi\n")
    assert [each.arguments["name"].full for each in found] == ["Ada", "Luigi"]


def test_uid_is_the_same_as_urn_and_in_capitals(tmp_path: Path) -> None:
    uid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
    names = {
        only(tmp_path, "FN:Ada", f"UID:{each}").source_id for each in (uid, uid.upper(), f"urn:uuid:{uid}")
    }
    assert names == {uid}


def test_card_without_uid_is_known_by_name_and_first_way_to_reach(tmp_path: Path) -> None:
    first = only(tmp_path, "FN:Ada", "EMAIL:ada@example.org", "NOTE:old").source_id
    assert only(tmp_path, "NOTE:new", "EMAIL:ADA@example.org", "FN:ada", "TEL:1").source_id == first
    assert only(tmp_path, "FN:Ada", "EMAIL:other@example.org").source_id != first


def test_different_cards_that_seem_the_same_are_told_apart(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nFN:Ada\nNOTE:{}\nEND:VCARD\n"
    found = contacts(tmp_path, text.format(1) + text.format(2) + text.format(1))
    assert [found[0].source_id == each.source_id for each in found] == [True, False, True]
    text = "BEGIN:VCARD\nUID:1\nFN:{}\nEND:VCARD\n"
    found = contacts(tmp_path, text.format("Ada") + text.format("Luigi"))
    assert len({each.source_id for each in found}) == 2


def test_agents_within_agents_end_at_the_limit(tmp_path: Path) -> None:
    found = contacts(tmp_path, "BEGIN:VCARD\nFN:a\nAGENT:\n" * 2000)
    assert len(found) == 2000


def test_cards_beyond_the_limits_are_refused(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nFN:Ada\nEND:VCARD\n"
    assert cards(tmp_path, text * 3, limits=Limits(entries=1))[1:] == [Refused("too_many_entries")] * 2
    large = f"BEGIN:VCARD\nFN:{'a' * 2000}\nEND:VCARD\n"
    assert cards(tmp_path, large, limits=Limits(entry_bytes=1000)) == [Refused("too_large")]
    with pytest.raises(UnreadableFile):
        cards(tmp_path, text * 100, limits=Limits(whole_file_bytes=1000))


def test_cards_left_when_time_is_up_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = IMPORTER.read(written(tmp_path, "a.vcf", "BEGIN:VCARD\nFN:Ada\nEND:VCARD\n" * 3), Reading())
    next(reading)
    monkeypatch.setattr("infrastructure.importers.vcard.files.monotonic", lambda: float("inf"))
    assert list(reading) == [Refused("out_of_time")] * 2


def test_long_and_many_values_end_soon(tmp_path: Path) -> None:
    found = card(tmp_path, "N:" + ";," * 500_000, "NICKNAME:" + "a," * 500_000, f"NOTE:{'a' * 2_000_000}")
    assert len(found["notes"]) == 1_000_000
    assert found["notes"].endswith(f"\n\n{CUT}")
    text = "BEGIN:VCARD\nFN:Ada\n" + "TEL:1\n" * 200_000 + "END:VCARD\n"
    assert cards(tmp_path, text) == [Refused("too_large")]


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x01", b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", b"Name,Phone\nAda,1\n"]
)
def test_file_of_another_format_is_unreadable(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        cards(tmp_path, data)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | mutations((EXAMPLES / "contacts.vcf").read_bytes()))
def test_damaged_files_raise_nothing_but_unreadable_file(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(UnreadableFile):
        cards(tmp_path, data)
