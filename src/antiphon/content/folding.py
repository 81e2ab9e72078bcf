"""HTML in lines that mail takes as they are: at most 998 octets each (RFC 5322 2.1.1).

A longer line makes the whole part quoted-printable, for each recipient anew: that costs more than all else about it.
Lines are broken where a line break says no more than a blank: between words, and behind the name of a tag.
"""

from __future__ import annotations

import re

from antiphon.content.mjml.lexer import LIQUID

LINE_CHARS = 240
"""Of up to four octets each. A word or an attribute that is longer stays whole."""

_BREAK = re.compile(rf"{LIQUID}|\n|(<[A-Za-z][A-Za-z0-9:-]*|\}}) (?! )", re.DOTALL)


def fold_words(text: str) -> str:
    """Escaped text that stands in a paragraph."""
    if len(text) <= LINE_CHARS:
        return text
    written, begun = [], 0
    while len(text) - begun > LINE_CHARS:
        blank = text.rfind(" ", begun + 1, begun + LINE_CHARS)
        blank = text.find(" ", begun + LINE_CHARS) if blank < 0 else blank
        if blank < 0:
            break
        written.append(text[begun:blank])
        begun = blank + 1
    return "\n".join([*written, text[begun:]])


def fold_tags(html: str) -> str:
    """A page, perhaps with Liquid in it. The rules of a style sheet stand on lines of their own, too."""
    written, begun, end = [], 0, 0
    for found in _BREAK.finditer(html):
        if found.group() == "\n":
            begun = found.end()
        elif found[1] and found.end() - begun > LINE_CHARS:
            written += [html[end : found.start()], found[1], "\n"]
            begun = end = found.end()
    return "".join([*written, html[end:]])
