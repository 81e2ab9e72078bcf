"""What a decision writes: verdicts, attempts, places under the caps, money."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, SourceId, directory_bucket
from antiphon.kernel.said import again, kept
from antiphon.orchestration.conduct import CONDUCT
from antiphon.orchestration.records import OpenNotification, Option, Place, Verdict
from antiphon.orchestration.store import places as packing
from antiphon.orchestration.store.base import queries
from antiphon.orchestration.store.people import in_order, people_of


async def take_addresses(tx: Transaction, wanted: Sequence[tuple[SourceId, str, str, ProfileId]]) -> list[bool]:
    """For each (source, channel, address, person): whether the address is this person's for this source."""
    if not wanted:
        return []
    keys = [(source, address_key(channel, value)) for source, channel, value, _ in wanted]
    where: dict[str, Any] = {
        "buckets": [directory_bucket(channel, value) for _, channel, value, _ in wanted],
        "sources": [source for source, _ in keys],
        "keys": [key for _, key in keys],
    }
    owners = {}
    people = [profile for *_, profile in wanted]
    taken = await queries.rows(tx, "insert_source_addresses", **where, profiles=people)
    if len(taken) < len(wanted):
        rows = await queries.rows(tx, "read_source_addresses", **where)
        leads = await people_of(tx, {row["profile_id"] for row in rows})
        owners = {(row["source_id"], row["key"]): leads[row["profile_id"]] for row in rows}
    return [owners.get(key, profile) == profile for key, profile in zip(keys, people, strict=True)]


def address_key(channel: str, value: str) -> UUID:
    return UUID(bytes=hashlib.blake2b(f"{channel}\0{value}".encode(), digest_size=16).digest())


class Attempted(Struct, frozen=True):
    """An attempt that was decided: the how-manieth of its notification, and when it must have left."""

    verdict: Verdict
    notification: OpenNotification
    n: int
    leave_by: datetime | None = None


async def insert_deliveries(tx: Transaction, sends: Sequence[Attempted]) -> None:
    await queries.run(
        tx,
        "insert_deliveries",
        notifications=[each.notification.id for each in sends],
        profiles=[each.notification.number for each in sends],
        sources=[each.notification.source.id for each in sends],
        ns=[each.n for each in sends],
        channels=[each.verdict.channel for each in sends],
        addresses=[each.verdict.address for each in sends],
        providers=[each.verdict.provider for each in sends],
        lanes=[int(CONDUCT[each.notification.source.purpose].lane) for each in sends],
        leave_by=[each.leave_by for each in sends],
    )


CANCELS = frozenset({"cancelled", "merged"})
_STATE_OF_ACT = {"send": "open", "wait": "waiting", "drop": "dropped", "fail": "failed", "rest": "sent"}


async def write_verdicts(tx: Transaction, decided: Sequence[tuple[Verdict, ProfileId, OpenNotification]]) -> None:
    """New notifications are inserted as they were decided, older ones are updated."""
    new = [entry for entry in decided if entry[2].is_new]
    old = [entry for entry in decided if not entry[2].is_new and entry[0].act != "keep"]
    if new:
        await queries.run(
            tx,
            "insert_verdicts",
            profiles=[notification.number for *_, notification in new],
            sources=[notification.source.id for *_, notification in new],
            variants=[notification.variant for *_, notification in new],
            **_verdict_columns(tx, new),
        )
    if old:
        await queries.run(tx, "write_verdicts", **_verdict_columns(tx, old))


def _verdict_columns(
    tx: Transaction, decided: Sequence[tuple[Verdict, ProfileId, OpenNotification]]
) -> dict[str, list[Any]]:
    verdicts = [verdict for verdict, *_ in decided]
    return {
        "notifications": [verdict.notification for verdict in verdicts],
        "states": ["cancelled" if v.act == "drop" and v.reason in CANCELS else _STATE_OF_ACT[v.act] for v in verdicts],
        "reasons": [verdict.reason for verdict in verdicts],
        "channels": [verdict.channel for verdict in verdicts],
        "decisions": [decision_json(verdict, at=tx.now) for verdict in verdicts],
    }


def decision_json(verdict: Verdict, *, at: datetime) -> str:
    """As stored: short keys are not needed, but nothing that is empty is kept."""
    document: dict[str, Any] = {"act": verdict.act, "because": kept(verdict.because), "at": at}
    if verdict.channel:
        document["channel"] = verdict.channel
    if verdict.reason:
        document["reason"] = verdict.reason
    if verdict.until:
        document["until"] = verdict.until
    if verdict.cost:
        document["cost"] = verdict.cost
    if verdict.propensity is not None:
        document["propensity"] = round(verdict.propensity, 4)
    if len(verdict.options) > 1 or verdict.act != "send":
        document["options"] = [_option(option) for option in verdict.options]
    return msgspec.json.encode(document).decode()


def decision_shown(stored: Mapping[str, Any]) -> dict[str, Any]:
    """As it was stored, for whoever reads it: `because` is a sentence."""
    return {**stored, "because": again(stored["because"])} if "because" in stored else dict(stored)


def _option(option: Option) -> dict[str, Any]:
    document: dict[str, Any] = {"channel": option.channel, "score": option.score}
    if option.cost:
        document["cost"] = option.cost
    return document | ({"reason": option.reason} if option.reason else {})


async def write_caps(tx: Transaction, taken: Mapping[ProfileId, Sequence[Place]]) -> None:
    """All places of each person that still count, the new ones among them; perhaps none."""
    await write_packed(tx, {who: [(each.at, packing.pack(each)) for each in places] for who, places in taken.items()})


async def write_packed(tx: Transaction, taken: Mapping[ProfileId, Sequence[tuple[datetime, int]]]) -> None:
    if taken:
        rows = [(person, at, packed) for person, places in taken.items() for at, packed in places]
        people, at, what = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
        await queries.run(tx, "write_caps", whose=in_order(taken), profiles=people, at=at, what=what)


async def lock_budgets(tx: Transaction, sources: Sequence[SourceId]) -> dict[SourceId, float]:
    """What is left to those of these sources that have a budget."""
    rows = await queries.rows(tx, "lock_budgets", sources=sorted(set(sources))) if sources else []
    return {row["source_id"]: row["amount"] - row["reserved"] for row in rows}


async def reserve(tx: Transaction, costs: Mapping[SourceId, float]) -> None:
    if costs:
        await queries.run(tx, "reserve", sources=list(costs), costs=list(costs.values()))


async def set_budget(tx: Transaction, source: SourceId, amount: float) -> None:
    await queries.run(tx, "insert_budget", source_id=source, amount=amount)


async def read_budget(tx: Transaction, source: SourceId) -> Row | None:
    return await queries.row(tx, "read_budget", source_id=source)


async def touch_waiting_for_money(tx: Transaction, source: SourceId, *, limit: int) -> None:
    """Who is locked is decided by somebody who waits for this money too."""
    await queries.run(tx, "touch_waiting_for_money", source_id=source, limit=limit)
    tx.wake("people")


async def read_waiting_for_money(tx: Transaction, source: SourceId) -> list[ProfileId]:
    return [row["profile_id"] for row in await queries.rows(tx, "read_waiting_for_money", source_id=source)]
