"""A trial by fire: people of the world, whose true shares of answers are known, get messages one after the other.

Every answer is predicted before it happens, from what happened until then and from nothing else.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from math import log

from msgspec import Struct

from antiphon.kernel.records import Purpose
from antiphon.metrics import DEFAULTS, Counts, Population, Predicted, default_prior, fit, interval, key_of, response
from antiphon.metrics.window import Window
from antiphon_world.addresses import phone_of
from antiphon_world.habits import _MEAN, TASTES, Habits, plans, taste_of

CHANNELS = ("email", "sms", "push")
SEED = 7


def address(channel: str, person: int) -> str:
    match channel:
        case "email":
            return f"ana.gil.{person:06d}@mail.example"
        case "sms":
            return phone_of(person, "ES")
    return f"/push/{person:06d}"


def true_share(habits: Habits, channel: str, person: int) -> float:
    """How likely this person clicks a message by this channel, by the habits that make them do it."""
    return share_of(habits, channel, taste_of(SEED, str(person)))


def share_of(habits: Habits, channel: str, taste: str) -> float:
    likes = TASTES[taste][1][channel] / _MEAN[channel]
    if channel == "email":  # they click what they opened
        return habits.rate("open", "email") * likes * habits.rate("click", "email")
    shown = habits.rate("shown", "push") if channel == "push" else 1.0
    return shown * habits.rate("click", channel) * likes


def answers(habits: Habits, channel: str, person: int, nth: int) -> bool:
    chains = plans(SEED, habits, channel, address(channel, person), nth)  # type: ignore[arg-type]
    return any(step.do == "click" for chain in chains for step in chain)


class Message(Struct, frozen=True):
    round: int
    person: int
    channel: str
    answered: bool


def history(people: int, rounds: int, habits: Habits, *, channels: Sequence[str] = CHANNELS) -> Iterator[Message]:
    """In the order of time: a message for everybody in each round, by a channel drawn anew each time."""
    chance = random.Random(SEED)
    nth: Counter[tuple[str, int]] = Counter()
    for number in range(rounds):
        for person in range(1, people + 1):
            channel = chance.choice(channels)
            nth[channel, person] += 1
            yield Message(number, person, channel, answers(habits, channel, person, nth[channel, person]))


class Known:
    """Everybody's windows and the grid of them, as the database keeps both."""

    def __init__(self, purpose: Purpose = Purpose.CAMPAIGN) -> None:
        self.purpose = purpose
        self.windows: dict[int, dict[str, Window]] = defaultdict(dict)
        self.counts: dict[int, dict[str, Counts]] = defaultdict(dict)
        self.grid: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
        self.population = Population({key: default_prior(share) for key, share in DEFAULTS.items()})

    def predict(self, person: int, channel: str) -> Predicted:
        return response(self.counts[person], self.population, channel, self.purpose)

    def learn(self, person: int, channel: str, answered: bool) -> None:
        key = key_of(channel, self.purpose)
        before = self.windows[person].get(key, Window())
        after = before.after_sent()
        after = after.after_answered() if answered else after
        self.windows[person][key] = after
        self.counts[person][key] = Counts(*after.counts)
        self.grid[key][before.counts] -= 1
        self.grid[key][after.counts] += 1

    def fit(self) -> None:
        priors = {key: fit(grid, DEFAULTS[key]) for key, grid in self.grid.items()}
        self.population = Population({**self.population.priors, **priors})


class Running:
    """The share of answers so far, of everything with one key: what to beat. Starts from the same defaults."""

    def __init__(self, default: Callable[[str], float]) -> None:
        self.sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.default = default

    def predict(self, key: str) -> float:
        answered, n = self.sums[key]
        return (answered + 5 * self.default(key)) / (n + 5)

    def learn(self, key: str, answered: bool) -> None:
        self.sums[key][0] += answered
        self.sums[key][1] += 1


class Knowing:
    """One who knows of the world how many people have which taste and what that makes them do, and learns of each
    person which it is, from the same channel: nobody can foretell better from that."""

    def __init__(self, habits: Habits) -> None:
        self.shares = {channel: [share_of(habits, channel, taste) for taste in TASTES] for channel in CHANNELS}
        start = [share for share, _ in TASTES.values()]
        self.weights: dict[tuple[int, str], list[float]] = defaultdict(lambda: start)

    def predict(self, person: int, channel: str) -> float:
        return sum(w * share for w, share in zip(self.weights[person, channel], self.shares[channel], strict=True))

    def learn(self, person: int, channel: str, answered: bool) -> None:
        pairs = zip(self.weights[person, channel], self.shares[channel], strict=True)
        weights = [w * (share if answered else 1 - share) for w, share in pairs]
        self.weights[person, channel] = [w / sum(weights) for w in weights]


