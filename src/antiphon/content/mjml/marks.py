"""Words that stand for Liquid while others work on the markup, and Liquid put back where the word then stands."""

from __future__ import annotations

import re

from antiphon.content.mjml.lexer import LIQUID_RE, Piece, pieces

_WORDS_ONLY = frozenset({"style", "title", "textarea"})
"""Inside of these a comment is text: a word stands for Liquid there, as in attributes."""


class Marks:
    """`put` answers a word of small letters and digits: every parser of MJML, HTML and CSS lets it pass as it is."""

    def __init__(self, *texts: str) -> None:
        self._stem = "lq"
        while any(self._stem in text.lower() for text in texts):
            self._stem += "q"
        self._kept: list[str] = []
        self._whole = re.compile(rf"{self._stem}([0-9]+)y")
        self._single = re.compile(rf'<!--{self._stem}([0-9]+)z-->|{self._stem}([0-9]+)z(?:="")?')

    def put(self, source: str) -> str:
        self._kept.append(source)
        return f"{self._stem}{len(self._kept) - 1}z"

    def put_whole(self, html: str) -> str:
        """For HTML that comes back, with marks of its own, before anybody else reads the whole."""
        return self.put(html)[:-1] + "y"

    def text(self, source: str) -> str:
        """Liquid of an attribute, a style or a title."""
        return LIQUID_RE.sub(lambda found: self.put(found.group()), source)

    def html(self, source: str) -> str:
        """Liquid between tags becomes a comment: an HTML parser moves a word out of a table, but no comment."""
        return "".join(self._piece(source, piece, within) for piece, within in _within(source))

    def _piece(self, source: str, piece: Piece, within: str) -> str:
        written = source[piece.start : piece.end]
        if piece.what == "liquid":
            return self.put(written) if within in _WORDS_ONLY else f"<!--{self.put(written)}-->"
        return self.text(written) if piece.what in ("open", "comment") else written

    def between(self, liquid: str) -> str:
        """Liquid that stands between tags of MJML."""
        return self.put_whole(f"<!--{self.put(liquid)}-->")

    def expand(self, html: str) -> str:
        return self._whole.sub(lambda found: self._kept[int(found[1])], html)

    def restore(self, html: str) -> str:
        """All the Liquid as it was."""
        return self._single.sub(self._source, html)

    def _source(self, found: re.Match[str]) -> str:
        return self._kept[int(found[1] or found[2])]


def _within(source: str) -> list[tuple[Piece, str]]:
    found, within = [], ""
    for piece in pieces(source):
        if piece.what == "close" and piece.name == within:
            within = ""
        found.append((piece, within))
        if piece.what == "open" and piece.name in _WORDS_ONLY:
            within = piece.name
    return found
