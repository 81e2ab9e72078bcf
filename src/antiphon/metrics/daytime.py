"""At which hour of their day a person answers: pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.metrics import beta

HOURS = 24
WINDOW = 5
"""Hours around the best one: answers spread over an evening, and a day has no sharper edges."""

CHANCE_MAX = 0.01
_WEIGHTS = (1, 2, 3, 2, 1)
_EVERYBODY = 5.0
"""What everybody does counts as much as so many answers of the person's own."""


class Hours(Struct, frozen=True):
    """How often somebody opened, clicked or replied in each hour of their day, from midnight."""

    counts: tuple[int, ...] = (0,) * HOURS


def best_hour(hours: Hours, population_hours: Sequence[int] = ()) -> int | None:
    """The hour (0 to 23, theirs) around which most of their answers are; None while they may as well be chance.

    They suffice when somebody who answers at any hour alike would have so many of them within some five hours with
    probability below one in a hundred (binomial, times the 24 places where five hours begin). So five answers do if
    they all fall within five hours, and a hundred do not if they are all over the day. Which hour it is: the
    histogram, smoothed round the clock, drawn towards everybody's.
    """
    total = sum(hours.counts)
    most = max(_around(hours.counts, hour) for hour in range(HOURS))
    if HOURS * beta.tail(most, total, WINDOW / HOURS) >= CHANCE_MAX:
        return None
    known = sum(population_hours)
    weight = _EVERYBODY / known if known else 0.0
    drawn = [own + weight * (population_hours[hour] if known else 0) for hour, own in enumerate(hours.counts)]
    return max(range(HOURS), key=lambda hour: _smooth(drawn, hour))


def _around(counts: Sequence[int], hour: int) -> int:
    return sum(counts[(hour + step) % HOURS] for step in range(WINDOW))


def _smooth(counts: Sequence[float], hour: int) -> float:
    return sum(weight * counts[(hour + step) % HOURS] for step, weight in zip(range(-2, 3), _WEIGHTS, strict=True))