def loss(predicted: float, answered: bool) -> float:
    return -log(predicted if answered else 1 - predicted)


class Outcome(Struct):
    """Mean log-loss a message, `best` that of `Knowing`; `deciles`: predictions in order, in
    ten parts: (n, mean predicted, share answered)."""

    ours: float
    base: float
    by_channel: float
    best: float
    deciles: list[tuple[int, float, float]]
    known: Known


def run(messages: list[Message], *, known: Known | None = None) -> Outcome:
    known = known or Known()
    base, by_channel = Running(lambda _: 0.06), Running(lambda channel: DEFAULTS[key_of(channel, Purpose.CAMPAIGN)])
    sums = [0.0, 0.0, 0.0, 0.0]
    knowing = Knowing(Habits())
    pairs: list[tuple[float, bool]] = []
    last = 0
    for message in messages:
        if message.round != last:
            known.fit()
            last = message.round
        mean = known.predict(message.person, message.channel).mean
        best = knowing.predict(message.person, message.channel)
        for n, guess in enumerate((mean, base.predict(""), by_channel.predict(message.channel), best)):
            sums[n] += loss(guess, message.answered)
        pairs.append((mean, message.answered))
        base.learn("", message.answered)
        by_channel.learn(message.channel, message.answered)
        known.learn(message.person, message.channel, message.answered)
        knowing.learn(message.person, message.channel, message.answered)
    known.fit()
    n = len(messages)
    return Outcome(sums[0] / n, sums[1] / n, sums[2] / n, sums[3] / n, deciles(pairs), known)


def hindsight(messages: Sequence[Message]) -> tuple[float, float]:
    """The log-loss of always saying the share of all answers, and that of the channel's: of one who knows the end."""
    return _hindsight(messages, lambda _: ""), _hindsight(messages, lambda message: message.channel)


def _hindsight(messages: Sequence[Message], part_of: Callable[[Message], str]) -> float:
    parts: dict[str, Counter[bool]] = defaultdict(Counter)
    for message in messages:
        parts[part_of(message)][message.answered] += 1
    total = 0.0
    for said in parts.values():
        share = said[True] / said.total()
        total += said[True] * loss(share, True) + said[False] * loss(share, False)
    return total / len(messages)


def deciles(pairs: list[tuple[float, bool]]) -> list[tuple[int, float, float]]:
    pairs = sorted(pairs)
    size = len(pairs) // 10
    parts = [pairs[n * size : (n + 1) * size] for n in range(10)]
    return [(len(part), sum(p for p, _ in part) / len(part), sum(a for _, a in part) / len(part)) for part in parts]


def shuffled(messages: list[Message]) -> list[Message]:
    """The same answers dealt anew: nothing is left to be learned, neither of a person nor of a channel."""
    dealt = [message.answered for message in messages]
    random.Random(SEED).shuffle(dealt)
    return [Message(m.round, m.person, m.channel, answered) for m, answered in zip(messages, dealt, strict=True)]


def kinds_of_people(people: int, *, together: bool) -> tuple[float, float]:
    """The log-loss of campaigns for people who also get other messages on the same channel, and the part of them whose
    true share is within its interval at the end.

    `together`: whoever likes one kind likes the other, so both shares are drawn from one place; else from two.
    """
    chance = random.Random(SEED)
    known = {purpose: Known(purpose) for purpose in (Purpose.CAMPAIGN, Purpose.TRANSACTIONAL)}
    shares = {}
    for person in range(people):
        liking = chance.gammavariate(2.0, 0.5), chance.gammavariate(2.0, 0.5)
        shares[person] = min(0.06 * liking[0], 0.9), min(0.3 * liking[0 if together else 1], 0.9)
    counts: dict[int, dict[str, Counts]] = defaultdict(dict)
    total, n = 0.0, 0
    for _ in range(20):
        for one in known.values():
            one.fit()
        priors = {key: known[purpose].population.priors[key] for purpose in known for key in [key_of("email", purpose)]}
        population = Population({**known[Purpose.CAMPAIGN].population.priors, **priors})
        for person in range(people):
            for share, (purpose, one) in zip(shares[person], known.items(), strict=True):
                answered = chance.random() < share
                if purpose is Purpose.CAMPAIGN:
                    total += loss(response(counts[person], population, "email", purpose).mean, answered)
                    n += 1
                one.learn(person, "email", answered)
                counts[person][key_of("email", purpose)] = one.counts[person][key_of("email", purpose)]
    inside = 0
    for person in range(people):
        said = interval(response(counts[person], population, "email", Purpose.CAMPAIGN))
        inside += (said.low or 0.0) <= shares[person][0] <= (said.high or 0.0)
    return total / n, inside / people
