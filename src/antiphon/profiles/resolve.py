"""Who a batch of facts is about at first sight: pure, in memory.

Owners are profile ids, or negative numbers for profiles to be made. Two owners are one person where a fact names
both, unless both exist already (that is for `identity` to work out), or both have an external id of one source: then
the strongest identifier of the fact wins and nothing moves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from antiphon.kernel.records import Identifier
from antiphon.profiles.kinds import base

Who = Sequence[Identifier]
"""The plain identifiers of one fact, strongest first."""
Named = Mapping[int, frozenset[str]]
"""The kinds of external ids (one per source) that owners have."""


class Plan(Struct, frozen=True):
    """`owners`: per fact, in order. `free`: identifiers nobody had, and who gets them. `torn`: the places of facts some
    of whose identifiers lead elsewhere."""

    owners: list[int]
    free: dict[Identifier, int]
    conflicts: int
    torn: list[int]


def plan(
    whos: Sequence[Who], known: Mapping[Identifier, int], named: Named, shared: Collection[Identifier] = ()
) -> Plan:
    """`shared` identifiers are everybody's: nothing is attached by way of them."""
    circle = _Circle(known, named, shared)
    winners = [circle.take(identifiers) for identifiers in whos]
    free = {identifier: circle.root(owner) for identifier, owner in circle.free.items()}
    elsewhere = [circle.elsewhere(winner, who) for winner, who in zip(winners, whos, strict=True)]
    torn = [n for n, count in enumerate(elsewhere) if count]
    return Plan([circle.root(winner) for winner in winners], free, sum(elsewhere), torn)


class _Circle:
    """Owners and which of them turned out to be one (union-find)."""

    def __init__(self, known: Mapping[Identifier, int], named: Named, shared: Collection[Identifier]) -> None:
        self.known = known
        self.shared = shared
        self.named: dict[int, set[str]] = {owner: set(kinds) for owner, kinds in named.items()}
        self.free: dict[Identifier, int] = {}
        self.parents: dict[int, int] = {}
        self.made = 0

    def root(self, owner: int) -> int:
        while owner in self.parents:
            above = self.parents[owner]
            self.parents[owner] = self.parents.get(above, above)
            owner = above
        return owner

    def owner(self, identifier: Identifier) -> int | None:
        found = self.known.get(identifier)
        return found if found is not None else self.free.get(identifier)

    def take(self, identifiers: Who) -> int:
        """The winner of one fact: joins whoever is the same person, attaches what is free. A second external id of one
        source is somebody else."""
        winner = self._first(identifiers[0])
        for identifier in identifiers[1:]:
            other = self.owner(identifier)
            if self.shared and (identifier in self.shared or identifiers[0] in self.shared):
                self._first(identifier)
            elif other is not None:
                winner = self._join(winner, other)
            elif base(identifier.kind) != "external_id":
                self.free[identifier] = winner
            elif identifier.kind not in self._names(winner):
                self.free[identifier] = winner
                self._names(winner).add(identifier.kind)
            else:
                self._first(identifier)
        return winner

    def elsewhere(self, winner: int, who: Who) -> int:
        owners = [self.owner(identifier) for identifier in who]
        return sum(owner is not None and self.root(owner) != self.root(winner) for owner in owners)

    def _names(self, owner: int) -> set[str]:
        return self.named.setdefault(self.root(owner), set())

    def _first(self, identifier: Identifier) -> int:
        owner = self.owner(identifier)
        if owner is None:
            self.made += 1
            owner = self.free[identifier] = -self.made
            if base(identifier.kind) == "external_id":
                self._names(owner).add(identifier.kind)
        return owner

    def _join(self, one: int, other: int) -> int:
        one, other = self.root(one), self.root(other)
        if one == other or (one > 0 and other > 0) or self._names(one) & self._names(other):
            return one
        stays, goes = (other, one) if other > 0 else (one, other)
        self.parents[goes] = stays
        self.named[stays] = self.named.get(stays, set()) | self.named.pop(goes, set())
        return stays
