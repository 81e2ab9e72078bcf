"""What must be said so that people are merged, or parted, as somebody asks. Pure.

One word about two identifiers is seldom enough: a limit, a second number of another source or an older word can leave
a part behind. So the words are tried on `people`, and what does not follow is named too, until it is as asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from antiphon.profiles.identity.people import Link, Node, Verdict, people
from antiphon.profiles.identity.rules import IdentityRules

ROUNDS = 4

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


def to_merge(known: Known, one: Sequence[int], other: Sequence[int], *, at: datetime) -> Words:
    """Words that make one person of two, each given by all identifiers, the strongest first.

    `at` is later than whatever was said before.
    """
    return _until_whole(known, {_pair(one[0], other[0]): True}, [[*one, *other]], at=at)


def to_part(known: Known, cut: Sequence[int], rest: Sequence[int], *, at: datetime) -> Words:
    """Words that make two people of one: `cut` and `rest` are all identifiers, the strongest of each side first."""
    return _until_whole(known, {_pair(cut[0], rest[0]): False}, [cut, rest], at=at)


def _until_whole(known: Known, words: Words, sides: Sequence[Sequence[int]], *, at: datetime) -> Words:
    """Ties to the strongest of a side whatever is not with it: first the strongest of each piece, in the end each."""
    words = _contradicted(known, sides) | words
    for turn in range(ROUNDS + 1):
        whose = known.groups(words, at=at)
        for ids in sides:
            pieces: dict[int, list[int]] = {}
            for id in ids:
                pieces.setdefault(whose[id][0], []).append(id)
            astray = [piece for piece in pieces.values() if piece[0] != ids[0]]
            words |= {_pair(ids[0], id): True for piece in astray for id in (piece if turn == ROUNDS else piece[:1])}
    return words


def _contradicted(known: Known, sides: Sequence[Sequence[int]]) -> Words:
    """What was said before and no longer holds."""
    side = {id: n for n, ids in enumerate(sides) for id in ids}
    return {
        _pair(verdict.one, verdict.other): not verdict.same
        for verdict in known.verdicts
        if verdict.one in side
        and verdict.other in side
        and verdict.one != verdict.other
        and verdict.same != (side[verdict.one] == side[verdict.other])
    }


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)
