"""HTML of a mail as text, with what it says about quotations: `>` before quoted lines, a rule where there is one.

Nothing is fetched, nothing is run; what is not text is left out.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from antiphon.channels.mail.quotes import REST, RULE

HTML_CHARS_MAX: Final = 400_000
TAGS_MAX: Final = 40_000
_TAG_CHARS_MAX = 4_000
_QUOTES_DEEP = 20
_EMOJI_CHARS_MAX = 12
_TAG = re.compile(r"(/?)([a-z][a-z0-9:]{0,20})")
_ATTRIBUTE = re.compile(r"""\b(id|class|style|alt)\s{0,5}=\s{0,5}("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_SILENT = frozenset({"style", "script", "head", "title", "template", "xml"})
_BREAKING = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "div",
        "dl",
        "dt",
        "dd",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    }
)
_APART = frozenset({"p", "blockquote", "pre", "table", "ul", "ol", "h1", "h2", "h3"})
_REST_BELOW = frozenset(
    {
        "olk_src_body_section",
        "divrplyfwdmsg",
        "appendonsend",
        "stopspelling",
        "zwchr",
        "mail-editor-reference-message-container",
    }
)
_REST_CLASS = re.compile(r"\b(?:yahoo_quoted|moz-forward-container|zmail_extra|protonmail_quote)\b")
_BORDER_TOP = re.compile(r"border-top(?:-style)?\s*:\s*(?!none|0)[^;]{0,100}solid", re.IGNORECASE)
_NO_BORDER = re.compile(r"border(?:-left)?\s*:\s*(?:none|0)", re.IGNORECASE)


def to_text(html: str) -> str:
    """At most the first 400,000 characters and 40,000 tags of it."""
    page = _Page()
    text = html[:HTML_CHARS_MAX]
    lower = text.lower()
    at = 0
    for _ in range(TAGS_MAX):
        start = text.find("<", at)
        if start < 0:
            break
        page.write(unescape(text[at:start]))
        at = _after_tag(page, text, lower, start)
    else:
        return page.text()
    page.write(unescape(text[at:]))
    return page.text()


def _after_tag(page: _Page, text: str, lower: str, start: int) -> int:
    """Where what follows a tag begins. Looks no further than a tag is long, so that no input costs its square."""
    if lower.startswith("<!--", start):
        return _behind(lower, "-->", start)
    end = text.find(">", start, start + _TAG_CHARS_MAX)
    tag = _TAG.match(lower, start + 1, start + 40)
    if end < 0 or (tag is None and lower[start + 1 : start + 2] not in ("!", "?")):
        page.write("<")
        return start + 1
    if tag is None:
        return end + 1
    closes, name = tag[1] == "/", tag[2]
    if name in _SILENT and not closes and text[end - 1] != "/":
        return _behind(lower, f"</{name}", end)
    if closes:
        page.close(name)
    else:
        page.open(name, text[tag.end() : end])
    return end + 1


def _behind(lower: str, mark: str, start: int) -> int:
    """Where there is no end, all the rest is silent."""
    found = lower.find(mark, start)
    return len(lower) if found < 0 else lower.find(">", found) + 1 or len(lower)


class _Page:
    """Lines as they grow."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes: list[bool] = []
        self._deep = 0

    def text(self) -> str:
        self._break()
        return "\n".join(self._lines).strip("\n")

    def write(self, data: str) -> None:
        if data:
            self._line.append(data)

    def open(self, name: str, attributes: str) -> None:
        given = {found[1].lower(): found[2].strip("\"'") for found in _ATTRIBUTE.finditer(attributes)}
        style = given.get("style", "")
        if name == "br":
            self._break(always=True)
        elif name == "img":
            self._picture(unescape(given.get("alt", "")))
        elif name == "hr" or name in _BREAKING:
            self._break()
            if name == "blockquote":
                self._quotes.append(not _NO_BORDER.search(style))
                self._deep += self._quotes[-1]
            elif name == "hr" or _BORDER_TOP.search(style):
                self._alone(RULE)
            if name in _APART:
                self._blank()
        if "signature" in f"{given.get('id', '')} {given.get('class', '')}".lower():
            self._break()
            self._blank()
        if given.get("id", "").lower() in _REST_BELOW or _REST_CLASS.search(given.get("class", "")):
            self._alone(REST)

    def _picture(self, instead: str) -> None:
        """Programs draw emoji as pictures: those are what was said, logos are not."""
        if len(instead) <= _EMOJI_CHARS_MAX and not any(map(str.isalnum, instead)):
            self.write(instead)

    def close(self, name: str) -> None:
        if name not in _BREAKING:
            return
        self._break()
        if name == "blockquote" and self._quotes:
            self._deep -= self._quotes.pop()
        if name in _APART:
            self._blank()

    def _break(self, *, always: bool = False) -> None:
        line = " ".join("".join(self._line).split())
        self._line.clear()
        if line or always:
            self._put(line)

    def _blank(self) -> None:
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def _alone(self, mark: str) -> None:
        self._break()
        if not self._deep:
            self._lines.append(mark)

    def _put(self, line: str) -> None:
        depth = min(self._deep, _QUOTES_DEEP)
        self._lines.append(f"{'>' * depth} {line}".rstrip() if depth else line)
