"""What must be said so that people are merged, or parted, as somebody asks. Pure.

One word about two identifiers is seldom enough: a limit, a second number of another source or an older word can leave
a part behind. So the words are tried on `people`, and what does not follow is named too, until it is as asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from msgspec import Struct

from antiphon.profiles.identity.people import Link, Node, Verdict, people
from antiphon.profiles.identity.rules import IdentityRules

Words = dict[tuple[int, int], bool]
"""Pairs of identifiers, the smaller number first, and whether they are the same."""


class Known(Struct, frozen=True):
    """All that hangs together with the people in question."""

    nodes: Collection[Node]
    links: Collection[Link]
    verdicts: Collection[Verdict]
    rules: IdentityRules

    def groups(self, words: Mapping[tuple[int, int], bool], *, at: datetime) -> dict[int, tuple[int, ...]]:
        """The person of each identifier, strongest first, if that were said."""
        old = [verdict for verdict in self.verdicts if _pair(verdict.one, verdict.other) not in words]
        new = [Verdict(one, other, same, at) for (one, other), same in words.items()]
        found = people(self.nodes, self.links, [*old, *new], self.rules)
        return {id: group.nodes for group in found.groups for id in group.nodes}


def to_merge(known: Known, one: int, other: int, *, at: datetime) -> Words:
    """Words that make one person of the people of these two identifiers, with all that each has."""
    whose = known.groups({}, at=at)
    return _until_whole(known, {}, [list(dict.fromkeys(whose[one] + whose[other]))], at=at)


def to_part(known: Known, cut: Collection[int], *, at: datetime) -> Words:
    """Words that make a person of their own of `cut`, identifiers of one person, some but not all of theirs."""
    whole = known.groups({}, at=at)[next(iter(cut))]
    sides = [[id for id in whole if id in cut], [id for id in whole if id not in cut]]
    return _until_whole(known, {_pair(sides[0][0], sides[1][0]): False}, sides, at=at)


def _until_whole(known: Known, words: Words, wanted: Collection[list[int]], *, at: datetime) -> Words:
    """Ties to the strongest of its side whoever is not with it. At most as many rounds as there are identifiers."""
    side = {id: n for n, ids in enumerate(wanted) for id in ids}
    words = dict(words)
    for verdict in known.verdicts:
        if verdict.one in side and verdict.other in side and verdict.one != verdict.other:
            same = side[verdict.one] == side[verdict.other]
            if verdict.same != same:
                words[_pair(verdict.one, verdict.other)] = same
    for _ in range(len(side)):
        whose = known.groups(words, at=at)
        astray = {_pair(ids[0], id) for ids in wanted for id in ids if id not in whose[ids[0]]}
        if not astray:
            break
        words |= dict.fromkeys(astray, True)
    return words


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)
