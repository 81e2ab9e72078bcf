"""Everybody as a list that can be scrolled: by number, so that who came last stands first.

A page begins beyond a number, wherever that is, so a jump costs what a step costs: nothing is counted or skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import words
from antiphon.profiles.identifiers import strength
from antiphon.profiles.store import listing as store

COUNTRY_TRAITS = ("country", "country_code")
LIMIT_MAX = 1_000
WINDOW, LOOKS_MAX = 5_000, 10
"""Identifiers that are looked through for a page of people whom we know."""


class Listed(Struct, frozen=True):
    """`name` is empty where none is known. `identifiers`: the strongest first. `country` as it was told.

    channels    where they can be reached: the address is not dead, and nobody opted it out of everything
    seen_at     when we last heard of them, to the day
    """

    id: ProfileId
    name: str
    identifiers: list[Identifier]
    channels: list[str]
    country: str
    seen_at: datetime | None
    created_at: datetime


async def numbers(tx: Transaction, *, beyond: int, newest_first: bool = True, limit: int = 100) -> list[ProfileId]:
    """Of everybody, the next after a number that need not be anybody's. At most 1,000."""
    return await store.numbers(tx, beyond, newest_first=newest_first, limit=min(limit, LIMIT_MAX))


async def known(
    tx: Transaction, *, beyond: int, newest_first: bool = True, limit: int = 100
) -> tuple[list[ProfileId], int | None]:
    """The same without those of whom there is nothing but a device. Where these are very many, fewer than asked for, or
    none, and the number beyond which to go on; None: nobody lies beyond who was not looked at."""
    found: list[ProfileId] = []
    for _ in range(LOOKS_MAX):
        look = await store.known(tx, beyond, newest_first=newest_first, limit=limit - len(found), window=WINDOW)
        found += look.ids
        if look.reached is None or len(found) >= limit:
            return found, None
        beyond = look.reached
    return found, beyond


async def span(tx: Transaction) -> tuple[int, int] | None:
    """The lowest and the highest number; None where there is nobody."""
    return await store.span(tx)


async def listed(tx: Transaction, ids: Sequence[ProfileId]) -> list[Listed]:
    """Those that are there, in the order asked for. Two statements."""
    if not ids:
        return []
    found = await store.rows(tx, ids, [*words.NAME_TRAITS, *COUNTRY_TRAITS])
    named = await store.identifiers(tx, ids)
    return [_listed(id, found[id], named.get(id, [])) for id in ids if id in found]


def _listed(id: ProfileId, row: store.Row, named: Sequence[tuple[Identifier, datetime]]) -> Listed:
    return Listed(
        id,
        words.full_name(row.traits),
        sorted((one for one, _ in named), key=lambda one: (strength(one), one)),
        row.channels,
        next((value for key in COUNTRY_TRAITS if (value := _text(row.traits.get(key)))), ""),
        max((seen for _, seen in named), default=None),
        row.created_at,
    )


def _text(value: Any) -> str:  # Any: JSON
    return value.strip() if isinstance(value, str) else ""
