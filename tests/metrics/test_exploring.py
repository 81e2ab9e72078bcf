"""Exploration stays within its bound, and says honestly how likely it did what it did."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import metrics

OFFERS = [("email", 0.06, 3.0, 47.0), ("sms", 0.035, 7.0, 193.0), ("push", 0.055, 2.2, 37.8)]
HOPELESS = ("voice", 0.02, 20.0, 980.0)
KNOWN_WORSE = ("chat", 0.04, 400.0, 9600.0)
SURE = ("email", 0.06, 600.0, 9400.0)
N = 40_000


def chosen(offers: list[metrics.exploring.Offer], share: float) -> tuple[Counter[str], dict[str, float]]:
    """How often each was taken, and its propensity, which is the same for everybody with the same offers."""
    taken: Counter[str] = Counter()
    propensity: dict[str, float] = {}
    for number in range(N):
        channel, likely = metrics.explore(number << 8, offers, share)
        taken[channel] += 1
        assert propensity.setdefault(channel, likely) == pytest.approx(likely)
    return taken, propensity


def test_propensities_are_how_often_it_happens() -> None:
    taken, propensity = chosen(OFFERS, 0.08)
    assert set(taken) == {"email", "sms", "push"}
    assert sum(propensity.values()) == pytest.approx(1)
    for channel, likely in propensity.items():
        spread = (likely * (1 - likely) / N) ** 0.5
        assert abs(taken[channel] / N - likely) < 4 * spread, channel


@pytest.mark.parametrize(("asked", "most"), [(0.0, 0.0), (0.03, 0.03), (0.5, metrics.EXPLORED_MAX), (-1.0, 0.0)])
def test_no_more_is_tried_than_asked_and_never_more_than_every_tenth(asked: float, most: float) -> None:
    taken, propensity = chosen(OFFERS, asked)
    others = 1 - taken["email"] / N
    assert others <= most + 4 * (most / N) ** 0.5
    assert propensity["email"] == pytest.approx(1 - most)


def test_what_is_hopeless_or_known_to_be_worse_is_not_tried() -> None:
    taken, propensity = chosen([SURE, HOPELESS, KNOWN_WORSE], 0.1)
    assert taken == {"email": N}
    assert propensity == {"email": 1.0}


offers = st.lists(st.tuples(st.floats(0.05, 400), st.floats(0.05, 4_000)), min_size=1, max_size=5).map(
    lambda pairs: [(f"c{n}", a / (a + b), a, b) for n, (a, b) in enumerate(pairs)]
)


@given(st.integers(1, 2**62), offers, st.floats(0, 1))
def test_the_loss_of_answers_is_bounded_whatever_is_offered(
    number: int, offered: list[metrics.exploring.Offer], share: float
) -> None:
    channel, propensity = metrics.explore(number, offered, share)
    means = {name: mean for name, mean, *_ in offered}
    assert means[channel] >= metrics.exploring.WORTH * max(means.values())
    assert 0 < propensity <= 1
    assert metrics.explore(number, offered, share) == (channel, propensity), "decided again, it is the same"
    if means[channel] < max(means.values()):
        assert propensity <= min(share, metrics.EXPLORED_MAX)


@pytest.mark.parametrize("policy", ["push", "sms", "email"])
def test_what_another_policy_would_have_brought_is_found_from_the_propensities(policy: str) -> None:
    """Inverse-propensity mean of "always by push", from messages of which one in thirty went there."""
    chance = random.Random(11)
    true = {"email": 0.06, "sms": 0.25, "push": 0.15}
    worth, squares, n = 0.0, 0.0, 200_000
    for number in range(n):
        channel, propensity = metrics.explore(number << 8, OFFERS, 0.05)
        answered = chance.random() < true[channel]
        weighed = answered / propensity if channel == policy else 0.0
        worth += weighed
        squares += weighed**2
    mean = worth / n
    spread = (squares / n - mean**2) ** 0.5 / n**0.5
    assert spread < 0.012, "or this proves nothing"
    assert abs(mean - true[policy]) < 3 * spread


def test_nothing_to_choose_from_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        metrics.explore(1, [], 0.05)
