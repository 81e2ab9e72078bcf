"""Visits that are held, in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Queries, Rival, Row, Transaction
from antiphon.kernel.records import DeliveryId, SourceId
from antiphon.orchestration import Visited
from antiphon.pages.sessions import Seen, due_at

queries: Final = Queries("pages")
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Seen]).decode


class Held(Struct, frozen=True):
    """What is held of one delivery. `opened` and `clicked`: the minute in which it is counted so for now."""

    delivery: DeliveryId
    seen: Sequence[Seen]
    handed_at: datetime | None
    swept: bool
    opened: datetime | None
    clicked: datetime | None


class Due(Struct, frozen=True):
    """What is to be judged, and where it counts."""

    held: Held
    source: SourceId
    channel: str
    variant: str


async def lock(tx: Transaction, visited: Sequence[Visited], others: Collection[DeliveryId]) -> dict[DeliveryId, Held]:
    """What is held of these, nothing yet or not, and of others, where anything is. Raises Rival where somebody has just
    judged one."""
    await queries.run(
        tx,
        "hold_deliveries",
        ids=[one.delivery for one in visited],
        sources=[one.source for one in visited],
        channels=[one.channel for one in visited],
        variants=[one.variant for one in visited],
        handed_at=[one.handed_at for one in visited],
    )
    needed = {one.delivery for one in visited}
    rows = await queries.rows(tx, "lock_held", ids=sorted(needed | set(others)))
    found = {row["delivery_id"]: _held(row) for row in rows}
    if needed - found.keys():
        raise Rival
    return found


async def write(tx: Transaction, held: Sequence[Held]) -> None:
    await queries.run(
        tx,
        "write_held",
        ids=[one.delivery for one in held],
        due_at=[due_at(one.seen, handed_at=one.handed_at) for one in held],
        seen=[_pack(one.seen) for one in held],
        swept=[one.swept for one in held],
        opened=[one.opened for one in held],
        clicked=[one.clicked for one in held],
    )


async def take(tx: Transaction, *, batch: int) -> list[Due]:
    """What can be judged: it is out of the table."""
    rows = await queries.rows(tx, "take_due", batch=batch)
    return [Due(_held(row), SourceId(row["source_id"]), row["channel"], row["variant"]) for row in rows]


def _held(row: Row) -> Held:
    return Held(
        DeliveryId(row["delivery_id"]),
        _unpack(row["seen"]) if row["seen"] else [],
        row["handed_at"],
        row["swept"],
        row["opened"],
        row["clicked"],
    )
