"""What single programs and telephones write on a card, and the standard knows nothing of."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.communication.contact_terms import ContactName
from tests.importers.address_books import contacts


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
