"""Traits as a screen shows them: of which type, told by whom and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.profiles.numbers import led_to
from antiphon.profiles.provenance import TraitOrigin, provenance_of

TraitType = Literal["text", "number", "boolean", "time", "list", "object"]


class TraitView(Struct, frozen=True):
    """`source` is empty and `at` null where that is not known any more."""

    name: str
    value: Any  # Any: JSON
    type: TraitType
    source: str
    at: datetime | None


async def traits_of(tx: Transaction, id: ProfileId) -> list[TraitView]:
    profile = await led_to(tx, id)
    if profile is None:
        return []
    return views(profile.traits, (await provenance_of(tx, profile)).traits)


def views(traits: Mapping[str, Any], origins: Mapping[str, TraitOrigin]) -> list[TraitView]:
    """By name."""
    return [_view(name, traits[name], origins.get(name)) for name in sorted(traits)]


def _view(name: str, value: Any, origin: TraitOrigin | None) -> TraitView:
    return TraitView(name, value, type_of(value), origin.source if origin else "", origin.at if origin else None)


def type_of(value: Any) -> TraitType:
    """`time`: a text that is a date or an instant as RFC 3339 writes it."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list):
        return "list"
    if isinstance(value, dict):
        return "object"
    return "time" if isinstance(value, str) and is_time(value) else "text"


def is_time(text: str) -> bool:
    if not (10 <= len(text) <= 40 and text[4:5] == "-" and text[7:8] == "-"):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
