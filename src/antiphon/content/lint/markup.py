"""What of HTML and CSS an author uses, by name: `property:gap`, `tag:video`, `image:webp`.

Read is what the author wrote, not what it was compiled to: the compiler brings its own ways round for each client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

from antiphon.content import mjml
from antiphon.content.message import Email, Image, Mjml
from antiphon.content.mjml.lexer import LIQUID_RE, Attribute, pieces

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DECLARATION = re.compile(r"(?:^|[;{\s])([a-z-]{2,40})\s*:\s*([^;{}]{1,2000})", re.I)
_AT = re.compile(r"@([a-z-]+)([^{;]*)", re.I)
_PSEUDO = re.compile(r":{1,2}([a-z-]+)", re.I)
_FUNCTION = re.compile(r"([a-z-]+)\(", re.I)
_UNIT = re.compile(r"(?<![\w#])-?[0-9.]+(rem|vw|vh|vmin|vmax|ch)\b", re.I)
_IMAGE = re.compile(r"\.([a-z0-9]{2,5})$")
_NESTED = re.compile(r"\{[^{}]*[;{\s]&[\s:.>+~\w-]*\{")
_SELECTORS = (
    ("attribute", re.compile(r"\[[\w-]+")),
    ("adjacent", re.compile(r"\S\s*\+\s*\S")),
    ("child", re.compile(r"\S\s*>\s*\S")),
    ("sibling", re.compile(r"\S\s*~\s*\S")),
    ("id", re.compile(r"(?:^|[\s,>+~])[\w]*#[a-z]", re.I)),
)
_OF_MJML = {"border-radius": "property:border-radius", "letter-spacing": "property:letter-spacing"}
_IN_MJML = {
    "text-transform": "property:text-transform",
    "srcset": "attribute:srcset",
    "usemap": "attribute:usemap",
    "direction": "property:direction",
}


def uses(email: Email) -> Iterator[str]:
    """Each as often as it is used."""
    if email.mjml:
        yield from _of_mjml(email.mjml)
    for block in email.blocks:
        if isinstance(block, Mjml):
            yield from _of_mjml(block.source)
        elif isinstance(block, Image):
            yield from _of_image(block.src)


def _of_mjml(source: str) -> Iterator[str]:
    elements, _ = mjml.read(source)
    for root in elements:
        for element in root.walk():
            for attribute in element.attributes:
                yield from _of_attribute(attribute)
            if element.name == "mj-style":
                yield from of_css(LIQUID_RE.sub("x", element.source))
            elif element.name == "mj-font":
                yield "at:font-face"
            elif element.source:
                yield from of_html(element.source)


def _of_attribute(attribute: Attribute) -> Iterator[str]:
    known = {**_OF_MJML, **_IN_MJML}
    if attribute.name in known:
        yield known[attribute.name]
    elif attribute.name in ("src", "thumbnails-src", "background-url"):
        yield from _of_image(attribute.value or "")


def of_html(html: str) -> Iterator[str]:
    for piece in pieces(html):
        if piece.what != "open":
            continue
        yield f"tag:{piece.name}"
        for attribute in piece.attributes():
            name, value = attribute.name.lower(), attribute.value or ""
            yield f"attribute:{name}"
            if name == "style":
                yield from of_declarations(LIQUID_RE.sub("x", unescape(value)))
            elif name == "src" and piece.name == "img":
                yield from _of_image(value)
            elif name == "href" and value.startswith("#") and len(value) > 1:
                yield "link:anchor"
            elif name == "rel" and piece.name == "link" and value == "stylesheet":
                yield "link:stylesheet"


def of_css(css: str) -> Iterator[str]:
    """A style sheet."""
    css = _COMMENT.sub("", css)
    for name, rest in _AT.findall(css):
        yield f"at:{name.lower()}"
        for feature in ("prefers-color-scheme", "prefers-reduced-motion", "orientation"):
            if feature in rest:
                yield f"media:{feature}"
    if _NESTED.search(css):
        yield "nesting"
    for selector in re.findall(r"(?:^|[{};])([^{};@]+)\{", css):
        for name, pattern in _SELECTORS:
            if pattern.search(selector.strip()):
                yield f"selector:{name}"
        for pseudo in _PSEUDO.findall(selector):
            yield f"pseudo:{pseudo.lower()}"
    for body in re.findall(r"\{([^{}]*)\}?", css):
        yield from of_declarations(body)


def of_declarations(css: str) -> Iterator[str]:
    for found, value in _DECLARATION.findall(css):
        name = found.lower()
        yield f"property:{name}"
        said = value.strip().lower().removesuffix("!important").strip()
        yield f"value:{name}={said}"
        for function in _FUNCTION.findall(value):
            yield f"function:{function.lower()}"
            if function.lower() == "url" and name == "background":
                yield "url-in:background"
        for unit in _UNIT.findall(value):
            yield f"unit:{unit.lower()}"


def _of_image(url: str) -> Iterator[str]:
    url = LIQUID_RE.sub("x", url).strip()
    if url.startswith("data:"):
        yield "image:data"
    else:
        try:
            path = urlsplit(url).path.lower()
        except ValueError:
            return
        if found := _IMAGE.search(path):
            yield f"image:{found[1]}"
