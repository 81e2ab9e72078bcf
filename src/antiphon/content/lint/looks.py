"""What a reader meets in the finished HTML: contrast, size of text, images, links, places to touch.

Styles are read from the tags, as mail clients do; what a style sheet adds is not known here.
"""

from __future__ import annotations

import re
from html import unescape

from msgspec import Struct, structs

from antiphon.content.lint.colours import BLACK, WHITE, Colour, colour, contrast, first_colour, shown
from antiphon.content.lint.records import Finding
from antiphon.content.mjml.lexer import LIQUID_RE, Piece, pieces
from antiphon.content.mjml.tree import VOID
from antiphon.kernel.said import worded

TEXT_PX_MIN = 12
TOUCH_PX = 44
"""WCAG 2.2, 2.5.5; links within a sentence are excepted there."""
AA, AA_LARGE = 4.5, 3.0
"""WCAG 2.2, 1.4.3: large is 24 px, or 18.66 px and bold."""
WORDS_MIN = 60
_PX = re.compile(r"(-?[0-9.]+)px")
_SILENT = frozenset({"head", "style", "title", "script"})
_BLANK = re.compile(r"[\s\u00a0\u034f\u200b\u200c]+")


class Look(Struct, frozen=True):
    """What holds inside of an element. `ground` is None over a picture or a colour that we cannot read."""

    name: str = ""
    ink: Colour | None = BLACK
    ground: Colour | None = WHITE
    px: float = 16.0
    line: str = "normal"
    bold: bool = False
    hidden: bool = False
    link: bool = False


class Looks:
    """One pass over the page with the open elements on a stack."""

    def __init__(self, at: str) -> None:
        self._at = at
        self._open = [Look()]
        self._told: set[tuple[str, str]] = set()
        self.found: list[Finding] = []
        self.words = 0
        self.images = 0

    def read(self, html: str) -> None:
        for piece in pieces(html):
            if piece.what == "open":
                self._opened(piece)
            elif piece.what == "close":
                self._closed(piece.name)
            elif piece.what in ("text", "liquid") and not self._open[-1].hidden:
                self._text(html[piece.start : piece.end])

    def _tell(self, code: str, message: str, *, key: str = "", hint: bool = False) -> None:
        """Once for each key: a page repeats itself."""
        if (code, key or message) not in self._told:
            self._told.add((code, key or message))
            self.found.append(Finding("hint" if hint else "warning", self._at, code, message))

    def _opened(self, piece: Piece) -> None:
        given = {each.name.lower(): each.value or "" for each in piece.attributes()}
        style = declarations(given.get("style", ""))
        look = _inside(self._open[-1], piece.name, given, style)
        if not look.hidden:
            if piece.name == "img":
                self._image(given, style)
            elif piece.name == "a":
                self._link(given.get("href", ""), style, look)
        if piece.name not in VOID and not piece.empty:
            self._open.append(look)

    def _closed(self, name: str) -> None:
        if any(look.name == name for look in self._open[1:]):
            while self._open.pop().name != name:
                pass

    def _text(self, text: str) -> None:
        words = _BLANK.sub(" ", unescape(text)).strip()
        if not words:
            return
        look = self._open[-1]
        self.words += len(words)
        shown_words = f"“{words[:30]}…”" if len(words) > 30 else f"“{words}”"
        if 0 < look.px < TEXT_PX_MIN:
            form = "Text of {px:g} px, such as {words}, is hard to read; {least} px at least."
            said = worded(form, px=look.px, words=shown_words, least=TEXT_PX_MIN)
            self._tell("small_text", said, key=f"{look.px:g}", hint=True)
        if look.ink is not None and look.ground is not None:
            self._contrast(look, look.ink, look.ground, shown_words)

    def _contrast(self, look: Look, ink: Colour, ground: Colour, words: str) -> None:
        needed = AA_LARGE if look.px >= 24 or (look.bold and look.px >= 18.66) else AA
        ratio = contrast(ink, ground)
        if ratio < needed:
            form = "{words}: {ink} on {ground} has a contrast of {ratio:.1f}; {needed:g} is needed (WCAG AA)."
            said = worded(form, words=words, ink=shown(ink), ground=shown(ground), ratio=ratio, needed=needed)
            self._tell("contrast", said, key=f"{ink}{ground}{needed}")

    def _image(self, given: dict[str, str], style: dict[str, str]) -> None:
        source = given.get("src", "")
        if given.get("width") == "1" and given.get("height") == "1":
            return
        self.images += 1
        name = source.rsplit("/", 1)[-1][:60] or worded("an image")
        if "alt" not in given:
            form = '{image} has no alt: say what it shows, or alt="" if it only decorates.'
            self._tell("alt_missing", worded(form, image=name))
        elif not given["alt"].strip() and self._open[-1].link:
            form = "{image} is a link, and its alt is empty: nobody hears where it leads."
            self._tell("alt_empty", worded(form, image=name))
        if not given.get("width") and "width" not in style:
            self._tell("image_width", worded("{image} has no width: Outlook shows it as large as it is.", image=name))
        if not LIQUID_RE.match(source) and not source.startswith("https://"):
            self._tell("image_url", worded("{image} is not loaded over https.", image=name))

    def _link(self, href: str, style: dict[str, str], look: Look) -> None:
        href = unescape(href).strip()
        if href.startswith("http://"):
            self._tell("http_link", worded("{url} is not https.", url=href[:80]))
        elif not href.startswith(("https://", "mailto:", "tel:", "sms:", "{{", "{%")) and not re.match(r"#\w", href):
            self._tell("dead_link", worded("A link to “{url}” leads nowhere.", url=href[:80]))
        if style.get("display") in ("inline-block", "block") and (high := _height(style, look)) and high < TOUCH_PX:
            said = worded("A button is {px:.0f} px high; a finger needs {least}.", px=high, least=TOUCH_PX)
            self._tell("touch_target", said, key="touch", hint=True)


