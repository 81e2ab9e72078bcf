"""From rendered blocks to an e-mail: responsive, accessible HTML and its text alternative.

One column of at most 600 px, text of 16 px, buttons 44 px high, light and dark. Footer, unsubscribe link, pixel and
viewport are put in here, never by the author: an editor forgets them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NewType, assert_never

from markupsafe import escape
from msgspec import Struct

from antiphon.content.folding import fold_words
from antiphon.content.message import Block, Button, Divider, Heading, Image, Mjml, Text

Html = NewType("Html", str)


class Brand(Struct, frozen=True):
    """The sender's face. `colour` (#rrggbb) paints buttons; `postal_address` is law in many countries."""

    name: str
    postal_address: str = ""
    colour: str = "#4338ca"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.colour):
            raise ValueError("a brand's colour is written like #4338ca")


class Frame(Struct, frozen=True):
    """What the renderer puts around the blocks; an empty URL leaves its link out."""

    brand: Brand
    locale: str
    unsubscribe_url: str = ""
    preferences_url: str = ""
    pixel_url: str = ""
    head: str = ""
    """Styles that fragments of MJML among the blocks need."""


_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_STYLE = (
    ":root{color-scheme:light dark;supported-color-schemes:light dark}"
    ".c>:last-child{margin-bottom:0!important}"
    "@media(max-width:480px){.o{padding:0!important}.c{border-radius:0!important;padding:24px 20px!important}"
    ".b{width:100%!important}.b a{display:block!important}}"
    "@media(prefers-color-scheme:dark){.o,body{background:#16181d!important}.c{background:#22252c!important}"
    ".t,.c{color:#e8eaee!important}.m,.m a{color:#a6abb6!important}.d{border-color:#3d424d!important}}"
)
_CELL = (
    '<td class="c" style="padding:32px;background:#ffffff;border-radius:12px;color:#1f2430;'
    f'font-size:16px;line-height:24px;{_FONT}">'
)
_PARTED = '</td></tr><tr><td style="padding:0;background:#ffffff">'
_ON = f"<tr>{_CELL}"
_EMPTY = f"{_ON}\n</td></tr>"
"""A fragment of MJML is as wide as the page: the cell of the blocks ends before it and goes on after it."""

_RTL = frozenset({"ar", "fa", "he", "ur"})
# A gap after the preheader, or the inbox shows the first words of the body behind it.
PREHEADER_GAP = "&#847;&nbsp;" * 30
HIDDEN = "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all"

_FOOTER_WORDS = {
    "de": ("Abmelden", "Einstellungen"),
    "en": ("Unsubscribe", "Preferences"),
    "es": ("Darse de baja", "Preferencias"),
    "fr": ("Se désabonner", "Préférences"),
    "it": ("Annulla l’iscrizione", "Preferenze"),
    "nl": ("Uitschrijven", "Voorkeuren"),
    "pt": ("Cancelar a subscrição", "Preferências"),
}


def to_html(subject: str, preheader: str, blocks: Sequence[str], frame: Frame) -> Html:
    """`blocks` as `block_html` made them; the rest is rendered text, not Liquid, and escaped here."""
    language, direction = spoken(frame.locale)
    subject = escape(subject)
    body = "\n".join(blocks)
    cells = f"{_ON}\n{body}\n</td></tr>\n"
    if frame.head:
        cells = cells.replace(_EMPTY, "").replace("border-radius:12px;", "")  # the pieces stand edge to edge
    return Html(
        f'<!doctype html>\n<html lang="{escape(frame.locale)}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        '<meta name="x-apple-disable-message-reformatting">'
        '<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">'
        f"\n<title>{subject}</title>{frame.head}\n<style>{_STYLE}</style></head>\n"
        '<body style="margin:0;padding:0;background:#f2f3f5;-webkit-text-size-adjust:100%">'
        f"{_preheader_html(preheader)}\n"
        f'<div role="article" aria-roledescription="email" aria-label="{subject}">\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>'
        '<td class="o" align="center" style="padding:24px 12px;background:#f2f3f5">'
        '<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]-->\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px">'
        f"{cells}{_footer_html(frame, language)}</table>\n"
        "<!--[if mso]></td></tr></table><![endif]--></td></tr></table></div>"
        f"\n{pixel_html(frame.pixel_url)}</body></html>"
    )


def level(blocks: Sequence[Block], n: int) -> int:
    """Of the heading at `n`: the first of an e-mail is its title."""
    return 1 if not any(isinstance(block, Heading) for block in blocks[:n]) else 2


def spoken(locale: str) -> tuple[str, str]:
    """The language and its direction."""
    language = locale.split("-", 1)[0]
    return language, "rtl" if language in _RTL else "ltr"


def to_text(blocks: Sequence[str], frame: Frame) -> str:
    """The text alternative (RFC 2046 5.1.4): the same words and the same links. `blocks` as `block_text` made them."""
    return "\n\n".join([*(block for block in blocks if block), footer_text(frame)]) + "\n"


def footer_text(frame: Frame) -> str:
    unsubscribe, preferences = _footer_words(spoken(frame.locale)[0])[1]
    footer = [frame.brand.name, frame.brand.postal_address]
    footer += [f"{preferences}: {frame.preferences_url}"] if frame.preferences_url else []
    footer += [f"{unsubscribe}: {frame.unsubscribe_url}"] if frame.unsubscribe_url else []
    return "-- \n" + "\n".join(line for line in footer if line)


