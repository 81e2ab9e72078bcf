"""Which profile number stands for which person, once it is known who belongs together. Pure.

Every number has an anchor, the identifier it was made for. A number belongs to the person to whom its anchor belongs;
of several, the one with the strongest anchor stands for the person and the others lead to it. So a number never
changes whom it means but by evidence, and a number that was merged away comes back when its anchor is parted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from antiphon.profiles import kinds
from antiphon.profiles.graph import Node, Number
from antiphon.profiles.identity.people import Group


class Assignment(Struct, frozen=True):
    """What must change.

    owners    identifiers with their new profile number; -n is a profile to be made with the anchor `made[n - 1]`
    leads     numbers with whom they lead to from now on
    restored  (alias that is a person again, the person it was part of)
    parted    (-n, the person that it is cut out of)
    """

    owners: dict[int, int]
    leads: dict[int, int]
    restored: list[tuple[int, int]]
    made: list[int]
    parted: list[tuple[int, int]]

    @property
    def changes(self) -> bool:
        return bool(self.owners or self.leads or self.restored)


def assign(groups: Sequence[Group], nodes: Mapping[int, tuple[Node, int]], numbers: Sequence[Number]) -> Assignment:
    """`nodes` maps an identifier to itself and its present profile number."""
    by_anchor: dict[int, list[Number]] = {}
    for number in numbers:
        by_anchor.setdefault(number.anchor, []).append(number)
    found = Assignment({}, {}, [], [], [])
    for group in groups:
        own = [number for node in group.nodes for number in by_anchor.get(node, ())]
        stands = min(own, key=lambda number: _standing(number, nodes)).id if own else _make(found, group, nodes)
        for node in group.nodes:
            if nodes[node][1] != stands:
                found.owners[node] = stands
        for number in own:
            _lead(found, number, stands)
    return found


def _standing(number: Number, nodes: Mapping[int, tuple[Node, int]]) -> tuple[int, bool, int]:
    """The strongest anchor; then who stands already, so that nothing moves without need; then the older number."""
    return kinds.rank(nodes[number.anchor][0].kind), number.leads_to is not None, number.id


def _make(found: Assignment, group: Group, nodes: Mapping[int, tuple[Node, int]]) -> int:
    found.made.append(group.nodes[0])
    number = -len(found.made)
    found.parted.append((number, nodes[group.nodes[0]][1]))
    return number


def _lead(found: Assignment, number: Number, stands: int) -> None:
    if number.id == stands:
        if number.leads_to is not None:
            found.restored.append((number.id, number.leads_to))
    elif number.leads_to != stands:
        found.leads[number.id] = stands
