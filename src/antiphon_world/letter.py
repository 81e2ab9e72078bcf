"""What a customer sees of a message, whatever it came by: the few things they can act on."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import Struct

from antiphon_world.returned import Original

LINKS_MAX = 50
URL_MAX = 2048
_LINK = re.compile(r"(?<![\w/.:-])(https?://)?([\w.-]+(?::\d+)?/c/[^\s<>\"']{1,2000})")


class Letter(Struct, frozen=True):
    """`links` are tracked ones (`/c/…`); `pixel` is `/o/…`; `unsubscribe` the one-click URL;
    `preferences` is `/p/…`; `sender` whom to answer.

    `nth` counts messages to this address from 1.
    """

    channel: str
    provider: str
    address: str
    nth: int
    at: float
    delivery: str | None = None
    links: tuple[str, ...] = ()
    pixel: str | None = None
    unsubscribe: str | None = None
    shown: str | None = None
    sender: str | None = None
    preferences: str | None = None
    original: Original | None = None
    """Of a mail: what is needed to write about it."""


def is_tracked(url: str) -> bool:
    return urlsplit(url).path.startswith("/c/")


def tracked_links(text: str) -> tuple[str, ...]:
    """The tracked links of plain text; an SMS may leave out the scheme."""
    if "/c/" not in text:
        return ()
    found = ((scheme or "http://") + rest.rstrip(".,;:!?)]") for scheme, rest in _LINK.findall(text))
    return tuple(dict.fromkeys(found))[:LINKS_MAX]
