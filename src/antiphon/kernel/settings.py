"""What the operator has set: one typed struct, kept by name in the database. docs/reference/settings.md lists them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Queries, Transaction
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.records import Channel

queries = Queries("kernel")

TEXT_CHARS_MAX = 1_000
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_URL = re.compile(r"https://[^\s\"'<>()\\;]+")
REGIONS_MAX = 300
KEYWORDS_MAX = 100
KEYWORD_CHARS_MAX = 40
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?|\*")
_COUNTRY = re.compile(r"[A-Z]{2}")
CAPS_MAX = 20
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True):
    """From `start` (inclusive) to `end` (exclusive), HH:MM where the person lives; on these channels.

    `holidays`: days that are quiet from morning to night: dates such as 2026-12-26, or FR for the public holidays of a
    country whose calendar is known.
    """

    start: str
    end: str
    channels: tuple[str, ...] = ("sms", "push", "voice")
    holidays: tuple[str, ...] = ()


class FrequencyCap(Struct, frozen=True, forbid_unknown_fields=True):
    """At most `count` campaign messages to a person in any `within_s` seconds, over all campaigns and journeys; only
    those of one topic or on one channel where these are named."""

    count: int
    within_s: float
    topic: str | None = None
    channel: str | None = None


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """When a campaign stops by itself: shares of what was handed over, looked at from `least` messages on."""

    complaints: float | None = 0.003
    bounces: float | None = 0.05
    opt_outs: float | None = 0.05
    least: int = 200


class Sender(Struct, frozen=True, forbid_unknown_fields=True):
    """From whom messages come in a region, where that differs: a number, a short code or a name."""

    sms: str = ""
    email: str = ""


class Jurisdiction(Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator says about the law of a region; `windows`: {"mon-fri": [["08:00", "20:00"]]}, local time."""

    enabled: bool = True
    windows: dict[str, tuple[tuple[str, str], ...]] | None = None
    channels: tuple[str, ...] = ("sms", "voice")


