"""Samples of traits and events, and the history of a trait."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.profiles.store.base import queries

INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?([Zz]|[+-][0-9:]+)?)?$"


async def traits(tx: Transaction, *, pages: int, most: int, names: int, people: int, chars: int) -> list[Row]:
    percent = await queries.value(tx, "share_of_profiles", pages=pages)
    return await queries.rows(
        tx, "sample_traits", percent=percent, most=most, names=names, people=people, chars=chars, instant=INSTANT
    )


async def properties(
    tx: Transaction, rare: Sequence[int], *, pages: int, most: int, names: int, people: int, chars: int
) -> list[Row]:
    return await queries.rows(
        tx,
        "sample_properties",
        percent=await queries.value(tx, "share_of_events", pages=pages),
        rare=list(rare),
        each_rare=100,
        most=most,
        names=names,
        people=people,
        chars=chars,
        instant=INSTANT,
    )


async def sums(tx: Transaction, *, pages: int, names: int) -> tuple[list[Row], float]:
    """The kinds of a sample, and the share of all sums that it is."""
    percent = await queries.value(tx, "share_of_sums", pages=pages)
    return await queries.rows(tx, "sample_sums", percent=percent, names=names), percent / 100


async def rare_sums(tx: Transaction, known: Sequence[int], *, names: int) -> list[Row]:
    return await queries.rows(tx, "sum_rare_events", known=list(known), names=names)


async def trait_changes(tx: Transaction, profile: ProfileId, name: str, *, limit: int) -> list[Row]:
    return await queries.rows(
        tx, "read_trait_changes", bucket=bucket_of(profile), profile=profile, name=name, limit=limit
    )
