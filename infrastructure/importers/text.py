"""Text as files hold it, made fit for a record: decoded, without what cannot be stored, cut to length."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import re
from functools import lru_cache
from urllib.parse import quote

from domain.shared.values import MAX_URL, require_url
from infrastructure.importers.japanese import CODEC as JAPANESE
from infrastructure.importers.japanese import shifts, text_of_japanese

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark its own begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_WINDOWS = "cp1252"

_ALIASES = {
    "ansi": _WINDOWS,
    "cp50220": "iso2022_jp",
    "cseuckr": "cp949",
    "euc": "euc_jp",
    "gb-18030": "gb18030",
    "gb_2312-80": "gb2312",
    "iso-2022-jp-ms": "iso2022_jp",
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "jis": "iso2022_jp",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8r": "koi8-r",
    "koi8-ru": "koi8-u",
    "ks_c_5601-1989": "cp949",
    "mac": "mac-roman",
    "mac-ce": "mac-latin2",
    "mac-centraleurroman": "mac-latin2",
    "mac-chinesesimp": "gb18030",
    "mac-chinesetrad": "big5",
    "mac-icelandic": "mac-iceland",
    "ms-cp932": "cp932",
    "sjis": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-2-0-utf-7": "utf-7",
    "windows-31j": "cp932",
    "windows-949": "cp949",
    "windows-950": "big5",
}
"""Names that Python does not know, without the ``x-`` before those that nobody has registered."""

_CODE_PAGE = re.compile(r"(?:cp|dos|ibm|win|windows)[-_]?([0-9]{3,5})")

_WIDER = {
    "ascii": _WINDOWS,
    "iso8859-1": _WINDOWS,
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso2022_jp": JAPANESE,
}
"""What programs mean by a codec's name: its later extension, as browsers read it too."""

_NOT_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
"""Codecs that Python counts as text and no file is written in; some are slow on hostile input."""

_SNIFFED_BYTES = 4096

_CUT = "\n\n[cut: the file has more]"

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_CHARACTER_OF_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")  # or the beginning of one
_LONG_REST_OF_UTF8 = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{2}(?![\x80-\xbf])|\xed[\xa0-\xbf][\x80-\xbf]")
_WEB_ADDRESS = re.compile(r"(?:https?|ftp):", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def one_line(text: str, limit: int) -> str:
    """Return a text on one line of at most ``limit`` characters; runs of white space become one space."""
    line = " ".join(text[: 8 * limit].split())
    if _CONTROLS.search(line) is not None:
        line = " ".join(_CONTROLS.sub("", line).split())  # what stood beside them may be white space
    return line[:limit].strip()


def plain_text(text: str, limit: int, *, is_part: bool = False) -> str:
    """Return a text of at most ``limit`` characters that can be stored: its lines end in LF, no controls.

    It is cut as ``cut_text`` does.
    """
    plain = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text[: 2 * limit]))
    return cut_text(plain, limit, is_part=is_part or bool(text[2 * limit :].strip()))


def cut_text(text: str, limit: int, *, is_part: bool = False) -> str:
    """Return a text of at most ``limit`` characters, of which there are a hundred or more.

    One that is cut, or of which more was left out before (``is_part``), says so in its last line.
    """
    if len(text.rstrip()) <= limit and not is_part:
        return text[:limit]
    return text[: limit - len(_CUT)] + _CUT


def url_from(text: str) -> str | None:
    """Return an address as a record takes it, None where it is none; blanks in one of the web are encoded."""
    url = text.strip()
    if _WEB_ADDRESS.match(url):
        url = "".join(quote(char) if char.isspace() else char for char in url)
    try:
        return require_url(url) if len(url) <= MAX_URL else None
    except ValueError:
        return None


def decoded(data: bytes, charset: str | None = None) -> str:
    """Decode the bytes of a file, or of a part of one; never fails.

    A byte order mark decides, or the zeros of UTF-16 or the shifts of ISO-2022-JP where no charset is named; then
    the named charset if it fits, then UTF-8 if it fits; then whichever of the named charset, UTF-8 and Windows-1252
    loses least.
    Of a character of UTF-8 that was cut, or a surrogate, what is left counts as UTF-8 where that is named.
    """
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    wide = None if charset else _unmarked_utf16(data[:_SNIFFED_BYTES])
    if wide is not None:
        return data.decode(wide, "replace")
    named = _codec(charset.strip().lower()) if charset else None
    if named in {None, _WINDOWS, JAPANESE} and shifts(data):
        return text_of_japanese(data)
    return _best_decoded(data, named)


def _best_decoded(data: bytes, named: str | None) -> str:
    """Decode what nothing in the bytes themselves tells the codec of."""
    # Latin-1 is what programs name that do not know, and it fits everything; UTF-8 that fits is no accident.
    for codec in ("utf-8",) if named in {None, _WINDOWS} else (named, "utf-8"):
        with contextlib.suppress(ValueError):
            return data.decode(codec or "utf-8")
    if named not in {None, _WINDOWS, "utf-8"}:
        return data.decode(named or _WINDOWS, "replace")
    text = data.decode("utf-8", "replace")
    broken, whole = text.count("\ufffd"), sum(run.end() - run.start() for run in _NOT_ASCII.finditer(text))
    if 2 * broken < whole or (named == "utf-8" and _is_damaged_utf8(data, whole - broken)):
        return text
    return data.decode(_WINDOWS, "replace")


def _is_damaged_utf8(data: bytes, whole: int) -> bool:
    """Tell UTF-8 with ``whole`` characters, and others of which bytes are missing, from another charset.

    There, a letter with an accent stands between others, and seldom before two signs that UTF-8 continues with.
    """
    strays = sum(map(len, _HIGH_BYTES.findall(_CHARACTER_OF_UTF8.sub(b"", data))))
    return strays < whole + len(_LONG_REST_OF_UTF8.findall(data))


def _unmarked_utf16(start: bytes) -> str | None:
    """Tell UTF-16 without a byte order mark by the zeros beside its Latin letters."""
    low, high = start[::2].count(0), start[1::2].count(0)
    enough = max(1, 0.35 * len(start))  # a lone zero tells nothing
    if high > enough and low == 0:
        return "utf-16-le"
    return "utf-16-be" if low > enough and high == 0 else None


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    """Return the codec of a charset's name, None for one unknown."""
    if not re.fullmatch(r"[a-z0-9._:+-]{1,40}", charset):
        return None
    bare = charset.removeprefix("x-").removeprefix("x-")
    page = _CODE_PAGE.fullmatch(bare)
    names = (_ALIASES.get(bare), charset, bare, f"cp{page[1]}" if page else None)
    return next((codec for name in names if name and (codec := _text_codec(name))), None)


def _text_codec(codec: str) -> str | None:
    """Return the codec that texts of a name are read with, None where Python knows none."""
    try:
        b"\0\0\0\0".decode(codec, "replace")  # what is no text encoding (hex, zlib) raises
        name = codecs.lookup(codec).name
    except (LookupError, ValueError):
        return None
    return None if name.replace("-", "_") in _NOT_CHARSETS else _WIDER.get(name, name)


def digest_of(*parts: bytes | str) -> str:
    """Return a digest that names the parts, in their order: 64 hexadecimal characters."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))  # or ("ab", "c") would be ("a", "bc")
        digest.update(data)
    return digest.hexdigest()
