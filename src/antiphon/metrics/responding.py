"""What people did with their messages, counted in the transaction that records it.

`predict` tells it at once. What is known of everybody follows a day later, for then it is known who will not answer: in
the first minutes of a campaign nobody has answered yet, which says nothing of anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId, Purpose
from antiphon.metrics import store_responses as store
from antiphon.metrics.activity import note_hours
from antiphon.metrics.cells import KEYS, cell_of
from antiphon.metrics.predicting import Counts
from antiphon.metrics.window import KEPT_MAX, Window

SETTLES = timedelta(days=1)
"""How long a message may go without an answer before that counts as none. Later answers count when they come."""

Sent = tuple[ProfileId, str, Purpose]
"""Person (or a number that leads to one), channel, purpose."""

Answered = tuple[ProfileId, str, Purpose, datetime, int | None]
"""The same, when, and at which hour of their day (0 to 23), where that is known."""


async def note_sent(tx: Transaction, sent: Sequence[Sent]) -> None:
    """A provider took these. Who is named twice got two messages."""
    places = await _places(tx, sent)
    times = Counter(places)
    settles_at = settles(tx.now, tx.now)
    for n in range(max(times.values(), default=0)):
        await store.note_sent(tx, [place for place, count in times.items() if count > n], settles_at=settles_at)


async def note_answered(tx: Transaction, answered: Sequence[Answered]) -> None:
    """A person's first click, tap or reply to each of these deliveries; nothing that a machine did.

    Where nothing was noted as sent, no answer counts either: else whoever answers old messages would seem to answer
    all of them.
    """
    places = await _places(tx, [(number, channel, purpose) for number, channel, purpose, *_ in answered])
    await _change(tx, places, Window.after_answered)
    said = zip(places, answered, strict=True)
    await note_hours(tx, [(person, at, hour) for (person, _), (*_, at, hour) in said if hour is not None])


async def note_undelivered(tx: Transaction, undelivered: Sequence[Sent]) -> None:
    """Noted as sent, and it turned out that these did not arrive: they are no messages without an answer."""
    await _change(tx, await _places(tx, undelivered), Window.after_undelivered)


async def predict(tx: Transaction, people: Sequence[ProfileId]) -> dict[ProfileId, dict[str, Counts]]:
    """Each person's numbers by key of the cell (`email:campaign`): what `response` takes. One statement.

    A message of the last day that has no answer yet is left out: it may still get one.
    """
    found: dict[ProfileId, dict[str, Counts]] = {person: {} for person in people}
    for person, cell, sent, history, is_waiting in await store.read_windows(tx, people, waiting_since=tx.now - SETTLES):
        window = Window(sent, history)
        found[person][KEYS[cell]] = Counts(*(window.without_newest() if is_waiting else window).counts)
    return found


async def _places(tx: Transaction, sent: Sequence[Sent]) -> list[store.Place]:
    numbers = {number for number, *_ in sent}
    leads = await store.read_leads(tx, numbers) if numbers else {}
    return [(leads.get(number, number), cell_of(channel, purpose)) for number, channel, purpose in sent]


async def _change(tx: Transaction, places: Collection[store.Place], change: Callable[[Window], Window]) -> None:
    """Each once for every time it is named."""
    if not places:
        return
    times = Counter(places)
    before = await store.lock_windows(tx, times)
    after = dict(before)
    for place in before:
        for _ in range(min(times[place], KEPT_MAX)):
            window, sent_at = after[place]
            after[place] = change(window), sent_at
    changed = {place: after[place] for place in before if after[place] != before[place]}
    if changed:
        moves = moves_of({place: before[place] for place in changed}, changed, now=tx.now)
        await store.write_windows(tx, changed, moves)


def moves_of(before: store.Windows, after: store.Windows, *, now: datetime) -> store.Moves:
    """People of `before` are no longer there, and those of `after` are: for the grid."""
    moves: Counter[tuple[datetime, int, int, int]] = Counter()
    for windows, people in ((before, -1), (after, 1)):
        for (_, cell), (window, sent_at) in windows.items():
            if window.sent:
                moves[settles(sent_at, now), cell, *window.counts] += people
    return {move: people for move, people in moves.items() if people}


def settles(sent_at: datetime, now: datetime) -> datetime:
    """When a move counts: a day after the newest message, and never before an earlier move of the same person; the
    next full hour, so that there are few different ones."""
    at = max(sent_at + SETTLES, now)
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
