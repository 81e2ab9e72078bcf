"""The list of messages: filters and pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import get_args

from msgspec import Struct

from antiphon.content import store_editing
from antiphon.content.records import Card, State
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.like import holding

PAGE_MAX = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,9})")


class Asked(Struct, frozen=True, kw_only=True):
    """Empty texts ask for nothing. `state` empty: all but the archived."""

    q: str = ""
    topic: str = ""
    channel: str = ""
    state: str = ""
    cursor: str = ""
    limit: int = 100


async def page(tx: Transaction, asked: Asked) -> tuple[list[Card], str | None]:
    """And the cursor of the next page, None after the last. Raises Invalid."""
    if not 1 <= asked.limit <= PAGE_MAX:
        raise invalid("limit", "A number from 1 to {most} is needed.", most=PAGE_MAX)
    if asked.state and asked.state not in get_args(State):
        raise invalid("state", "One of {known}.", known=", ".join(get_args(State)))
    found = await store_editing.page(
        tx,
        like=holding(asked.q),
        topic=asked.topic,
        channel=asked.channel,
        state=asked.state,
        before=_place(asked.cursor),
        limit=asked.limit + 1,
    )
    shown = found[: asked.limit]
    return shown, _cursor(shown[-1]) if len(found) > asked.limit else None


def _cursor(card: Card) -> str:
    return f"{(card.changed_at - _EPOCH) // timedelta(microseconds=1)}-{card.id}"


def _place(cursor: str) -> tuple[datetime, int] | None:
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])
