"""People who may be one: found by what they have in common, with the reasons, and with the rules that keep them apart.

Nothing is compared with everybody. Each person is looked up by keys: identifiers that somebody named together, shared
addresses, e-mail addresses that are one mailbox, a family name with a birthday or a postcode. Names are compared only
for those who met. Whom a person said to be apart is not shown again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import Identifier, ProfileId, bucket_of
from antiphon.profiles import kinds, store, words
from antiphon.profiles.identity import apply
from antiphon.profiles.identity.people import Link, Node, Verdict, people
from antiphon.profiles.identity.rules import IdentityRules
from antiphon.profiles.likeness import ALIKE, LEAST, WEIGHTS, Reason, reason, same_name, score
from antiphon.profiles.search import IDENTIFIERS_SHOWN, FoundPerson
from antiphon.profiles.store.duplicates import Met
from antiphon.profiles.store.identity import Component

PAIRS_MAX = 200
SCAN = 200
ROUNDS = 10
_BEGIN = -1

Pair = tuple[ProfileId, ProfileId]


class KeptApart(Struct, frozen=True):
    """`rule` is for programs: a reason of identity, or `nobody` where nobody named them together."""

    rule: str
    says: str


class Duplicate(Struct, frozen=True):
    """Two people who may be one. `score` is from 0 to 1."""

    one: FoundPerson
    other: FoundPerson
    score: float
    reasons: list[Reason]
    kept_apart: list[KeptApart]


class Duplicates(Struct, frozen=True):
    """In the order in which people are kept. A page may be empty and still not be the last: `cursor` is null then."""

    duplicates: list[Duplicate]
    cursor: str | None


async def find_duplicates(tx: Transaction, *, limit: int = 50, cursor: str | None = None) -> Duplicates:
    """Each pair once; two thousand people a page, or as many as it takes to find `limit` pairs."""
    after = _after(cursor)
    found: list[Duplicate] = []
    for _ in range(ROUNDS):
        ids = await store.duplicates.profiles_after(tx, after, limit=SCAN)
        met = [one for one in await store.duplicates.met(tx, ids) if _place(one.profile) < _place(one.other)]
        pairs = await _pairs(tx, met)
        for id in ids:
            mine = [pair for pair in pairs if pair.one.id == id]
            if found and len(found) + len(mine) > limit:
                return Duplicates(found, str(after))
            found += mine[:limit]
            after = id
        if len(ids) < SCAN:
            return Duplicates(found, None)
    return Duplicates(found, str(after))


async def duplicates_of(tx: Transaction, profile: ProfileId) -> list[Duplicate]:
    """Whoever may be the same as this person, the likeliest first."""
    return (await _pairs(tx, await store.duplicates.met(tx, [profile])))[:PAIRS_MAX]


async def keep_apart(tx: Transaction, one: ProfileId, other: ProfileId, *, by: str) -> None:
    """A person decided that they are two: whatever is named together later, they stay so, and are shown no more."""
    await store.identity.hold(tx)  # a merge of these two that is being worked out comes before or after
    mine = await store.identity.identifiers_of(tx, one)
    theirs = await store.identity.identifiers_of(tx, other)
    if one == other or not mine or not theirs:
        raise invalid("from", "They are one person already; part them with unmerge.")
    await store.identity.keep_verdicts(tx, {(mine[0].id, theirs[0].id)}, same=False, by=by)


async def _pairs(tx: Transaction, met: Sequence[Met]) -> list[Duplicate]:
    """The likeliest of each person first."""
    why: dict[Pair, list[Met]] = {}
    for one in met:
        why.setdefault((one.profile, one.other), []).append(one)
    traits = await _traits(tx, why)
    likely = {pair: reasons for pair, theirs in why.items() if (reasons := _reasons(theirs, traits))}
    involved = sorted({id for pair in likely for id in pair})
    if not involved:
        return []
    identifiers = await store.search.some_identifiers(tx, involved)
    known = _Known(
        await store.identity.read_component(tx, [id for theirs in identifiers.values() for id in theirs]),
        await apply.read_rules(tx),
    )
    shown = {id: _person(id, traits[id], identifiers.get(id, {}).values()) for id in involved}
    found = [
        Duplicate(shown[pair[0]], shown[pair[1]], how_likely, because, kept_apart)
        for pair, (because, how_likely) in likely.items()
        if (kept_apart := known.kept_apart(pair)) is not None
    ]
    return sorted(found, key=lambda pair: (_place(pair.one.id), -pair.score, pair.other.id))


async def _traits(tx: Transaction, pairs: Iterable[Pair]) -> dict[ProfileId, dict[str, Any]]:
    everybody = sorted({id for pair in pairs for id in pair})
    return await store.search.name_people(tx, everybody, sorted(words.WORD_TRAITS)) if everybody else {}


def _reasons(met: Sequence[Met], traits: Mapping[ProfileId, Mapping[str, Any]]) -> tuple[list[Reason], float] | None:
    """The strongest first; None for who is not a person any more, or too little likely."""
    if met[0].profile not in traits or met[0].other not in traits:
        return None
    name = same_name(traits[met[0].profile], traits[met[0].other])
    found = {why: None for one in met if (why := reason(one.how, one.texts, name))}
    if (
        found
        and name is not None
        and name >= ALIKE
        and not any(w.what in ("same_birthday", "same_postcode") for w in found)
    ):
        found[Reason("same_name", "the same name", WEIGHTS["same_name"])] = None
    reasons = sorted(found, key=lambda why: (-why.weight, why.says))
    likely = score(reasons, name)
    return (reasons, likely) if likely >= LEAST else None


class _Known:
    """What is known of everybody on a page, by their number."""

    def __init__(self, component: Component, rules: IdentityRules) -> None:
        self.rules = rules
        self.owners = {id: owner for id, (_, owner) in component.nodes.items()}
        self.nodes: defaultdict[int, list[Node]] = defaultdict(list)
        self.links: defaultdict[int | None, list[Link]] = defaultdict(list)
        self.verdicts: defaultdict[int | None, list[Verdict]] = defaultdict(list)
        for node, owner in component.nodes.values():
            self.nodes[owner].append(node)
        for link in component.links:
            self.links[self.owners.get(link.one)].append(link)
        for verdict in component.verdicts:
            self.verdicts[self.owners.get(verdict.one)].append(verdict)

    def kept_apart(self, pair: Pair) -> list[KeptApart] | None:
        """Why the rules do not make them one; None where a person said that they are apart, or where they are about to
        be one."""
        verdicts = [verdict for id in pair for verdict in self.verdicts[id]]
        if any(not verdict.same and self._across(verdict, pair) for verdict in verdicts):
            return None
        nodes = [node for id in pair for node in self.nodes[id]]
        found = people(nodes, [link for id in pair for link in self.links[id]], verdicts, self.rules)
        if any(len({self.owners[id] for id in group.nodes}) > 1 for group in found.groups):
            return None
        reasons = [refused.reason for refused in found.refused if self._across(refused.link, pair)]
        if not reasons:
            return [KeptApart("nobody", "nobody named them together")]
        return [KeptApart(rule, self._says(rule, nodes)) for rule in dict.fromkeys(reasons)]

    def _across(self, two: Link | Verdict, pair: Pair) -> bool:
        return {self.owners.get(two.one), self.owners.get(two.other)} == set(pair)

    def _says(self, rule: str, nodes: Sequence[Node]) -> str:
        if rule != "limit":
            return _SAYS[rule]
        counts = Counter(
            node.kind if kinds.base(node.kind) == "external_id" else kinds.base(node.kind) for node in nodes
        )
        many = sorted(kind for kind, count in counts.items() if count > self.rules.of(kind).most)
        return f"together they would have too many of {', '.join(many) or 'one kind'}"


_SAYS = {
    "apart": "somebody said that they, or others whom they would bring along, are not one",
    "shared": "what they share is everybody's",
    "recycled": "the number was given to somebody else",
    "does_not_merge": "by the rules, what they share puts nobody together",
    "unverified": "what they share was never verified",
}


def _person(id: ProfileId, traits: Mapping[str, Any], identifiers: Iterable[Identifier]) -> FoundPerson:
    strongest = sorted(identifiers, key=lambda one: (kinds.rank(one.kind), one))[:IDENTIFIERS_SHOWN]
    return FoundPerson(id, words.full_name(traits), strongest)


def _place(id: int) -> tuple[int, int]:
    return bucket_of(id), id


def _after(cursor: str | None) -> int:
    if cursor is None:
        return _BEGIN
    if (after := number_in(cursor)) is None:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return after
