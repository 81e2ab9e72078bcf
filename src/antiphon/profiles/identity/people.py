"""Identifiers, links and verdicts become people: one pure function.

It depends on what is known, not on the order in which we heard of it nor on anybody's number, so the same facts
make the same people in any order. Evidence is weighed from the strongest to the weakest; each piece unites two
groups unless a guard of the united group speaks against it. What was accepted is a forest: `path` tells which links
hold two identifiers together.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from antiphon.profiles import kinds
from antiphon.profiles.graph import Link, Node, Verdict
from antiphon.profiles.identity.rules import IdentityRules

__all__ = ["Group", "Link", "Node", "People", "Reason", "Refused", "Verdict", "path", "people"]

Reason = Literal["limit", "apart", "shared", "recycled", "does_not_merge", "unverified"]
Strength = tuple[int, str, str]


class Group(Struct, frozen=True):
    """One person: the ids of their identifiers, strongest first, then by kind and value."""

    nodes: tuple[int, ...]


class Refused(Struct, frozen=True):
    """A link whose ends are not one person, and why."""

    link: Link
    reason: Reason


class People(Struct, frozen=True):
    """`groups` are sorted by their strongest identifier. `accepted` has the links that hold them together, the best
    evidence first: of several ways between two identifiers only the best. `shared` are those that join nobody."""

    groups: tuple[Group, ...]
    shared: frozenset[int]
    refused: tuple[Refused, ...]
    accepted: tuple[Link, ...]


def people(nodes: Collection[Node], links: Iterable[Link], verdicts: Iterable[Verdict], rules: IdentityRules) -> People:
    """Everybody among `nodes`; links and verdicts about others are passed over.

    Near-linear: sorting aside, each node and each limit is moved a logarithmic number of times.
    """
    strengths = {node.id: (kinds.rank(node.kind), node.kind, node.value) for node in nodes}
    known = {node.id: node for node in nodes}
    whole = _whole(links, strengths)
    shared = _shared(known, whole, rules)
    recycled = _recycled(known, whole, rules)
    circle = _Circle(known, rules)
    refused: list[Refused] = []
    manual = _manual(verdicts, strengths)
    for link, same in manual:
        if not same:
            circle.part(link.one, link.other)
    for link, same in manual:
        if same and (reason := circle.unite(link)):
            refused.append(Refused(link, reason))
    for link in whole:
        reason = "shared" if link.one in shared or link.other in shared else "recycled" if link in recycled else None
        if reason := reason or circle.unite(link):
            refused.append(Refused(link, reason))
    return People(
        groups=circle.groups(strengths),
        shared=shared,
        refused=tuple(r for r in refused if circle.root(r.link.one) != circle.root(r.link.other)),
        accepted=tuple(circle.accepted),
    )


def path(accepted: Collection[Link], one: int, other: int) -> list[Link]:
    """The links that lead from `one` to `other`, in order; empty when nothing holds them together."""
    around: defaultdict[int, list[tuple[int, Link]]] = defaultdict(list)
    for link in accepted:
        around[link.one].append((link.other, link))
        around[link.other].append((link.one, link))
    came: dict[int, tuple[int, Link] | None] = {one: None}
    waiting = deque([one])
    while waiting and other not in came:
        here = waiting.popleft()
        for there, link in around[here]:
            if there not in came:
                came[there] = (here, link)
                waiting.append(there)
    found: list[Link] = []
    step = came.get(other)
    while step:
        found.append(step[1])
        step = came[step[0]]
    return found[::-1]


def _whole(links: Iterable[Link], strengths: Mapping[int, Strength]) -> list[Link]:
    """One link per pair, the stronger end first, in the order of evidence."""
    pairs: dict[tuple[int, int], Link] = {}
    for link in links:
        if link.one not in strengths or link.other not in strengths:
            continue
        one, other = sorted((link.one, link.other), key=strengths.__getitem__)
        had = pairs.get((one, other), link)
        pairs[one, other] = Link(one, other, min(had.first_at, link.first_at), max(had.last_at, link.last_at))

    def evidence(link: Link) -> tuple[int, int, datetime, Strength, Strength]:
        one, other = strengths[link.one], strengths[link.other]
        return other[0], one[0], link.first_at, other, one

    return sorted(pairs.values(), key=evidence)


def _manual(verdicts: Iterable[Verdict], strengths: Mapping[int, Strength]) -> list[tuple[Link, bool]]:
    """The latest verdict of each pair, the latest pair first: where two cannot both be kept, the newer word is."""
    pairs: dict[tuple[int, int], tuple[datetime, bool]] = {}
    for verdict in verdicts:
        if verdict.one == verdict.other or verdict.one not in strengths or verdict.other not in strengths:
            continue
        one, other = sorted((verdict.one, verdict.other), key=strengths.__getitem__)
        # Of two at the same instant, "apart" counts: it can be undone, a wrong merge shows one's data to the other.
        said = (verdict.at, not verdict.same)
        pairs[one, other] = max(pairs.get((one, other), said), said)
    order = sorted(pairs, key=lambda pair: (strengths[pair[0]], strengths[pair[1]]))
    order.sort(key=lambda pair: pairs[pair][0], reverse=True)
    return [(Link(*pair, pairs[pair][0], pairs[pair][0], manual=True), not pairs[pair][1]) for pair in order]


def _shared(known: Mapping[int, Node], links: Iterable[Link], rules: IdentityRules) -> frozenset[int]:
    owners: Counter[tuple[int, str]] = Counter()
    for link in links:
        one, other = known[link.one], known[link.other]
        if kinds.rank(one.kind) < kinds.rank(other.kind):
            owners[link.other, one.kind] += 1
    found = {node.id for node in known.values() if node.shared}
    for (node, _), count in owners.items():
        most = rules.of(known[node].kind).shared_above
        if most is not None and count > most:
            found.add(node)
    return frozenset(found)


def _recycled(known: Mapping[int, Node], links: Iterable[Link], rules: IdentityRules) -> set[Link]:
    """Links to an external id that ended before another one of the same scope began."""
    claims: defaultdict[tuple[int, str], list[Link]] = defaultdict(list)
    for link in links:
        one, other = known[link.one], known[link.other]
        if kinds.base(one.kind) == "external_id" and rules.of(other.kind).recycled_after_days is not None:
            claims[link.other, one.kind].append(link)
    found: set[Link] = set()
    for (node, _), rivals in claims.items():
        days = timedelta(days=rules.of(known[node].kind).recycled_after_days or 0)
        newest = max(link.first_at for link in rivals)
        found |= {link for link in rivals if newest - link.last_at > days}
    return found


class _Circle:
    """Groups that grow (union-find), with what each has of every limited kind and whom it must not meet."""

    def __init__(self, known: Mapping[int, Node], rules: IdentityRules) -> None:
        self.known = known
        self.rules = rules
        self.parents = {id: id for id in known}
        self.sizes = dict.fromkeys(known, 1)
        self.has = {id: Counter({_limit(node.kind): 1}) for id, node in known.items()}
        self.foes: defaultdict[int, set[int]] = defaultdict(set)
        self.held: set[int] = set()
        self.accepted: list[Link] = []

    def root(self, id: int) -> int:
        while self.parents[id] != id:
            self.parents[id] = id = self.parents[self.parents[id]]
        return id

    def part(self, one: int, other: int) -> None:
        """Before anything is united."""
        self.foes[one].add(other)
        self.foes[other].add(one)

    def unite(self, link: Link) -> Reason | None:
        """Makes one group of two, or says why not."""
        one, other = self.root(link.one), self.root(link.other)
        if one == other:
            return None
        if reason := self._objection(link, one, other):
            return reason
        if self.sizes[one] < self.sizes[other]:
            one, other = other, one
        self.parents[other] = one
        self.sizes[one] += self.sizes[other]
        self.has[one].update(self.has.pop(other))
        for foe in self.foes.pop(other, ()):
            self.foes[foe].remove(other)
            self.part(foe, one)
        self.held |= {link.one, link.other}
        self.accepted.append(link)
        return None

    def groups(self, strengths: Mapping[int, Strength]) -> tuple[Group, ...]:
        members: dict[int, list[int]] = {}
        for id in sorted(self.known, key=strengths.__getitem__):
            members.setdefault(self.root(id), []).append(id)
        return tuple(Group(tuple(ids)) for ids in members.values())

    def _objection(self, link: Link, one: int, other: int) -> Reason | None:
        if other in self.foes[one]:
            return "apart"
        if link.manual:
            return None
        for end in (link.other, link.one):
            if end in self.held and (reason := self._leaf(self.known[end])):
                return reason
        return "limit" if self._too_many(one, other) else None

    def _leaf(self, node: Node) -> Reason | None:
        rule = self.rules.of(node.kind)
        if not rule.merges:
            return "does_not_merge"
        return "unverified" if rule.verified_only and not node.verified else None

    def _too_many(self, one: int, other: int) -> bool:
        """Whether uniting them would break a limit anew: what a verdict has put together already does not count."""
        few, many = sorted((self.has[one], self.has[other]), key=len)
        return any(kind in many and count + many[kind] > self.rules.of(kind).most for kind, count in few.items())


def _limit(kind: str) -> str:
    """What is counted together: external ids by their scope, everything else by its kind."""
    name = kinds.base(kind)
    return kind if name == "external_id" else name
