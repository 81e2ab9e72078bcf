"""Visits to one e-mail that come close together, judged as one: whose were they?

A gateway fetches the links of a message under a browser's name, all of them within a second, and mostly half a minute
to five minutes after it took the message in; before that it may have fetched the picture. So a visit that looks like a
person's is kept for a moment (`held.py`), and judged with its neighbours:

| seen of one delivery | whose |
|---|---|
| two different links within half a second | a machine's: nobody points that fast |
| three or more, on average less than a second apart | a machine's |
| five or more within six seconds | a machine's |
| the picture, within twenty seconds of the hand-over, and such a burst within five minutes | a machine's |
| links of three people of one company within a second, to one visitor (`sweeps.py`) | a machine's |
| anything that is too quick after the hand-over (`machines.py`) | a machine's |
| everything else | a person's |

The sources of the figures stand in docs/explanation/opens-and-clicks.md; tests/pages/test_machines_sessions.py measures
them on made-up sessions of both kinds. Links that are fetched in their order say nothing: people read from the top too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from antiphon.pages.machines import is_too_quick

QUIET = timedelta(seconds=3)
"""No further link for so long: the session is over."""
LONGEST = timedelta(seconds=15)
EARLY = timedelta(seconds=20)
"""An open before this waits, for 84 % of the pictures that gateways fetched before their bursts came so early."""
EARLY_WAIT = timedelta(minutes=5)

TWO_WITHIN = timedelta(seconds=0.5)
MEAN_GAP = timedelta(seconds=1)
MANY, MANY_WITHIN = 5, timedelta(seconds=6)

SEEN_MAX = 60
"""Of one delivery. What comes after that in fifteen seconds changes no verdict."""


class Seen(Struct, frozen=True, array_like=True):
    """One visit, not a machine's by its own sign. `link` is None for the picture; `proxy`: fetched for somebody."""

    at: datetime
    link: int | None = None
    device: str = ""
    proxy: bool = False


def add(seen: Sequence[Seen], more: Sequence[Seen]) -> list[Seen]:
    """In the order of time, each link once: the first fetch of it says all."""
    first: dict[tuple[int | None, bool], Seen] = {}
    for each in sorted([*seen, *more], key=_place_in_time):
        first.setdefault((each.link, each.proxy), each)
    return list(first.values())[:SEEN_MAX]


def _place_in_time(one: Seen) -> tuple[datetime, int, bool, str]:
    return one.at, -1 if one.link is None else one.link, one.proxy, one.device


def due_at(seen: Sequence[Seen], *, handed_at: datetime | None) -> datetime:
    """When it can be judged: the session of its links is over, or an early open had no burst after it."""
    clicks = [each.at for each in seen if each.link is not None]
    if clicks:
        return min(max(clicks) + QUIET, min(clicks) + LONGEST)
    first = min(each.at for each in seen)
    is_early = handed_at is not None and timedelta() <= first - handed_at < EARLY and not all(s.proxy for s in seen)
    return first + (EARLY_WAIT if is_early else QUIET)


def by_machine(seen: Sequence[Seen], *, handed_at: datetime | None, swept: bool = False) -> list[bool]:
    """Whether each was a machine's. `swept`: a gateway went through several people's messages, this one among them.

    Whoever reads through an image proxy is there, whatever a gateway did before.
    """
    swept = swept and not any(each.proxy for each in seen)
    scanned = swept or is_burst([each for each in seen if each.link is not None])
    return [
        (scanned and not each.proxy) or is_too_quick("email", handed_at, each.at, proxy=each.proxy) for each in seen
    ]


def is_burst(clicks: Sequence[Seen]) -> bool:
    """`clicks` in the order of time, each of another link."""
    for i, first in enumerate(clicks):
        for n, last in enumerate(clicks[i + 1 :], 2):
            took = last.at - first.at
            if (n == 2 and took < TWO_WITHIN) or (n > 2 and took < MEAN_GAP * (n - 1)):
                return True
            if n >= MANY and took < MANY_WITHIN:
                return True
    return False
