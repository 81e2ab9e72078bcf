"""Numbers of people are good for ever: one that was merged leads to whom it belongs to."""

from __future__ import annotations

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.profiles import store
from antiphon.profiles.records import Profile


async def led_to(tx: Transaction, number: ProfileId) -> Profile | None:
    """The person that this number is by now; None where nobody is left."""
    live = (await store.ingest.present(tx, [number]))[number]
    return next(iter(await store.reading.read(tx, [live])), None)
