"""Whom facts are about: everybody is found or made, and what was named together is noted.

Nothing is merged here: identifiers that are free are attached, links are written, and where what was linked may mean
that two profiles are one, `identity` is told to work it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from antiphon.kernel.db import Rival, Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import resolve, store
from antiphon.profiles.identifiers import plain, strength
from antiphon.profiles.kinds import base
from antiphon.profiles.store.ingest import Known

STAR_MAX = 5
"""A new profile with one identifier in the middle and at most this many around it needs no working out."""


class People(NamedTuple):
    """The profile of each fact and the number of the identifier that it was told of, in order; which are new. `links`
    are written last, see `keep_links`; `open` are those identifiers in the middle of them that need working out."""

    profiles: list[ProfileId]
    whos: list[int]
    created: list[ProfileId]
    conflicts: int
    links: list[store.ingest.LinkRow]
    open: set[int]


class Named(NamedTuple):
    """What a fact says of who somebody is."""

    who: Sequence[Identifier]
    at: datetime
    source: str


async def resolve_people(tx: Transaction, named: Sequence[Named]) -> People:
    """Find or make everybody. Among rivals, whoever claims a name first has it; the others use what that one made."""
    whos = [_ordered(one.who) for one in named]
    wanted = list(dict.fromkeys(identifier for who in whos for identifier in who))
    known = await store.ingest.find(tx, wanted)
    await store.ingest.touch(tx, [identifier for identifier, one in known.items() if one.stale])
    if len(known) == len(wanted) and max(map(len, whos), default=1) == 1:
        found = [known[who[0]] for who in whos]
        return People([one.profile for one in found], [one.id for one in found], [], 0, [], set())
    plan = await _plan(tx, whos, known)
    ids: list[ProfileId] = []
    sources = _sources(named, whos)
    claimed = await _ids(tx, plan.free, ids)
    numbers = await store.ingest.claim(tx, claimed, sources)
    if len(numbers) < len(claimed):
        known |= await store.ingest.find(tx, [identifier for identifier in wanted if identifier not in numbers])
        known = {identifier: one for identifier, one in known.items() if identifier not in numbers}
        plan = await _plan(tx, whos, known)
        await _correct(tx, {i: claimed[i] for i in numbers}, await _ids(tx, plan.free, ids))
    numbers |= {identifier: one.id for identifier, one in known.items()}
    profiles = [ProfileId(owner) if owner > 0 else ids[-owner - 1] for owner in plan.owners]
    created = await _add_profiles(tx, plan, ids, whos, numbers)
    links, owners = _links(named, whos, numbers, plan)
    settled = _plain_stars(links, owners, plan, whos, numbers)
    return People(
        profiles,
        [numbers[who[0]] for who in whos],
        created,
        plan.conflicts,
        list(links.values()),
        owners.keys() - settled,
    )


async def keep_links(tx: Transaction, people: People) -> None:
    """The last that a batch writes of this part: whoever works them out locks people before them."""
    if people.links:
        news = await store.ingest.keep_links(tx, people.links)
        touched = {one for one, _ in news} & people.open
        await store.ingest.touch_identity(tx, touched)
        if touched:
            tx.wake("identity")


def _ordered(who: Sequence[Identifier]) -> list[Identifier]:
    if len(who) == 1:
        return [plain(who[0])]
    return sorted(set(map(plain, who)), key=lambda identifier: (strength(identifier), identifier))


def _sources(named: Sequence[Named], whos: Sequence[list[Identifier]]) -> dict[Identifier, str]:
    found: dict[Identifier, str] = {}
    for one, who in zip(named, whos, strict=True):
        for identifier in who:
            found.setdefault(identifier, one.source)
    return found


async def _plan(tx: Transaction, whos: Sequence[list[Identifier]], known: Mapping[Identifier, Known]) -> resolve.Plan:
    """Profiles that a free identifier may be attached to are held: they must not be merged away meanwhile."""
    growing: set[int] = set()
    for who in whos:
        if any(identifier not in known for identifier in who):
            growing |= {known[identifier].profile for identifier in who if identifier in known}
    named: dict[int, frozenset[str]] = {}
    if growing:
        if len(await store.ingest.hold(tx, growing)) < len(growing):
            raise Rival("a profile was merged meanwhile")
        named = await store.ingest.find_named(tx, growing)
    owners = {identifier: one.profile for identifier, one in known.items()}
    for identifier, owner in owners.items():
        if base(identifier.kind) == "external_id" and owner not in named:
            named[owner] = frozenset({identifier.kind})
    return resolve.plan(whos, owners, named, {identifier for identifier, one in known.items() if one.shared})


async def _ids(tx: Transaction, free: Mapping[Identifier, int], ids: list[ProfileId]) -> dict[Identifier, ProfileId]:
    """Real ids for the owners of free identifiers: the profile -n is `ids[n - 1]`; `ids` grows as needed."""
    missing = -min(free.values(), default=0) - len(ids)
    ids += await store.ingest.new_ids(tx, missing)
    return {identifier: ProfileId(owner) if owner > 0 else ids[-owner - 1] for identifier, owner in free.items()}


async def _correct(
    tx: Transaction, claimed: Mapping[Identifier, ProfileId], wanted: Mapping[Identifier, ProfileId]
) -> None:
    await store.ingest.move(tx, {i: wanted[i] for i in claimed if i in wanted and wanted[i] != claimed[i]})
    await store.ingest.drop(tx, [i for i in claimed if i not in wanted])


async def _add_profiles(
    tx: Transaction,
    plan: resolve.Plan,
    ids: Sequence[ProfileId],
    whos: Sequence[list[Identifier]],
    numbers: Mapping[Identifier, int],
) -> list[ProfileId]:
    """The strongest identifier that made a profile is its anchor."""
    anchors: dict[int, Identifier] = {}
    for identifier, owner in plan.free.items():
        held = anchors.get(owner)
        if owner < 0 and (held is None or (strength(identifier), identifier) < (strength(held), held)):
            anchors[owner] = identifier
    made = sorted(anchors, key=lambda owner: ids[-owner - 1])
    created = [ids[-owner - 1] for owner in made]
    await store.ingest.add_profiles(tx, created, [numbers[anchors[owner]] for owner in made])
    return created


def _links(
    named: Sequence[Named],
    whos: Sequence[list[Identifier]],
    numbers: Mapping[Identifier, int],
    plan: resolve.Plan,
) -> tuple[dict[tuple[int, int], store.ingest.LinkRow], dict[int, int]]:
    """From the strongest of each fact to the others; and the owners of the strongest."""
    links: dict[tuple[int, int], store.ingest.LinkRow] = {}
    owners: dict[int, int] = {}
    for one, who, owner in zip(named, whos, plan.owners, strict=True):
        day = one.at.replace(hour=0, minute=0, second=0, microsecond=0)
        for other in who[1:]:
            key = numbers[who[0]], numbers[other]
            held = links.get(key)
            first, last = (min(held[2], one.at), max(held[3], day)) if held else (one.at, day)
            links[key] = (*key, first, last, one.source)
            owners[key[0]] = owner
    return links, owners


def _plain_stars(
    links: Collection[tuple[int, int]],
    owners: Mapping[int, int],
    plan: resolve.Plan,
    whos: Sequence[list[Identifier]],
    numbers: Mapping[Identifier, int],
) -> set[int]:
    """Middles of new profiles about which this batch leaves no question open: one middle, few around it, none torn."""
    torn = {numbers[identifier] for n in plan.torn for identifier in whos[n]}
    middles: dict[int, set[int]] = {}
    for one, owner in owners.items():
        middles.setdefault(owner, set()).add(one)
    around = Counter(one for one, _ in links)
    return {
        one
        for owner, ones in middles.items()
        if owner < 0 and len(ones) == 1
        for one in ones
        if around[one] <= STAR_MAX and one not in torn
    }
