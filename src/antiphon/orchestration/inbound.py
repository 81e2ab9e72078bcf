"""What people write: answers to what was sent, told of who wrote them.

A taker of `Inbound`: it runs inside the transaction that takes it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from antiphon import profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.engagement import EVENTS
from antiphon.kernel.records import Identifier, Inbound
from antiphon.orchestration import store
from antiphon.orchestration.timeline import properties_of

REPLIED = EVENTS["replied", "sms"]
REPLIED_WITHIN = timedelta(days=30)
"""Who writes later than that starts anew."""


async def on_inbound(tx: Transaction, items: Sequence[Inbound]) -> None:
    """An answer by SMS is an answer to what was sent there last, as far as that is known; a STOP is none."""
    answers = [item for item in items if item.channel == "sms" and _is_reply(item)]
    found = await profiles.find(tx, [Identifier("phone", item.sender) for item in answers])
    known = [(found[who], item) for item in answers if (who := Identifier("phone", item.sender)) in found]
    if not known:
        return
    told = await store.replies.read_told_last(tx, known, within=REPLIED_WITHIN)
    sources = await store.read_sources(tx, list(told.values()))
    carried = {place: properties_of(sources[source]) for place, source in told.items()}
    await profiles.record_known(
        tx, [(profile, REPLIED, item.at, carried.get(place, {})) for place, (profile, item) in enumerate(known)]
    )


def _is_reply(item: Inbound) -> bool:
    """YES, where it starts nothing, is an answer to a question."""
    return item.reading is None or (item.reading == "opt_in" and not item.changed)
