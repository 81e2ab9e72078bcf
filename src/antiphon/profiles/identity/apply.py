"""Makes the directory say what the links and verdicts say: merges, un-merges, and everything that follows at once.

In one transaction: who leads to whom, identifiers, what was told, accounts, the ledger of consent and its fold,
addresses. So an opt-out, a wish or an address holds for the whole person from the first moment. Events follow in due
work (`move`), and until they have, nothing is decided for the person.

| log event | when | fields |
|---|---|---|
| `identity.too_many` | more identifiers hang together than one person can have; they stay as they are | `identifiers` |
| `identity.changed` | profiles were merged or parted | `merged`, `restored` |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec
import structlog
from msgspec import Struct

from antiphon.kernel import outlet, settings
from antiphon.kernel.db import Rival, Transaction
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Merged, ProfileId, Unmerged
from antiphon.profiles import consent, store, traits
from antiphon.profiles.graph import Number, Verdict
from antiphon.profiles.identifiers import channel_of
from antiphon.profiles.identity import rules
from antiphon.profiles.identity.assign import Assignment, assign
from antiphon.profiles.identity.people import People, path, people
from antiphon.profiles.identity.rules import COMPONENT_MAX, IdentityRules
from antiphon.profiles.store.identity import Component

log = structlog.get_logger()

BATCH_COMPONENTS = 10
"""As many of the largest are looked at together."""


class Outcome(Struct, frozen=True):
    """What a working out found, whether it was written or not."""

    component: Component
    people: People
    numbers: tuple[Number, ...]
    assignment: Assignment


async def read_rules(tx: Transaction) -> IdentityRules:
    """As the operator set them; what cannot be read counts as not set."""
    try:
        return rules.read((await settings.read(tx)).identity)
    except Invalid:
        return rules.DEFAULTS


async def settle(tx: Transaction, seeds: Collection[int], *, by: str) -> Outcome | None:
    """Work out who the identifiers that hang together with these belong to, and write it."""
    outcome = await work_out(tx, seeds)
    await write(tx, outcome, by=by)
    return outcome


async def work_out(tx: Transaction, seeds: Collection[int], *, said: Sequence[Verdict] = ()) -> Outcome | None:
    """Lock, read and decide; nothing is written. None: too many hang together. `said`: what if that were decided."""
    await store.identity.hold(tx)
    most = COMPONENT_MAX * min(len(seeds), BATCH_COMPONENTS)
    pairs = {(verdict.one, verdict.other) for verdict in said}
    ids = await store.identity.reach(tx, seeds, most=most)
    if len(ids) > most:
        return None
    owners = await store.identity.lock_nodes(tx, ids)
    anchors = await store.identity.lock_people(tx, owners)
    component = await store.identity.read_component(tx, await store.identity.reach(tx, seeds, most=most))
    if not {owner for _, owner in component.nodes.values()} <= anchors.keys():
        raise Rival("a profile was merged, made or attached to meanwhile")
    nodes = [node for node, _ in component.nodes.values()]
    verdicts = [verdict for verdict in component.verdicts if (verdict.one, verdict.other) not in pairs]
    found = people(nodes, component.links, [*verdicts, *said], await read_rules(tx))
    numbers = [Number(id, anchor) for id, anchor in anchors.items()] + await store.identity.read_aliases(tx, anchors)
    numbers = [number for number in numbers if number.anchor in component.nodes]
    return Outcome(component, found, tuple(numbers), assign(found.groups, component.nodes, numbers))


async def write(tx: Transaction, outcome: Outcome | None, *, by: str) -> None:
    """What was worked out in this transaction."""
    if outcome is None:
        log.warning("identity.too_many", identifiers=COMPONENT_MAX)
        return
    known = {node.id for node, _ in outcome.component.nodes.values() if node.shared}
    await store.identity.share(tx, outcome.people.shared - known)
    if outcome.assignment.changes:
        await _write(tx, outcome, by=by)


async def _write(tx: Transaction, outcome: Outcome, *, by: str) -> None:
    new = await store.ingest.new_ids(tx, len(outcome.assignment.made))
    real = {-n: id for n, id in enumerate(new, 1)}
    leads = {id: real.get(to, to) for id, to in outcome.assignment.leads.items()}
    owners = {id: real.get(owner, owner) for id, owner in outcome.assignment.owners.items()}
    anchors = {number.id: number.anchor for number in outcome.numbers}
    restored = {id: anchors[id] for id, _ in outcome.assignment.restored}
    await store.identity.restore(tx, restored | dict(zip(new, outcome.assignment.made, strict=True)))
    live = {number.id for number in outcome.numbers if number.leads_to is None}
    merged = sorted(leads.keys() & live)
    await store.identity.lead(tx, leads, {id: _because(outcome, id, leads[id], by=by) for id in merged})
    await store.identity.own(tx, owners)
    before = {id: owner for id, (_, owner) in outcome.component.nodes.items()}
    sources = sorted({before[id] for id in owners})
    concerned = sorted({*sources, *owners.values(), *restored, *new})
    await _follow(tx, outcome.component, before | owners, sources=sources, merged=merged, concerned=concerned)
    whole = [id for id in concerned if id not in merged]
    await store.identity.make_moves(tx, dict.fromkeys(sources, whole))
    tx.wake("moves")
    parted = [(real[number], whole_of) for number, whole_of in outcome.assignment.parted]
    await outlet.publish(tx, [Merged(ProfileId(id), ProfileId(leads[id])) for id in merged])
    back = sorted({*outcome.assignment.restored, *parted})
    await outlet.publish(tx, [Unmerged(ProfileId(id), ProfileId(leads.get(of, of))) for id, of in back])
    log.info("identity.changed", merged=len(merged), restored=len(back))


async def _follow(
    tx: Transaction,
    component: Component,
    owners: Mapping[int, int],
    *,
    sources: Sequence[int],
    merged: Sequence[int],
    concerned: Sequence[int],
) -> None:
    """What identifiers bring along."""
    people = [ProfileId(id) for id in concerned if id not in merged]
    await store.identity.move_rows(tx, sources)
    await _move_addresses(tx, component, owners, concerned=concerned, merged=merged)
    await store.identity.forget_folds(tx, merged)
    await traits.refold(tx, people)
    await consent.refold(tx, people)


async def _move_addresses(
    tx: Transaction,
    component: Component,
    owners: Mapping[int, int],
    *,
    concerned: Sequence[int],
    merged: Sequence[int],
) -> None:
    """A person is reached wherever their identifiers are addresses, or were named together with one."""
    wanted = reached(component, owners)
    rows = await store.identity.addresses(tx, concerned)
    held = {(row["profile_id"], row["channel"], row["value"]) for row in rows}
    best: dict[tuple[str, str], int] = {}
    for row in sorted(rows, key=lambda row: (row["state"] == "active", row["changed_at"])):
        best[row["channel"], row["value"]] = row["profile_id"]
    missing = sorted(wanted - held)
    copies = [
        (owner, best[channel, value], channel, value) for owner, channel, value in missing if (channel, value) in best
    ]
    await store.identity.copy_addresses(tx, copies)
    gone = sorted(entry for entry in held if entry[0] in merged or (entry not in wanted and _came_by(component, entry)))
    await store.identity.drop_addresses(tx, gone)


def reached(component: Component, owners: Mapping[int, int]) -> set[tuple[int, str, str]]:
    """(person, channel, value): whoever an address belongs to, and whoever named it with a stronger identifier."""
    spots = {id: spot for id, (node, _) in component.nodes.items() if (spot := _spot(node.kind, node.value))}
    found = {(owners[id], *spot) for id, spot in spots.items()}
    # one end of a link may have been erased between the two looks
    named = [link for link in component.links if link.other in spots and link.one in owners]
    found |= {(owners[link.one], *spots[link.other]) for link in named}
    return found


def _spot(kind: str, value: str) -> tuple[str, str] | None:
    channel = channel_of(kind)
    return (str(channel), value) if channel else None


def _came_by(component: Component, entry: tuple[int, str, str]) -> bool:
    """Whether the address is one of the identifiers that were looked at: others are not ours to take away."""
    return any(_spot(node.kind, node.value) == entry[1:] for node, _ in component.nodes.values())


def _because(outcome: Outcome, alias: int, leads_to: int, *, by: str) -> str:
    """What joined them, for the page and for who wants to take it back."""
    anchors = {number.id: number.anchor for number in outcome.numbers}
    nodes = outcome.component.nodes
    joined = path(outcome.people.accepted, anchors[alias], anchors[leads_to]) if leads_to in anchors else []

    def named(id: int) -> str:
        return f"{nodes[id][0].kind}:{nodes[id][0].value}"

    links = [{"one": named(link.one), "other": named(link.other), "at": link.first_at} for link in joined]
    own = sorted(id for id, (_, owner) in nodes.items() if owner == alias)
    return msgspec.json.encode({"by": by, "links": links, "identifiers": own}).decode()