def judge(html: str, at: str) -> list[Finding]:
    looks = Looks(at)
    looks.read(html)
    if looks.images and looks.words < WORDS_MIN:
        said = worded("This mail is nearly all images: where they are off it says nothing, and filters dislike it.")
        looks.found.append(Finding("warning", at, "image_only", said))
    return looks.found


def declarations(style: str) -> dict[str, str]:
    """Of a style attribute: the last of each."""
    pairs = (part.partition(":") for part in LIQUID_RE.sub("liquid", unescape(style)).split(";"))
    return {name.strip().lower(): value.replace("!important", "").strip().lower() for name, _, value in pairs if value}


def _inside(outer: Look, name: str, given: dict[str, str], style: dict[str, str]) -> Look:
    ground, ink, px = outer.ground, outer.ink, outer.px
    if "bgcolor" in given:
        ground = colour(given["bgcolor"])
    if "background-color" in style and style["background-color"] not in ("transparent", "inherit"):
        ground = colour(style["background-color"])
    elif "background" in style and style["background"] not in ("transparent", "none"):
        ground = None if "url(" in style["background"] else first_colour(style["background"])
    if "background-image" in style or given.get("background"):
        ground = None
    if style.get("color", "inherit") != "inherit":
        ink = colour(style["color"])
    elif name == "a" and given.get("href"):
        ink = None  # the client's own colour of links
    if found := _PX.fullmatch(style.get("font-size", "")):
        px = float(found[1])
    bold = outer.bold or name in ("b", "strong", "h1", "h2", "h3") or style.get("font-weight") in ("bold", "700", "800")
    hidden = outer.hidden or name in _SILENT or style.get("display") == "none" or style.get("visibility") == "hidden"
    return structs.replace(
        outer,
        name=name,
        ink=ink,
        ground=ground,
        px=px,
        line=style.get("line-height", outer.line),
        bold=bold,
        hidden=hidden,
        link=outer.link or name == "a",
    )


def _height(style: dict[str, str], look: Look) -> float:
    """Of one line with its padding; 0 where it cannot be told."""
    numbers = [float(n) for n in _PX.findall(style.get("padding", ""))] or [0.0]
    top, bottom = numbers[0], numbers[2] if len(numbers) > 2 else numbers[0]
    for side in ("top", "bottom"):
        if found := _PX.fullmatch(style.get(f"padding-{side}", "")):
            top, bottom = (float(found[1]), bottom) if side == "top" else (top, float(found[1]))
    if found := _PX.fullmatch(look.line):
        return top + bottom + float(found[1])
    share = re.fullmatch(r"([0-9.]+)(%?)", look.line)
    factor = 1.2 if not share else float(share[1]) / (100 if share[2] else 1)
    return top + bottom + factor * look.px
