"""Markup in pieces, each where it stands. Liquid is one piece, whatever it holds: `{% if n < 3 %}` opens no tag.

Serves MJML and the HTML inside it. A `<` that begins no tag is text. Every pattern is possessive: none of them looks at
a character twice. Whoever reads a text has compiled it as Liquid before, which refuses many unclosed `{{`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

LIQUID = r"\{\{.*?\}\}|\{%.*?%\}"
_NAME = r"[A-Za-z][\w:.-]*+"
_VALUE = rf"""(?:"(?>{LIQUID}|[^"])*+"|'(?>{LIQUID}|[^'])*+'|(?>{LIQUID}|[^\s"'<>])++)"""
_ATTRIBUTES = rf"""(?>\s++|/(?!>)|{LIQUID}|[^\s"'<>/={{]++(?:\s*+=\s*+{_VALUE})?+)*+"""
_PIECE = re.compile(
    rf"""(?P<liquid>{LIQUID})|(?P<comment><!--)|(?P<declaration><[!?](?!--)[^>]*>)"""
    rf"""|</(?P<close>{_NAME})\s*+>|<(?P<open>{_NAME})(?P<attributes>{_ATTRIBUTES})(?P<empty>/?+)>"""
    rf"""|(?P<broken></?+[A-Za-z][^<>]{{0,60}}+)""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    rf"""(?P<liquid>{LIQUID})|(?P<name>[^\s"'<>/={{]++)(?:\s*+=\s*+(?P<value>{_VALUE}))?+""", re.DOTALL
)
LIQUID_RE = re.compile(LIQUID, re.DOTALL)

What = Literal["liquid", "comment", "declaration", "close", "open", "broken", "text"]


class Attribute(Struct, frozen=True):
    """`value` as it is written, between its quotes; None where there is none. `place`: of the value, in the text.

    Liquid that stands between attributes has the name "".
    """

    name: str
    value: str | None
    place: int
    quote: str = '"'


class Piece(Struct, frozen=True):
    """`name` in small letters; `start` and `end` in the text."""

    what: What
    start: int
    end: int
    name: str = ""
    inside: str = ""
    inside_at: int = 0
    empty: bool = False

    def attributes(self) -> list[Attribute]:
        found = []
        for match in _ATTRIBUTE.finditer(self.inside):
            value, place = match["value"], self.inside_at + match.start()
            if match["liquid"]:
                found.append(Attribute("", match["liquid"], place))
            elif value is None:
                found.append(Attribute(match["name"], None, place))
            else:
                quote = value[0] if value[0] in "\"'" else ""
                inner = value[1:-1] if quote else value
                found.append(Attribute(match["name"], inner, self.inside_at + match.start("value") + len(quote), quote))
        return found


def pieces(text: str, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """All of the text, in order. A comment that never ends is one broken piece up to the end."""
    at, stop = start, len(text) if end is None else end
    while match := _PIECE.search(text, at, stop):
        if match.start() > at:
            yield Piece("text", at, match.start())
        piece = _comment(text, match.start(), stop) if match["comment"] else _piece(match)
        at = piece.end
        yield piece
    if at < stop:
        yield Piece("text", at, stop)


def _comment(text: str, start: int, stop: int) -> Piece:
    close = text.find("-->", start + 4, stop)
    return Piece("comment", start, close + 3) if close >= 0 else Piece("broken", start, stop, "!--")


def _piece(match: re.Match[str]) -> Piece:
    start, end = match.span()
    if match["open"]:
        attributes = match["attributes"]
        return Piece(
            "open", start, end, match["open"].lower(), attributes, match.start("attributes"), bool(match["empty"])
        )
    if match["close"]:
        return Piece("close", start, end, match["close"].lower())
    if match["broken"]:
        return Piece("broken", start, end, match["broken"].lstrip("</").split(None, 1)[0])
    return Piece("liquid" if match["liquid"] else "declaration", start, end)


def line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
