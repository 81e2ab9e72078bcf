"""An e-mail for one person: blocks or a page of MJML become HTML and its text alternative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from antiphon.content import email_html, letter, urls
from antiphon.content.addressing import Addressing
from antiphon.content.email_html import Frame
from antiphon.content.letter import Page
from antiphon.content.links import fill, fill_url, numbered, pages_of
from antiphon.content.message import Block, Button, Divider, Email, Heading, Image, Mjml, Text
from antiphon.content.page import Place

SUBJECT_CHARS_MAX = 500

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
        html = f"{html}{footer}</div>{email_html.pixel_html(frame.pixel_url)}</body></html>"
        return html, text if page.says_way_out else f"{text}\n{email_html.footer_text(frame)}\n"

    def blocks(self, subject: str, preheader: str) -> tuple[str, str]:
        blocks = [self._block(block, f"email.blocks[{n}]") for n, block in enumerate(self._form.blocks)]
        shown = Email(subject, tuple(html for html, _ in blocks), preheader)
        told = Email(subject, tuple(text for _, text in blocks), preheader)
        return email_html.to_html(shown, self._frame), email_html.to_text(told, self._frame)

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

    def _block(self, block: Block, at: str) -> tuple[Block, Block]:
        """As it is shown, and as it is told in the text alternative: not the same for MJML."""
        if isinstance(block, Mjml):
            page, *self._pages = self._pages
            html, text = self._fragment(page, f"{at}.source")
            return Mjml(html), Mjml(text)
        made = self._plain(block, at)
        return made, made

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


def fragments_head(form: Email) -> str:
    sources = tuple(block.source for block in form.blocks if isinstance(block, Mjml))
    return letter.fragments(sources).head if sources else ""


def one_line(text: str, chars_max: int = SUBJECT_CHARS_MAX) -> str:
    """Header fields and headings have no line breaks: one in a name could begin another header."""
    return cut(" ".join(text.split()), chars_max)


def cut(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else f"{text[: chars_max - 1]}…"
