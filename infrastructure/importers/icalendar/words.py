"""Reads what iCalendar entries of all sorts say in words, and names them for recognition at the next import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.productivity.calendar_event_terms import MAX_ATTACHMENTS
from domain.shared.values import MAX_URL
from infrastructure.importers.content_lines import Component, ContentLine, position, split_value
from infrastructure.importers.icalendar.remarks import bounded, remark
from infrastructure.importers.icalendar.zones import Zones
from infrastructure.importers.mail.html import text_of
from infrastructure.importers.markup import is_html
from infrastructure.importers.notes.enml_text import markdown_of
from infrastructure.importers.text import digest_of, one_line, plain_text, url_from

TITLE_CHARACTERS = 500
LINE_CHARACTERS = 1000
TEXT_CHARACTERS = 1_000_000
LABEL_CHARACTERS = 64
MAX_LABELS = 1000
_HTML_CHARACTERS = 200_000
_NOT_NAMING = frozenset({"DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "ATTACH"})
"""What a program writes anew each time, and what was not read when the first entries were named."""
_PAGES = ("URL", "CONFERENCE", "X-GOOGLE-CONFERENCE")
_ALSO = {"COMMENT": "Comment", "CONTACT": "Contact", "RESOURCES": "Resources"}
_MAX_ALSO = 100
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NO_ADDRESS = re.compile(r"(?:cid|data|[a-z]):", re.IGNORECASE)
"""A part of the message that the file came with, the content itself, or a drive of some computer."""
_LINE_ENDS = re.compile(r"\\{1,4}[nN]|\n")
"""Those of Apple in a parameter: escaped once, twice, or not at all."""
_FOOTER = re.compile(r"-::~:~::~[:~]*::-\n")
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?(/.*)?")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the file, its calendar and the person's settings say of every entry."""

    zones: Zones
    home: str
    addresses: frozenset[str]
    """The person's own, in the form in which they are compared."""
    calendar_name: str
    is_cancelled: bool


def title_of(component: Component) -> str:
    """Return the title, cut to size."""
    return one_line(component.text("SUMMARY"), TITLE_CHARACTERS)


def place_of(component: Component) -> str:
    """Return the place in words, cut to size."""
    return one_line(component.text("LOCATION") or _place_of_apple(component), LINE_CHARACTERS)


def position_of(component: Component) -> tuple[float, float] | None:
    """Return latitude and longitude, which Apple keeps with the place."""
    return position(component.text("GEO") or component.text("X-APPLE-STRUCTURED-LOCATION"))


def described(component: Component, remarks: Iterable[str] = ()) -> str:
    """Return the description: what the title or the place have no room for before it, the remarks after it."""
    long = [
        component.text(name)
        for name, limit in (("SUMMARY", TITLE_CHARACTERS), ("LOCATION", LINE_CHARACTERS))
        if _is_longer(component.text(name), limit)
    ]
    text = _without_tags(component.text("DESCRIPTION")) or _from_html(component)
    whole = "\n\n".join(each for each in (*long, text, _also_said(component)) if each.strip())
    return remarked(whole, remarks)


