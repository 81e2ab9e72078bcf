"""People who turn out to be one, and people who are forgotten: their numbers go with them. Takers, see app/wiring.py.

Nothing happens when people are parted again: what was counted stays with the one who had it, for it is not kept to
whom of them a message went.
"""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Erased, Merged, ProfileId
from antiphon.metrics import store_responses as store
from antiphon.metrics.activity import add_hours
from antiphon.metrics.responding import moves_of


async def on_merged(tx: Transaction, merges: Sequence[Merged]) -> None:
    """One after the other: an heir may be an alias in the next."""
    for merge in merges:
        await _join_windows(tx, merge.alias, merge.profile)
        gone = await store.lock_hours(tx, [merge.alias])
        if gone:
            counts, last_at = gone[merge.alias]
            await store.delete_hours(tx, [merge.alias])
            await add_hours(tx, {merge.profile: (counts, last_at)})


async def _join_windows(tx: Transaction, alias: ProfileId, profile: ProfileId) -> None:
    await store.insert_empty_windows(tx, [(alias, profile)])
    before = await store.lock_windows_of_people(tx, [alias, profile])
    joined: store.Windows = {}
    for (person, cell), (window, sent_at) in before.items():
        if person == alias:
            own, own_sent_at = before[profile, cell]
            newer, older = (own, window) if own_sent_at >= sent_at else (window, own)
            joined[profile, cell] = newer.joined(older), max(own_sent_at, sent_at)
    if joined:
        gone = {place: found for place, found in before.items() if place[0] == alias or place in joined}
        await store.delete_windows(tx, [alias], {})
        await store.write_windows(tx, joined, moves_of(gone, joined, now=tx.now))


async def on_erased(tx: Transaction, erased: Sequence[Erased]) -> None:
    """With `keep_counts` the sums over everybody keep them: those name nobody."""
    for record in erased:
        people = list(record.profiles)
        windows = await store.lock_windows_of_people(tx, people)
        hours = await store.lock_hours(tx, people)
        await store.delete_windows(tx, people, {} if record.keep_counts else moves_of(windows, {}, now=tx.now))
        await store.delete_hours(tx, people)
        if not record.keep_counts:
            answers = [sum(counts) for counts in zip(*(counts for counts, _ in hours.values()), strict=True)]
            gone = {hour: -n for hour, n in enumerate(answers) if n}
            if gone:
                await store.insert_hour_parts(tx, gone)
