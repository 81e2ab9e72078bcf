"""Which part of a rule decided: of the leaves that make it hold, or fail, one that what happened can have turned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from antiphon.segments.engine.frame import Words
from antiphon.segments.kinds import CREATED, kinds_of
from antiphon.segments.language.rules import All, Any, Leaf, Not, Rule

Holds = Callable[[Leaf], bool | None]
"""Whether a leaf holds; None where it was not asked, for it did not matter."""


def decider(rule: Rule, holds: Holds, words: Words, kinds: Collection[int], *, by_time: bool) -> str:
    """The path of the leaf that decided, such as `rule.all[0]`; of several the first, empty if none can be named."""
    said = list(support(rule, holds))
    if not said:
        return ""
    for at, leaf in said:
        concerned = kinds_of(leaf, words.events, words.segments)
        if by_time or CREATED in kinds or concerned & set(kinds):
            return at
    return said[0][0]


def truth(rule: Rule, holds: Holds) -> bool | None:
    """None where too few leaves were asked to tell."""
    if isinstance(rule, All | Any):
        settles = isinstance(rule, Any)
        said = [truth(part, holds) for part in rule.parts]
        if settles in said:
            return settles
        return None if None in said else not settles
    if isinstance(rule, Not):
        inner = truth(rule.part, holds)
        return None if inner is None else not inner
    return holds(rule)


def support(rule: Rule, holds: Holds, at: str = "rule") -> Iterator[tuple[str, Leaf]]:
    """The leaves, with their paths, that make the rule as it is."""
    if isinstance(rule, All | Any):
        kind, answer = ("all" if isinstance(rule, All) else "any"), truth(rule, holds)
        for n, part in enumerate(rule.parts):
            if truth(part, holds) is answer:
                yield from support(part, holds, f"{at}.{kind}[{n}]")
    elif isinstance(rule, Not):
        yield from support(rule.part, holds, f"{at}.not")
    else:
        yield at, rule
