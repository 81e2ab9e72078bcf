"""The URLs in a page's HTML, each put into a slot, numbered in their order, with those that Outlook alone sees."""

from __future__ import annotations

import re
from html import unescape

from antiphon.content import urls
from antiphon.content.mjml.lexer import LIQUID, LIQUID_RE, Piece, pieces
from antiphon.content.page import END_SLOT, SLOT, Slot

_ADDRESSES = frozenset({"src", "background", "action", "formaction", "poster", "xlink:href"})
_NO_LINK = frozenset({"link", "use", "image", "base"})
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.I)
_IN_CSS = re.compile(rf"""(url\(\s*+(?:&quot;|&\#39;|['"])?+)((?>{LIQUID}|[^()'"&]|&(?!quot;|\#39;))*+)""", re.DOTALL)
_OUTPUT = re.compile(r"(-?\}\})$")
_OURS = re.compile(r"\{\{-?\s*(?:unsubscribe_url|preferences_url)\b")
_ELSEWHERE = ("mailto:", "tel:", "sms:", "#")


class Slotting:
    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.links = 0

    def run(self, html: str, start: int = 0, end: int | None = None) -> str:
        written = []
        for piece in pieces(html, start, end):
            text = html[piece.start : piece.end]
            if piece.what == "comment" and text.startswith("<!--[if"):
                text = f"<!--{self.run(html, piece.start + 4, piece.end - 3)}-->"
            elif piece.what == "open":
                text = self._tag(html, piece)
            written.append(text)
        return "".join(written)

    def _tag(self, html: str, piece: Piece) -> str:
        parts, at = [], piece.start
        for each in piece.attributes():
            name = each.name.lower()
            if not each.value or not each.name:
                continue
            if name == "style":
                changed = self.css(each.value)
            elif name == "href" and piece.name not in _NO_LINK:
                changed = self._link(each.value)
            elif name in _ADDRESSES and LIQUID_RE.search(each.value):
                changed = self._address(each.value, css=False)
            else:
                continue
            parts += [html[at : each.place], changed]
            at = each.place + len(each.value)
        return "".join([*parts, html[at : piece.end]])

    def _link(self, value: str) -> str:
        source = _without_entities(value).strip()
        fixed = "" if LIQUID_RE.search(source) else urls.checked(source)
        if fixed is None or source.startswith(_ELSEWHERE):
            return value
        slot = Slot(source, self.links, needed=not _OURS.match(source), fixed=fixed)
        self.links += 1
        return self._slot(slot)

    def _address(self, value: str, *, css: bool) -> str:
        return self._slot(Slot(_without_entities(value).strip(), css=css))

    def css(self, css: str) -> str:
        """An address in `url(…)` is checked as one; whatever else Liquid puts out goes through the filter `css`."""
        parts, at = [], 0
        for found in _IN_CSS.finditer(css):
            if LIQUID_RE.search(found[2]):
                parts += [_cleaned(css[at : found.start()]), found[1], self._address(found[2], css=True)]
                at = found.end()
        return "".join([*parts, _cleaned(css[at:])])

    def _slot(self, slot: Slot) -> str:
        self.slots.append(slot)
        return f"{{% {SLOT} {len(self.slots) - 1} %}}{slot.source}{{% {END_SLOT} %}}"


_SHEET = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL | re.I)


def slotted(html: str) -> tuple[str, tuple[Slot, ...], int]:
    """The page with slots, the slots in their order, and how many of them are links."""
    slotting = Slotting()
    sheets = _SHEET.sub(lambda found: found[1] + slotting.css(found[2]) + found[3], html)
    return slotting.run(sheets), tuple(slotting.slots), slotting.links


def _cleaned(css: str) -> str:
    return LIQUID_RE.sub(lambda found: _OUTPUT.sub(r" | css\1", found.group()), css)


def _without_entities(value: str) -> str:
    """As a browser reads it; Liquid as it is. `&copy` without its semicolon is no entity in an address."""
    parts, at = [], 0
    for liquid in LIQUID_RE.finditer(value):
        parts += [_ENTITY.sub(_read, value[at : liquid.start()]), liquid.group()]
        at = liquid.end()
    return "".join([*parts, _ENTITY.sub(_read, value[at:])])


def _read(found: re.Match[str]) -> str:
    return unescape(found.group())
