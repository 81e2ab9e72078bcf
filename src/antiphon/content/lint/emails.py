"""An e-mail as a whole: its size, its preheader, its way out, what clients leave out of it."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon.content import email_html, letter, mjml
from antiphon.content.email_html import Brand, Frame
from antiphon.content.lint import clients, looks, markup, texts
from antiphon.content.lint.records import Finding
from antiphon.content.message import Email, Mjml
from antiphon.kernel.said import worded

GMAIL_BYTES_MAX = 102 * 1024
"""Gmail shows no more of a mail's HTML than 102 kB and a link to the rest; with it goes the open pixel."""


def judge(form: Email, at: str, *, size: int = 0, marketing: bool) -> Iterator[Finding]:
    """`size`: in bytes, of the mail as somebody gets it; else of the mail as it is written."""
    html = written(form)
    whole = f"{at}.mjml" if form.mjml else f"{at}.blocks"
    yield from texts.subject(texts.estimated(form.subject), f"{at}.subject")
    if not form.preheader and not (form.mjml and mjml.compile(form.mjml).previews):
        said = worded("Without a preheader the inbox shows whatever words come first.")
        yield Finding("hint", f"{at}.preheader", "preheader_missing", said)
    yield from _size(size or len(html.encode()), whole)
    for source in _sources(form):
        for stray in mjml.strays(source):
            yield Finding("warning", whole, "stray_text", worded(stray.message))
    yield from looks.judge(html, whole)
    yield from clients.judge(markup.uses(form), whole)
    if marketing and form.mjml and letter.document(form.mjml, preheader=bool(form.preheader)).says_way_out:
        yield from _address(form.mjml, whole)


def _address(source: str, at: str) -> Iterator[Finding]:
    if "postal_address" not in source:
        said = worded(
            "You wrote the footer yourself, without {{ postal_address }}: marketing needs it in many countries."
        )
        yield Finding("warning", at, "postal_address", said)


def _size(size: int, at: str) -> Iterator[Finding]:
    if size > GMAIL_BYTES_MAX:
        form = "{kb:.0f} kB: Gmail cuts at 102 kB, and what comes after is not seen, the way out among it."
        yield Finding("error", at, "clipped", worded(form, kb=size / 1024), ("Gmail",))
    elif size > GMAIL_BYTES_MAX * 0.8:
        yield Finding("hint", at, "clipped", worded("{kb:.0f} kB: Gmail cuts at 102 kB.", kb=size / 1024), ("Gmail",))


def _sources(form: Email) -> list[str]:
    fragments = [block.source for block in form.blocks if isinstance(block, Mjml)]
    return [form.mjml, *fragments] if form.mjml else fragments


def written(form: Email) -> str:
    """The HTML with the author's Liquid in it, as far as it is the author's."""
    if form.mjml:
        return mjml.compile(form.mjml).html
    sources = tuple(_sources(form))
    head, htmls = mjml.compile_fragments(sources) if sources else ("", [])
    parts = iter(htmls)
    blocks = [Mjml(next(parts)) if isinstance(block, Mjml) else block for block in form.blocks]
    frame = Frame(Brand("Brand"), "en", "https://antiphon.invalid/u", head=head)
    shown = [
        email_html.block_html(block, frame.brand, level=email_html.level(form.blocks, n))
        for n, block in enumerate(blocks)
    ]
    return email_html.to_html(form.subject, form.preheader, shown, frame)
