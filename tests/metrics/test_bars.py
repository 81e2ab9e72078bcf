"""Predictions are worth something: bars that a prediction must clear, with people of whom the truth is known."""

from __future__ import annotations

import pytest

from antiphon import metrics
from antiphon.kernel.records import Purpose
from antiphon_world.habits import Habits
from metrics.trial import (
    CHANNELS,
    Known,
    Message,
    Outcome,
    hindsight,
    history,
    kinds_of_people,
    run,
    shuffled,
    true_share,
)

PEOPLE, ROUNDS = 3_000, 60
HABITS = Habits()


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return list(history(PEOPLE, ROUNDS, HABITS))


@pytest.fixture(scope="module")
def outcome(messages: list[Message]) -> Outcome:
    return run(messages)


def covered(known: Known, channel: str, people: int) -> float:
    """The part of the people whose true share is within its interval."""
    inside = 0
    for person in range(1, people + 1):
        predicted = metrics.interval(known.predict(person, channel))
        assert predicted.low is not None
        assert predicted.high is not None
        inside += predicted.low <= true_share(HABITS, channel, person) <= predicted.high
    return inside / people


def test_each_next_answer_is_foretold_better_than_by_averages(outcome: Outcome, messages: list[Message]) -> None:
    """Also than by averages that know the end: those of everything, and of each channel."""
    base, by_channel = hindsight(messages)
    print(f"\nlog-loss: ours {outcome.ours:.5f}, so far {outcome.base:.5f}, {outcome.by_channel:.5f} by channel;")
    print(f"  with hindsight {base:.5f}, {by_channel:.5f} by channel; who knows all tastes {outcome.best:.5f}")
    assert outcome.ours < min(outcome.base, base)
    assert outcome.ours < min(outcome.by_channel, by_channel)
    assert by_channel - outcome.ours > 0.7 * (by_channel - outcome.best), "of what can be learned of a person's channel"


def test_nine_of_ten_true_shares_are_in_their_interval(outcome: Outcome) -> None:
    parts = {channel: covered(outcome.known, channel, 2_000) for channel in CHANNELS}
    whole = sum(parts.values()) / len(parts)
    print(f"\ncovered: {whole:.3f}", {channel: round(part, 3) for channel, part in parts.items()})
    assert 0.85 <= whole <= 0.95


def test_whoever_is_said_to_answer_one_in_ten_does(outcome: Outcome) -> None:
    print("\ndecile: predicted, answered")
    for n, predicted, answered in outcome.deciles:
        print(f"  {predicted:.4f} {answered:.4f}")
        by_chance = (predicted * (1 - predicted) / n) ** 0.5
        assert abs(answered - predicted) < 0.01 + 3 * by_chance


def test_where_answers_are_nobodys_own_nothing_is_foretold(messages: list[Message]) -> None:
    """The same answers dealt anew to everybody: what beats the average of them was not learned but let in."""
    dealt = shuffled(messages)
    outcome = run(dealt)
    base, by_channel = hindsight(dealt)
    print(f"\nlog-loss of dealt answers: ours {outcome.ours:.5f}, base {base:.5f}, {by_channel:.5f} by channel")
    assert outcome.ours >= by_channel
    assert outcome.ours < base + 0.001, "nor does it cost anything to speak of"


def test_people_who_get_more_than_a_window_holds_are_known_as_well() -> None:
    """Sixty messages on one channel: twenty are forgotten, and intervals still say how much is known."""
    known = Known()
    messages = list(history(2_000, 60, HABITS, channels=("sms",)))
    outcome = run(messages, known=known)
    part = covered(known, "sms", 2_000)
    print(f"\none channel: covered {part:.3f}, prior {known.population.priors['sms:campaign']}")
    assert 0.85 <= part <= 0.95
    assert outcome.ours < hindsight(messages)[1]


def test_other_kinds_on_the_same_channel_help_where_they_go_together_and_do_no_harm_where_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {}
    for weight in (0.0, metrics.predicting.RELATED, 1.0):
        monkeypatch.setattr(metrics.predicting, "RELATED", weight)
        found[weight] = kinds_of_people(1_200, together=True), kinds_of_people(1_200, together=False)
        print(f"weight {weight}: together {found[weight][0]}, apart {found[weight][1]} (log-loss, covered)")
    (alone, _), (alone_apart, _) = found[0.0]
    (quarter, covered_together), (quarter_apart, covered_apart) = found[0.25]
    assert alone - quarter > 0.3 * (alone - found[1.0][0][0]), "of what there is to gain"
    assert abs(quarter_apart - alone_apart) < 0.0005
    assert min(covered_together, covered_apart) > 0.85


def test_a_campaign_tells_little_of_codes() -> None:
    """Whoever never taps a campaign may still read codes by SMS: four of one count as one of the other."""
    everybody = Known().population
    silent = {"sms:campaign": metrics.Counts(20, 0)}
    fresh = metrics.response({}, everybody, "sms", Purpose.CODE).mean
    told = metrics.response(silent, everybody, "sms", Purpose.CODE).mean
    same = metrics.response({"sms:code": metrics.Counts(20, 0)}, everybody, "sms", Purpose.CODE).mean
    assert same < told < fresh
    assert metrics.response(silent, everybody, "email", Purpose.CODE).mean == 0.20, "another channel tells nothing"
