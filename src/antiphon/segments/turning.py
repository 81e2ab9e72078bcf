"""What would have to be otherwise for a rule to turn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice

from antiphon.segments.engine.why import Holds, truth
from antiphon.segments.language.rules import All, Any, Leaf, Not, Rule, key_of

Places = tuple[tuple[str, Leaf], ...]
TOGETHER, TRIES = 3, 5_000


def fewest(rule: Rule, holds: Holds) -> Places:
    """The leaves, with their paths, that would all have to turn: the smallest set, the first of equals.

    Leaves are taken to turn by themselves: only a leaf that stands twice is known to turn as one. Where a leaf stands
    in the way of itself, as in `a and not a`, sets of up to three leaves are tried; empty where none of them does it.
    """
    easiest = _easiest(rule, holds, "rule")
    if _turns(rule, holds, easiest):
        return easiest
    leaves = _distinct(tuple(_leaves(rule, "rule")))
    sets = (some for n in range(1, TOGETHER + 1) for some in combinations(leaves, n))
    return next((some for some in islice(sets, TRIES) if _turns(rule, holds, some)), ())


def _easiest(rule: Rule, holds: Holds, at: str) -> Places:
    """An `all` that holds falls with its easiest part; one that fails needs every part that fails, and so on."""
    if isinstance(rule, Not):
        return _easiest(rule.part, holds, f"{at}.not")
    if not isinstance(rule, All | Any):
        return ((at, rule),)
    kind = "all" if isinstance(rule, All) else "any"
    now, settles = truth(rule, holds), isinstance(rule, Any)
    failing = [(n, part) for n, part in enumerate(rule.parts) if truth(part, holds) is now]
    parts = [_easiest(part, holds, f"{at}.{kind}[{n}]") for n, part in failing]
    if now is settles:
        return _distinct(tuple(place for part in parts for place in part))
    return min(parts, key=len)


def _turns(rule: Rule, holds: Holds, turned: Places) -> bool:
    others = {key_of(leaf) for _, leaf in turned}
    return truth(rule, lambda leaf: holds(leaf) is not (key_of(leaf) in others)) is not truth(rule, holds)


def _leaves(rule: Rule, at: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(rule, Not):
        yield from _leaves(rule.part, f"{at}.not")
    elif isinstance(rule, All | Any):
        kind = "all" if isinstance(rule, All) else "any"
        for n, part in enumerate(rule.parts):
            yield from _leaves(part, f"{at}.{kind}[{n}]")
    else:
        yield at, rule


def _distinct(places: Places) -> Places:
    found: dict[bytes, tuple[str, Leaf]] = {}
    for place in places:
        found.setdefault(key_of(place[1]), place)
    return tuple(found.values())
