"""Rules for the benchmarks of segments: the five of the design, and any number drawn from shapes with a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

SENT, OPENED, ADDED, BOUGHT = 1, 4, 7, 9
NAMED = {SENT: "email sent", OPENED: "email opened", ADDED: "cart added", BOUGHT: "purchase"}
KINDS = 30

Rule = dict[str, Any]  # Any: JSON

S1: Rule = {
    "all": [
        {"trait": "country", "op": "in", "value": ["de", "fr", "it"]},
        {"trait": "tier", "op": "eq", "value": "gold"},
        {"trait": "age", "op": "gte", "value": 25},
        {"trait": "age", "op": "lte", "value": 45},
    ]
}
S2: Rule = {
    "all": [
        {"event": "email sent", "count": {"op": "gte", "value": 3}},
        {"event": "email opened", "within": "21d", "count": {"op": "eq", "value": 0}},
    ]
}
S3: Rule = {
    "all": [
        {"event": "purchase", "within": "30d", "count": {"op": "gte", "value": 3}},
        {"event": "purchase", "within": "30d", "sum": {"property": "amount", "op": "gt", "value": 100}},
    ]
}
S4: Rule = {"all": [{"any": [S1, S3]}, {"not": S2}]}
S5: Rule = {"sequence": ["cart added", "purchase"], "span": "7d"}
FIVE = {"S1": S1, "S2": S2, "S3": S3, "S4": S4, "S5": S5}


def name_of(kind: int) -> str:
    return NAMED.get(kind, f"kind {kind}")


class Drawn:
    """Draws rules; the same seed draws the same. `names` are segments that a rule may name."""

    def __init__(self, seed: int, names: tuple[str, ...] = ()) -> None:
        self.draw, self.names = random.Random(seed), names

    def _kind(self) -> str:
        return name_of(min(KINDS, int((KINDS + 1) ** self.draw.random())))

    def _two(self) -> tuple[str, str]:
        one, other = self.draw.sample(range(2, 16), 2)
        return name_of(one), name_of(other)

    def _days(self) -> str:
        return f"{self.draw.choice((3, 7, 14, 21, 30, 45, 60, 90))}d"

    def traits(self) -> Rule:
        older = self.draw.randrange(18, 60)
        parts: list[Rule] = [
            {"trait": "age", "op": "gte", "value": older},
            {"trait": "age", "op": "lt", "value": older + self.draw.randrange(5, 25)},
            {
                "trait": "country",
                "op": "in",
                "value": self.draw.sample(["de", "fr", "it", "es", "gb", "us", "pl"], self.draw.randint(1, 4)),
            },
            {"trait": "tier", "op": "eq", "value": self.draw.choice(("gold", "silver", "none"))},
        ]
        return {"all": self.draw.sample(parts, self.draw.randint(2, 4))}

    def counted(self) -> Rule:
        return {"event": self._kind(), "count": {"op": "gte", "value": self.draw.randint(2, 12)}}

    def first_or_last(self) -> Rule:
        measure = self.draw.choice(("first", "last"))
        return {"event": self._kind(), measure: {"op": self.draw.choice(("within", "ago")), "value": self._days()}}

    def none_lately(self) -> Rule:
        """Answered by the rollups; time alone changes it."""
        return {
            "all": [
                {"event": self._kind(), "count": {"op": "gte", "value": self.draw.randint(1, 5)}},
                {"event": self._kind(), "within": self._days(), "count": {"op": "eq", "value": 0}},
            ]
        }

    def counted_lately(self) -> Rule:
        return {
            "event": self._kind(),
            "within": self._days(),
            "count": {"op": self.draw.choice(("gte", "gt", "lt")), "value": self.draw.randint(2, 6)},
        }

    def spent_lately(self) -> Rule:
        amount = self.draw.randrange(50, 300, 10)
        return {"event": "purchase", "within": self._days(), "sum": {"property": "amount", "op": "gt", "value": amount}}

    def sequence(self) -> Rule:
        """Over all time, or in a window, or left unfinished."""
        steps: Rule = {"sequence": list(self._two())}
        form = self.draw.randrange(3)
        if form == 0:
            return {**steps, "span": f"{self.draw.choice((1, 3, 7, 14))}d"}
        if form == 1:
            return {**steps, "within": self._days()}
        return {**steps, "within": self._days(), "complete": False}

    def sequence_lately(self) -> Rule:
        return {"sequence": list(self._two()), "within": self._days(), "complete": self.draw.random() < 0.5}

    def reachable(self) -> Rule:
        return {
            "all": [
                {"reachable": self.draw.choice(("email", "sms")), "topic": "news"},
                {"trait": "tier", "op": "eq", "value": self.draw.choice(("gold", "silver", "none"))},
            ]
        }

    def part(self) -> Rule:
        return {"random": self.draw.randint(1, 30), "seed": f"part {self.draw.randrange(1000)}"}

    def stored(self) -> Rule:
        """Segments that are kept, put together."""
        some: list[Rule] = [{"segment": name} for name in self.draw.sample(self.names, min(3, len(self.names)))]
        return {"all": [{"any": some[:-1]}, {"not": some[-1]}]} if len(some) > 1 else some[0]


Shape = Callable[[Drawn], Rule]

WINDOWED: tuple[Shape, ...] = (
    Drawn.none_lately,
    Drawn.counted_lately,
    Drawn.spent_lately,
    Drawn.sequence_lately,
    Drawn.first_or_last,
)
OTHERS: tuple[Shape, ...] = (Drawn.traits, Drawn.counted, Drawn.counted, Drawn.reachable, Drawn.part, Drawn.stored)
ASKED: dict[str, tuple[Shape, ...]] = {
    "traits": (Drawn.traits, Drawn.part),
    "rollups": (Drawn.counted, Drawn.none_lately, Drawn.first_or_last),
    "stored segments": (Drawn.stored,),
    "windows over raw events": (Drawn.counted_lately, Drawn.spent_lately),
    "sequences": (Drawn.sequence, Drawn.sequence_lately),
}
"""By what a preview has to read."""


def watched(count: int, *, seed: int = 1) -> dict[str, Rule]:
    """So many rules by the names of their segments, in an order in which they can be made; half have a window."""
    drawn, rules = Drawn(seed), dict[str, Rule]()
    for n in range(count):
        shape = WINDOWED[n // 2 % len(WINDOWED)] if n % 2 else OTHERS[n // 2 % len(OTHERS)]
        drawn.names = tuple(rules)[:8]
        if shape is Drawn.stored and not drawn.names:
            shape = Drawn.counted
        rules[f"segment {n}"] = shape(drawn)
    return rules


def asked(count: int, names: tuple[str, ...], *, seed: int = 2) -> list[tuple[str, Rule]]:
    """So many rules that somebody may be trying, each with its kind; without `names` none names a segment."""
    drawn = Drawn(seed, names)
    kinds = [kind for kind in ASKED if names or kind != "stored segments"]
    return [(kind := kinds[n % len(kinds)], drawn.draw.choice(ASKED[kind])(drawn)) for n in range(count)]
