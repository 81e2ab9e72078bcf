"""What the operator has set: one typed struct, kept by name in the database. docs/reference/settings.md lists them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Queries, Transaction
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.records import Channel

queries = Queries("kernel")

TEXT_CHARS_MAX = 1_000
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True):
    """From `start` (inclusive) to `end` (exclusive), HH:MM where the person lives; on these channels."""

    start: str
    end: str
    channels: tuple[str, ...] = ("sms", "push", "voice")


class FrequencyCap(Struct, frozen=True, forbid_unknown_fields=True):
    """At most `count` campaign messages to a person in any `within_s` seconds, over all campaigns."""

    count: int
    within_s: float


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    quiet_hours: QuietHours | None = None
    frequency_cap: FrequencyCap | None = None
    timezone: str = "UTC"
    """Where a person lives of whom we know no time zone."""
    brand_name: str = "Your company"
    sender_email: str = "hello@localhost.localdomain"
    sender_sms: str = "Antiphon"
    postal_address: str = ""
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
    if not _is_timezone(wished.timezone):
        yield Flaw("timezone", "Name a time zone of the IANA list, such as Europe/Madrid.")
    if quiet := wished.quiet_hours:
        for name, hour in (("start", quiet.start), ("end", quiet.end)):
            if not _HOUR.fullmatch(hour):
                yield Flaw(f"quiet_hours.{name}", "A time of day is HH:MM, from 00:00 to 23:59.")
        for n, channel in enumerate(quiet.channels):
            if channel not in tuple(Channel):
                yield Flaw(f"quiet_hours.channels[{n}]", f"It is not one of {', '.join(Channel)}.")
    if cap := wished.frequency_cap:
        if not 0 <= cap.count <= 1_000:
            yield Flaw("frequency_cap.count", "At most a number from 0 to 1,000.")
        if not (math.isfinite(cap.within_s) and 1 <= cap.within_s <= 366 * 86_400):
            yield Flaw("frequency_cap.within_s", "From a second to a year.")


def _is_timezone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):  # unknown, a path, a folder or an endless name
        return False
