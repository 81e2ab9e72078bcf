"""The tree of an MJML document as its author wrote it: every tag with its place. Flaws are found, never mended."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from antiphon.content.mjml.lexer import Attribute, Piece, line_of, pieces
from antiphon.content.mjml.tags import kinds
from antiphon.kernel.errors import Flaw
from antiphon.kernel.said import worded

DEPTH_MAX = 30
FLAWS_MAX = 50
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


class Element(Struct):
    """A tag of MJML; `name` is "" for Liquid that stands between tags (in `source`).

    Of a tag that holds HTML, `source` is what stands inside; `inside_at` its place.
    """

    name: str
    start: int
    attributes: list[Attribute] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)
    source: str = ""
    inside_at: int = 0

    def get(self, name: str) -> str | None:
        return next((each.value for each in self.attributes if each.name == name), None)

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child.walk()


class Reading:
    """One pass over the pieces with the open tags on a stack."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.flaws: list[Flaw] = []
        self.strays: list[Flaw] = []
        self.root = Element("", 0)
        self._open = [self.root]
        self._pieces = pieces(text)

    def add(self, at: int, message: str) -> None:
        self.flaws.append(self._flaw(at, message))

    def _flaw(self, at: int, message: str) -> Flaw:
        return Flaw("", worded("Line {line}: {what}", line=line_of(self.text, at), what=worded(message)))

    def run(self) -> None:
        for piece in self._pieces:
            if len(self.flaws) > FLAWS_MAX:
                return
            if piece.what == "open":
                self._opened(piece)
            elif piece.what == "close":
                self._closed(piece)
            elif piece.what == "liquid":
                self._open[-1].children.append(
                    Element("", piece.start, source=self.text[piece.start : piece.end], inside_at=piece.start)
                )
            elif piece.what == "broken":
                self.add(piece.start, worded("<{name} is never finished: a > or a quote is missing.", name=piece.name))
                return
            elif piece.what == "text" and not self.text[piece.start : piece.end].isspace():
                self._stray(piece)
        for element in self._open[1:]:
            self.add(element.start, worded("<{name}> is never closed.", name=element.name))

    def _stray(self, piece: Piece) -> None:
        words = self.text[piece.start : piece.end].strip()
        shown = f"{words[:30]}…" if len(words) > 30 else words
        within = self._open[-1].name
        where = worded("in <{within}>", within=within) if within else worded("outside of every tag")
        form = "The text “{words}” stands {where} and is left out: put it into <mj-text>."
        self.strays.append(self._flaw(piece.start, worded(form, words=shown, where=where)))

    def _opened(self, piece: Piece) -> None:
        element = Element(piece.name, piece.start, piece.attributes(), inside_at=piece.end)
        self._open[-1].children.append(element)
        kind = kinds().get(piece.name)
        if piece.empty or (kind is None and piece.name in VOID):
            return
        if (kind is not None and kind.html) or not piece.name.startswith("mj"):
            self._hold(element)
        elif len(self._open) > DEPTH_MAX:
            self.add(piece.start, worded("Tags are nested at most {most} deep.", most=DEPTH_MAX))
            self._hold(element)
        else:
            self._open.append(element)

    def _hold(self, element: Element) -> None:
        """All up to the closing tag of the same name is HTML, which is looked at by itself."""
        depth, inside = 1, element.inside_at
        for piece in self._pieces:
            if piece.name == element.name and piece.what in ("open", "close") and not piece.empty:
                depth += 1 if piece.what == "open" else -1
            if depth == 0:
                element.source = self.text[inside : piece.start]
                return
        self.add(element.start, worded("<{name}> is never closed.", name=element.name))

    def _closed(self, piece: Piece) -> None:
        names = [element.name for element in self._open]
        if piece.name == names[-1]:
            self._open.pop()
        elif piece.name in names[1:]:
            while self._open[-1].name != piece.name:
                lost = self._open.pop()
                self.add(lost.start, worded("<{name}> is never closed.", name=lost.name))
            self._open.pop()
        else:
            self.add(piece.start, worded("</{name}> closes nothing that is open.", name=piece.name))


def read(text: str) -> tuple[list[Element], list[Flaw]]:
    """The outermost elements, and what is wrong with the shape of the markup."""
    reading = Reading(text)
    reading.run()
    return reading.root.children, reading.flaws


def strays(text: str) -> list[Flaw]:
    """Text that stands where MJML has no place for it: left out, as MJML does, and told by the lint."""
    reading = Reading(text)
    reading.run()
    return reading.strays
