"""Merges and un-merges that a person asks for: verdicts about identifiers, which outlast whatever comes later.

A merge says of two people that they are one, against all limits; an un-merge says of two parts of a person that they
are not. Both are worked out at once by the same function as everything else, so both can be looked at before, and
taken back after.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from antiphon.kernel import outlet
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Problem, invalid
from antiphon.kernel.records import Identifier, ProfileChange, ProfileId
from antiphon.profiles import store, traits
from antiphon.profiles.consent_fold import Said, Standing
from antiphon.profiles.consent_fold import fold as fold_statements
from antiphon.profiles.graph import Verdict
from antiphon.profiles.identity import apply
from antiphon.profiles.identity.apply import Outcome
from antiphon.profiles.identity.rules import COMPONENT_MAX
from antiphon.profiles.identity.verdicts import Known, Words, to_merge, to_part
from antiphon.profiles.naming import Named, keep_links, resolve_people
from antiphon.profiles.told import fold, merge


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
    said = await _merge_words(tx, one, other)
    await _keep(tx, said, by=by)
    outcome = _checked(await apply.settle(tx, _named(said), by=by))
    return ProfileId(outcome.assignment.leads.get(one, one))


async def preview_merge(tx: Transaction, one: ProfileId, other: ProfileId) -> Preview:
    return await _preview(tx, await _merge_words(tx, one, other), first=one)


async def unmerge(tx: Transaction, whole: ProfileId, part: Collection[Identifier], *, by: str) -> ProfileId:
    """These identifiers are not this customer. Answers the number of whom they are from now on."""
    said, cut = await _part_words(tx, whole, part)
    await _keep(tx, said, by=by)
    _checked(await apply.settle(tx, _named(said), by=by))
    return (await store.ingest.find(tx, [cut]))[cut].profile


async def preview_unmerge(tx: Transaction, whole: ProfileId, part: Collection[Identifier]) -> Preview:
    said, _ = await _part_words(tx, whole, part)
    return await _preview(tx, said, first=whole)


async def members_of_alias(tx: Transaction, whole: ProfileId, alias: ProfileId) -> list[Identifier]:
    """The identifiers that a number had when it was merged into this person, as far as the person still has them."""
    own = {row.id: row for row in await store.identity.identifiers_of(tx, whole)}
    for number, because in await store.identity.becauses(tx, whole):
        if number == alias:
            return [own[id].identifier for id in because.get("identifiers", ()) if id in own]
    raise invalid("number", "It is not a number that was merged into this person.")


async def _merge_words(tx: Transaction, one: ProfileId, other: ProfileId) -> list[Verdict]:
    if one == other:
        raise invalid("with", "It is the same person already.")
    mine, theirs = [[row.id for row in await store.identity.identifiers_of(tx, id)] for id in (one, other)]
    if not mine or not theirs:
        raise invalid("with", "There is no such profile any more.")
    known, at = await _known(tx, [*mine, *theirs])
    return _verdicts(to_merge(known, mine, theirs, at=at), at)


async def _part_words(
    tx: Transaction, whole: ProfileId, part: Collection[Identifier]
) -> tuple[list[Verdict], Identifier]:
    """And the strongest of the part."""
    rows = await store.identity.identifiers_of(tx, whole)
    wanted = set(part)
    cut = [row for row in rows if row.identifier in wanted]
    rest = [row for row in rows if row.identifier not in wanted]
    if missing := wanted - {row.identifier for row in rows}:
        one = min(missing)
        raise invalid("identifiers", "{kind}:{value} is none of this person's.", kind=one.kind, value=one.value)
    if not cut or not rest:
        raise invalid("identifiers", "Some of the person's identifiers must go and some must stay.")
    known, at = await _known(tx, [row.id for row in rows])
    words = to_part(known, [row.id for row in cut], [row.id for row in rest], at=at)
    return _verdicts(words, at), cut[0].identifier


async def _known(tx: Transaction, ids: Sequence[int]) -> tuple[Known, datetime]:
    """All that hangs together with these, held until the end; and a time later than all that was decided."""
    await store.identity.hold(tx)
    reached = await store.identity.reach(tx, ids, most=COMPONENT_MAX)
    if len(reached) > COMPONENT_MAX:
        raise TooMany()
    component = await store.identity.read_component(tx, reached)
    nodes = [node for node, _ in component.nodes.values()]
    last = max((verdict.at for verdict in component.verdicts), default=tx.now)
    at = max(tx.now, last + timedelta(microseconds=1))
    return Known(nodes, component.links, component.verdicts, await apply.read_rules(tx)), at


def _verdicts(words: Words, at: datetime) -> list[Verdict]:
    return [Verdict(one, other, same, at) for (one, other), same in sorted(words.items())]


def _named(said: Sequence[Verdict]) -> set[int]:
    return {id for verdict in said for id in (verdict.one, verdict.other)}


async def _keep(tx: Transaction, said: Sequence[Verdict], *, by: str) -> None:
    for same in (True, False):
        pairs = [(verdict.one, verdict.other) for verdict in said if verdict.same is same]
        await store.identity.keep_verdicts(tx, pairs, same=same, by=by, at=said[0].at)


def _checked(outcome: Outcome | None) -> Outcome:
    if outcome is None:
        raise TooMany()
    return outcome


async def _preview(tx: Transaction, said: Sequence[Verdict], *, first: ProfileId) -> Preview:
    outcome = _checked(await apply.work_out(tx, _named(said), said=said))
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
