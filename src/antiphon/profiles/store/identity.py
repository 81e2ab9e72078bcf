"""Who belongs together: reading components and writing what follows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import Identifier, ProfileId, bucket_of, directory_bucket
from antiphon.profiles import kinds
from antiphon.profiles.graph import Link, Node, Number, Verdict
from antiphon.profiles.store.base import queries


class Component(NamedTuple):
    """Identifiers with their present profile number, and all that is known of how they hang together."""

    nodes: dict[int, tuple[Node, int]]
    links: list[Link]
    verdicts: list[Verdict]


async def hold(tx: Transaction) -> None:
    """Nobody else works out who belongs together until this transaction ends."""
    await queries.run(tx, "hold_identity")


async def reach(tx: Transaction, seeds: Collection[int], *, most: int) -> list[int]:
    """The identifiers that hang together with these; more than `most` of them say that it is too many."""
    rows = await queries.rows(tx, "reach_component", seeds=list(seeds), most=most + 1)
    return [row["id"] for row in rows]


async def read_component(tx: Transaction, ids: Sequence[int]) -> Component:
    nodes = {
        row["id"]: (Node(row["id"], row["kind"], row["value"], row["verified"], row["shared"]), row["profile_id"])
        for row in await queries.rows(tx, "read_nodes", ids=ids)
    }
    links = [
        Link(row["one"], row["other"], row["first_at"], row["last_at"])
        for row in await queries.rows(tx, "read_links", ids=ids)
    ]
    verdicts = [
        Verdict(row["one"], row["other"], row["same"], row["at"])
        for row in await queries.rows(tx, "read_verdicts", ids=ids)
    ]
    return Component(nodes, links, verdicts)


async def lock_nodes(tx: Transaction, ids: Sequence[int]) -> set[int]:
    """The profile numbers of these identifiers."""
    return {row["profile_id"] for row in await queries.rows(tx, "lock_nodes", ids=ids)}


async def lock_people(tx: Transaction, ids: Collection[int]) -> dict[int, int]:
    """The anchors of those that are there, by number."""
    return {row["id"]: row["anchor"] for row in await queries.rows(tx, "lock_people", ids=list(ids))}


async def read_aliases(tx: Transaction, ids: Collection[int]) -> list[Number]:
    """Numbers that lead to these."""
    rows = await queries.rows(tx, "read_aliases", ids=list(ids))
    return [Number(row["id"], row["anchor"], row["profile_id"]) for row in rows]


async def keep_verdicts(
    tx: Transaction, pairs: Collection[tuple[int, int]], *, same: bool, by: str, at: datetime | None = None
) -> None:
    if pairs:
        ones, others = zip(*sorted({(min(pair), max(pair)) for pair in pairs}), strict=True)
        await queries.run(tx, "keep_verdicts", ones=ones, others=others, same=same, by=by, at=at or tx.now)


async def share(tx: Transaction, ids: Collection[int]) -> None:
    if ids:
        await queries.run(tx, "share_identifiers", ids=list(ids))


async def restore(tx: Transaction, anchors: Mapping[int, int]) -> None:
    """Numbers that are people, again or for the first time, with their anchors."""
    if anchors:
        await queries.run(tx, "make_profiles", ids=list(anchors), anchors=list(anchors.values()))
        await queries.run(tx, "drop_aliases", ids=list(anchors))


async def lead(tx: Transaction, leads: Mapping[int, int], becauses: Mapping[int, str]) -> None:
    """Numbers that lead to others from now on. `becauses` are JSON text, for those that were people until now."""
    if leads:
        await queries.run(tx, "lead_aliases", ids=list(leads), leads=list(leads.values()))
    if becauses:
        ids = list(becauses)
        await queries.run(
            tx, "make_aliases", ids=ids, leads=[leads[id] for id in ids], becauses=list(becauses.values())
        )


async def own(tx: Transaction, owners: Mapping[int, int]) -> None:
    """Identifiers lead to these people from now on."""
    await queries.run(tx, "own_identifiers", ids=list(owners), owners=list(owners.values()))


async def move_rows(tx: Transaction, people: Sequence[int]) -> None:
    """What these numbers were told, belong to and said goes where its identifiers belong. The numbers that lead
    elsewhere keep nothing."""
    for name in ("move_told", "move_belongings", "stamp_statements", "move_statements", "move_trait_changes"):
        await queries.run(tx, name, people=people)


async def forget_folds(tx: Transaction, aliases: Sequence[int]) -> None:
    """What was folded for numbers that lead elsewhere now."""
    await queries.run(tx, "drop_preferences_of", people=aliases)
    await queries.run(tx, "drop_words", people=aliases)


async def addresses(tx: Transaction, people: Sequence[int]) -> list[Row]:
    """Locked."""
    return await queries.rows(tx, "read_address_rows", people=people)


async def copy_addresses(tx: Transaction, copies: Sequence[tuple[int, int, str, str]]) -> None:
    """(new owner, present holder, channel, value) each."""
    if copies:
        owners, holders, channels, values = zip(*copies, strict=True)
        await queries.run(tx, "copy_addresses", owners=owners, holders=holders, channels=channels, values=values)


async def drop_addresses(tx: Transaction, gone: Sequence[tuple[int, str, str]]) -> None:
    if gone:
        people, channels, values = zip(*gone, strict=True)
        await queries.run(tx, "drop_addresses", people=people, channels=channels, values=values)


async def make_moves(tx: Transaction, moves: Mapping[int, Sequence[int]]) -> None:
    """Numbers whose events must be looked through, with the people who are not whole until then."""
    waits: dict[tuple[int, ...], list[int]] = {}
    for number, moving in moves.items():
        waits.setdefault(tuple(sorted(moving)), []).append(number)
    for moving, numbers in sorted(waits.items()):
        await queries.run(tx, "make_moves", ids=numbers, moving=list(moving))


class Sum(NamedTuple):
    """How many events of a kind, and whose they are now."""

    owner: int
    name_id: int
    number: int
    first_at: datetime
    last_at: datetime


async def move_events(tx: Transaction, profile: int, *, most: int) -> int:
    """How many of its events went to whom they belong, with their sums."""
    where: dict[str, Any] = {"bucket": bucket_of(profile), "profile": profile}
    sums = [Sum(**row) for row in await queries.rows(tx, "move_events", most=most, **where)]
    if sums:
        await _add_sums(tx, sums)
        _, names, counts, firsts, lasts = zip(*sums, strict=True)
        await queries.run(tx, "take_sums", **where, names=names, counts=counts, firsts=firsts, lasts=lasts)
        await queries.run(tx, "drop_empty_sums", **where)
    return sum(one.number for one in sums)


async def hand_over_sums(tx: Transaction, profile: int) -> None:
    """The last that a number that leads elsewhere knows."""
    rows = await queries.rows(tx, "hand_over_sums", bucket=bucket_of(profile), profile=profile)
    await _add_sums(tx, [Sum(**row) for row in rows])


async def _add_sums(tx: Transaction, sums: Sequence[Sum]) -> None:
    if sums:
        owners, names, counts, firsts, lasts = zip(*sums, strict=True)
        await queries.run(tx, "add_sums", owners=owners, names=names, counts=counts, firsts=firsts, lasts=lasts)


async def move_addresses(tx: Transaction, profile: int) -> None:
    """What somebody who read the directory before the merge wrote to the old number after it."""
    await queries.run(tx, "move_addresses", bucket=bucket_of(profile), profile=profile)


async def end_moving(tx: Transaction, profile: int) -> list[ProfileId]:
    """Those who are whole now, as far as they are people still."""
    moving = await queries.value(tx, "end_moving", bucket=bucket_of(profile), profile=profile)
    rows = await queries.rows(tx, "present_people", ids=moving) if moving else []
    return [row["id"] for row in rows]


async def note_moves(tx: Transaction, profiles: Collection[int]) -> None:
    """In a transaction that began after their merge, before any look."""
    await queries.run(tx, "note_moves", ids=list(profiles))


async def is_last_look(tx: Transaction, profile: int) -> bool:
    """False while somebody who read the directory before the merge may still be writing to the old place."""
    return bool(await queries.value(tx, "is_last_look", bucket=bucket_of(profile), profile=profile))


async def end_move(tx: Transaction, profile: int, *, version: int) -> None:
    await queries.run(tx, "end_move", bucket=bucket_of(profile), profile=profile, version=version)


async def count_due(tx: Transaction) -> int:
    return int(await queries.value(tx, "count_identity_due"))


class Own(NamedTuple):
    """An identifier of a person, with its provenance."""

    id: int
    identifier: Identifier
    source: str
    first_at: datetime
    seen_at: datetime
    verified_at: datetime | None
    shared: bool


async def identifiers_of(tx: Transaction, profile: ProfileId) -> list[Own]:
    """The strongest first."""
    rows = await queries.rows(tx, "identifiers_of", profile=profile)
    own = [
        Own(
            row["id"],
            Identifier(row["kind"], row["value"]),
            row["source"],
            row["first_at"],
            row["seen_at"],
            row["verified_at"],
            row["shared"],
        )
        for row in rows
    ]
    return sorted(own, key=lambda one: (kinds.rank(one.identifier.kind), one.identifier))


async def becauses(tx: Transaction, profile: ProfileId) -> list[tuple[ProfileId, dict[str, Any]]]:
    """The numbers that were merged into this person, and why."""
    rows = await queries.rows(tx, "becauses", profile=profile)
    return [(row["id"], row["because"]) for row in rows]


async def touch_everybody(tx: Transaction) -> int:
    """Everybody of whom something was named together is worked out anew; how many identifiers."""
    return await queries.run(tx, "touch_everybody")


async def verify(tx: Transaction, identifier: Identifier) -> list[int]:
    """The number of the identifier, if it was only claimed until now."""
    rows = await queries.rows(
        tx,
        "verify_identifier",
        bucket=directory_bucket(identifier.kind, identifier.value),
        kind=identifier.kind,
        value=identifier.value,
    )
    return [row["id"] for row in rows]
