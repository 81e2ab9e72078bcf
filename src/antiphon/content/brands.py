"""The face that a message has: of the company, or of one of its further brands."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.content.email_html import Brand
from antiphon.content.message import Message
from antiphon.kernel.errors import Flaw
from antiphon.kernel.settings import Settings, UnknownBrand


def brand_of(now: Settings) -> Brand:
    """`now`: as they hold for the message's brand."""
    brand = Brand(now.brand_name, now.imprint)
    return replace(brand, colour=now.brand_color) if now.brand_color else brand


def flaws_of_brand(message: Message, now: Settings) -> list[Flaw]:
    """Whether the brand that it names is one that there is."""
    try:
        now.as_brand(message.brand)
    except UnknownBrand as unknown:
        return [Flaw("brand", unknown.message)]
    return []
