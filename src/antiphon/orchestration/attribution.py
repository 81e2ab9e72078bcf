"""What a conversion is owed to: the last message the person clicked within five days before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from antiphon import metrics
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.engagement import EVENTS, MACHINE
from antiphon.kernel.records import Count, Event, SourceId
from antiphon.orchestration import store

WINDOW = timedelta(days=5)
_OWN = frozenset({*(name for (what, _), name in EVENTS.items() if what != "replied"), *MACHINE.values()})
"""Events that this installation makes of its messages and links. None of them is a conversion; a reply may be one."""


async def on_events(tx: Transaction, events: Sequence[Event]) -> None:
    """A taker: looks at nothing unless the conversion event is among them."""
    name = (await settings.read(tx)).conversion_event if _may_convert(events) else ""
    bought = {event.profile for event in events if event.name == name and event.at <= tx.now}
    if bought:
        people = set((await store.people_of(tx, bought)).values())
        rows = await store.read_conversions(tx, people, since=tx.now - WINDOW)
        await metrics.add(
            tx, [Count(SourceId(r["source_id"]), r["channel"], r["variant"], "converted", tx.now, 1) for r in rows]
        )


def _may_convert(events: Sequence[Event]) -> bool:
    return any(event.name not in _OWN for event in events)
