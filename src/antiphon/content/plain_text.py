"""The text alternative of an HTML page (RFC 2046 5.1.4: the same content, as far as text can carry it).

Works on the page's Liquid, once for all who get it: what comes out is Liquid again. A link reads `label: URL`, a
picture `[what it shows]`, a row of a table stands in one line.
"""

from __future__ import annotations

import re
from html import unescape

from antiphon.content.mjml.lexer import LIQUID_RE, Piece, pieces
from antiphon.content.mjml.tree import VOID

_WIDE = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "section"})
_LINE = frozenset({"div", "li", "tr", "td", "th", "center", "address", "article", "header", "footer", "dt", "dd"})
_SILENT = frozenset({"head", "style", "title", "script"})
_BLANKS = re.compile(r"[\s\u00a0\u034f\u200b\u200c\u200d\ufeff]+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_LINES = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+(?=\n)")
LIQUID_TAG = re.compile(r"\{%.*?%\}")
_WEB = re.compile(r"https?://|\{[{%]", re.I)


class Reader:
    """Reads pieces in order. Breaks and blanks are held back until words come: Liquid that prints nothing passes by."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._break = 0
        self._blank = False
        self._open: list[str] = []
        self._hidden = 0
        self._tables: list[bool] = []
        self._lists: list[int] = []
        self._links: list[tuple[str, int]] = []
        self._first_cell = True

    def text(self) -> str:
        return "".join(self._written)

    def read(self, html: str) -> None:
        for piece in pieces(html):
            if piece.what == "open":
                self._opened(piece)
            elif piece.what == "close":
                self._closed(piece.name)
            elif self._hidden:
                continue
            elif piece.what == "liquid":
                self._liquid(html[piece.start : piece.end])
            elif piece.what in ("text", "broken"):
                self._words(_literal(html[piece.start : piece.end]))

    def _opened(self, piece: Piece) -> None:
        given = {each.name.lower(): each.value or "" for each in piece.attributes()}
        if piece.name not in VOID and not piece.empty:
            self._open.append(piece.name)
            if self._hidden or piece.name in _SILENT or _HIDDEN.search(given.get("style", "")):
                self._hidden = self._hidden or len(self._open)
        if self._hidden:
            return
        if piece.name == "table":
            self._tables.append(given.get("role") not in ("presentation", "none"))
        self._begin(piece.name, given)

    def _begin(self, name: str, given: dict[str, str]) -> None:
        row = bool(self._tables) and self._tables[-1]
        if name in ("td", "th") and row:
            self._cell()
        elif name in _WIDE or (name == "tr" and not row):
            self._pause(1 if self._lists and name in ("ul", "ol", "p") else 2)
        elif name in _LINE:
            self._pause(1)
        if name == "tr":
            self._first_cell = True
        elif name in ("ul", "ol"):
            self._lists.append(1 if name == "ol" else 0)
        elif name == "li":
            self._item()
        elif name == "br":
            self._pause(self._break + 1 if self._break < 2 else 2)
        elif name == "hr":
            self._pause(2)
            self._words("----")
            self._pause(2)
        elif name == "img" and given.get("alt", "").strip():
            self._words(f" [{_literal(given['alt']).strip()}] ")
        elif name == "a":
            self._links.append((given.get("href", ""), len(self._written)))

    def _closed(self, name: str) -> None:
        if name not in self._open:
            return
        while self._open.pop() != name:
            pass
        if self._hidden:
            self._hidden = self._hidden if len(self._open) >= self._hidden else 0
            return
        if name == "table" and self._tables:
            self._tables.pop()
        elif name in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif name == "a" and self._links:
            self._link(*self._links.pop())
        if name in _WIDE:
            self._pause(1 if self._lists else 2)
        elif name in _LINE and not (name in ("td", "th") and self._tables and self._tables[-1]):
            self._pause(1)

    def _pause(self, lines: int) -> None:
        self._break = max(self._break, lines)

    def _cell(self) -> None:
        if not self._first_cell:
            self._break = 0
            self._written.append(" | ")
            self._blank = False
        self._first_cell = False

    def _item(self) -> None:
        depth = len(self._lists)
        number = self._lists[-1] if self._lists else 0
        if number:
            self._lists[-1] += 1
        self._flush()
        self._written.append(f"{'  ' * (depth - 1)}{f'{number}.' if number else '-'} ")

    def _words(self, text: str) -> None:
        words = _BLANKS.sub(" ", text)
        if words.startswith(" "):
            self._blank = True
        if not words.strip():
            return
        self._flush()
        self._written.append(words.strip())
        self._blank = words.endswith(" ")

    def _liquid(self, source: str) -> None:
        if source.startswith("{{"):
            self._flush()
        self._written.append(source)

    def _flush(self) -> None:
        if self._break and self._written:
            self._written.append("\n" * self._break)
        elif self._blank and self._written and not self._written[-1].endswith((" ", "\n")):
            self._written.append(" ")
        self._break, self._blank = 0, False

    def _link(self, href: str, since: int) -> None:
        label = "".join(self._written[since:]).strip()
        url = unescape(href) if not LIQUID_RE.search(href) else href
        kind, _, rest = url.partition(":")
        if kind in ("mailto", "tel", "sms"):
            url = "" if rest.split("?", 1)[0] in label else rest.split("?", 1)[0]
        elif not _WEB.match(url) or (label and label == LIQUID_TAG.sub("", url)):
            return
        if url:
            self._flush() if not label else None
            self._written.append(f": {url}" if label else url)


def _literal(text: str) -> str:
    """Words of the author; what looks like Liquid only after entities were read is kept from being any."""
    return unescape(text).replace("{{", "{ {").replace("{%", "{ %") if "&" in text else text


def text_of(html: str) -> str:
    """Liquid of the text for the Liquid of a page."""
    reader = Reader()
    reader.read(html)
    return reader.text()


def tidied(text: str) -> str:
    """Rendered text without trailing blanks and with at most one empty line at a place."""
    if " \n" in text or "\t\n" in text:
        text = _TRAILING.sub("", text)
    if "\n\n\n" in text:
        text = _LINES.sub("\n\n", text)
    return text.strip() + "\n"
