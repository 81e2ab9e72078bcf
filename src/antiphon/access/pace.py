"""How fast a key may ask: so many requests a second, a second's worth at once after a rest."""

from __future__ import annotations

import math


class Pace:
    """A bucket that holds a second's worth of requests and fills as time goes by (RFC 6585 4 is the answer when empty).

    Each web process counts for itself: two on two machines give twice as much.
    """

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self._held = float(per_second)
        self._at = -math.inf

    def take(self, now: float) -> bool:
        """Whether there is one for a request at `now`, in seconds of a clock that never goes back."""
        self._held = min(float(self.per_second), self._held + (now - self._at) * self.per_second)
        self._at = now
        if self._held < 1.0:
            return False
        self._held -= 1.0
        return True
