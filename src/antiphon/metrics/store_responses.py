"""The only code that runs the SQL of people's windows and hours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId
from antiphon.metrics.cells import KEYS
from antiphon.metrics.store import queries
from antiphon.metrics.window import Window

Place = tuple[ProfileId, int]
"""A person and the number of a cell."""

Windows = dict[Place, tuple[Window, datetime]]
"""Each with the product time of its newest message."""

Moves = Mapping[tuple[datetime, int, int, int], int]
"""How many people are more at: settles at, cell, sent, answered."""


async def read_leads(tx: Transaction, numbers: Collection[ProfileId]) -> dict[ProfileId, ProfileId]:
    rows = await queries.rows(tx, "read_leads", profiles=list(numbers))
    return {row["id"]: row["profile_id"] for row in rows}


async def note_sent(tx: Transaction, places: Collection[Place], *, settles_at: datetime) -> None:
    await queries.run(
        tx,
        "note_sent",
        profiles=[person for person, _ in places],
        cells=[cell for _, cell in places],
        settles_at=settles_at,
    )


async def lock_windows(tx: Transaction, places: Collection[Place]) -> Windows:
    profiles, cells = [person for person, _ in places], [cell for _, cell in places]
    return _windows(await queries.rows(tx, "lock_windows", profiles=profiles, cells=cells))


async def lock_windows_of_people(tx: Transaction, people: Collection[ProfileId]) -> Windows:
    return _windows(await queries.rows(tx, "lock_windows_of_people", profiles=list(people)))


def _windows(rows: Sequence[Row]) -> Windows:
    return {(row["profile_id"], row["cell"]): (Window(row["sent"], row["history"]), row["sent_at"]) for row in rows}


async def write_windows(tx: Transaction, windows: Windows, moves: Moves) -> None:
    await queries.run(
        tx,
        "write_windows",
        profiles=[person for person, _ in windows],
        cells=[cell for _, cell in windows],
        sents=[window.sent for window, _ in windows.values()],
        histories=[window.history for window, _ in windows.values()],
        sent_ats=[sent_at for _, sent_at in windows.values()],
        **_columns(moves),
    )


async def insert_empty_windows(tx: Transaction, leads: Sequence[tuple[ProfileId, ProfileId]]) -> None:
    aliases, profiles = [alias for alias, _ in leads], [profile for _, profile in leads]
    await queries.run(tx, "insert_empty_windows", aliases=aliases, profiles=profiles)


async def delete_windows(tx: Transaction, people: Collection[ProfileId], moves: Moves) -> None:
    await queries.run(tx, "delete_windows", profiles=list(people), **_columns(moves))


def _columns(moves: Moves) -> dict[str, list[Any]]:
    return {
        "moved_settles": [settles_at for settles_at, *_ in moves],
        "moved_cells": [cell for _, cell, *_ in moves],
        "moved_sents": [sent for _, _, sent, _ in moves],
        "moved_answereds": [answered for *_, answered in moves],
        "moved_people": list(moves.values()),
    }


async def read_windows(tx: Transaction, people: Collection[ProfileId], *, waiting_since: datetime) -> list[Row]:
    return await queries.rows(tx, "read_windows", profiles=list(people), waiting_since=waiting_since)


async def note_hours(tx: Transaction, answered: Mapping[ProfileId, tuple[datetime, int]]) -> None:
    await queries.run(
        tx,
        "note_hours",
        profiles=list(answered),
        ats=[at for at, _ in answered.values()],
        hours=[hour for _, hour in answered.values()],
    )


async def insert_empty_hours(tx: Transaction, people: Collection[ProfileId]) -> None:
    await queries.run(tx, "insert_empty_hours", profiles=list(people))


async def lock_hours(tx: Transaction, people: Collection[ProfileId]) -> dict[ProfileId, tuple[bytes, datetime]]:
    rows = await queries.rows(tx, "lock_hours", profiles=list(people))
    return {row["profile_id"]: (row["hours"], row["last_at"]) for row in rows}


async def write_hours(tx: Transaction, hours: Mapping[ProfileId, tuple[bytes, datetime]]) -> None:
    await queries.run(
        tx,
        "write_hours",
        profiles=list(hours),
        hours=[counts for counts, _ in hours.values()],
        last_ats=[last_at for _, last_at in hours.values()],
    )


async def delete_hours(tx: Transaction, people: Collection[ProfileId]) -> None:
    await queries.run(tx, "delete_hours", profiles=list(people))


async def insert_hour_parts(tx: Transaction, ns: Mapping[int, int]) -> None:
    await queries.run(tx, "insert_hour_parts", hours=list(ns), ns=list(ns.values()))


async def read_hours(tx: Transaction, people: Collection[ProfileId]) -> list[Row]:
    return await queries.rows(tx, "read_hours", profiles=list(people))


def export_responses(tx: Transaction, numbers: Sequence[ProfileId]) -> AsyncIterator[Row]:
    channels, kinds = zip(*(key.split(":") for key in KEYS), strict=True)
    return queries.each(
        tx, "export_responses", profiles=list(numbers), cells=list(range(len(KEYS))), channels=channels, kinds=kinds
    )


def export_hours(tx: Transaction, numbers: Sequence[ProfileId]) -> AsyncIterator[Row]:
    return queries.each(tx, "export_hours", profiles=list(numbers))
