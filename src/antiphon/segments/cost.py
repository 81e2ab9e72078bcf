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
"""Measured; within a factor of three either way. To write rows takes time beside it."""
SECONDS_PER_WRITE = 8e-6


async def seconds(tx: Transaction, rule: Rule, words: Words) -> float:
    """About how long the first look of a rule takes: everybody is judged. `rule` has no computed traits."""
    cost, rows = await asking.foreseen(tx, everybody.with_timers(rule, words, Moment(tx.now)))
    return round(cost * SECONDS_PER_COST + rows * SECONDS_PER_WRITE, 3)


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