def footer_of_its_own(frame: Frame) -> str:
    """For a page that is not ours: in colours that can be read whatever lies behind."""
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center" '
        'style="background:#f2f3f5">\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        f'style="max-width:600px">{_footer_html(frame, spoken(frame.locale)[0])}</table></td></tr></table>'
    )


def block_html(block: Block, brand: Brand, *, level: int) -> str:
    """A rendered block, escaped. A fragment of MJML holds its HTML here."""
    match block:
        case Heading():
            return _heading_html(block, level)
        case Text():
            return _text_html(block)
        case Button():
            return _button_html(block, brand)
        case Image():
            return _image_html(block)
        case Mjml():
            return f"{_PARTED}{block.source}</td></tr>{_ON}"
        case Divider():
            return '<hr class="d" style="margin:24px 0;border:0;border-top:1px solid #d9dce1">'
        case _:
            assert_never(block)


def _heading_html(block: Heading, level: int) -> str:
    size = "24px;line-height:30px" if level == 1 else "19px;line-height:26px"
    return (
        f'<h{level} class="t" style="margin:0 0 16px;font-weight:650;font-size:{size}">{escape(block.text)}</h{level}>'
    )


def _text_html(block: Text) -> str:
    paragraphs = re.split(r"\n\s*\n", block.text.strip())
    return "\n".join(
        f'<p style="margin:0 0 16px;overflow-wrap:anywhere">{_lines_html(paragraph)}</p>' for paragraph in paragraphs
    )


def _lines_html(paragraph: str) -> str:
    return "<br>\n".join(fold_words(line) for line in str(escape(paragraph)).split("\n"))


def _button_html(block: Button, brand: Brand) -> str:
    return (
        '<table role="presentation" class="b" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr>'
        f'<td class="b" align="center" bgcolor="{brand.colour}" style="border-radius:8px;mso-padding-alt:12px 24px">'
        f'<a href="{escape(block.url)}" style="display:inline-block;padding:12px 24px;border-radius:8px;'
        f"background:{brand.colour};color:{_ink(brand.colour)};font-weight:600;line-height:20px;"
        f'text-decoration:none">{escape(block.label)}</a></td></tr></table>'
    )


def _image_html(block: Image) -> str:
    image = (
        f'<img src="{escape(block.src)}" alt="{escape(block.alt)}" width="536" '
        'style="display:block;width:100%;max-width:536px;height:auto;border:0;border-radius:8px">'
    )
    linked = f'<a href="{escape(block.url)}">{image}</a>' if block.url else image
    return f'<div style="margin:0 0 16px">{linked}</div>'


def _preheader_html(preheader: str) -> str:
    if not preheader:
        return ""
    return f'<div style="{HIDDEN}">{escape(preheader)}\n{PREHEADER_GAP}</div>'


def _footer_html(frame: Frame, language: str) -> str:
    urls = [url for url in (frame.preferences_url, frame.unsubscribe_url) if url]
    first, *others = _footer_around(frame.brand, language, bool(frame.preferences_url), bool(frame.unsubscribe_url))
    return first + "".join([f"{escape(url)}{other}" for url, other in zip(urls, others, strict=True)])


@lru_cache(maxsize=256)
def _footer_around(brand: Brand, language: str, preferences: bool, unsubscribe: bool) -> tuple[str, ...]:
    """What stands before, between and behind the URLs: the same for all who get it from this brand."""
    spoken, words = _footer_words(language)
    link = "display:inline-block;padding:10px 8px;color:#5c6370"  # with the line, 44 px to touch
    ways = ((words[1], preferences), (words[0], unsubscribe))
    links = [f'<a href="\0" style="{link}">{word}</a>' for word, there in ways if there]
    lines = [str(escape(line)).replace("\0", "") for line in (brand.name, brand.postal_address) if line]
    marked = f' lang="{spoken}" dir="ltr"' if spoken != language else ""
    if links:
        lines.append(f"<span{marked}>{' '.join(links)}</span>")
    told = "\n".join(lines).replace("\n", "<br>\n")
    footer = (
        '<tr><td class="m" align="center" style="padding:20px 32px;color:#5c6370;font-size:14px;line-height:24px;'
        f'{_FONT}">{told}</td></tr>'
    )
    return tuple(footer.split("\0"))


def pixel_html(url: str) -> str:
    return f'<img src="{escape(url)}" width="1" height="1" alt="" style="display:block">' if url else ""


def _footer_words(language: str) -> tuple[str, tuple[str, str]]:
    spoken = language if language in _FOOTER_WORDS else "en"
    return spoken, _FOOTER_WORDS[spoken]


def _ink(colour: str) -> str:
    """Black or white, whichever stands out more on the colour (WCAG 2.2 relative luminance)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if luminance < 0.179 else "#000000"


def block_text(block: Block) -> str:
    """A rendered block in the text alternative. A fragment of MJML holds its text here."""
    match block:
        case Heading() | Text():
            return block.text.strip()
        case Button():
            return f"{block.label}: {block.url}"
        case Image():
            return "\n".join(part for part in (f"[{block.alt}]" if block.alt else "", block.url) if part)
        case Mjml():
            return block.source.strip()
        case Divider():
            return "----"
        case _:
            assert_never(block)