def remarked(whole: str, remarks: Iterable[str]) -> str:
    """Return a text with remarks below it; both are cut to size."""
    ending = plain_text("\n".join(remarks), TEXT_CHARACTERS // 2)
    whole = plain_text(whole, TEXT_CHARACTERS - len(ending) - 2 if ending else TEXT_CHARACTERS)
    return f"{whole}\n\n{ending}" if whole and ending else whole or ending


def _is_longer(text: str, limit: int) -> bool:
    """Return whether a text has more than fits on a line, also where that stands behind a lot of white space."""
    return len(one_line(text, limit + 1)) > limit or bool(text[8 * limit :].strip())


def _also_said(component: Component) -> str:
    """Return on lines of their own what an event has no field for."""
    said = (
        f"{name}: {one_line(line.text, LINE_CHARACTERS)}"
        for prop, name in _ALSO.items()
        for line in component.all(prop)[:_MAX_ALSO]
        if line.value.strip()
    )
    return "\n".join(said)


def labels(component: Component) -> tuple[str, ...]:
    """Return the categories, each once."""
    found: dict[str, None] = {}
    for line in component.all("CATEGORIES"):
        for word in split_value(line.value, ","):
            label = one_line(word, LABEL_CHARACTERS)
            if label and len(found) < MAX_LABELS:
                found[label] = None
    return tuple(found)


def url_of(component: Component) -> str | None:
    """Return the address of the event's page, failing that of its conference."""
    lines = (component.first(name) for name in _PAGES)
    return next((url for line in lines if line is not None and (url := _url(line))), None)


def unkept_pages(component: Component) -> Iterator[str]:
    """Yield as remarks the other pages and conferences, but for those that the description names."""
    kept, text = url_of(component), component.text("DESCRIPTION")
    lines = (line for name in _PAGES for line in component.all(name) if line.value.strip())
    unkept = (line for line in lines if line.text.strip() not in text and _url(line) != kept)
    yield from bounded((remark(line, "LABEL") for line in unkept), "CONFERENCE")


def attachments_of(component: Component) -> tuple[str, ...]:
    """Return the addresses of what is attached, each once; what lies in the file itself is left out."""
    found: dict[str, None] = {}
    for line in component.all("ATTACH"):
        url = None if _holds_bytes(line) else url_from(one_line(line.text, MAX_URL + 1))
        if url is not None and not _NO_ADDRESS.match(url) and len(found) < MAX_ATTACHMENTS:
            found[url] = None
    return tuple(found)


def source_name(uid: str, recurrence: str = "") -> str:
    """Return what an entry with a UID is called, also where the UID is longer than a name may be."""
    name = one_line(f"{uid}/{recurrence}" if recurrence else uid, LINE_CHARACTERS + 1)
    return name if len(name) <= LINE_CHARACTERS else digest_of(uid, recurrence)


def entry_digest(component: Component) -> str:
    """Return what an entry without a UID is called: what it says, but for when it was written down."""
    said = sorted(
        f"{line.name}{sorted(line.params.items())}{line.value}"
        for name, lines in component.properties.items()
        if name not in _NOT_NAMING and not name.startswith("X-")
        for line in lines
    )
    return digest_of(component.name, *said)


def _place_of_apple(component: Component) -> str:
    line = component.first("X-APPLE-STRUCTURED-LOCATION")
    if line is None:
        return ""
    address = _LINE_ENDS.sub(", ", line.param("X-ADDRESS").strip())
    return ", ".join(each for each in (line.param("X-TITLE"), address) if each)


def _holds_bytes(line: ContentLine) -> bool:
    return line.param("VALUE").upper() == "BINARY" or line.param("ENCODING").upper() in {"B", "BASE64"}


def _url(line: ContentLine) -> str | None:
    url = one_line(line.text, MAX_URL + 1)
    if not _SCHEME.match(url):
        url = f"http://{url}" if _HOST.fullmatch(url) else ""
    return url_from(url)


def _without_tags(text: str) -> str:
    """Return a description as text that was written as HTML, as Google does; any other one as it is.

    What Google adds below of the call is text also where the description is HTML.
    """
    footer = _FOOTER.search(text)
    own = text if footer is None else text[: footer.start()].rstrip("\n")
    if not is_html(own[:_HTML_CHARACTERS]):
        return text
    return markdown_of(own, TEXT_CHARACTERS, {}) + text[len(own) :]


def _from_html(component: Component) -> str:
    """Return the text of the description that Outlook writes as HTML."""
    line = component.first("X-ALT-DESC", "STYLED-DESCRIPTION")
    if line is None:
        return ""
    text = text_of(line.text[:_HTML_CHARACTERS])
    return plain_text(text, TEXT_CHARACTERS, is_part=len(line.text) > _HTML_CHARACTERS)
