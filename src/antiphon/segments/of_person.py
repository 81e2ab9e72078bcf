"""Which segments somebody is in, since when and why, and when time alone may end it; and all entries and exits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.segments.explain import node
from antiphon.segments.language.text import to_text
from antiphon.segments.store import of_person as store
from antiphon.segments.store.of_person import Move

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InSegment(Struct, frozen=True):
    """`leaf` is the part of the rule that let them in and `why` that part in words, where it is known and still there.

    time_ends_at    before it time alone changes nothing; the membership may outlast it. None: time alone ends nothing
    """

    id: str
    name: str
    kind: str
    stage_of: str | None
    since: datetime
    cause: str
    leaf: str
    why: str
    time_ends_at: datetime | None


async def belongings(tx: Transaction, profile: ProfileId) -> list[InSegment]:
    """By name."""
    return [
        InSegment(
            str(row["id"]),
            row["name"],
            row["kind"],
            row["stage_of"],
            row["entered_at"],
            row["cause"] or "",
            row["leaf"] or "",
            _words(row["rule"], row["leaf"] or "rule"),
            _EPOCH + timedelta(microseconds=row["turns_us"]) if row["turns_us"] is not None else None,
        )
        for row in await store.belongings(tx, profile)
    ]


async def moves(tx: Transaction, profile: ProfileId, *, upto: datetime, skip: int, limit: int) -> list[Move]:
    """The newest first; `upto` is inclusive, and the first `skip` are left out."""
    return await store.moves(tx, profile, upto=upto, skip=skip, limit=limit)


def _words(rule: dict[str, Any] | None, leaf: str) -> str:  # Any: a rule document
    """Empty where the rule of today has no such part."""
    if rule is None:
        return ""
    try:
        return to_text(node(rule.get("rule", rule), leaf))
    except (KeyError, IndexError, TypeError, ValueError):
        return ""
