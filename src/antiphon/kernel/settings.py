"""What the operator has set: one typed struct, kept by name in the database. docs/reference/settings.md lists them."""

from __future__ import annotations

from typing import Any

import msgspec

from antiphon.kernel.db import Queries, Transaction
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.said import worded
from antiphon.kernel.settings_brands import FurtherBrand, Sender, UnknownBrand
from antiphon.kernel.settings_check import flaws
from antiphon.kernel.settings_records import (
    FrequencyCap,
    Jurisdiction,
    Keywords,
    Limits,
    QuietHours,
    Retention,
    Settings,
)

__all__ = [
    "FrequencyCap",
    "FurtherBrand",
    "Jurisdiction",
    "Keywords",
    "Limits",
    "QuietHours",
    "Retention",
    "Sender",
    "Settings",
    "UnknownBrand",
    "is_set",
    "read",
    "reset",
    "write",
]

queries = Queries("kernel")
NAMES = frozenset(field.name for field in msgspec.structs.fields(Settings))


async def read(tx: Transaction) -> Settings:
    return msgspec.convert({row["name"]: row["value"] for row in await queries.rows(tx, "read_settings")}, Settings)


async def write(tx: Transaction, changes: dict[str, Any]) -> Settings:
    """Set some. Raises Invalid that names the setting; then nothing is changed."""
    for name in changes.keys() - NAMES:
        raise Invalid(
            "The input is not valid.",
            flaws=[Flaw(name, worded("There is no such setting; there are {names}.", names=sorted(NAMES)))],
        )
    try:
        wished = msgspec.convert(changes, Settings)
    except msgspec.ValidationError as error:
        text, _, at = str(error).partition(" - at `$.")
        raise Invalid("The input is not valid.", flaws=[Flaw(at.rstrip("`"), text)]) from error
    if found := list(flaws(wished)):
        raise Invalid("The input is not valid.", flaws=found)
    for name, value in changes.items():
        await queries.run(tx, "write_setting", name=name, value=msgspec.json.encode(value).decode())
    return await read(tx)


async def is_set(tx: Transaction) -> frozenset[str]:
    """The names of those that were set, be it to the default."""
    return frozenset(row["name"] for row in await queries.rows(tx, "read_settings")) & NAMES


async def reset(tx: Transaction, name: str) -> Settings:
    """Back to the default."""
    await queries.run(tx, "reset_setting", name=name)
    return await read(tx)
