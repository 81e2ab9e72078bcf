"""What arrived, and what was certainly or perhaps in force when it did: for the judge of a week.

Nothing of the product is imported. What was said is `certain` a second after its acknowledgement; before that it may or
may not have been in force.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.cast import Aim
from flows.journal import RECEIVED, Line
from flows.witness import Look

CERTAIN_S = 1.0
MARK = re.compile(r"Mark\d{4}")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Arrival:
    """A message that reached an address."""

    line: Line
    aim: Aim
    wall: float
    product: datetime
    channel: str
    address: str


@dataclass(frozen=True)
class Evidence:
    """`erased`: (wall of the acknowledgement, wall of coming back, their addresses)."""

    looks: Sequence[Look]
    marks: Sequence[tuple[float, int]]
    aims: Mapping[str, Aim]
    erased: Sequence[tuple[float, float, frozenset[str]]]


class Trial:
    """All that arrived, in its order, and all that was said."""

    def __init__(self, lines: Iterable[Line], evidence: Evidence) -> None:
        self.evidence = evidence
        self.walls = [look.wall for look in evidence.looks]
        found = [line for line in lines if line["kind"] in RECEIVED]
        self.arrivals = sorted((self._arrival(line) for line in found), key=lambda each: each.wall)
        self.said = {row["n"]: row for look in evidence.looks for row in look.consents}
        self._marks: dict[str, list[Arrival]] = defaultdict(list)
        for each in self.arrivals:
            self._marks[each.aim.mark].append(each)
        self._indexes: dict[float, Index] = {}
        self._scopes: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for _, row in sorted(self.said.items()):
            if row["scope"] is not None:
                self._scopes[row["channel"], plain(row["channel"], row["address"] or "")].append(row)

    def _arrival(self, line: Line) -> Arrival:
        mark = MARK.search(f"{line.get('subject', '')} {line.get('text', '')}")
        aim = self.evidence.aims[mark[0]] if mark else Aim("", "system", "", "an answer", ("sms",))
        product = datetime.fromisoformat(line["product"].replace("Z", "+00:00"))
        return Arrival(line, aim, line["wall"], product, line["channel"], plain(line["channel"], line["address"]))

    def around(self, each: Arrival) -> tuple[Look, Look]:
        place = bisect_left(self.walls, each.wall)
        looks = self.evidence.looks
        return looks[max(place - 1, 0)], looks[min(place, len(looks) - 1)]

    def purposes(self) -> Iterator[str]:
        yield from (each.aim.purpose for each in self.arrivals)

    def of_mark(self, mark: str) -> list[Arrival]:
        return self._marks.get(mark, [])

    # what was said by then

    def both(self, each: Arrival) -> tuple[int, int]:
        """Up to which number statements were certainly in force, and up to which they may have been."""
        marks = self.evidence.marks
        certain = marks[max(bisect_left(marks, (each.wall - CERTAIN_S, 0)) - 1, 0)][1]
        return certain, marks[min(bisect_left(marks, (each.wall + CERTAIN_S, 0)), len(marks) - 1)][1]

    def scopes_of(self, channel: str, address: str) -> list[Row]:
        return self._scopes.get((channel, address), [])

    # who is who, as it stood at a look

    def holders(self, look: Look, channel: str, address: str) -> frozenset[int]:
        return self._index(look).holders.get((channel, address), frozenset())

    def arrived_at(self, look: Look, person: int, *, until: float) -> list[Arrival]:
        """All that this person got up to then, over every address that only they have."""
        return [each for each in self._index(look).arrivals.get(person, []) if each.wall <= until]

    def said_by(self, look: Look, person: int) -> list[Row]:
        return self._index(look).said.get(person, [])

    def _index(self, look: Look) -> Index:
        if look.wall not in self._indexes:
            self._indexes[look.wall] = Index(look, self.said.values(), self.arrivals)
        return self._indexes[look.wall]


def plain(channel: str, address: str) -> str:
    """A push endpoint is known by its path."""
    return "/push/" + address.rpartition("/push/")[2] if channel == "push" and address else address


def leads(look: Look, number: int) -> int:
    return look.aliases.get(number, number)


class Index:
    """At one look: who has which address, who got what, and who said what, in the order in which it was said."""

    def __init__(self, look: Look, said: Iterable[Row], arrivals: Iterable[Arrival]) -> None:
        holders: dict[tuple[str, str], set[int]] = defaultdict(set)
        for has in look.addresses:
            place = has["channel"], plain(has["channel"], has["value"])
            holders[place].add(leads(look, has["profile_id"]))
        self.holders = {place: frozenset(people) for place, people in holders.items()}
        self.arrivals: dict[int, list[Arrival]] = defaultdict(list)
        for each in arrivals:
            people = self.holders.get((each.channel, each.address), frozenset())
            if len(people) == 1:
                self.arrivals[next(iter(people))].append(each)
        now: dict[int, int] = {row["n"]: row["profile_id"] for row in look.consents}
        self.said: dict[int, list[Row]] = defaultdict(list)
        for row in sorted(said, key=lambda each: (each["at"], each["id"])):
            if row["scope"] is None:
                self.said[leads(look, now.get(row["n"]) or row["profile_id"])].append(row)
