"""The arithmetic behind predictions: against figures that others computed, and against the process it describes."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import metrics
from antiphon.kernel.records import Channel, Purpose
from antiphon.metrics import beta
from antiphon.metrics.window import KEPT_MAX, WINDOW, Window

DEFAULT = metrics.Population({key: metrics.default_prior(share) for key, share in metrics.DEFAULTS.items()})

BELOW = [  # scipy.special.betainc(a, b, x) of SciPy 1.17.1
    (0.3, 2, 5, 0.5798250000000003),
    (0.001, 0.05, 4.95, 0.7837270618411205),
    (0.999, 50, 0.3, 0.5524049218371451),
    (0.1, 1000, 9000, 0.5035462207518635),
    (0.05, 300.5, 6000.2, 0.806247737134765),
]
QUANTILES = [  # scipy.stats.beta.ppf of SciPy 1.17.1
    (0.05, 0.3, 4.7, 7.3670127759802715e-06),
    (0.95, 0.3, 4.7, 0.2696282371700951),
    (0.05, 40, 3, 0.8575855234368538),
    (0.95, 1000, 9000, 0.10497941379530629),
]


@pytest.mark.parametrize(("x", "a", "b", "share"), BELOW)
def test_the_incomplete_beta_function_is_as_elsewhere(x: float, a: float, b: float, share: float) -> None:
    assert beta.below(x, a, b) == pytest.approx(share, abs=1e-10)
    assert beta.below(1 - x, b, a) == pytest.approx(1 - share, abs=1e-10)


@pytest.mark.parametrize(("share", "a", "b", "x"), QUANTILES)
def test_quantiles_are_as_elsewhere(share: float, a: float, b: float, x: float) -> None:
    assert beta.quantile(share, a, b) == pytest.approx(x, rel=1e-6)


def test_the_tail_of_the_binomial_is_a_sum_of_few() -> None:
    assert beta.tail(5, 5, 5 / 24) == pytest.approx((5 / 24) ** 5, rel=1e-9)
    assert beta.tail(10, 30, 5 / 24) == pytest.approx(
        0.07712098291624624, rel=1e-9
    )  # scipy.stats.binom.sf(9, 30, 5/24)
    assert beta.tail(0, 0, 0.5) == 1.0
    assert beta.tail(3, 2, 0.5) == 0.0


def drawn(people: int, a: float, b: float, *, messages: int) -> Counter[tuple[int, int]]:
    chance = random.Random(3)
    grid: Counter[tuple[int, int]] = Counter()
    for _ in range(people):
        share, n = chance.betavariate(a, b), chance.randint(0, messages)
        grid[n, sum(chance.random() < share for _ in range(n))] += 1
    return grid


@pytest.mark.parametrize(("a", "b"), [(1.2, 20.0), (3.0, 5.0), (0.5, 2.0), (40.0, 60.0)])
def test_what_people_were_drawn_from_is_found_again(a: float, b: float) -> None:
    prior = metrics.fit(drawn(20_000, a, b, messages=40), 0.06)
    assert prior.mean == pytest.approx(a / (a + b), rel=0.03)
    assert prior.alpha + prior.beta == pytest.approx(a + b, rel=0.10)


def test_while_nothing_is_known_the_default_holds() -> None:
    prior = metrics.fit({}, 0.25)
    assert (prior.mean, prior.alpha + prior.beta, prior.people) == (
        pytest.approx(0.25, 1e-4),
        pytest.approx(5, 1e-3),
        0,
    )


def test_a_few_people_move_the_default_and_many_replace_it() -> None:
    """Nobody answers: three people of one message each are no proof, a thousand of ten are."""
    few, many = metrics.fit({(1, 0): 3}, 0.25).mean, metrics.fit({(10, 0): 1_000}, 0.25).mean
    assert 0.15 < few < 0.25
    assert many < 0.005


def test_people_who_are_all_alike_get_no_distribution_without_end() -> None:
    prior = metrics.fit({(40, 4): 100_000}, 0.06)
    assert prior.alpha + prior.beta <= 2_001
    assert prior.mean == pytest.approx(0.1, rel=0.01)


windows = st.lists(st.sampled_from(["sent", "answered", "undelivered"]), max_size=150)


@given(windows)
def test_a_window_is_the_last_messages_and_their_answers(said: list[str]) -> None:
    """The same by a list that is gone through."""
    window, plain = Window(), list[bool]()
    for word in said:
        if word == "sent":
            window, plain = window.after_sent(), [False, *plain][:KEPT_MAX]
        else:
            silent = next((n for n, answered in enumerate(plain[:WINDOW]) if not answered), None)
            if silent is not None and word == "answered":
                plain[silent] = True
            elif silent is not None:
                del plain[silent]
            window = window.after_answered() if word == "answered" else window.after_undelivered()
        assert window.counts == (len(plain[:WINDOW]), sum(plain[:WINDOW]))
        assert window.sent == len(plain)


@given(windows, windows)
def test_two_numbers_of_one_person_add_up(one: list[str], other: list[str]) -> None:
    def followed(said: list[str]) -> Window:
        window = Window()
        for word in said[:30]:
            window = {
                "sent": window.after_sent, "answered": window.after_answered, "undelivered": window.after_undelivered
            }[word]()  # fmt: skip
        return window

    a, b = followed(one), followed(other)
    joined = a.joined(b)
    if a.sent + b.sent <= WINDOW:
        assert joined.counts == (a.counts[0] + b.counts[0], a.counts[1] + b.counts[1])
    assert joined.sent == min(a.sent + b.sent, KEPT_MAX)
    assert joined.counts[0] <= WINDOW


def test_every_channel_and_purpose_has_a_cell_and_no_two_kinds_share_one() -> None:
    cells = {
        metrics.cell_of(channel, purpose): metrics.key_of(channel, purpose)
        for channel in Channel
        for purpose in Purpose
    }
    assert cells == dict(enumerate(metrics.KEYS))
    assert set(metrics.DEFAULTS) == set(metrics.KEYS)


def test_cells_keep_their_numbers() -> None:
    """They are stored."""
    said = [
        metrics.cell_of(c, p) for c, p in [("email", Purpose.CAMPAIGN), ("sms", Purpose.CODE), ("chat", Purpose.REPLY)]
    ]
    assert said == [0, 7, 17]


def test_more_of_a_persons_own_weighs_more() -> None:
    def mean(sent: int, answered: int) -> float:
        counts = {"email:campaign": metrics.Counts(sent, answered)}
        return metrics.response(counts, DEFAULT, "email", Purpose.CAMPAIGN).mean

    assert mean(0, 0) == pytest.approx(0.06)
    assert mean(5, 0) == pytest.approx(0.03), "five messages count as much as the default"
    assert mean(2, 1) < mean(4, 2) < mean(40, 20) < 0.5


@pytest.mark.parametrize("answered", [0, 3, 10])
def test_an_interval_narrows_round_the_mean(answered: int) -> None:
    def at(times: int) -> metrics.Predicted:
        counts = {"sms:campaign": metrics.Counts(10 * times, answered * times)}
        return metrics.interval(metrics.response(counts, DEFAULT, "sms", Purpose.CAMPAIGN))

    few, many = at(1), at(4)
    for one in (few, many):
        assert one.low is not None
        assert one.high is not None
        assert 0 <= one.low <= one.mean <= one.high <= 1
    assert (many.high or 0) - (many.low or 0) < (few.high or 0) - (few.low or 0)


def test_what_a_decision_keeps_says_the_same_when_it_is_read_again() -> None:
    fitted = metrics.Population({**DEFAULT.priors, "sms:code": metrics.fit({(7, 3): 11}, 0.6)}, tuple(range(24)))
    read = msgspec.json.decode(msgspec.json.encode(fitted), type=metrics.Population)
    assert read == fitted
