"""Makes Markdown of ENML, the HTML of Evernote's notes: check boxes, lists, links, tables and code stay."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infrastructure.importers.markup import Tag, tokens
from infrastructure.importers.text import one_line, plain_text

_SOURCE_CHARACTERS = 1 << 25
_LABEL_CHARACTERS = 200
_DEPTH = 16  # of lists and quotations; what is nested deeper is written as deep as this

_SPACE = re.compile(r"\s+")
_MANY_LINES = re.compile(r"\n{3,}")
_HEADING = re.compile(r"h[1-6]")
_PARAGRAPH = frozenset({"p", "blockquote", "center", "table", "ul", "ol", "pre", "hr"})
_BLOCK = frozenset({"div", "li", "tr", "thead", "tbody", "caption", "dl", "dt", "dd", "section", "article"})
_SKIPPED = frozenset({"en-crypt", "script", "style", "head", "title"})
_GROUP = re.compile(r"en-id:([0-9A-Za-z-]{1,64})")
_IN_ADDRESS = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E"})


def markdown_of(source: str, limit: int, tasks: Mapping[str, Sequence[str]]) -> str:
    """Return the text of a note; the tasks of a group, as lines, take the place that is kept for them.

    What has no text leaves a word in its place: an attachment its type, an encrypted text its hint.
    """
    writer = _Writer(limit, tasks)
    for token in tokens(source[:_SOURCE_CHARACTERS]):
        if isinstance(token, str):
            writer.text(token)
        else:
            writer.tag(token)
        if writer.is_cut:
            break
    text = writer.result()
    is_part = writer.is_cut or len(source) > _SOURCE_CHARACTERS
    return plain_text(text, limit, is_part=is_part).strip()


def task_groups(source: str) -> frozenset[str]:
    """Return the ids of the groups of tasks that a note keeps a place for."""
    return frozenset(_GROUP.findall(source))


@dataclass(slots=True)
class _Lines:
    """The lines written so far, and the one in hand."""

    limit: int
    done: list[str] = field(default_factory=list)
    size: int = 0
    is_cut: bool = False
    """Whether there was a line more than there is room for."""
    words: list[str] = field(default_factory=list)
    marker: str = ""
    indent: str = ""

    def end(self) -> None:
        """End the line in hand if there is anything on it; a marker of nothing is forgotten."""
        line = "".join(self.words).rstrip()
        self.words.clear()
        if line:
            self.add((self.marker or self.indent) + line)
            self.marker = ""

    def add(self, line: str) -> None:
        if self.size < self.limit:
            self.done.append(line)
            self.size += len(line) + 1
        elif line.strip():
            self.is_cut = True

    @property
    def has_text(self) -> bool:
        return any(word.strip() for word in self.words)

    def say(self, words: str) -> None:
        if words:
            self.words.append(words)

    def blank(self) -> None:
        self.end()
        if self.done and self.done[-1].strip("> "):
            self.add(self.indent.rstrip() if ">" in self.indent else "")


class _Writer:
    """Writes what the tags and texts of a note say, one after the other."""

    def __init__(self, limit: int, tasks: Mapping[str, Sequence[str]]) -> None:
        self._tasks = tasks
        self._lines = _Lines(limit)
        self._skipping = self._coding = ""
        self._inner = 0  # open elements of the name that is skipped, or that holds code
        self._lists: list[int | None] = []
        self._quotes = 0
        self._link: tuple[str, int] | None = None
        self._tables = 0
        self._rows = 0
        self._cells: list[str] = []

    @property
    def is_cut(self) -> bool:
        return self._lines.is_cut

    def result(self) -> str:
        self._lines.end()
        return _MANY_LINES.sub("\n\n", "\n".join(self._lines.done))

    def text(self, text: str) -> None:
        if self._skipping:
            return
        if self._coding:
            first, *others = text.replace("\xa0", " ").split("\n")
            self._lines.words.append(first)
            for line in others:
                self._code_line()
                self._lines.words.append(line)
            return
        words = _SPACE.sub(" ", text)
        if not self._lines.words:
            words = words.lstrip()
        self._lines.say(words)

    def tag(self, tag: Tag) -> None:
        if self._skipping or self._coding:
            self._within(tag)
        elif not tag.closes and self._special(tag):
            pass
        elif self._tables and tag.name != "a":
            self._table_tag(tag)
        elif tag.closes:
            self._close(tag.name)
        else:
            self._open(tag)

    def _within(self, tag: Tag) -> None:
        """Wait for the end of what is skipped or is code."""
        if self._coding and tag.name in {"br", "div", "p"} and self._inner:
            self._code_line(only_text=tag.name != "br")
        if tag.name != (self._skipping or self._coding) or tag.is_empty:
            return
        self._inner += -1 if tag.closes else 1
        if self._inner > 0:
            return
        if self._coding:
            self._code_line(only_text=True)
            self._lines.add("```")
        self._skipping = self._coding = ""

    def _code_line(self, *, only_text: bool = False) -> None:
        line = "".join(self._lines.words)
        if line or not only_text:
            self._lines.add(line)
        self._lines.words.clear()

    def _special(self, tag: Tag) -> bool:
        """Take what is not written as it stands: code, tasks, what is encrypted; return whether it was such."""
        style = tag.attributes().get("style", "").replace(" ", "") if tag.name == "div" else ""
        if tag.name in _SKIPPED:
            self._lines.say(_encrypted(tag) if tag.name == "en-crypt" else "")
        elif "en-codeblock:true" in style and not self._tables:
            self._begin_code("div")
            return True
        elif "en-task-group:true" in style:
            self._lines.blank()
            group = _GROUP.search(style)
            for line in self._tasks.get(group[1] if group else "", ()):
                self._lines.add(line)
            self._lines.blank()
        else:
            return False
        if not tag.is_empty:
            self._skipping, self._inner = tag.name, 1
        return True

    def _begin_code(self, name: str) -> None:
        self._lines.blank()
        self._lines.add("```")
        self._coding, self._inner = name, 1

    def _open(self, tag: Tag) -> None:
        name = tag.name
        if name in _PARAGRAPH and not self._lists:
            self._lines.blank()
        elif name in _BLOCK or name in _PARAGRAPH:
            self._lines.end()
        if name in {"ul", "ol", "li", "blockquote"}:
            self._open_nested(tag)
        elif name == "pre":
            self._begin_code("pre")
        elif name == "hr":
            self._lines.add("---")
            self._lines.blank()
        elif name == "br":
            self._break_line()
        elif name == "table":
            self._tables, self._rows, self._cells = 1, 0, []
        elif _HEADING.fullmatch(name):
            self._lines.blank()
            self._lines.marker = self._lines.indent + "#" * int(name[1]) + " "
        else:
            self._open_inline(tag)

    def _open_nested(self, tag: Tag) -> None:
        if tag.name == "li":
            self._begin_item(tag)
            return
        if tag.name == "blockquote":
            self._quotes += 1
        else:
            self._lists.append(0 if tag.name == "ol" else None)
        self._indent()

    def _open_inline(self, tag: Tag) -> None:
        lines, attributes = self._lines, tag.attributes()
        match tag.name:
            case "a":
                self._link = (attributes.get("href", ""), len(lines.words))
            case "code":
                lines.say("`")
            case "en-media":
                lines.say(f"[attachment: {one_line(attributes.get('type', ''), _LABEL_CHARACTERS)}]")
            case "img":
                lines.say(_image(attributes))
            case "en-todo":
                self._check_box(is_checked=attributes.get("checked", "").lower() == "true")

    def _close(self, name: str) -> None:
        if name == "a":
            self._close_link()
        elif name == "code":
            self._lines.say("`")
        elif name in {"ul", "ol"} and self._lists:
            self._lines.end()
            self._lists.pop()
            self._lines.marker = ""
            self._indent()
            if not self._lists:
                self._lines.blank()
        elif name == "blockquote" and self._quotes:
            self._lines.end()
            self._quotes -= 1
            self._indent()
            self._lines.blank()
        elif _HEADING.fullmatch(name) or (name == "p" and not self._lists):
            self._lines.blank()
        elif name in _BLOCK or name == "p":
            self._lines.end()

    def _break_line(self) -> None:
        if self._lines.has_text:
            self._lines.end()
        elif not self._lists:
            self._lines.blank()

    def _indent(self) -> None:
        quotes = "> " * min(self._quotes, _DEPTH)
        self._lines.indent = quotes + "  " * min(len(self._lists), _DEPTH)

    def _begin_item(self, tag: Tag) -> None:
        self._lines.end()
        if not self._lists:
            self._lists.append(None)
            self._indent()
        number = self._lists[-1]
        bullet = "- "
        if number is not None:
            self._lists[-1] = number + 1
            bullet = f"{number + 1}. "
        style = tag.attributes().get("style", "").replace(" ", "")
        if "en-checked:" in style:
            bullet = "- [x] " if "en-checked:true" in style else "- [ ] "
        self._lines.marker = self._lines.indent[:-2] + bullet

    def _check_box(self, *, is_checked: bool) -> None:
        box = "[x] " if is_checked else "[ ] "
        if self._tables or self._lines.has_text or self._lines.marker.endswith("] "):
            self._lines.say(box)
        else:
            self._lines.marker = (self._lines.marker or self._lines.indent + "- ") + box

    def _close_link(self) -> None:
        if self._link is None:
            return
        (address, start), self._link = self._link, None
        words = self._lines.words
        label = "".join(words[start:]).strip()
        address = one_line(address, 1 << 13).translate(_IN_ADDRESS)
        if not address:
            return
        del words[start:]
        same = label.translate(_IN_ADDRESS).rstrip("/") in {address.rstrip("/"), ""}
        words.append(address if same else f"[{label}]({address})")

    def _table_tag(self, tag: Tag) -> None:
        """Take a tag within a table: cells become columns, and everything in a cell is one line."""
        name = tag.name
        if name == "table":
            self._tables += -1 if tag.closes else 1
        if self._tables > 1:
            self._lines.words.append(" ")
        elif name in {"td", "th"} and tag.closes:
            self._end_cell()
        elif name == "tr" or (name == "table" and tag.closes):
            self._end_row()
        elif name in _BLOCK or name in _PARAGRAPH or name == "br":
            self._lines.words.append(" ")
        elif not tag.closes:
            self._open_inline(tag)
        if not self._tables:
            self._lines.blank()

    def _end_cell(self) -> None:
        self._cells.append(_SPACE.sub(" ", "".join(self._lines.words)).strip().replace("|", "\\|"))
        self._lines.words.clear()
        self._link = None

    def _end_row(self) -> None:
        if self._lines.has_text:
            self._end_cell()
        self._lines.words.clear()
        if not self._cells:
            return
        self._lines.add(self._lines.indent + "| " + " | ".join(self._cells) + " |")
        if not self._rows:
            self._lines.add(self._lines.indent + "|" + " --- |" * len(self._cells))
        self._rows += 1
        self._cells = []


def _encrypted(tag: Tag) -> str:
    hint = one_line(tag.attributes().get("hint", ""), _LABEL_CHARACTERS)
    return f"[encrypted text, hint: {hint}]" if hint else "[encrypted text]"


def _image(attributes: Mapping[str, str]) -> str:
    label = one_line(attributes.get("alt", ""), _LABEL_CHARACTERS)
    address = attributes.get("src", "")
    if address.startswith(("http://", "https://")):
        return f"![{label}]({one_line(address, 1 << 13).translate(_IN_ADDRESS)})"
    return f"[image: {label}]" if label else "[image]" if address else ""
