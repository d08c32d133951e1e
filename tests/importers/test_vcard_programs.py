"""What single programs and telephones write on a card, and the standard knows nothing of."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.communication.contact_terms import ContactKind, ContactName, Identity
from tests.importers.address_books import card, contacts


def test_reading_of_a_japanese_name_is_kept(tmp_path: Path) -> None:
    lines = (
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=SHIFT_JIS:山田;太郎\r\n"
        "SOUND;X-IRMC-N;CHARSET=SHIFT_JIS:ﾔﾏﾀﾞ;ﾀﾛｳ;;;\r\nEND:VCARD\r\n"
    )
    (draft,) = contacts(tmp_path, lines.encode("cp932"))
    assert draft.arguments["name"] == ContactName(
        full="山田 太郎", family="山田", given="太郎", phonetic_family="ﾔﾏﾀﾞ", phonetic_given="ﾀﾛｳ"
    )


@pytest.mark.parametrize(
    ("parts", "full"), [("김;철수", "김 철수"), ("王;", "王"), ("山田;Anna", "Anna 山田")]
)
def test_name_in_parts_is_put_together_as_it_is_written(tmp_path: Path, parts: str, full: str) -> None:
    (draft,) = contacts(tmp_path, f"BEGIN:VCARD\nN:{parts}\nEND:VCARD\n")
    assert draft.arguments["name"].full == full


def test_members_of_a_group_are_named_in_its_notes(tmp_path: Path) -> None:
    uid = "03a0e51f-d1aa-4385-8a53-e29025acd8af"
    group, ada, team = contacts(
        tmp_path,
        "BEGIN:VCARD\nFN:Family\nUID:g\nX-ADDRESSBOOKSERVER-KIND:group\nNOTE:Ours\n"
        f"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{uid}\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:gone\nEND:VCARD\n"
        f"BEGIN:VCARD\nFN:Ada\nUID:{uid.upper()}\nEND:VCARD\n"
        "BEGIN:VCARD\nKIND:group\nFN:Team\nMEMBER:mailto:lena@example.org\nEND:VCARD\n",
    )
    assert group.arguments["notes"] == "Ours\n\nMember: Ada\nMember: urn:uuid:gone"
    assert ada.arguments["notes"] == ""
    assert team.arguments["notes"] == "Member: lena@example.org"


def test_what_programs_say_in_words_of_their_own_is_kept(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "NICKNAME:Bird",
        "X-EPOCSECONDNAME:Birdie",
        "TEL;WORK;VOICE:030 1",
        "X-MS-TEL;VOICE;CALLBACK:030 2",
        "X-SIP:sip:ada@example.org",
        "X-CHILDREN:Byron,Annabella",
        "X-ASSISTANT-TEL:030 3",
        "X-PHONETIC-ORG:Enjinzu",
        "FBURL:",
    )
    assert found["nicknames"] == ("Bird", "Birdie")
    assert [(each.number, each.label) for each in found["phones"]] == [
        ("030 1", "work"),
        ("030 2", "callback"),
    ]
    assert found["identities"] == (Identity("sip", "ada@example.org"),)
    assert [each.name for each in found["relationships"]] == ["Byron", "Annabella"]
    assert found["notes"] == "Telephone of the assistant: 030 3\nReading of the organization: Enjinzu"


def test_list_of_evolution_is_a_group(tmp_path: Path) -> None:
    assert card(tmp_path, "X-EVOLUTION-LIST:TRUE")["kind"] is ContactKind.GROUP
    assert card(tmp_path, "X-EVOLUTION-LIST:FALSE")["kind"] is ContactKind.INDIVIDUAL
