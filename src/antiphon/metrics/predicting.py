"""How likely a person answers a message: their own numbers, drawn towards what is known of everybody. Pure.

From the widest to the narrowest: the default of a kind of message, what this installation's people do with it
(`Prior`), what the person does with other kinds on the same channel, what they do with this kind.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from antiphon.kernel.records import Purpose
from antiphon.metrics import beta
from antiphon.metrics.cells import key_of, siblings_of

RELATED = 0.25
"""Four messages of another kind on the same channel say as much as one of this kind. Not learned: that would take the
numbers of all kinds together for everybody. A quarter gains a third of what there is to gain where whoever likes one
kind likes the other. Where that is not so it costs nothing and intervals still hold; with a half they no longer do
(docs/decisions/0016-predicted-response.md)."""

INTERVAL = 0.90


class Counts(Struct, frozen=True, gc=False):
    """Of the person's last messages of one cell: how many, and how many of them they answered."""

    sent: int
    answered: int


class Prior(Struct, frozen=True, gc=False):
    """The Beta distribution of people's own shares of answers, and from how many `people` it was learned."""

    alpha: float
    beta: float
    people: int

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)


class Population(Struct, frozen=True):
    """What is known of everybody: `priors` of every cell by key; `hours`: answers by local hour, 24 of them.

    Decisions keep it with their inputs, so it goes to JSON and back unchanged.
    """

    priors: dict[str, Prior]
    hours: tuple[int, ...] = (0,) * 24


class Predicted(Struct, frozen=True, gc=False):
    """`mean`: the expected share of answers; `alpha` and `beta`: its distribution. `low` and `high`: see `interval`."""

    mean: float
    alpha: float
    beta: float
    low: float | None = None
    high: float | None = None


def response(counts: Mapping[str, Counts], population: Population, channel: str, purpose: Purpose) -> Predicted:
    """`counts`: the person's, by key of the cell, as `predict` reads them."""
    key = key_of(channel, purpose)
    prior = population.priors[key]
    alpha, silent = prior.alpha, prior.beta
    for other in siblings_of(key) if counts else ():
        if (said := counts.get(other)) is not None and said.sent:
            related = RELATED * said.sent
            lift = prior.mean / population.priors[other].mean
            answered = min(RELATED * said.answered * lift, related)
            alpha += answered
            silent += related - answered
    if (own := counts.get(key)) is not None:
        alpha += own.answered
        silent += own.sent - own.answered
    return Predicted(alpha / (alpha + silent), alpha, silent)


def interval(predicted: Predicted) -> Predicted:
    """With `low` and `high`: the person's own share is between them with probability INTERVAL."""
    rest = (1 - INTERVAL) / 2
    low = beta.quantile(rest, predicted.alpha, predicted.beta)
    high = beta.quantile(1 - rest, predicted.alpha, predicted.beta)
    return Predicted(predicted.mean, predicted.alpha, predicted.beta, low, high)
