"""A person's last messages of one cell, and which of them they answered: pure.

Kept as bits, the newest lowest, so that what is forgotten is the oldest and the rest stays exact. Two numbers that are
halved when they grow would forget by chance, and make people look more alike than they are.
"""

from __future__ import annotations

from typing import NamedTuple

WINDOW = 40
"""How many of the last messages count."""

KEPT_MAX = 62
"""How many bits are kept: what turns out not to have arrived makes room for an older one. `bigint` has 63."""

_COUNTED = (1 << WINDOW) - 1
_KEPT = (1 << KEPT_MAX) - 1


class Window(NamedTuple):
    sent: int = 0
    history: int = 0

    @property
    def counts(self) -> tuple[int, int]:
        """How many of the messages that count were sent, and answered."""
        return min(self.sent, WINDOW), (self.history & _COUNTED).bit_count()

    def after_sent(self) -> Window:
        return Window(min(self.sent + 1, KEPT_MAX), self.history << 1 & _KEPT)

    def after_answered(self) -> Window:
        """The newest that was not answered is, now: which one it was is not kept. Beyond what was sent, nothing."""
        silent = self._newest_silent()
        return self if silent is None else Window(self.sent, self.history | 1 << silent)

    def after_undelivered(self) -> Window:
        """The newest that was not answered was none."""
        silent = self._newest_silent()
        if silent is None:
            return self
        newer = (1 << silent) - 1
        return Window(self.sent - 1, self.history >> 1 & ~newer | self.history & newer)

    def without_newest(self) -> Window:
        """While it is not known yet whether the newest will be answered."""
        return self if self.sent == 0 or self.history & 1 else Window(self.sent - 1, self.history >> 1)

    def joined(self, older: Window) -> Window:
        """With what another number of the same person had; in what order is not kept."""
        return Window(min(self.sent + older.sent, KEPT_MAX), (older.history << self.sent | self.history) & _KEPT)

    def _newest_silent(self) -> int | None:
        """The place of the lowest zero among those that count."""
        place = (~self.history & (self.history + 1)).bit_length() - 1
        return place if place < min(self.sent, WINDOW) else None
