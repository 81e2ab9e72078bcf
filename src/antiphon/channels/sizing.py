"""How many messages go to a provider at once: as many as leave in time, however fast it is and this machine is.

Each must leave within half a second of its mark, or not at all. Too many at once, and the last of them are taken back,
marked anew and sent later: work for nothing. So a batch of which some came too late makes the next ones smaller, and
each well-filled one that left in time makes them a little larger (additive increase, multiplicative decrease, as TCP
does: RFC 5681). Pure: times are seconds of wall time.
"""

from __future__ import annotations

LEAST = 4
GROWS_BY = 0.04
"""Of the most: from half to the most in a dozen batches."""


class BatchSize:
    """`most`: what the account takes at once at best."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = float(most)
        self._shrunk_wall = float("-inf")

    @property
    def now(self) -> int:
        return int(self._size)

    def saw(self, sent: int, late: int, *, begun_wall: float, at_wall: float) -> None:
        """One batch ended. Those that were under way when it was made smaller say nothing new."""
        if late and begun_wall >= self._shrunk_wall:
            self._size = max(min(LEAST, self._most), self._size * max(0.5, 1.0 - late / sent))
            self._shrunk_wall = at_wall
        elif not late and 2 * sent >= self.now:  # some are refused at the mark, so none is ever quite full
            self._size = min(float(self._most), self._size + max(1.0, self._most * GROWS_BY))
