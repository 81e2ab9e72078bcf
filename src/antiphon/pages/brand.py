"""The company's face on its pages: a colour that can be read in light and dark, a logo, what stands in the footer."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from msgspec import Struct

from antiphon.kernel.settings import Settings

COLOR = "#4338ca"
PAPER_LIGHT, PAPER_DARK = "#ffffff", "#1b1e25"
INK_ON_LIGHT, INK_ON_DARK = "#ffffff", "#16182c"
CONTRAST_MIN = 4.5
"""WCAG 2.2, 1.4.3: text of any size."""
_STEPS = 40
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?")


class Shades(Struct, frozen=True):
    """The accent by light and in the dark: readable on paper, and readable writing stands on it."""

    light: str
    dark: str


class Brand(Struct, frozen=True):
    """`logo_origin` is what the content security policy must allow; empty without a logo."""

    name: str
    postal_address: str = ""
    color: str = ""
    logo_url: str = ""
    logo_origin: str = ""
    privacy_url: str = ""

    @property
    def shades(self) -> Shades:
        return shades(self.color or COLOR)


def brand_of(now: Settings, key: str = "") -> Brand:
    """`key`: of a further brand. One that is gone has the company's face: who wants to unsubscribe can."""
    now = now.as_brand(key) if key in now.brands else now
    origin = _origin(now.brand_logo_url)
    return Brand(
        name=now.brand_name,
        postal_address=now.imprint,
        color=now.brand_color,
        logo_url=now.brand_logo_url if origin else "",
        logo_origin=origin,
        privacy_url=now.privacy_url,
    )


def _origin(url: str) -> str:
    """A host that could end a directive of the policy leads to no logo."""
    parts = urlsplit(url)
    return f"https://{parts.netloc}" if parts.scheme == "https" and _HOST.fullmatch(parts.netloc) else ""


@lru_cache(maxsize=64)
def shades(color: str) -> Shades:
    """The colour itself where it can be read; else the nearest shade of it towards black or white."""
    return Shades(
        light=_until_readable(color, towards="#000000", on=(PAPER_LIGHT, INK_ON_LIGHT)),
        dark=_until_readable(color, towards="#ffffff", on=(PAPER_DARK, INK_ON_DARK)),
    )


def _until_readable(color: str, *, towards: str, on: tuple[str, ...]) -> str:
    for step in range(_STEPS):
        shade = _mix(color, towards, step / _STEPS)
        if all(contrast(shade, other) >= CONTRAST_MIN for other in on):
            return shade
    return towards


def contrast(one: str, other: str) -> float:
    """From 1 to 21. Source: WCAG 2.2, contrast ratio and relative luminance."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _mix(one: str, other: str, share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(_parts(one), _parts(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
