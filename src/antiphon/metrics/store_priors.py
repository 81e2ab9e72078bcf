"""The only code that runs the SQL of what is known of everybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from antiphon.kernel.db import Row, Transaction
from antiphon.metrics.predicting import Prior
from antiphon.metrics.store import queries


async def fold(tx: Transaction) -> int:
    """How many sums were written; nothing is left once it is 0."""
    moved = await queries.run(tx, "fold_moves")
    await queries.run(tx, "settle")
    return moved + await queries.run(tx, "fold_hours")


async def read_sums(tx: Transaction) -> list[Row]:
    return await queries.rows(tx, "read_sums")


async def read_grid(tx: Transaction, cells: Collection[int]) -> list[Row]:
    return await queries.rows(tx, "read_grid", cells=list(cells))


async def write_priors(tx: Transaction, priors: Mapping[int, Prior], sums: Mapping[int, Row]) -> None:
    await queries.run(
        tx,
        "write_priors",
        cells=list(priors),
        alphas=[prior.alpha for prior in priors.values()],
        betas=[prior.beta for prior in priors.values()],
        people=[prior.people for prior in priors.values()],
        sents=[sums[cell]["sent"] for cell in priors],
        answereds=[sums[cell]["answered"] for cell in priors],
    )


async def read_priors(tx: Transaction) -> dict[int, Prior]:
    rows = await queries.rows(tx, "read_priors")
    return {row["cell"]: Prior(row["alpha"], row["beta"], row["people"]) for row in rows}


async def read_hour_totals(tx: Transaction) -> dict[int, int]:
    return {row["hour"]: row["n"] for row in await queries.rows(tx, "read_hour_totals")}