class Keywords(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that people write to us, beside those of the languages that are known anyway."""

    opt_out: tuple[str, ...] = ()
    opt_in: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long what is kept, in whole months or days; null: for ever."""

    events_months: int | None = None
    ledger_months: int | None = None
    inbound_months: int | None = None
    trait_history_months: int | None = None
    segment_history_months: int | None = None
    refused_days: int | None = None
    decision_days: int | None = 30
    seen_message_days: int | None = None


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    quiet_hours: QuietHours | None = None
    frequency_cap: FrequencyCap | None = None
    frequency_caps: tuple[FrequencyCap, ...] = ()
    """More of them: each holds beside the others."""
    routing: dict[str, Literal["weighted", "cheapest"]] = {}
    """By channel, how one of several healthy accounts of the same rank is taken: by their weights, or by their price."""
    exploration: float = 0.0
    """The share of people, at most a tenth, to whom a campaign goes on another channel than their likeliest, so that it
    is known what the others would have done."""
    answer_worth: float = 0.0
    """What an answer (a click, a reply) is worth, in money: what a message costs on a channel is weighed against it."""
    stop_above: Limits = Limits()
    """When a campaign stops by itself, unless it says so itself."""
    recall_s: float = 0.0
    """For so long after its launch nothing of a campaign leaves, and it can be taken back as if nothing had been."""
    senders: dict[str, Sender] = {}
    """By region, such as US or GB: from whom messages come there."""
    decision_sample: float = 0.01
    """Of decisions to send, the share whose inputs are kept so that they can be replayed; waits and drops always are."""
    critical_per_hour: int = 20
    """At most so many urgent messages, which pass wishes and quiet hours, to a person in an hour."""
    timezone: str = "UTC"
    """Where a person lives of whom we know no time zone."""
    brand_name: str = "Your company"
    sender_email: str = "hello@localhost.localdomain"
    sender_sms: str = "Antiphon"
    postal_address: str = ""
    brand_color: str = ""
    """#rrggbb, of buttons on public pages; where it is too pale or too dark to be read, a shade of it is taken."""
    brand_logo_url: str = ""
    """https: a picture that public pages show in place of the name."""
    privacy_url: str = ""
    soft_failures_max: int = 5
    """An address that failed for now so often, over three days at least, counts as dead."""
    jurisdictions: dict[str, Jurisdiction] = {}
    """By region, such as FR or US-FL; * is everywhere. What is not named is as the table of laws says."""
    keywords: Keywords = Keywords()
    help_contact: str = ""
    """What a text message that asks for help is answered with: where help is."""
    identity: dict[str, Any] = {}
    """Rules of identity that differ from the defaults: kind → rule, as `profiles` reads them."""
    double_opt_in_days: int = 7
    """How long the link of a double opt-in can be answered."""
    retention: Retention = Retention()
    conversion_event: str = "Order Completed"
    """The event that counts as a conversion of the message clicked or opened before it."""


async def read(tx: Transaction) -> Settings:
    return msgspec.convert({row["name"]: row["value"] for row in await queries.rows(tx, "read_settings")}, Settings)


async def write(tx: Transaction, changes: dict[str, Any]) -> Settings:
    """Set some. Raises Invalid that names the setting; then nothing is changed."""
    known = {field.name for field in msgspec.structs.fields(Settings)}
    for name in changes.keys() - known:
        raise Invalid(
            "The input is not valid.", flaws=[Flaw(name, f"There is no such setting; there are {sorted(known)}.")]
        )
    try:
        wished = msgspec.convert(changes, Settings)
    except msgspec.ValidationError as error:
        text, _, at = str(error).partition(" - at `$.")
        raise Invalid("The input is not valid.", flaws=[Flaw(at.rstrip("`"), text)]) from error
    if flaws := list(_flaws(wished)):
        raise Invalid("The input is not valid.", flaws=flaws)
    for name, value in changes.items():
        await queries.run(tx, "write_setting", name=name, value=msgspec.json.encode(value).decode())
    return await read(tx)


def _flaws(wished: Settings) -> Iterator[Flaw]:
    """What the types cannot say. A setting that made every decision fail would stop all sending."""
    for field in msgspec.structs.fields(Settings):
        text = getattr(wished, field.name)
        if isinstance(text, str) and ("\0" in text or len(text) > TEXT_CHARS_MAX):
            yield Flaw(field.name, f"A text has at most {TEXT_CHARS_MAX} characters, none of them U+0000.")
    if wished.brand_color and not _COLOR.fullmatch(wished.brand_color):
        yield Flaw("brand_color", "A colour is written like #4338ca.")
    for name in ("brand_logo_url", "privacy_url"):
        if (url := getattr(wished, name)) and not _URL.fullmatch(url):
            yield Flaw(name, "A URL begins with https:// and has no spaces, quotes or brackets.")
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
        for n, channel in enumerate(quiet.channels):
            if channel not in tuple(Channel):
                yield Flaw(f"quiet_hours.channels[{n}]", f"It is not one of {', '.join(Channel)}.")
    if not 0 <= wished.critical_per_hour <= 1_000:
        yield Flaw("critical_per_hour", "A number from 0 to 1,000.")
        for n, day in enumerate(quiet.holidays):
            if not (_COUNTRY.fullmatch(day) or _is_date(day)):
                yield Flaw(f"quiet_hours.holidays[{n}]", "A date such as 2026-12-26, or a country such as FR.")
    yield from _flaws_of_caps(wished)
    yield from _flaws_of_sending(wished)


def _flaws_of_caps(wished: Settings) -> Iterator[Flaw]:
    named = [("frequency_cap", wished.frequency_cap)] if wished.frequency_cap else []
    named += [(f"frequency_caps[{n}]", cap) for n, cap in enumerate(wished.frequency_caps)]
    if len(wished.frequency_caps) > CAPS_MAX:
        yield Flaw("frequency_caps", f"At most {CAPS_MAX} of them.")
    for at, cap in named:
        if cap is None:
            continue
        if not 0 <= cap.count <= 1_000:
            yield Flaw(f"{at}.count", "At most a number from 0 to 1,000.")
        if not (math.isfinite(cap.within_s) and 1 <= cap.within_s <= 366 * 86_400):
            yield Flaw(f"{at}.within_s", "From a second to a year.")
        if cap.channel is not None and cap.channel not in tuple(Channel):
            yield Flaw(f"{at}.channel", f"It is not one of {', '.join(Channel)}.")


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
            yield Flaw(f"routing.{channel}", f"It is not one of {', '.join(Channel)}.")
    for region, sender in wished.senders.items():
        if not _COUNTRY.fullmatch(region):
            yield Flaw(f"senders.{region}", "A region is written like US or GB.")
        if len(sender.sms) > 20 or len(sender.email) > 254:
            yield Flaw(
                f"senders.{region}", "A sender of text messages has at most 20 characters, an e-mail address 254."
            )


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _flaws_of_laws(wished: Settings) -> Iterator[Flaw]:
    if len(wished.jurisdictions) > REGIONS_MAX:
        yield Flaw("jurisdictions", f"At most {REGIONS_MAX} regions.")
        return
    for region, own in wished.jurisdictions.items():
        at = f"jurisdictions.{region}"
        if not _REGION.fullmatch(region):
            yield Flaw(at, "A region is written like FR or US-FL; * is everywhere.")
        for n, channel in enumerate(own.channels):
            if channel not in tuple(Channel):
                yield Flaw(f"{at}.channels[{n}]", f"It is not one of {', '.join(Channel)}.")
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
            yield Flaw(f"keywords.{name}", f"At most {KEYWORDS_MAX} words.")
        for n, word in enumerate(given[:KEYWORDS_MAX]):
            if not any(char.isalnum() for char in word) or len(word) > KEYWORD_CHARS_MAX:
                yield Flaw(
                    f"keywords.{name}[{n}]", f"A text of 1 to {KEYWORD_CHARS_MAX} characters with a letter or digit."
                )


SEEN_MESSAGE_DAYS_MIN = 7
"""Clients send again what was not answered, for days: an id forgotten before that counts twice."""


def _flaws_of_retention(wished: Retention) -> Iterator[Flaw]:
    for field in msgspec.structs.fields(Retention):
        value = getattr(wished, field.name)
        least = SEEN_MESSAGE_DAYS_MIN if field.name == "seen_message_days" else 1
        if value is not None and not least <= value <= 36_500:
            yield Flaw(f"retention.{field.name}", f"From {least} to 36,500, or null to keep it for ever.")


def _is_timezone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):  # unknown, a path, a folder or an endless name
        return False
