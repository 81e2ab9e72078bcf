"""E-mails made of MJML, compiled: pages by what the author wrote, kept in this process.

A message version is decoded once in a process and its texts with it, so looking a page up costs no more than comparing
two references.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from antiphon.content import mjml
from antiphon.content.email_html import HIDDEN, PREHEADER_GAP
from antiphon.content.folding import fold_tags
from antiphon.content.liquid import RenderError
from antiphon.content.page import Pattern, Place, Slot, Walk
from antiphon.content.plain_text import text_of, tidied
from antiphon.content.slots import slotted

PAGES_KEPT = 128
_BODY = re.compile(r"<body[^>]*>")
_END = "</div></body></html>"


class Page(Struct, frozen=True):
    """`says_way_out`: the author put the unsubscribe link in."""

    html: Pattern
    text: Pattern
    slots: tuple[Slot, ...]
    links: int
    says_way_out: bool = False

    def render(self, variables: Mapping[str, Any], place: Place, *, field: str) -> tuple[str, str]:
        """The HTML and the text."""
        walk = Walk(self.slots, place, field=field)
        return self.html.render(variables, walk), tidied(self.text.render(variables, walk))

    def leads(
        self, variables: Mapping[str, Any], *, field: str
    ) -> tuple[dict[tuple[int, int], str], dict[tuple[int, int], RenderError]]:
        """Where each link leads, by link and turn; and those that lead nowhere, with the reason."""
        found: dict[tuple[int, int], str] = {}
        failed: dict[tuple[int, int], RenderError] = {}

        def note(link: int, turn: int, url: str) -> str:
            found[link, turn] = url
            return url

        self.html.render(variables, Walk(self.slots, note, field=field, failed=failed))
        return found, failed

    def addresses(self) -> list[tuple[str, bool]]:
        """(Liquid source, whether it must be there) of each link, by number."""
        return [(slot.source, slot.needed) for slot in sorted(self.slots, key=lambda each: each.link) if slot.link >= 0]


class Fragments(Struct, frozen=True):
    """Pieces of MJML that stand among blocks, and what they need in the head."""

    head: str
    pages: tuple[Page, ...]


@lru_cache(maxsize=PAGES_KEPT)
def document(source: str, *, preheader: bool = False) -> Page:
    """A whole e-mail up to where the footer goes. Raises `Fault` or `TemplateError`."""
    compiled = mjml.compile(source)
    html = compiled.html
    if preheader and not compiled.previews:
        hidden = f'<div style="{HIDDEN}">{{{{ email_preheader }}}}{PREHEADER_GAP}</div>'
        html = _BODY.sub(lambda found: found.group() + hidden, html, count=1)
    if not html.rstrip().endswith(_END):
        raise mjml.Fault("The compiler closed this document in a way that we do not know.")
    return _page(html.rstrip().removesuffix(_END))


@lru_cache(maxsize=PAGES_KEPT)
def fragments(sources: tuple[str, ...]) -> Fragments:
    head, htmls = mjml.compile_fragments(sources)
    return Fragments(head, tuple(_page(html) for html in htmls))


def _page(html: str) -> Page:
    html, slots, links = slotted(fold_tags(html))
    return Page(
        html=Pattern(html, html=True),
        text=Pattern(text_of(html), html=False),
        slots=slots,
        links=links,
        says_way_out=re.search(r"\{[{%][^}%]*\bunsubscribe_url\b", html) is not None,
    )
