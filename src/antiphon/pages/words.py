"""What pages say of addresses, days and lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from antiphon.kernel import i18n


def masked(channel: str, address: str) -> str:
    """Enough to know it by, not enough to learn it: a forwarded message must not give its owner away."""
    local, at, domain = address.rpartition("@")
    if channel == "email" and at:
        return f"{local[:1]}…@{domain}"
    return f"{address[:3]}…{address[-3:]}" if channel in ("sms", "voice") and len(address) > 8 else ""


def named(locale: str, channel: str, address: str) -> str:
    """The masked address, or "this device" where it says nothing to anybody."""
    return masked(channel, address) or i18n.translate(locale, "address.device")


def channel_words(locale: str, channel: str) -> str:
    """Such as "text messages"."""
    return i18n.translate(locale, f"channel.{channel}")


def day(locale: str, given: date) -> str:
    """Such as "3 March 2026"."""
    month = i18n.translate(locale, "date.months").split()[given.month - 1]
    return i18n.translate(locale, "date.day", day=given.day, month=month, year=given.year)


def listed(locale: str, items: Sequence[str]) -> str:
    """Such as "a, b and c"."""
    *first, last = items
    return i18n.translate(locale, "words.and", first=", ".join(first), last=last) if first else last


def in_language(locale: str, texts: dict[str, str], *, default: str = "") -> str:
    """The text in the reader's language, else in English, else in any."""
    spelt = {name.replace("_", "-").split("-")[0]: text for name, text in reversed(texts.items())} | texts
    return spelt.get(locale) or spelt.get(i18n.DEFAULT) or next(iter(texts.values()), default)
