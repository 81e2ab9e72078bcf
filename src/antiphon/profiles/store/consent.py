"""What people said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import Identifier, ProfileId, bucket_of, directory_bucket
from antiphon.profiles.consent_fold import Said, Standing
from antiphon.profiles.consent_records import Consent, Proof, Scope, Statement
from antiphon.profiles.store.base import columns, queries

ALIASES_MAX = 3


class Saying(NamedTuple):
    """One row to append. `asked_id`: the question that it answers."""

    profile: ProfileId
    said: Statement
    proof: Proof
    who: int
    scope: Scope | None = None
    asked_id: int | None = None


class Namer(NamedTuple):
    id: int
    profile: ProfileId


class Question(NamedTuple):
    """A double opt-in that was asked."""

    profile: ProfileId
    who: int
    topic: str
    channel: str
    address: str
    asked_at: datetime
    expires_at: datetime | None
    source: str
    wording: str
    wording_version: str
    language: str


class Origin(NamedTuple):
    """When and how a wish was said."""

    said_at: datetime
    method: str


async def lock(tx: Transaction, ids: Iterable[ProfileId], *, alone: bool) -> dict[ProfileId, ProfileId]:
    """Hold these people; `alone`: nobody else may speak for them meanwhile. Whom each number leads to, if to any."""
    found: dict[ProfileId, ProfileId] = {}
    wanted = {id: id for id in ids}
    for _ in range(ALIASES_MAX):
        numbers = sorted(set(wanted.values()))
        rows = await queries.rows(tx, "lock_speakers" if alone else "hold_people", ids=numbers) if numbers else []
        there = {row["id"] for row in rows}
        found |= {id: live for id, live in wanted.items() if live in there}
        if there == set(numbers):
            break
        aliases = {row["id"]: row["profile_id"] for row in await queries.rows(tx, "follow_aliases", ids=numbers)}
        wanted = {id: aliases[live] for id, live in wanted.items() if live not in there and live in aliases}
    return found


async def namers(tx: Transaction, identifiers: Sequence[Identifier]) -> dict[Identifier, Namer]:
    rows = await queries.rows(tx, "find_namers", **columns(identifiers)) if identifiers else []
    return {Identifier(row["kind"], row["value"]): Namer(row["id"], row["profile_id"]) for row in rows}


async def append(tx: Transaction, sayings: Sequence[Saying]) -> list[int]:
    """The numbers of the rows, in order."""
    if not sayings:
        return []
    rows = [_row(place, saying, tx.now) for place, saying in enumerate(sayings)]
    answer = await queries.rows(tx, "add_consents", rows=msgspec.json.encode(rows).decode())
    return [row["id"] for row in answer]


def _row(place: int, saying: Saying, now: datetime) -> dict[str, Any]:
    said, proof = msgspec.structs.asdict(saying.said), msgspec.structs.asdict(saying.proof)
    return said | proof | {
        "place": place,
        "profile_id": saying.profile,
        "who": saying.who,
        "at": saying.said.at or now,
        "scope": saying.scope,
        "asked_id": saying.asked_id,
    }  # fmt: skip


async def said(tx: Transaction, profiles: Sequence[ProfileId]) -> dict[ProfileId, list[Said]]:
    """All that these people said, in no order."""
    found: dict[ProfileId, list[Said]] = {id: [] for id in profiles}
    for row in await queries.rows(tx, "read_said", profiles=list(found)):
        found[row["profile_id"]].append(
            Said(
                id=row["id"],
                at=row["at"],
                topic=row["topic"],
                channel=row["channel"],
                state=row["state"],
                address=row["address"] or "",
                until=row["until"],
                expires_at=row["expires_at"],
                limit_count=row["limit_count"],
                limit_s=row["limit_s"],
                who=row["who"],
                basis=row["basis"],
                confirmed=row["confirmed"],
            )
        )
    return found


async def replace(tx: Transaction, standing: Mapping[ProfileId, Sequence[Standing]]) -> None:
    """The preferences of these people are these."""
    rows = [msgspec.structs.asdict(row) | {"profile_id": profile} for profile, each in standing.items() for row in each]
    await queries.run(
        tx, "replace_preferences", profiles=sorted(standing), rows=msgspec.json.encode(rows).decode()
    )  # fmt: skip


async def standing(tx: Transaction, profiles: Sequence[ProfileId]) -> dict[ProfileId, list[Standing]]:
    found: dict[ProfileId, list[Standing]] = {id: [] for id in profiles}
    for row in await queries.rows(tx, "read_standing", profiles=list(found)):
        found[row["profile_id"]].append(_standing(row))
    return found


async def origins(tx: Transaction, profile: ProfileId, ids: Sequence[int]) -> dict[int, Origin]:
    """Of those of these statements that are still there."""
    rows = await queries.rows(tx, "read_origins", bucket=bucket_of(profile), ids=list(ids))
    return {row["id"]: Origin(row["at"], row["method"]) for row in rows}


def _standing(row: Row) -> Standing:
    return Standing(**{name: row[name] for name in Standing.__struct_fields__})


async def ledger(tx: Transaction, profile: ProfileId, *, before: tuple[datetime, int], limit: int) -> list[Consent]:
    """The latest first, from before this instant and number on."""
    rows = await queries.rows(
        tx, "read_ledger", bucket=bucket_of(profile), profile=profile, at=before[0], id=before[1], limit=limit
    )
    return [Consent(**dict(row)) for row in rows]


async def question(tx: Transaction, id: int) -> Question | None:
    row = await queries.row(tx, "find_question", id=id)
    return None if row is None else Question(*(row[name] for name in ("profile_id", *Question._fields[1:])))


async def is_answered(tx: Transaction, profile: ProfileId, asked_id: int) -> bool:
    found = await queries.value(tx, "find_answer", bucket=bucket_of(profile), profile=profile, asked_id=asked_id)
    return found is not None


def _keys(channel: str, values: Sequence[str]) -> dict[str, list[int] | list[str]]:
    return {"buckets": [directory_bucket(channel, value) for value in values], "values": list(values)}


async def add_opt_outs(tx: Transaction, channel: str, values: Sequence[str], *, how: str, scope: Scope) -> None:
    await queries.run(tx, "add_opt_outs", channel=channel, how=how, scope=scope, **_keys(channel, values))


async def drop_opt_outs(tx: Transaction, channel: str, values: Sequence[str], *, scope: Scope) -> None:
    await queries.run(tx, "drop_opt_outs", channel=channel, scope=scope, **_keys(channel, values))


async def holders(tx: Transaction, channel: str, values: Sequence[str]) -> list[tuple[ProfileId, str]]:
    """Whoever has one of these addresses, and which."""
    rows = await queries.rows(tx, "find_holders", channel=channel, values=list(values))
    return [(row["profile_id"], row["value"]) for row in rows]
