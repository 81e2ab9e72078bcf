"""Durations as people write them: `90s 15m 504h 21d`."""

from __future__ import annotations

import re

from antiphon.kernel.errors import invalid

_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SECONDS_MAX = 100 * 365 * 86400


def parse(text: str, *, at: str) -> int:
    """Seconds. Raises Invalid that names the place."""
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < seconds <= SECONDS_MAX:
        raise invalid(at, "A duration is a whole number with s, m, h or d, such as `90s`, `15m`, `504h` or `21d`.")
    return seconds
