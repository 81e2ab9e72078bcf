"""Upward news: a part publishes its records inside its own transaction; `app/wiring.py` names the takers.

A taker may only write its own rows (set a due time, fold a count): no network, no waiting. So what a taker
writes is committed with the fact itself, or not at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from antiphon.kernel.db import Database, Transaction

R = TypeVar("R")
Taker = Callable[[Transaction, Sequence[R]], Awaitable[None]]


async def publish(tx: Transaction, records: Sequence[R]) -> None:
    """Hand records of one type to their takers, in the order of the wiring."""
    if records:
        for taker in tx.database.takers.get(type(records[0]), ()):
            await taker(tx, records)


def take(database: Database, kind: type[R], taker: Taker[R]) -> None:
    """Name a taker. Called by the wiring alone."""
    database.takers.setdefault(kind, []).append(taker)
