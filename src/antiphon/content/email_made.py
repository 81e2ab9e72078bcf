"""An e-mail for one person: blocks or a page of MJML become HTML and its text alternative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from antiphon.content import email_html, letter, urls
from antiphon.content.addressing import Addressing
from antiphon.content.email_html import Brand, Frame
from antiphon.content.letter import Page
from antiphon.content.links import constant, fill, fill_url, numbered, pages_of
from antiphon.content.message import Block, Button, Divider, Email, Heading, Image, Mjml, Text
from antiphon.content.page import Place

SUBJECT_CHARS_MAX = 500
FORMS_KEPT = 256

Shown = tuple[str, str]
"""A block's HTML and its text."""

Variables = Mapping[str, Any]


class Made:
    """Renders in order and numbers the links as `links.numbered` does."""

    def __init__(self, form: Email, variables: Variables, addressing: Addressing, frame: Frame) -> None:
        self._form = form
        self._variables = variables
        self._addressing = addressing
        self._frame = frame
        self._pages: Sequence[Page] = pages_of(form)
        self._numbers = len(numbered(form)) if self._pages else 0
        self._links = 0
        self._tracked: dict[str, str] = {}

    def page(self, subject: str, preheader: str) -> tuple[str, str]:
        """A document of MJML. What the author left out is put in: footer, way out, pixel."""
        page, frame = self._pages[0], self._frame
        language, direction = email_html.spoken(frame.locale)
        about = {"email_subject": subject, "email_preheader": preheader}
        spoken = {"email_lang": frame.locale or language, "email_dir": direction}
        self._variables = {**self._variables, **about, **spoken}
        html, text = self._fragment(page, "email.mjml")
        footer = "" if page.says_way_out else email_html.footer_of_its_own(frame)
        html = f"{html}\n{footer}</div>{email_html.pixel_html(frame.pixel_url)}</body></html>"
        return html, text if page.says_way_out else f"{text}\n{email_html.footer_text(frame)}\n"

    def blocks(self, subject: str, preheader: str) -> tuple[str, str]:
        blocks = self._form.blocks
        made = [known or self._block(blocks[n], n) for n, known in enumerate(same_for_all(blocks))]
        shown, told = [html for html, _ in made], [text for _, text in made]
        return email_html.to_html(subject, preheader, shown, self._frame), email_html.to_text(told, self._frame)

    def written(self, text: str) -> str:
        """The text that the author wrote beside the HTML: a URL that is a link there is the same link here."""
        parts, end = [], 0
        for start, stop, url in urls.in_text(text):
            parts += [text[end:start], self._tracked.get(url, text[start:stop])]
            end = stop
        way_out = self._frame.unsubscribe_url
        closed = "" if way_out and way_out in text else f"\n\n{email_html.footer_text(self._frame)}"
        return "".join([*parts, text[end:]]).strip() + f"{closed}\n"

    def _fragment(self, page: Page, field: str) -> tuple[str, str]:
        place = self._placing(self._links)
        self._links += page.links
        return page.render(self._variables, place, field=field)

    def _placing(self, first: int) -> Place:
        made: dict[int, str] = {}

        def place(link: int, turn: int, url: str) -> str:
            number = first + link + turn * self._numbers
            if number not in made:
                made[number] = self._tracked[url] = self._addressing.tracked(url, number)
            return made[number]

        return place

    def _block(self, block: Block, n: int) -> Shown:
        at = f"email.blocks[{n}]"
        shown: Block
        told: Block
        if isinstance(block, Mjml):
            page, *self._pages = self._pages
            html, text = self._fragment(page, f"{at}.source")
            shown, told = Mjml(html), Mjml(text)
        else:
            shown = told = self._plain(block, at)
        level = email_html.level(self._form.blocks, n)
        return email_html.block_html(shown, self._frame.brand, level=level), email_html.block_text(told)

    def _plain(self, block: Block, at: str) -> Block:
        variables = self._variables
        match block:
            case Heading():
                return Heading(one_line(fill(block.text, variables, f"{at}.text")))
            case Text():
                return Text(fill(block.text, variables, f"{at}.text"))
            case Button():
                url = self._link(block.url, f"{at}.url", needed=True)
                return Button(one_line(fill(block.label, variables, f"{at}.label")), url)
            case Image():
                return self._image(block, at)
            case Divider() | Mjml():
                return block

    def _image(self, block: Image, at: str) -> Image:
        return Image(
            src=fill_url(block.src, self._variables, f"{at}.src", needed=True),
            alt=one_line(fill(block.alt, self._variables, f"{at}.alt")),
            url=self._link(block.url, f"{at}.url", needed=False) if block.url else "",
        )

    def _link(self, source: str, field: str, *, needed: bool) -> str:
        number = self._links
        self._links += 1
        url = fill_url(source, self._variables, field, needed=needed)
        self._tracked[url] = tracked = self._addressing.tracked(url, number)
        return tracked


@lru_cache(maxsize=FORMS_KEPT)
def same_for_all(blocks: tuple[Block, ...]) -> tuple[Shown | None, ...]:
    """Headings, texts and lines that say the same to everybody, made once in this process; None for the rest."""
    return tuple(_same(block, email_html.level(blocks, n)) for n, block in enumerate(blocks))


def _same(block: Block, level: int) -> Shown | None:
    made: Block = block
    if isinstance(block, Heading | Text):
        text = constant(block.text)
        if text is None:
            return None
        made = Heading(one_line(text)) if isinstance(block, Heading) else Text(text)
    elif not isinstance(block, Divider):
        return None
    return email_html.block_html(made, Brand(""), level=level), email_html.block_text(made)


def fragments_head(form: Email) -> str:
    sources = tuple(block.source for block in form.blocks if isinstance(block, Mjml))
    return letter.fragments(sources).head if sources else ""


def one_line(text: str, chars_max: int = SUBJECT_CHARS_MAX) -> str:
    """Header fields and headings have no line breaks: one in a name could begin another header."""
    return cut(" ".join(text.split()), chars_max)


def cut(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else f"{text[: chars_max - 1]}…"
