"""The SQL of the throttle. Keys are MACs: the table does not tell who was guessed at, or from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from antiphon.access.store import queries
from antiphon.kernel.db import Transaction


class Tally(Struct, frozen=True):
    """`until`: no guess is looked at before; where nothing waits, when the last was made."""

    failures: int
    since: datetime
    until: datetime


async def lock(tx: Transaction, keys: Sequence[bytes], *, at: datetime) -> dict[bytes, Tally]:
    await queries.run(tx, "insert_tallies", keys=list(keys), at=at)
    rows = await queries.rows(tx, "lock_tallies", keys=list(keys))
    return {bytes(row["key"]): Tally(row["failures"], row["since"], row["until"]) for row in rows}


async def write(tx: Transaction, tallies: Mapping[bytes, Tally]) -> None:
    for key, tally in tallies.items():  # two: an account and an address
        await queries.run(tx, "write_tally", key=key, failures=tally.failures, since=tally.since, until=tally.until)


async def forget(tx: Transaction, key: bytes) -> None:
    await queries.run(tx, "forget_tally", key=key)


async def give_back(tx: Transaction, key: bytes, *, at: datetime) -> None:
    await queries.run(tx, "give_back_guess", key=key, at=at)


async def sweep(tx: Transaction, *, before: datetime) -> None:
    await queries.run(tx, "sweep_tallies", before=before)
