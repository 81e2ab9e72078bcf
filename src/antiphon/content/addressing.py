"""Our own addresses in a message: clicks, the open pixel, the pages where people choose."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from antiphon.content.email_html import Brand

CLICK, OPEN, UNSUBSCRIBE, PREFERENCES, SHOWN, CONFIRM = "c", "o", "u", "p", "d", "y"


class Sign(Protocol):
    """`kernel.tokens.Signer.sign`."""

    def __call__(self, kind: str, *numbers: int) -> str: ...


class Addressing(Struct, frozen=True):
    """What differs from one delivery to the next besides the words. `base_url` has no slash at its end.

    `track` rewrites links and adds the pixel; `unsubscribe` and `preferences` say which of these links exist. Templates
    know them as `unsubscribe_url` and `preferences_url`; links to our own pages are never rewritten.
    """

    base_url: str
    sign: Sign
    delivery: int
    brand: Brand
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    feedback_id: str = ""
    automatic: bool = False
    track: bool = True
    unsubscribe: bool = True
    preferences: bool = False

    def click_url(self, number: int) -> str:
        return f"{self.base_url}/{CLICK}/{self.sign(CLICK, self.delivery, number)}"

    def open_url(self) -> str:
        return f"{self.base_url}/{OPEN}/{self.sign(OPEN, self.delivery)}.gif" if self.track else ""

    def shown_url(self) -> str:
        return f"{self.base_url}/{SHOWN}/{self.sign(SHOWN, self.delivery)}" if self.track else ""

    def unsubscribe_url(self) -> str:
        return f"{self.base_url}/{UNSUBSCRIBE}/{self.sign(UNSUBSCRIBE, self.delivery)}" if self.unsubscribe else ""

    def preferences_url(self) -> str:
        return f"{self.base_url}/{PREFERENCES}/{self.sign(PREFERENCES, self.delivery)}" if self.preferences else ""

    def variables(self) -> dict[str, str]:
        return {
            "unsubscribe_url": self.unsubscribe_url(),
            "preferences_url": self.preferences_url(),
            "brand_name": self.brand.name,
            "postal_address": self.brand.postal_address,
        }

    def is_ours(self, url: str) -> bool:
        """A page where people choose: it works without a detour, and who opens it need not be counted."""
        if not url.startswith(self.base_url):
            return False
        return any(url.startswith(f"{self.base_url}/{kind}/") for kind in (UNSUBSCRIBE, PREFERENCES, CONFIRM))

    def tracked(self, url: str, number: int) -> str:
        """What stands in the message for this link."""
        return self.click_url(number) if url and self.track and not self.is_ours(url) else url
