"""What the types of settings cannot say. A setting that made every decision fail would stop all sending."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from antiphon.kernel.errors import Flaw
from antiphon.kernel.records import Channel
from antiphon.kernel.said import worded
from antiphon.kernel.settings_brands import FurtherBrand
from antiphon.kernel.settings_records import Keywords, Retention, Settings

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_CURRENCY = re.compile(r"[A-Z]{3}")
_URL = re.compile(r"https://[^\s\"'<>()\\;]+")
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
BRANDS_MAX = 100
REGIONS_MAX = 300
KEYWORDS_MAX = 100
KEYWORD_CHARS_MAX = 40
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?|\*")
_COUNTRY = re.compile(r"[A-Z]{2}")
CAPS_MAX = 20
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
TEXT_CHARS_MAX = 1_000


def flaws(wished: Settings) -> Iterator[Flaw]:
    """What the types cannot say. A setting that made every decision fail would stop all sending."""
    for field in msgspec.structs.fields(Settings):
        text = getattr(wished, field.name)
        if isinstance(text, str) and ("\0" in text or len(text) > TEXT_CHARS_MAX):
            yield Flaw(field.name, _too_long())
    yield from _flaws_of_brand(wished, "")
    yield from _flaws_of_brands(wished)
    if not _CURRENCY.fullmatch(wished.currency):
        yield Flaw("currency", "A currency is written like EUR, GBP or USD (ISO 4217).")
    if not 1 <= wished.soft_failures_max <= 1_000:
        yield Flaw("soft_failures_max", "At most a number from 1 to 1,000.")
    if not 1 <= wished.double_opt_in_days <= 365:
        yield Flaw("double_opt_in_days", "From 1 to 365 days.")
    yield from _flaws_of_retention(wished.retention)
    if not _is_timezone(wished.timezone):
        yield Flaw("timezone", "Name a time zone of the IANA list, such as Europe/Madrid.")
    yield from _flaws_of_laws(wished)
    yield from _flaws_of_keywords(wished.keywords)
    if quiet := wished.quiet_hours:
        for name, hour in (("start", quiet.start), ("end", quiet.end)):
            if not _HOUR.fullmatch(hour):
                yield Flaw(f"quiet_hours.{name}", "A time of day is HH:MM, from 00:00 to 23:59.")
        for n, day in enumerate(quiet.holidays):
            if not (_COUNTRY.fullmatch(day) or _is_date(day)):
                yield Flaw(f"quiet_hours.holidays[{n}]", "A date such as 2026-12-26, or a country such as FR.")
        for n, channel in enumerate(quiet.channels):
            if channel not in tuple(Channel):
                yield Flaw(f"quiet_hours.channels[{n}]", worded("It is not one of {known}.", known=", ".join(Channel)))
    if not 0 <= wished.critical_per_hour <= 1_000:
        yield Flaw("critical_per_hour", "A number from 0 to 1,000.")
    yield from _flaws_of_caps(wished)
    yield from _flaws_of_sending(wished)


def _flaws_of_brands(wished: Settings) -> Iterator[Flaw]:
    if len(wished.brands) > BRANDS_MAX:
        yield Flaw("brands", worded("At most {most} of them.", most=BRANDS_MAX))
        return
    for key, own in wished.brands.items():
        if not _KEY.fullmatch(key):
            yield Flaw(f"brands.{key}", "A key is 1 to 40 small letters, digits, - or _.")
            continue
        for name in own.__struct_fields__:
            text = getattr(own, name)
            if isinstance(text, str) and ("\0" in text or len(text) > TEXT_CHARS_MAX):
                yield Flaw(f"brands.{key}.{name}", _too_long())
        yield from _flaws_of_brand(own, f"brands.{key}.")


def _flaws_of_brand(face: Settings | FurtherBrand, at: str) -> Iterator[Flaw]:
    """Addresses go into headers; whether mail is taken there, sending tells."""
    if face.brand_color and not _COLOR.fullmatch(face.brand_color):
        yield Flaw(f"{at}brand_color", "A colour is written like #4338ca.")
    for name in ("brand_logo_url", "privacy_url"):
        if (url := getattr(face, name)) and not _URL.fullmatch(url):
            yield Flaw(f"{at}{name}", "A URL begins with https:// and has no spaces, quotes or brackets.")
    if (face.sender_email or not at) and not _ADDRESS.fullmatch(face.sender_email):
        yield Flaw(f"{at}sender_email", "An e-mail address is written like hello@shop.example.")
    if face.reply_to and not _ADDRESS.fullmatch(face.reply_to):
        yield Flaw(f"{at}reply_to", "An e-mail address is written like hello@shop.example; empty: where it came from.")
    for region, sender in face.senders.items():
        if not _COUNTRY.fullmatch(region):
            yield Flaw(f"{at}senders.{region}", "A region is written like US or GB.")
        if len(sender.sms) > 20 or len(sender.email) > 254:
            yield Flaw(
                f"{at}senders.{region}", "A sender of text messages has at most 20 characters, an e-mail address 254."
            )


def _too_long() -> str:
    return worded("A text has at most {most} characters, none of them U+0000.", most=TEXT_CHARS_MAX)


def _flaws_of_caps(wished: Settings) -> Iterator[Flaw]:
    named = [("frequency_cap", wished.frequency_cap)] if wished.frequency_cap else []
    named += [(f"frequency_caps[{n}]", cap) for n, cap in enumerate(wished.frequency_caps)]
    if len(wished.frequency_caps) > CAPS_MAX:
        yield Flaw("frequency_caps", worded("At most {most} of them.", most=CAPS_MAX))
    for at, cap in named:
        if cap is None:
            continue
        if not 0 <= cap.count <= 1_000:
            yield Flaw(f"{at}.count", "At most a number from 0 to 1,000.")
        if not (math.isfinite(cap.within_s) and 1 <= cap.within_s <= 366 * 86_400):
            yield Flaw(f"{at}.within_s", "From a second to a year.")
        if cap.channel is not None and cap.channel not in tuple(Channel):
            yield Flaw(f"{at}.channel", worded("It is not one of {known}.", known=", ".join(Channel)))


def _flaws_of_sending(wished: Settings) -> Iterator[Flaw]:
    if not 0 <= wished.exploration <= 0.1:
        yield Flaw("exploration", "A share from 0 to 0.1.")
    if not 0 <= wished.decision_sample <= 1:
        yield Flaw("decision_sample", "A share from 0 to 1.")
    if not (math.isfinite(wished.answer_worth) and 0 <= wished.answer_worth <= 1e9):
        yield Flaw("answer_worth", "Money: not negative.")
    if not 0 <= wished.recall_s <= 86_400:
        yield Flaw("recall_s", "From 0 to 86,400 seconds.")
    for name in ("complaints", "bounces", "opt_outs"):
        share = getattr(wished.stop_above, name)
        if share is not None and not 0 < share <= 1:
            yield Flaw(f"stop_above.{name}", "A share above 0 and at most 1, or null for no limit.")
    if not 1 <= wished.stop_above.least <= 1_000_000:
        yield Flaw("stop_above.least", "A number from 1 to 1,000,000.")
    for channel in wished.routing:
        if channel not in tuple(Channel):
            yield Flaw(f"routing.{channel}", worded("It is not one of {known}.", known=", ".join(Channel)))


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _flaws_of_laws(wished: Settings) -> Iterator[Flaw]:
    if len(wished.jurisdictions) > REGIONS_MAX:
        yield Flaw("jurisdictions", worded("At most {most} regions.", most=REGIONS_MAX))
        return
    for region, own in wished.jurisdictions.items():
        at = f"jurisdictions.{region}"
        if not _REGION.fullmatch(region):
            yield Flaw(at, "A region is written like FR or US-FL; * is everywhere.")
        for n, channel in enumerate(own.channels):
            if channel not in tuple(Channel):
                yield Flaw(f"{at}.channels[{n}]", worded("It is not one of {known}.", known=", ".join(Channel)))
        for days, spans in (own.windows or {}).items():
            if not _is_days(days):
                yield Flaw(f"{at}.windows.{days}", "Days are written like mon, mon-fri or all.")
            for n, (start, end) in enumerate(spans):
                if not (_HOUR.fullmatch(start) and (_HOUR.fullmatch(end) or end == "24:00") and start < end):
                    yield Flaw(f"{at}.windows.{days}[{n}]", "Two times of day, HH:MM, the first before the second.")


def _is_days(words: str) -> bool:
    first, _, last = words.partition("-")
    return words == "all" or (
        first in _DAYS and (last or first) in _DAYS and _DAYS.index(first) <= _DAYS.index(last or first)
    )


def _flaws_of_keywords(words: Keywords) -> Iterator[Flaw]:
    for name in ("opt_out", "opt_in", "help"):
        given = getattr(words, name)
        if len(given) > KEYWORDS_MAX:
            yield Flaw(f"keywords.{name}", worded("At most {most} words.", most=KEYWORDS_MAX))
        for n, word in enumerate(given[:KEYWORDS_MAX]):
            if not any(char.isalnum() for char in word) or len(word) > KEYWORD_CHARS_MAX:
                yield Flaw(
                    f"keywords.{name}[{n}]",
                    worded("A text of 1 to {most} characters with a letter or digit.", most=KEYWORD_CHARS_MAX),
                )


SEEN_MESSAGE_DAYS_MIN = 7
"""Clients send again what was not answered, for days: an id forgotten before that counts twice."""


def _flaws_of_retention(wished: Retention) -> Iterator[Flaw]:
    for field in msgspec.structs.fields(Retention):
        value = getattr(wished, field.name)
        least = SEEN_MESSAGE_DAYS_MIN if field.name == "seen_message_days" else 1
        if value is not None and not least <= value <= 36_500:
            yield Flaw(
                f"retention.{field.name}", worded("From {least} to 36,500, or null to keep it for ever.", least=least)
            )


def _is_timezone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):  # unknown, a path, a folder or an endless name
        return False
