"""The best hour: none too early, the right one then, round midnight too."""

from __future__ import annotations

import random

import pytest

from antiphon import metrics
from antiphon.metrics import Hours

EVENING = tuple(100 if 18 <= hour <= 21 else 5 for hour in range(24))


def hours(**times: int) -> Hours:
    counts = [0] * 24
    for hour, n in times.items():
        counts[int(hour[1:])] = n
    return Hours(tuple(counts))


@pytest.mark.parametrize("few", [hours(), hours(h8=1), hours(h8=2, h9=2), hours(h3=2, h9=2, h15=2, h21=2)])
def test_a_few_answers_say_nothing(few: Hours) -> None:
    assert metrics.best_hour(few, EVENING) is None


def test_five_within_five_hours_do() -> None:
    assert metrics.best_hour(hours(h7=1, h8=3, h9=1)) == 8


def test_the_clock_goes_round() -> None:
    assert metrics.best_hour(hours(h22=2, h23=4, h0=5, h1=3)) in (23, 0)
    assert metrics.best_hour(hours(h23=4, h0=9, h1=4)) == 0


def test_where_a_person_says_little_everybody_helps_and_later_no_longer() -> None:
    few, many = hours(h16=3, h17=0, h18=1, h19=3), hours(h16=30, h17=2, h18=2, h19=20)
    assert metrics.best_hour(few, EVENING) in (18, 19)
    assert metrics.best_hour(many, EVENING) in (16, 17)


def test_whoever_answers_at_any_hour_has_none() -> None:
    """At most one in a hundred by chance, however much is known of them."""
    chance = random.Random(5)
    for n in (6, 20, 60, 250):
        found = 0
        for _ in range(1_000):
            counts = [0] * 24
            for _ in range(n):
                counts[chance.randrange(24)] += 1
            found += metrics.best_hour(Hours(tuple(counts))) is not None
        assert found <= 20, n


@pytest.mark.parametrize(("answers", "known"), [(20, 0.8), (40, 0.97)])
def test_whoever_has_a_habit_is_known_by_it_in_time(answers: int, known: float) -> None:
    """Half of the answers round one hour, the rest by day: no wrong hour to speak of, and the right one before long."""
    chance = random.Random(6)
    right = wrong = 0
    for _ in range(300):
        true, counts = chance.randrange(24), [0] * 24
        for _ in range(answers):
            counts[round(chance.gauss(true, 1)) % 24 if chance.random() < 0.6 else chance.randrange(8, 22)] += 1
        found = metrics.best_hour(Hours(tuple(counts)), EVENING)
        is_right = found is not None and min((found - true) % 24, (true - found) % 24) <= 2
        right += is_right
        wrong += found is not None and not is_right
    assert right > known * 300
    assert wrong < 0.02 * 300
