"""What would have to be otherwise for a rule to turn."""

from __future__ import annotations

from antiphon.segments.engine.why import Holds, truth
from antiphon.segments.language.rules import All, Any, Leaf, Not, Rule, key_of

Places = tuple[tuple[str, Leaf], ...]


def fewest(rule: Rule, holds: Holds, at: str = "rule") -> Places:
    """The leaves, with their paths, that would all have to turn: the smallest set, the first of equals.

    An `all` that holds falls with its easiest part; one that fails needs every part that fails, and so on. Leaves are
    taken to turn by themselves: only a leaf that stands twice is known to turn as one.
    """
    if isinstance(rule, Not):
        return fewest(rule.part, holds, f"{at}.not")
    if not isinstance(rule, All | Any):
        return ((at, rule),)
    kind = "all" if isinstance(rule, All) else "any"
    now, settles = truth(rule, holds), isinstance(rule, Any)
    parts = [fewest(part, holds, f"{at}.{kind}[{n}]") for n, part in enumerate(rule.parts) if truth(part, holds) is now]
    if now is settles:
        return _distinct(tuple(place for part in parts for place in part))
    return min(parts, key=len)


def _distinct(places: Places) -> Places:
    found: dict[bytes, tuple[str, Leaf]] = {}
    for place in places:
        found.setdefault(key_of(place[1]), place)
    return tuple(found.values())
