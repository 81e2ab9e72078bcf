"""Whether MJML may be taken: known tags in their places, known attributes, sound HTML inside, nothing that runs.

MJML itself passes over most of this without a word, and so does the compiler; then the mail looks wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from html import unescape

from antiphon.content.mjml.lexer import LIQUID_RE, Attribute, line_of, pieces
from antiphon.content.mjml.tags import attributes, holds, kinds
from antiphon.content.mjml.tree import FLAWS_MAX, VOID, Element, read
from antiphon.content.urls import source_flaw
from antiphon.kernel.errors import Flaw
from antiphon.kernel.said import worded

RUNS = frozenset({"script", "iframe", "object", "embed", "applet", "base", "frame", "frameset"})
"""Never in a mail: they run, load or redirect, and every client throws them out."""

URLS = frozenset({"href", "src", "background", "background-url", "action", "formaction", "poster", "xlink:href"})
_IN_HEAD = ("mj-title", "mj-preview")
_RECKONED = re.compile(
    r"(inner-|text-|icon-|tb-)?(padding|width|height|size)(-\w+)?|icon-(width|height|size)|border-width"
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*+:", re.I)
_SCHEMES = ("http:", "https:", "mailto:", "tel:", "sms:")
_TEXT_ONLY = re.compile(r"\{%-?\s*(?:echo|liquid|cycle|increment|decrement)\b")


class Check:
    def __init__(self, text: str) -> None:
        self.text = text
        self.flaws: list[Flaw] = []

    def add(self, at: int, message: str) -> None:
        self.flaws.append(Flaw("", worded("Line {line}: {what}", line=line_of(self.text, at), what=worded(message))))

    def element(self, element: Element, within: str) -> None:
        if not element.name:
            if within not in kinds()["mj-raw"].inside:
                self.add(
                    element.start,
                    worded("Liquid may not stand in <{within}>: put it around the whole of it.", within=within),
                )
            return
        if element.name == "mj-include":
            self.add(element.start, "<mj-include> loads nothing here: put in what it would include.")
            return
        if element.name not in kinds() and not (within == "mj-attributes" and element.name in ("mj-all", "mj-class")):
            self._unknown(element, within)
            return
        if within != "mj-attributes" and within not in kinds()[element.name].inside and element.name != "mjml":
            self._misplaced(element, within)
        for attribute in element.attributes:
            self._attribute(element, attribute, within)
        if within != "mj-attributes" and kinds()[element.name].html:
            self.html(element)
        for child in element.children:
            self.element(child, element.name)

    def _unknown(self, element: Element, within: str) -> None:
        if not element.name.startswith("mj"):
            self.add(
                element.start,
                worded("<{name}> is HTML: it stands inside <mj-text>, <mj-table> or <mj-raw>.", name=element.name),
            )
            return
        near = _near(element.name, list(kinds()))
        self.add(
            element.start,
            worded(
                "There is no <{name}>{near}",
                name=element.name,
                near=near or worded("; in <{within}> stand {known}", within=within, known=_listed(holds(within))),
            ),
        )

    def _misplaced(self, element: Element, within: str) -> None:
        inside = _listed(kinds()[element.name].inside)
        where = worded("in <{within}>", within=within) if within else worded("outermost")
        self.add(
            element.start,
            worded(
                "<{name}> may not stand {where}; it stands in {inside}.", name=element.name, where=where, inside=inside
            ),
        )

    def _attribute(self, element: Element, attribute: Attribute, within: str) -> None:
        name, place = attribute.name, attribute.place
        if not name:
            self.add(place, "Liquid may stand in the value of an attribute, not between attributes.")
            return
        known = _known(element.name, within)
        if name not in known:
            self.add(
                place,
                worded(
                    "<{name}> takes no {attribute}{near}",
                    name=element.name,
                    attribute=name,
                    near=_near(name, sorted(known)) or ".",
                ),
            )
            return
        liquid = attribute.value is not None and LIQUID_RE.search(attribute.value)
        if attribute.value is None:
            self.add(place, worded('{name} needs a value: {name}="…".', name=name))
        elif not attribute.quote:
            self.add(
                place,
                worded('The value of {name} needs quotes: {name}="{value}".', name=name, value=attribute.value[:40]),
            )
        elif liquid and _RECKONED.fullmatch(name):
            self.add(
                place,
                worded(
                    "{name} is reckoned with when the message is made, so it cannot differ between people.", name=name
                ),
            )
        elif name in URLS:
            self._url(place, attribute.value)

    def _url(self, place: int, value: str) -> None:
        """Where it leads nowhere bad it is taken; whether it leads anywhere is for the lint to say."""
        url = unescape(value).strip()
        scheme = _SCHEME.match(re.sub(r"[\x00-\x20]", "", url))
        if scheme and scheme.group().lower() not in _SCHEMES:
            self.add(place, worded("A URL may not begin with {scheme} here.", scheme=scheme.group()[:20]))
        elif (
            LIQUID_RE.search(url)
            and not url.startswith(("mailto:", "tel:", "sms:", "#"))
            and (fault := source_flaw(url))
        ):
            self.add(place, fault)

    def html(self, element: Element) -> None:
        """Tags closed in their order, attributes quoted where a value is put in, nothing that runs."""
        if element.name in _IN_HEAD:
            return
        if element.name == "mj-style":
            self._style(element.source, element.inside_at)
            return
        opened: list[tuple[str, int]] = []
        for piece in pieces(self.text, element.inside_at, element.inside_at + len(element.source)):
            if piece.what == "broken":
                self.add(piece.start, worded("<{name} is never finished: a > or a quote is missing.", name=piece.name))
            if piece.what == "broken" or len(self.flaws) > FLAWS_MAX:
                return
            if piece.what == "open":
                self._tag(piece.name, piece.start, piece.attributes())
                if not piece.empty and piece.name not in VOID:
                    opened.append((piece.name, piece.start))
            elif piece.what == "close" and piece.name not in VOID:
                if not any(name == piece.name for name, _ in opened):
                    self.add(
                        piece.start,
                        worded(
                            "</{name}> closes nothing that is open in <{within}>.", name=piece.name, within=element.name
                        ),
                    )
                    continue
                while opened[-1][0] != piece.name:
                    self.add(opened[-1][1], worded("<{name}> is never closed.", name=opened.pop()[0]))
                opened.pop()
        if element.name != "mj-raw":  # a raw piece may open what another one closes
            for name, place in opened:
                self.add(place, worded("<{name}> is never closed.", name=name))

    def _tag(self, name: str, place: int, given: Sequence[Attribute]) -> None:
        if name in RUNS or (name == "meta" and any(each.name.lower() == "http-equiv" for each in given)):
            self.add(place, worded("<{name}> may not be in a mail.", name=name))
        if name.startswith("mj-"):
            self.add(place, worded("<{name}> is MJML: it may not stand inside of HTML.", name=name))
        for each in given:
            if each.name.lower().startswith("on") and len(each.name) > 2:
                self.add(each.place, worded("{name} would run a script; no mail may.", name=each.name))
            elif each.value is None or not each.name:
                continue
            elif not each.quote and LIQUID_RE.search(each.value):
                self.add(each.place, worded('A value with Liquid needs quotes: {name}="…".', name=each.name))
            elif each.name.lower() in URLS:
                self._url(each.place, each.value)
            elif each.name.lower() == "style":
                self._style(each.value, each.place)

    def _style(self, css: str, place: int) -> None:
        if found := _TEXT_ONLY.search(css):
            self.add(place + found.start(), "In CSS, write {{ … }}: what it becomes is cleaned there.")
        if "</" in LIQUID_RE.sub("", css) or re.search(r"@import|expression\s*\(|javascript:", css, re.I):
            self.add(place, "CSS may hold no @import, expression(), script or tag.")


def flaws(text: str, *, fragment: bool = False) -> list[Flaw]:
    """What is wrong, with the line of each; at most 50. A fragment is what stands in mj-body."""
    elements, found = read(text)
    check = Check(text)
    for element in elements:
        if fragment:
            check.element(element, "mj-body")
        elif element.name == "mjml":
            check.element(element, "")
        else:
            found.append(
                Flaw(
                    "",
                    worded(
                        "Line {line}: Outermost stands <mjml>, and nothing else.",
                        line=line_of(text, element.start),
                    ),
                )
            )
    root = next((element for element in elements if element.name == "mjml"), None)
    if not fragment:
        bodies = [child for child in root.children if child.name == "mj-body"] if root else []
        if root is None or [each.name for each in elements].count("mjml") > 1 or len(bodies) != 1:
            found.append(Flaw("", "An MJML document is one <mjml> with one <mj-body>."))
    elif not any(element.name for element in elements):
        found.append(Flaw("", "A fragment is at least one <mj-section>, <mj-wrapper> or <mj-hero>."))
    return [*found, *check.flaws][:FLAWS_MAX]


def _known(name: str, within: str) -> frozenset[str]:
    if within == "mj-attributes" and name in ("mj-all", "mj-class"):
        return attributes() | {"name"}
    return kinds()[name].takes


def _near(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return worded(": did you mean {near}?", near=near[0]) if near else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"<{name}>" for name in names) or "nothing"
