"""What the operator has set: one typed struct, kept by name in the database. docs/reference/settings.md lists them."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Queries, Transaction
from antiphon.kernel.errors import Flaw, Invalid

queries = Queries("kernel")


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
        msgspec.convert(changes, Settings)
    except msgspec.ValidationError as error:
        text, _, at = str(error).partition(" - at `$.")
        raise Invalid("The input is not valid.", flaws=[Flaw(at.rstrip("`"), text)]) from error
    for name, value in changes.items():
        await queries.run(tx, "write_setting", name=name, value=msgspec.json.encode(value).decode())
    return await read(tx)
