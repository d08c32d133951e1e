"""Takes the body of a message apart (MIME): its text, and a list of what is attached."""

from __future__ import annotations

import binascii
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from domain.communication.email_terms import MAX_HTML_BODY, Attachment, Disposition, MailCrypto
from infrastructure.importers.draft import Limits
from infrastructure.importers.mail.enriched import text_of_enriched
from infrastructure.importers.mail.flowed import reflowed
from infrastructure.importers.mail.headers import Headers, base64_bytes, headers_of
from infrastructure.importers.mail.html import text_of
from infrastructure.importers.mail.markup import MAX_MARKUP_CHARACTERS, harmless
from infrastructure.importers.markup import charset_of
from infrastructure.importers.text import decoded, one_line, plain_text

MAX_PARTS = 1000
MAX_TEXT_CHARACTERS = 1_000_000
MAX_HTML_CHARACTERS = 1_000_000
BYTES_PER_CHARACTER = 6  # of an encoded text, at most: four, and a third for base64
MAX_TEXT_BYTES = BYTES_PER_CHARACTER * MAX_TEXT_CHARACTERS
MAX_BOUNDARY = 250
_MAX_PART_ID = 64

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_BIDI_CONTROLS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F))
_TAG_BEGUN = re.compile(r"<(?:[a-zA-Z/!?]|$)")
_PGP_TEXT = "-----BEGIN PGP MESSAGE-----"
_PGP_SIGNED_TEXT = "-----BEGIN PGP SIGNED MESSAGE-----"
_ENRICHED = frozenset({"text/enriched", "text/richtext"})
_SMIME_SIGNATURE = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


@dataclass(frozen=True, slots=True)
class Body:
    text: str = ""
    has_html: bool = False
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    encryption: MailCrypto = MailCrypto.NONE
    signature: MailCrypto = MailCrypto.NONE


@dataclass(frozen=True, slots=True)
class _Part:
    """A part without parts of its own, and where its body stands in the source."""

    part_id: str
    headers: Headers
    media_type: str
    parameters: dict[str, str]
    start: int
    end: int
    choice: str
    """The parts of one choice are the same text in different forms."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Bytes that are a part, headers and all, and may hold others."""

    start: int
    end: int
    part_id: str
    depth: int
    choice: str
    default_type: str


@dataclass(slots=True)
class _Room:
    """Characters that may still be read."""

    text: int
    html: int
    is_short: bool = False
    """Whether there was more than was read."""


def body_of(source: bytes, headers: Headers, start: int, limits: Limits) -> Body:
    """Take a message apart whose headers are known, and where its body begins.

    Goes no deeper and reads no more than the bounds, whatever the message says.
    """
    texts: list[_Part] = []
    attached: list[_Part] = []
    containers: set[str] = set()
    for part in _parts(source, (headers, start), limits.depth, containers):
        if _is_text(part):
            texts.append(part)
        elif not _is_other_form(part):
            attached.append(part)
    text = _text(source, texts)
    html_parts = [part for part in texts if part.media_type == "text/html"]
    types = containers | {_crypto_type(part) for part in attached}
    return Body(
        text=text,
        has_html=bool(html_parts),
        html=_html(source, html_parts),
        attachments=tuple(_attachment(source, part) for part in attached),
        encryption=_encryption(types, text),
        signature=_signature(types, text),
    )


def _parts(
    source: bytes, beginning: tuple[Headers, int], depth: int, containers: set[str]
) -> Iterator[_Part]:
    """Yield the parts that hold no others, in their order; multiparts deeper than allowed stay whole."""
    stack = [_Stretch(0, len(source), "", 0, "", "text/plain")]
    seen = 0
    while stack and seen < MAX_PARTS:
        seen += 1
        here = stack.pop()
        headers, start = headers_of(source, here.start, here.end) if here.depth else beginning
        given, parameters = headers.parameters("content-type")
        media_type = given if _MEDIA_TYPE.fullmatch(given[:127]) else here.default_type
        boundary = parameters.get("boundary", "").rstrip()[:MAX_BOUNDARY]
        if media_type.startswith("multipart/") and boundary:
            containers.add(media_type)
            cuts = list(_cuts(source, boundary.encode("utf-8", "replace"), start, here.end))
            if cuts and here.depth < depth:
                stack.extend(reversed(_children(here, media_type, cuts)))
                continue
            if not cuts:
                media_type = "text/plain"  # nothing of what it announces is there
        elif media_type.startswith("multipart/"):
            media_type = "text/plain"
        part_id = here.part_id or "1"
        choice = here.choice or part_id
        yield _Part(part_id, headers, media_type, parameters, start, here.end, choice)


