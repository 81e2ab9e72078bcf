"""Who a batch of facts is about: pure, in memory.

Owners are profile ids, or negative numbers for profiles to be made. Two owners are one person where a fact names
both, unless both exist already, or both have an external id of their own (a shared phone is not a shared person):
then the strongest identifier of the fact wins and nothing moves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from antiphon.kernel.records import Identifier

Who = tuple[int | None, Sequence[Identifier]]
"""What one fact says: the profile if it is known already, and the plain identifiers, strongest first."""


class Plan(Struct, frozen=True):
    """`owners`: per fact, in order. `free`: identifiers nobody had, and who gets them."""

    owners: list[int]
    free: dict[Identifier, int]
    conflicts: int


def plan(whos: Sequence[Who], known: Mapping[Identifier, int], named: Collection[int]) -> Plan:
    """`known` are the owners of identifiers that exist; `named` those of them that have an external id."""
    circle = _Circle(known, named)
    winners = [circle.take(profile, identifiers) for profile, identifiers in whos]
    free = {identifier: circle.root(owner) for identifier, owner in circle.free.items()}
    return Plan([circle.root(winner) for winner in winners], free, circle.conflicts(winners, whos))


class _Circle:
    """Owners and which of them turned out to be one (union-find)."""

    def __init__(self, known: Mapping[Identifier, int], named: Collection[int]) -> None:
        self.known = known
        self.named = set(named)
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

    def take(self, profile: int | None, identifiers: Sequence[Identifier]) -> int:
        """The winner of one fact: joins whoever is the same person, attaches what is free but a second external id."""
        winner = profile if profile is not None else self._first(identifiers[0])
        for identifier in identifiers:
            other = self.owner(identifier)
            if other is not None:
                winner = self._join(winner, other)
            elif identifier.kind != "external_id":
                self.free[identifier] = winner
            elif self.root(winner) not in self.named:
                self.free[identifier] = winner
                self.named.add(self.root(winner))
        return winner

    def conflicts(self, winners: Sequence[int], whos: Sequence[Who]) -> int:
        return sum(
            owner is None or self.root(owner) != self.root(winner)
            for winner, (_, identifiers) in zip(winners, whos, strict=True)
            for owner in map(self.owner, identifiers)
        )

    def _first(self, identifier: Identifier) -> int:
        owner = self.owner(identifier)
        if owner is None:
            self.made += 1
            owner = self.free[identifier] = -self.made
            if identifier.kind == "external_id":
                self.named.add(owner)
        return owner

    def _join(self, one: int, other: int) -> int:
        one, other = self.root(one), self.root(other)
        if one == other or (one > 0 and other > 0) or (one in self.named and other in self.named):
            return one
        stays, goes = (other, one) if other > 0 else (one, other)
        self.parents[goes] = stays
        if goes in self.named:
            self.named.add(stays)
        return stays
