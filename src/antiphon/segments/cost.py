"""What a rule costs, by what the planner thinks of its statement."""

from __future__ import annotations

from antiphon.kernel.db import Transaction
from antiphon.segments import resolve
from antiphon.segments.engine import everybody, sets
from antiphon.segments.engine.frame import Moment, Statement, Words
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Leaf, Rule
from antiphon.segments.store import asking

SECONDS_PER_COST = 4e-6
"""Measured on eight kinds of rules, of 100,000 people and 2,000,000 events, on 2 cores: 2e-6 to 2e-5, mostly 4e-6."""
SECONDS_PER_MEMBER = 1e-5
"""To write one down, measured on the same."""


async def seconds(tx: Transaction, rule: Rule, words: Words) -> float:
    """About how long a version takes to build, within a factor of four: everybody is judged, and members are written.

    `rule` has no computed traits.
    """
    cost, _ = await asking.foreseen(tx, everybody.with_timers(rule, words, Moment(tx.now)))
    _, members = await asking.foreseen(tx, sets.everybody(rule, words, Moment(tx.now)))
    return cost * SECONDS_PER_COST + members * SECONDS_PER_MEMBER


async def of_question(tx: Transaction, statement: Statement) -> float:
    """About how long a statement takes, in seconds."""
    cost, _ = await asking.foreseen(tx, statement)
    return cost * SECONDS_PER_COST


async def costliest(tx: Transaction, rule: Rule) -> tuple[str, Leaf]:
    """The leaf that would cost most if it were asked alone, with its path. `rule` as it was given."""
    found: list[tuple[float, str, Leaf]] = []
    for at, leaf in rules.places(rule):
        if not isinstance(leaf, rules.All | rules.Any | rules.Not):
            plain = await resolve.plain(tx, leaf)
            words = await resolve.words(tx, [plain])
            found.append((await of_question(tx, sets.everybody(plain, words, Moment(tx.now))), at, leaf))
    _, at, leaf = max(found, key=lambda each: each[0])
    return at, leaf
