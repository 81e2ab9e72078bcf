"""Which URLs a message may lead to: http and https only, and the host is the author's or wholly one variable."""

from __future__ import annotations

import re
from urllib.parse import quote

from antiphon.content.liquid import RenderError
from antiphon.kernel.said import worded

URL_CHARS_MAX = 2_048

# A host ends at "/", "?" or "#". What browsers read otherwise ("\", "@", blanks, controls) never gets into one.
_HOST = re.compile(r"https?://(?:[^\W_](?:[\w.-]*[^\W_])?\.?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?(?=[/?#]|$)", re.I)
_UNSAFE = re.compile(r"[^!#$%&'()*+,/:;=?@\[\]~\w.-]|[^\x00-\x7f]")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_IN_TEXT = re.compile(r"https?://[^\s<>\"\\^`{|}\x00-\x1f]+", re.I)


def source_flaw(source: str) -> str | None:
    """What is wrong with the Liquid source of a URL; None if it may be used (its result is checked again)."""
    if source.startswith(("{{", "{%")):
        return None
    literal = re.split(r"\{\{|\{%", source, maxsplit=1)[0]
    if not re.match(r"https?://", literal, re.I):
        return "A URL starts with https:// or http://, or is a variable such as {{ offer.url }}."
    host = _HOST.match(literal)
    if host is None:
        return "The host of this URL is not valid. It cannot hold a variable, unless the whole URL is one."
    if host.end() == len(literal) < len(source):
        return "The host must not run into a variable: put a / after it, or make the whole URL one variable."
    return None


def checked(url: str) -> str | None:
    """The rendered URL, percent-encoded where it must be; None when it is not one we lead to."""
    url = url.strip()
    host = _HOST.match(url) if len(url) <= URL_CHARS_MAX else None
    if host is None:
        return None
    rest = url[host.end() :]
    if _UNSAFE.search(rest):
        rest = quote(rest, safe=_SAFE, errors="replace")
    return host.group() + rest


def in_text(text: str) -> list[tuple[int, int, str]]:
    """The URLs in a text as (start, end, URL), without the punctuation of the sentence around them."""
    found = []
    for match in _IN_TEXT.finditer(text):
        if len(match.group()) > URL_CHARS_MAX:
            continue
        url = _trimmed(match.group())
        if target := checked(url):
            found.append((match.start(), match.start() + len(url), target))
    return found


def _trimmed(url: str) -> str:
    while url and (url[-1] in ".,;:!?'\"»”’*_~" or (url[-1] in ")]" and not _is_balanced(url))):
        url = url[:-1]
    return url


def _is_balanced(url: str) -> bool:
    return url.count("(") >= url.count(")") and url.count("[") >= url.count("]")


def web_address(text: str, field: str, *, needed: bool) -> str:
    """A rendered http or https URL; "" when it came out empty and is not needed. Raises `RenderError`."""
    text = text.strip()
    if not text and not needed:
        return ""
    url = checked(text)
    if url is None:
        shown = f"{text[:80]}…" if len(text) > 80 else text or "nothing"
        raise RenderError(worded("This became {shown}, which is not an http or https URL.", shown=shown), field=field)
    return url