def _children(parent: _Stretch, media_type: str, cuts: list[tuple[int, int]]) -> list[_Stretch]:
    choice = parent.choice
    if not choice and media_type == "multipart/alternative":
        choice = f"{parent.part_id or '1'}a"
    default = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
    prefix = f"{parent.part_id}." if parent.part_id else ""
    return [
        _Stretch(start, end, f"{prefix}{number}", parent.depth + 1, choice, default)
        for number, (start, end) in enumerate(cuts, 1)
    ]


def _cuts(source: bytes, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where the parts between the boundary lines begin and end; the last may lack its closing line."""
    begin: int | None = None
    found = 0
    for line, after, closes in _boundary_lines(source, b"--" + boundary, start, end):
        if begin is not None:
            yield begin, max(begin, _before_line_end(source, line))
            found += 1
        begin = None if closes else after
        if closes or found >= MAX_PARTS:
            return
    if begin is not None:
        yield begin, end


def _boundary_lines(source: bytes, marker: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield where each boundary line begins, where the next line does, and whether it is the closing one."""
    line = start if source.startswith(marker, start, end) else source.find(b"\n" + marker, start, end) + 1
    while line > 0 or source.startswith(marker, line, end):
        rest = line + len(marker)
        line_end = source.find(b"\n", rest, end)
        after = end if line_end < 0 else line_end + 1
        mark = source[rest:after].strip()
        if mark in (b"", b"--"):
            yield line, after, mark == b"--"
        if (line := source.find(b"\n" + marker, after - 1, end) + 1) == 0:
            return


def _before_line_end(source: bytes, position: int) -> int:
    """Return where a part ends: the line end before the boundary belongs to the boundary."""
    for ending in (b"\r\n", b"\n"):
        if source.endswith(ending, 0, position):
            return position - len(ending)
    return position


def _is_text(part: _Part) -> bool:
    """Whether a part is something to read, and not something to open."""
    if part.media_type not in {"text/plain", "text/html", *_ENRICHED}:
        return False
    disposition, parameters = part.headers.parameters("content-disposition")
    return disposition != "attachment" and not (parameters.get("filename") or part.parameters.get("name"))


def _is_other_form(part: _Part) -> bool:
    """Whether a part is the text of the message in one more form (such as AMP); no invitation."""
    return (
        part.choice != part.part_id
        and part.media_type.startswith("text/")
        and part.media_type not in {"text/plain", "text/html", "text/calendar"}
        and "content-disposition" not in part.headers
        and not part.parameters.get("name")
    )


def _text(source: bytes, parts: list[_Part]) -> str:
    """Return the text of a message, of each choice the plain form if there is one."""
    choices: dict[str, list[_Part]] = {}
    for part in parts:
        choices.setdefault(part.choice, []).append(part)
    texts: list[str] = []
    room = _Room(MAX_TEXT_CHARACTERS, MAX_HTML_CHARACTERS)
    for forms in choices.values():
        texts.extend(
            _plain_forms(source, forms, room)
            or _html_forms(source, forms, room)
            or _enriched_forms(source, forms, room)
        )
    return plain_text("\n\n".join(texts), MAX_TEXT_CHARACTERS, is_part=room.is_short)


def _html(source: bytes, parts: list[_Part]) -> str | None:
    """Return the HTML of a message, made harmless; None where there is none, or more than is kept: it is never cut."""
    pieces: list[str] = []
    room = MAX_MARKUP_CHARACTERS
    for part in parts:
        if part.end - part.start > BYTES_PER_CHARACTER * room:
            return None
        markup = _words_of(source, part)
        if len(markup) > room:
            return None
        room -= len(markup)
        piece = harmless(plain_text(markup, MAX_MARKUP_CHARACTERS))
        if piece is None:
            return None
        pieces.append(piece)
    whole = "\n".join(filter(None, pieces))
    return whole if 0 < len(whole) <= MAX_HTML_BODY else None


def _plain_forms(source: bytes, forms: list[_Part], room: _Room) -> list[str]:
    texts: list[str] = []
    for part in _readable(forms, {"text/plain"}, room):
        text = _plain_words_of(source, part).strip("\r\n")
        room.text -= len(text)
        texts.append(text)
    return [text for text in texts if text.strip()]


def _html_forms(source: bytes, forms: list[_Part], room: _Room) -> list[str]:
    texts: list[str] = []
    for part in _readable(forms, {"text/html"}, room):
        markup = _within(_words_of(source, part), room)
        room.html -= len(markup)
        text = text_of(markup)
        room.text -= len(text)
        texts.append(text)
    return [text for text in texts if text]


def _enriched_forms(source: bytes, forms: list[_Part], room: _Room) -> list[str]:
    texts: list[str] = []
    for part in _readable(forms, _ENRICHED, room):
        is_richtext = part.media_type == "text/richtext"
        text = text_of_enriched(_words_of(source, part), is_richtext=is_richtext)
        room.text -= len(text)
        texts.append(text)
    return [text for text in texts if text.strip()]


def _readable(forms: list[_Part], media_types: Collection[str], room: _Room) -> Iterator[_Part]:
    """Yield the parts of some types for which there is room, and note where there is none."""
    for part in forms:
        if part.media_type not in media_types:
            continue
        has_room = room.text > 0 and (room.html > 0 or part.media_type != "text/html")
        room.is_short |= not has_room or part.end - part.start > MAX_TEXT_BYTES
        if has_room:
            yield part


def _within(markup: str, room: _Room) -> str:
    """Return as much of an HTML text as there is room for, without the tag in which it would end."""
    if len(markup) <= room.html:
        return markup
    room.is_short |= bool(markup[room.html :].strip())
    markup = markup[: room.html]
    tag = markup.rfind("<")
    return markup[:tag] if tag > markup.rfind(">") and _TAG_BEGUN.match(markup, tag) else markup


def _plain_words_of(source: bytes, part: _Part) -> str:
    text = _words_of(source, part)
    if part.parameters.get("format", "").lower() != "flowed":
        return text
    return reflowed(text, deletes_space=part.parameters.get("delsp", "").lower() == "yes")


def _words_of(source: bytes, part: _Part) -> str:
    data = _bytes_of(part, source[part.start : min(part.end, part.start + MAX_TEXT_BYTES)])
    charset = part.parameters.get("charset", "").strip()
    if not charset and part.media_type == "text/html":
        charset = charset_of(data) or ""
    return decoded(data, charset or None)


def _encoding(part: _Part) -> str:
    return part.headers.parameters("content-transfer-encoding")[0].strip().strip("\"'")


def _bytes_of(part: _Part, data: bytes) -> bytes:
    match _encoding(part):
        case "base64":
            return base64_bytes(data)
        case "quoted-printable":
            return binascii.a2b_qp(data)
        case _:
            return data


def _size_of(source: bytes, part: _Part) -> int:
    """Return the size of a part decoded; base64 is counted and not decoded."""
    if _encoding(part) == "base64":
        data = source[part.start : part.end].translate(None, b" \t\r\n=")
        return len(data) * 3 // 4
    return len(_bytes_of(part, source[part.start : part.end]))


def _attachment(source: bytes, part: _Part) -> Attachment:
    disposition, parameters = part.headers.parameters("content-disposition")
    content_id = one_line(part.headers.text("content-id"), 998).strip("<> ")
    inline = disposition == "inline" or (disposition != "attachment" and bool(content_id))
    return Attachment(
        part_id=part.part_id if len(part.part_id) <= _MAX_PART_ID else part.part_id[: _MAX_PART_ID - 1] + "…",
        filename=_file_name(parameters.get("filename") or part.parameters.get("name") or ""),
        media_type=part.media_type,
        size=_size_of(source, part),
        content_id=content_id or None,
        disposition=Disposition.INLINE if inline else Disposition.ATTACHMENT,
    )


def _file_name(name: str) -> str:
    """Return a file name without folders, and without controls that make it read backwards."""
    name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return one_line(name.translate(_BIDI_CONTROLS), 255)


def _crypto_type(part: _Part) -> str:
    if part.media_type in _SMIME:
        return f"smime:{part.parameters.get('smime-type', '').lower()}"
    return part.media_type


def _encryption(types: set[str], text: str) -> MailCrypto:
    if "multipart/encrypted" in types or "application/pgp-encrypted" in types or _PGP_TEXT in text:
        return MailCrypto.PGP
    enveloped = {"smime:", "smime:enveloped-data", "smime:authenveloped-data"}
    return MailCrypto.SMIME if types & enveloped else MailCrypto.NONE


def _signature(types: set[str], text: str) -> MailCrypto:
    if types & _SMIME_SIGNATURE or "smime:signed-data" in types:
        return MailCrypto.SMIME
    if "application/pgp-signature" in types or _PGP_SIGNED_TEXT in text:
        return MailCrypto.PGP
    return MailCrypto.NONE
