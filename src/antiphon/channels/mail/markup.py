"""HTML of a mail as text, with what it says about quotations: `>` before quoted lines, a rule where there is one.

Nothing is fetched, nothing is run; what is not text is left out.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from antiphon.channels.mail.quotes import REST, RULE

HTML_CHARS_MAX: Final = 400_000
TAGS_MAX: Final = 40_000
_QUOTES_DEEP = 20
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
_REST_BELOW = frozenset({"olk_src_body_section", "divrplyfwdmsg", "appendonsend", "stopspelling", "zwchr"})
_REST_CLASS = re.compile(r"\b(?:yahoo_quoted|moz-forward-container|zmail_extra|protonmail_quote)\b")
_BORDER_TOP = re.compile(r"border-top(?:-style)?\s*:\s*(?!none|0)[^;]*solid", re.IGNORECASE)
_NO_BORDER = re.compile(r"border(?:-left)?\s*:\s*(?:none|0)", re.IGNORECASE)


def to_text(html: str) -> str:
    """At most the first 400,000 characters and 40,000 tags of it."""
    reader = _Reader()
    try:
        reader.feed(html[:HTML_CHARS_MAX])
        reader.close()
    except (_Enough, AssertionError, ValueError):  # the parser's own words for markup that is none
        pass
    return reader.text()


class _Enough(Exception):
    """No mail of a person has so many tags."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._silent = 0
        self._tags = 0
        self._quotes: list[bool] = []

    def text(self) -> str:
        self._break()
        return "\n".join(self._lines).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tags += 1
        if self._tags > TAGS_MAX:
            raise _Enough
        given = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._break(always=True)
        elif tag == "hr" or tag in _BREAKING:
            self._open(tag, given)
        if given.get("id", "").lower() in _REST_BELOW or _REST_CLASS.search(given.get("class", "")):
            self._alone(REST)

    def _open(self, tag: str, given: dict[str, str]) -> None:
        self._break()
        style = given.get("style", "")
        if tag == "blockquote":
            self._quotes.append(not _NO_BORDER.search(style))
        elif tag == "hr" or _BORDER_TOP.search(style):
            self._alone(RULE)
        if tag in _APART:
            self._blank()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _SILENT:
            self._silent -= 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKING:
            self._break()
            if tag == "blockquote" and self._quotes:
                self._quotes.pop()
            if tag in _APART:
                self._blank()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        words = re.sub(r"[ \t\r\n\f\u00a0]+", " ", data)
        self._line += words.lstrip() if self._line.endswith(" ") or not self._line else words

    def _break(self, *, always: bool = False) -> None:
        if self._line.strip() or always:
            self._put(self._line.strip())
        self._line = ""

    def _blank(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._put("")

    def _alone(self, mark: str) -> None:
        self._break()
        if not any(self._quotes):
            self._lines.append(mark)

    def _put(self, line: str) -> None:
        depth = min(sum(self._quotes), _QUOTES_DEEP)
        if not depth and line[:1] == ">" and not line.strip("> "):
            line = ""
        self._lines.append(f"{'>' * depth} {line}".rstrip() if depth else line)
