"""Times as others write them, and the correction of a sender's clock. Values in, values out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

LIVE = timedelta(hours=1)
_SECONDS = 1e11  # as seconds this is the year 5138; as milliseconds 1973
_MILLISECONDS = 1e14


class Arrival(Struct, frozen=True):
    """When a request came in, by product time and by this machine's clock. They differ in a sandbox only."""

    product: datetime
    wall: datetime


def parse_iso(text: str) -> datetime:
    """ISO 8601 as an aware datetime in UTC; without an offset it is UTC. Raises ValueError."""
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is outside the years 1 to 9999") from error


def parse_any(value: object) -> datetime:
    """ISO 8601, a date of eight digits, or seconds, milliseconds or microseconds since 1970, told by their size.

    Raises ValueError.
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) == 8 and text.isdigit():
            return parse_iso(text)
        number = as_number(text)
        return parse_iso(text) if number is None else since_1970(number)
    number = as_number(value)
    if number is None:
        raise ValueError(f"{str(value)[:40]!r} is not a time")
    return since_1970(number)


def since_1970(number: float) -> datetime:
    scale = 1.0 if abs(number) < _SECONDS else 1e3 if abs(number) < _MILLISECONDS else 1e6
    return after(datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=1), number / scale)


def after(epoch: datetime, unit: timedelta, number: float) -> datetime:
    """`number` units after `epoch`. Raises ValueError."""
    try:
        return epoch + unit * number
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{number} is outside the years 1 to 9999") from error


def as_number(value: object) -> float | None:
    """A finite number, also from text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e300 else None


def correct(original: datetime, sent: datetime | None, arrival: Arrival) -> datetime:
    """When it happened: receivedAt − (sentAt − originalTimestamp), so a sender's wrong clock cancels out.

    Outside a sandbox product time is wall time, and this is that formula and nothing else. In a sandbox, what
    was sent within an hour of happening has just happened: it is so much before product time. For older events
    the skew is taken against whichever of our two clocks the sender seems to follow, so that times which were
    given on purpose stay what they are. Raises ValueError beyond the years 1 to 9999.
    """
    if sent is None:
        return original
    try:
        if timedelta() <= sent - original <= LIVE:
            return arrival.product - (sent - original)
        followed = min(arrival.wall, arrival.product, key=lambda clock: abs(clock - sent))
        return original + (followed - sent)
    except OverflowError as error:
        raise ValueError("the corrected time is outside the years 1 to 9999") from error
