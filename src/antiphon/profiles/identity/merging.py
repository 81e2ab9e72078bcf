"""Merges and un-merges that a person asks for: verdicts about identifiers, which outlast whatever comes later.

A merge says of two people that they are one, against all limits; an un-merge says of two parts of a person that they
are not. Both are worked out at once by the same function as everything else, so both can be looked at before, and
taken back after.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel import outlet
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Problem, invalid
from antiphon.kernel.records import Identifier, ProfileChange, ProfileId
from antiphon.profiles import store, traits
from antiphon.profiles.consent_fold import Said, Standing
from antiphon.profiles.consent_fold import fold as fold_statements
from antiphon.profiles.identity import apply
from antiphon.profiles.identity.apply import Outcome
from antiphon.profiles.identity.people import Verdict
from antiphon.profiles.naming import Named, keep_links, resolve_people
from antiphon.profiles.told import fold, merge

Pair = tuple[int, int]


class TooMany(Problem):
    """More identifiers hang together than one person can have; part some of them first."""

    code = "identity_too_many"
    status = 409


class PersonAfter(Struct, frozen=True):
    """What a person would be. `traits` are those that would change, `numbers` all that lead to them."""

    id: ProfileId | None
    numbers: tuple[ProfileId, ...]
    identifiers: tuple[Identifier, ...]
    traits: dict[str, Any]
    preferences: tuple[Standing, ...]
    addresses: tuple[tuple[str, str], ...]


class Preview(Struct, frozen=True):
    """Everybody who would change, the one asked about first. `id` is null for whoever gets a number then."""

    people: tuple[PersonAfter, ...]


async def say_same(tx: Transaction, one: Identifier, other: Identifier, *, by: str, at: datetime | None = None) -> None:
    """Somebody named both together, as an identify does: the rules say whether that makes them one person."""
    people = await resolve_people(tx, [Named((one, other), at or tx.now, by)])
    await keep_links(tx, people)
    await outlet.publish(tx, [ProfileChange(id, "created") for id in people.created])


async def merge_people(tx: Transaction, one: ProfileId, other: ProfileId, *, by: str) -> ProfileId:
    """They are one customer, whatever the rules say. Answers the number that stands for them."""
    pairs = await _same_pairs(tx, one, other)
    await store.identity.keep_verdicts(tx, pairs, same=True, by=by)
    outcome = _checked(await apply.settle(tx, {id for pair in pairs for id in pair}, by=by))
    return _now(outcome, one)


async def preview_merge(tx: Transaction, one: ProfileId, other: ProfileId) -> Preview:
    pairs = await _same_pairs(tx, one, other)
    return await _preview(tx, pairs, same=True, first=one)


async def unmerge(tx: Transaction, whole: ProfileId, part: Collection[Identifier], *, by: str) -> ProfileId:
    """These identifiers are not this customer. Answers the number of whom they are from now on."""
    pairs, cut = await _apart_pairs(tx, whole, part)
    await store.identity.keep_verdicts(tx, pairs, same=False, by=by)
    outcome = _checked(await apply.settle(tx, {id for pair in pairs for id in pair}, by=by))
    strongest = outcome.component.nodes[cut][0]
    found = await store.ingest.find(tx, [Identifier(strongest.kind, strongest.value)])
    return next(iter(found.values())).profile


async def preview_unmerge(tx: Transaction, whole: ProfileId, part: Collection[Identifier]) -> Preview:
    pairs, _ = await _apart_pairs(tx, whole, part)
    return await _preview(tx, pairs, same=False, first=whole)


async def members_of_alias(tx: Transaction, whole: ProfileId, alias: ProfileId) -> list[Identifier]:
    """The identifiers that a number had when it was merged into this person, as far as the person still has them."""
    own = {row.id: row for row in await store.identity.identifiers_of(tx, whole)}
    for number, because in await store.identity.becauses(tx, whole):
        if number == alias:
            return [own[id].identifier for id in because.get("identifiers", ()) if id in own]
    raise invalid("number", "It is not a number that was merged into this person.")


async def _same_pairs(tx: Transaction, one: ProfileId, other: ProfileId) -> set[Pair]:
    """The strongest of both; and whoever was said to be apart before is said to be the same now."""
    if one == other:
        raise invalid("with", "It is the same person already.")
    mine = [row.id for row in await store.identity.identifiers_of(tx, one)]
    theirs = [row.id for row in await store.identity.identifiers_of(tx, other)]
    if not mine or not theirs:
        raise invalid("with", "There is no such profile any more.")
    apart = await store.identity.apart_between(tx, mine, theirs)
    return {(mine[0], theirs[0]), *apart}


async def _apart_pairs(tx: Transaction, whole: ProfileId, part: Collection[Identifier]) -> tuple[set[Pair], int]:
    """Each of the part against the strongest of the rest, and the other way round; the strongest of the part."""
    rows = await store.identity.identifiers_of(tx, whole)
    wanted = set(part)
    cut = [row.id for row in rows if row.identifier in wanted]
    rest = [row.id for row in rows if row.identifier not in wanted]
    if missing := wanted - {row.identifier for row in rows}:
        one = min(missing)
        raise invalid("identifiers", f"{one.kind}:{one.value} is none of this person's.")
    if not cut or not rest:
        raise invalid("identifiers", "Some of the person's identifiers must go and some must stay.")
    return {(id, rest[0]) for id in cut} | {(cut[0], id) for id in rest}, cut[0]


def _checked(outcome: Outcome | None) -> Outcome:
    if outcome is None:
        raise TooMany()
    return outcome


def _now(outcome: Outcome, profile: ProfileId) -> ProfileId:
    return ProfileId(outcome.assignment.leads.get(profile, profile))


async def _preview(tx: Transaction, pairs: Collection[Pair], *, same: bool, first: ProfileId) -> Preview:
    said = [Verdict(min(pair), max(pair), same, tx.now) for pair in pairs]
    outcome = _checked(await apply.work_out(tx, {id for pair in pairs for id in pair}, said=said))
    nodes = outcome.component.nodes
    owners = {id: outcome.assignment.owners.get(id, owner) for id, (_, owner) in nodes.items()}
    changed = {owners[id] for id in outcome.assignment.owners} | {nodes[id][1] for id in outcome.assignment.owners}
    people = sorted(changed & set(owners.values()), key=lambda id: (id != _then(owners, nodes, first), id))
    return Preview(tuple([await _person_after(tx, outcome, owners, id) for id in people]))


def _then(owners: dict[int, int], nodes: dict[int, Any], profile: ProfileId) -> int:
    """Who the strongest identifier of this person belongs to then."""
    return next(owners[id] for id, (_, owner) in nodes.items() if owner == profile)


async def _person_after(tx: Transaction, outcome: Outcome, owners: dict[int, int], person: int) -> PersonAfter:
    nodes = outcome.component.nodes
    own = [id for id, owner in owners.items() if owner == person]
    before = sorted({nodes[id][1] for id in own})
    told = await traits.told_of(tx, [ProfileId(id) for id in before])
    mine: dict[str, Any] = {}
    for whos in told.values():
        for who, one in whos.items():
            if who in own:
                mine = merge(mine, one)
    was = await store.ingest.lock_traits(tx, [ProfileId(person)]) if person > 0 else {}
    after = fold([mine])
    present = was[ProfileId(person)][1] if was else {}
    changes = {name: after.get(name) for name in traits.difference(present, after)}
    return PersonAfter(
        id=ProfileId(person) if person > 0 else None,
        numbers=tuple(sorted(ProfileId(number.id) for number in outcome.numbers if number.anchor in own)),
        identifiers=tuple(Identifier(nodes[id][0].kind, nodes[id][0].value) for id in own),
        traits=changes,
        preferences=tuple(await _wishes(tx, outcome, own)),
        addresses=tuple(sorted((c, v) for owner, c, v in apply.reached(outcome.component, owners) if owner == person)),
    )


async def _wishes(tx: Transaction, outcome: Outcome, own: Collection[int]) -> list[Standing]:
    """What was said in the name of these identifiers, or of the numbers that they are the anchors of."""
    numbers = {ProfileId(number.id): number.anchor for number in outcome.numbers}
    said: list[Said] = []
    for profile, statements in (await store.consent.said(tx, sorted(numbers))).items():
        said += [one for one in statements if (one.who or numbers[profile]) in own]
    return fold_statements(said)
