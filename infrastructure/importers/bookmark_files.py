"""Imports bookmark files: the HTML that browsers and bookmark services have exported since Netscape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from domain.shared.values import FIRST_YEAR, LAST_YEAR, MAX_URL
from domain.web.url_key import may_be_opened, url_key
from infrastructure.importers.content_lines import whole_file
from infrastructure.importers.draft import Draft, Importer, Outcome, Reading, Refused, UnreadableFile
from infrastructure.importers.markup import Tag, tokens
from infrastructure.importers.text import cut_text, decoded, digest_of, one_line, plain_text, url_from

_HEAD_BYTES = 4096
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9._:+-]{1,40})", re.IGNORECASE)
_SIGN = re.compile(r"<!DOCTYPE\s+NETSCAPE-Bookmark-file", re.IGNORECASE)
_DATED = re.compile(r"\b(?:ADD_DATE|TIME_ADDED)\s*=", re.IGNORECASE)
"""What no other HTML has; Pocket says time_added."""

_TITLE_CHARACTERS = 2000
_TEXT_CHARACTERS = 1_000_000
_NAME_CHARACTERS = 200
_LABEL_CHARACTERS = 64
_FOLDERS, _NOTEBOOKS, _TAGS = 32, 16, 100

_COMMA_BETWEEN_TAGS = re.compile(r"\bTAGS\s*=\s*\"[^\",]*,", re.IGNORECASE)
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_YES = frozenset({"1", "true", "yes"})
_UNREAD = "unread"
"""The heading under which Pocket puts what is still to be read; it is no folder."""
_READING_LIST = "com.apple.ReadingList"
"""What Safari calls the folder of pages to read, in every language."""

_STAMP = re.compile(r"([0-9]{1,20})(?:\.[0-9]*)?")
_EPOCH, _WEBKIT_EPOCH = datetime(1970, 1, 1, tzinfo=UTC), datetime(1601, 1, 1, tzinfo=UTC)
_STAMPS = (
    (10**11, _EPOCH, 1),
    (10**14, _EPOCH, 10**3),
    (5 * 10**15, _EPOCH, 10**6),
    (10**17, _WEBKIT_EPOCH, 10**6),
    (10**20, _EPOCH, 10**9),
)
"""Below which number a stamp counts since when, and how many times a second."""

Folder = tuple[str, ...]


class BookmarkFiles(Importer):
    """Reads Netscape bookmark files (Firefox, Chromium, Safari, Internet Explorer, Delicious, Shaarli, Pocket).

    Every link outside of a description is an entry, separators and folders are none. An address that has no
    host of its own (``?lY47tw``) is a note kept among bookmarks, as Shaarli does, and becomes a note.
    """

    platform: ClassVar[str] = "file.bookmarks"
    suffixes: ClassVar[frozenset[str]] = frozenset({".html", ".htm"})

    def read(self, path: Path, reading: Reading) -> Iterator[Draft | Refused]:
        """Yield the bookmarks in the order of the file; of two with one address in a folder, the first."""
        until = monotonic() + reading.limits.seconds
        data = whole_file(path, reading.limits)
        charset = _CHARSET.search(data, 0, _HEAD_BYTES)
        source = decoded(data, charset[1].decode("ascii") if charset else None)
        if not _SIGN.search(source, 0, _HEAD_BYTES) and not _DATED.search(source):
            raise UnreadableFile
        # A file without any comma among its tags separates them by spaces.
        drafting = _Drafting("," if _COMMA_BETWEEN_TAGS.search(source) else None)
        for number, link in enumerate(_links(source)):
            if number >= reading.limits.entries:
                yield Refused("too_many_entries")
                return
            if monotonic() > until:
                yield Refused("out_of_time")
                return
            yield drafting.entry(link)


@dataclass(slots=True)
class _Link:
    """What a file says of one bookmark."""

    attributes: dict[str, str]
    folder: Folder
    is_unread: bool = False
    title: list[str] = field(default_factory=list)
    description: list[str] = field(default_factory=list)


def _links(source: str) -> Iterator[_Link]:
    walk = _Walk()
    for token in tokens(source):
        if isinstance(token, str):
            walk.hear(token)
        elif (link := walk.pass_by(token)) is not None:
            yield link
    if (link := walk.let_go()) is not None:
        yield link


class _Walk:
    """Walks through the tags of a file and knows which folder it is in and what the text belongs to."""

    def __init__(self) -> None:
        self._folders: list[Folder] = [()]
        self._reading: list[bool] = [False]
        """Whether what is in each of the folders is still to be read."""
        self._heads_reading = False
        self._heading: list[str] = []
        self._chapter: list[str] = []
        self._link: _Link | None = None
        self._text: list[str] | None = None
        self._describes = False

    def hear(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def pass_by(self, tag: Tag) -> _Link | None:
        """Take note of a tag; return the link that it ends."""
        if tag.name == "a":
            return None if tag.closes else self._open_link(tag)
        if tag.name in {"br", "p"} and self._describes:
            self.hear("\n")
        if tag.name not in {"dd", "dl", "dt", "h1", "h3", "hr", "li", "ul"}:
            return None
        if tag.name == "dd" and not tag.closes:
            self._describes = self._link is not None
            self._text = self._link.description if self._link else None
            return None
        done = self.let_go()
        if tag.name == "h3" and not tag.closes:
            self._heading = self._text = []
            self._heads_reading = tag.attributes().get("id") == _READING_LIST
        elif tag.name == "h1" and not tag.closes:
            self._chapter = self._text = []
        elif tag.name in {"dl", "ul"} and not tag.closes:
            self._reading.append(self._reading[-1] or self._heads_reading)
            self._heads_reading = False
            self._folders.append(self._below())
        elif tag.name in {"dl", "ul"} and len(self._folders) > 1:
            self._folders.pop()
            self._reading.pop()
        return done

    def let_go(self) -> _Link | None:
        """Return the link in hand, which is complete."""
        done, self._link = self._link, None
        self._text, self._describes = None, False
        return done

    def _open_link(self, tag: Tag) -> _Link | None:
        attributes = tag.attributes()
        if self._describes and "add_date" not in attributes:
            self.hear(f" {attributes.get('href', '')} ")  # a link within a description
            return None
        done = self.let_go()
        self._heading = []
        is_unread = self._reading[-1] or "".join(self._chapter[:1]).strip().lower() == _UNREAD
        self._link = _Link(attributes, self._folders[-1], is_unread)
        self._text = self._link.title
        return done

    def _below(self) -> Folder:
        """Return the path of the folder that begins here: named by the heading before it, if there is one."""
        name = one_line("".join(self._heading), _NAME_CHARACTERS)
        self._heading = []
        above = self._folders[-1]
        return (*above, name) if name and len(above) < _FOLDERS else above


class _Drafting:
    """Makes drafts of the links of one file."""

    def __init__(self, between_tags: str | None) -> None:
        self._between_tags = between_tags
        self._seen: set[str] = set()

    def entry(self, link: _Link) -> Draft | Refused:
        address = _address(link.attributes.get("href", ""))
        if not address:
            return Refused("no_url")
        if len(address) > MAX_URL:
            return Refused("url_too_long")
        try:
            key = url_key(address)
        except ValueError:  # of urlsplit
            return Refused("bad_url")
        url = url_from(address)
        draft = self._note(link, address) if url is None else self._bookmark(link, url, key)
        if draft.source_id in self._seen:
            return Refused("duplicate", Outcome.SKIPPED)
        self._seen.add(draft.source_id)
        return draft

    def _bookmark(self, link: _Link, url: str, key: str) -> Draft:
        said = link.attributes.get
        icon = _address(said("icon_uri", ""))
        arguments: dict[str, Any] = {
            "url": url,
            "title": one_line("".join(link.title), _TITLE_CHARACTERS),
            "description": _description(link),
            "folder": link.folder,
            "added_at": moment_of(said("add_date") or said("time_added", "")),
            "last_visited_at": moment_of(said("last_visit", "")) if may_be_opened(url) else None,
            "icon_url": url_from(icon) if icon.startswith(("http://", "https://")) else None,
            "is_private": said("private", "").lower() in _YES,
            "to_read": link.is_unread or said("toread", "").lower() in _YES,
            "shortcut_keyword": one_line(said("shortcuturl", ""), _LABEL_CHARACTERS) or None,
        }
        return Draft(
            kind="bookmark",
            verb="add",
            source_id=digest_of(key, *link.folder),
            arguments=arguments,
            update="refresh",
            tags=self._tags(link),
        )

    def _note(self, link: _Link, address: str) -> Draft:
        arguments: dict[str, Any] = {
            "title": one_line("".join(link.title), _TITLE_CHARACTERS // 2),
            "body": cut_text(f"{_description(link)}\n\n{address}".strip(), _TEXT_CHARACTERS),
            "notebook": link.folder[:_NOTEBOOKS],
            "written_at": moment_of(link.attributes.get("add_date", "")),
        }
        return Draft(
            kind="note",
            verb="write",
            source_id=digest_of("note", address, *link.folder),
            arguments=arguments,
            update="refresh",
            tags=self._tags(link),
        )

    def _tags(self, link: _Link) -> tuple[str, ...]:
        written = link.attributes.get("tags", "").split(self._between_tags)
        tags = dict.fromkeys(one_line(tag, _LABEL_CHARACTERS) for tag in written)
        return tuple(tag for tag in tags if tag)[:_TAGS]


def _description(link: _Link) -> str:
    text = "".join(link.description).strip() or link.attributes.get("description", "")  # Scuttle
    return plain_text(text, _TEXT_CHARACTERS).strip()


def _address(written: str) -> str:
    """Return an address without what no address contains, and with the scheme that people leave out."""
    address = _NOT_IN_ADDRESSES.sub("", written.strip())
    if address.startswith("//"):
        return f"http:{address}"
    return f"http://{address}" if address.lower().startswith("www.") else address


def moment_of(written: str) -> datetime | None:
    """Return the moment of a time stamp: seconds or finer since 1970, or microseconds since 1601 as in WebKit.

    Which of them it is shows in how large it is. Some programs write the time as web servers log it.
    """
    if not written:
        return None
    stamp = _STAMP.fullmatch(written.strip())
    try:
        if stamp is None:
            moment = datetime.strptime(written.strip(), "%d/%b/%Y:%H:%M:%S %z")
        else:
            number = int(stamp[1])
            epoch, per_second = next(each[1:] for each in _STAMPS if number < each[0])
            moment = epoch + timedelta(microseconds=number * 10**6 // per_second)
    except (ValueError, OverflowError):
        return None
    known = moment != _EPOCH and FIRST_YEAR < moment.year < LAST_YEAR
    return moment.astimezone(UTC) if known else None
