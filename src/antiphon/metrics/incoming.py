"""What comes in, counted for the whole company: people, events, answers. Takers: they append, as every counter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from antiphon.kernel.db import Transaction
from antiphon.kernel.engagement import EVENTS, MACHINE
from antiphon.kernel.records import Count, Event, Inbound, ProfileChange, SourceId
from antiphon.metrics.counting import add

COMPANY = SourceId(0)
"""No source has this number."""

_OURS = frozenset({*EVENTS.values(), *MACHINE.values()})


async def on_events(tx: Transaction, events: Sequence[Event]) -> None:
    """Without what we write on timelines ourselves: what became of messages is counted as such."""
    await _note(tx, Counter({("", "event"): sum(event.name not in _OURS for event in events)}))


async def on_profile_changes(tx: Transaction, changes: Sequence[ProfileChange]) -> None:
    await _note(tx, Counter({("", "person"): sum(change.what == "created" for change in changes)}))


async def on_inbound(tx: Transaction, inbound: Sequence[Inbound]) -> None:
    """What people wrote that is no wish and no word of a machine."""
    answers = [each for each in inbound if each.reading is None and not each.automatic]
    await _note(tx, Counter((each.channel.value, "replied") for each in answers))


async def _note(tx: Transaction, counted: Counter[tuple[str, str]]) -> None:
    await add(tx, [Count(COMPANY, channel, "", kind, tx.now, n) for (channel, kind), n in counted.items() if n])
