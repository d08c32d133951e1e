"""Text of files: decoded as it was meant, and fit to be stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.importers.text import cut_text, decoded, digest_of, one_line, plain_text
from tests.importers.reading import CUT


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("Grüße".encode(), None, "Grüße"),
        ("Grüße".encode("utf-8-sig"), "latin-1", "Grüße"),
        ("Grüße".encode("utf-16"), None, "Grüße"),
        ("Grüße".encode("utf-32"), None, "Grüße"),
        ("Grüße".encode("utf-16-le"), None, "Grüße"),
        ("Grüße".encode("utf-16-be"), None, "Grüße"),
        ("Grüße".encode("latin-1"), None, "Grüße"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("„Grüße“".encode("cp1252"), "iso-8859-1", "„Grüße“"),
        ("Привет".encode("koi8-r"), "KOI8-R", "Привет"),
        ("①".encode("cp932"), "Shift_JIS", "①"),
        (b"\x1b$B-!\x1b(B", "ISO-2022-JP", "①"),
        (b"\x1b$B|bHx\x1b(B & \x1b$B-j6H\x1b(B", "ISO-2022-JP", "髙尾 & ㈱業"),
        ("漢字とｶﾅ 1".encode("iso2022_jp_ext"), "ISO-2022-JP", "漢字とｶﾅ 1"),
        ("漢字 1".encode("iso2022_jp"), None, "漢字 1"),
        ("漢字 1".encode("iso2022_jp"), "us-ascii", "漢字 1"),
        (b"\x1b$B4\x1b(B", "ISO-2022-JP", "4"),
        ("Grüße".encode(), "hex", "Grüße"),
        ("Grüße".encode(), "punycode", "Grüße"),
        ("Grüße".encode(), "no such charset", "Grüße"),
        ("viele Grüße und Küsse".encode() + b"\xc3", "utf-8", "viele Grüße und Küsse\ufffd"),
        ("für \U0001f603".encode()[:-1], "utf-8", "für \ufffd"),
        ("für …".encode()[:-1], "utf-8", "für \ufffd"),
        ("\U0001f603".encode()[:-1], "utf-8", "\ufffd"),
        ("\U0001f603".encode()[:-1] + b" odd", "UTF8", "\ufffd odd"),
        ("\ud800x".encode("utf-8", "surrogatepass"), "utf-8", "\ufffd\ufffd\ufffdx"),
        ("\U0001f603".encode()[:-1], None, "ðŸ\u02dc"),
        ("café".encode("latin-1"), "utf-8", "café"),
        ("“café”".encode("cp1252"), "utf-8", "“café”"),
        ("voilà\xa0!".encode("latin-1"), "utf-8", "voilà\xa0!"),
        ("Señor: “Sí…”".encode("cp1252"), "utf-8", "Señor: “Sí…”"),
        (("long text, " * 500 + "naïve").encode("latin-1"), "utf-8", "long text, " * 500 + "naïve"),
        ("Привет".encode("cp1251"), "utf-8", "Ïðèâåò"),
    ],
)
def test_text_is_decoded_as_it_was_meant(data: bytes, charset: str | None, text: str) -> None:
    assert decoded(data, charset) == text


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("x-mac-roman", "mac-roman", "Grüße"),
        ("X-MAC-CYRILLIC", "mac-cyrillic", "Привет"),
        ("x-mac-ce", "mac-latin2", "Žluťoučký"),
        ("x-mac-icelandic", "mac-iceland", "þetta"),
        ("x-mac-japanese", "shift_jis", "漢字"),
        ("x-sjis", "cp932", "①"),
        ("windows-31j", "cp932", "①"),
        ("x-euc-jp", "euc_jp", "漢字"),
        ("x-gbk", "gbk", "汉字"),
        ("x-x-big5", "big5", "漢字"),
        ("windows-949", "cp949", "똠방"),
        ("cp-850", "cp850", "Grüße"),
        ("ibm-437", "cp437", "Grüße"),
        ("win-1251", "cp1251", "Привет"),
        ("x-cp1251", "cp1251", "Привет"),
        ("koi8r", "koi8-r", "Привет"),
        ("iso-8859-8-i", "iso-8859-8", "שלום"),
        ("unicode-1-1-utf-7", "utf-7", "Grüße"),
        ("x-unicode-2-0-utf-7", "utf-7", "Grüße"),
        ("x-hex", "utf-8", "6162"),
        ("x-unknown", "utf-8", "Grüße"),
    ],
)
def test_charset_is_known_by_the_names_that_programs_write(charset: str, codec: str, text: str) -> None:
    assert decoded(text.encode(codec), charset) == text


@given(
    data=st.binary(max_size=100), charset=st.text(max_size=20) | st.sampled_from(["utf-7", "utf-16", "idna"])
)
def test_any_bytes_can_be_decoded_and_stored(data: bytes, charset: str) -> None:
    text = decoded(data, charset)
    assert "\x00" not in plain_text(text, 1000).encode().decode()
    line = one_line(text, 10)
    assert len(line) <= 10
    assert line == one_line(line, 10)


def test_one_line_has_no_line_ends_controls_or_outer_spaces() -> None:
    assert one_line(" a\x00b\r\n\tc\u2028d\x85e\ud800 ", 100) == "ab c d e"
    assert one_line("a \x00 b", 100) == "a b"


def test_plain_text_keeps_its_lines_and_tabs() -> None:
    assert plain_text("a\r\nb\rc\td\x00\ud800\x1b\u2029e", 100) == "a\nb\nc\td\ne"


def test_line_is_cut_at_the_limit() -> None:
    assert one_line("abc def", 4) == "abc"


@pytest.mark.parametrize("text", ["x" * 101, "x\r\n" * 101, "x" * 76 + "\0" * 200 + "y"])
def test_text_that_is_cut_says_so_within_the_limit(text: str) -> None:
    found = plain_text(text, 100)
    assert len(found) == 100
    assert found.endswith(CUT)


@pytest.mark.parametrize("text", ["x" * 100, "x" * 99 + "\r\n", "x" + "\0" * 150, "x" + " " * 900])
def test_text_that_is_kept_whole_does_not_say_that_it_is_cut(text: str) -> None:
    assert plain_text(text, 100).rstrip() == text.rstrip("\0\r\n ")


def test_text_of_which_more_was_left_out_before_says_so() -> None:
    assert cut_text("x", 100, is_part=True) == f"x\n\n{CUT}"
    assert cut_text(cut_text("x" * 200, 100) + "\n\ny", 100) == "x" * 74 + f"\n\n{CUT}"


def test_digest_tells_its_parts_apart() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of("a", b"b") == digest_of(b"a", "b")
