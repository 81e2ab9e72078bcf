"""What rules cost, before they are asked; and whether memberships are what the rule says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from antiphon import segments
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.segments import cost, resolve
from antiphon.segments.language.parse import parse
from segments.stage import Stage

PEOPLE = 300
BUYERS = {"event": "bought", "within": "48h"}


async def seconds(stage: Stage, rule: Any) -> float:
    async with stage.database.transaction() as tx:
        plain = await resolve.plain(tx, parse(rule))
        return await cost.seconds(tx, plain, await resolve.words(tx, [plain]))


async def verify(stage: Stage, name: str) -> segments.Verification:
    async with stage.database.transaction(read_only=True) as tx:
        return await segments.verify(tx, name)


async def test_deeper_looks_cost_more(stage: Stage) -> None:
    """Nobody is found by any of these: what differs is the looking."""
    for n in range(PEOPLE):
        await stage.identify(f"p{n}")
    happened = [(f"p{n % PEOPLE}", "bought", stage.now, {"amount": n}) for n in range(10 * PEOPLE)]
    await stage.track_many(happened)
    async with stage.database.transaction() as tx:
        for table in ("profile", "event", "event_sum"):
            await tx.rows(f"ANALYZE {table}")
    last = {"event": "bought", "count": {"op": "gte", "value": 1000}}
    sums = {"event": "bought", "sum": {"property": "amount", "op": "gte", "value": 10**9}}
    steps = {"sequence": ["bought", "bought", "bought"]}
    by_sums, by_events = await seconds(stage, last), await seconds(stage, sums)
    assert 0 < by_sums < by_events < await seconds(stage, {"all": [sums, steps]}) < 60


async def test_the_costliest_part_is_found_through_computed_traits_too(stage: Stage) -> None:
    for n in range(PEOPLE):
        await stage.track_many([(f"p{n}", "bought", stage.now, {"amount": k}) for k in range(5)])
    await stage.compute("spent", {"event": "bought", "of": "sum", "property": "amount"})
    trait = {"trait": "a", "op": "eq", "value": 1}
    rule = {"any": [trait, {"not": {"computed": "spent", "op": "gte", "value": 3}}]}
    async with stage.database.transaction() as tx:
        at, _ = await cost.costliest(tx, parse(rule))
    assert at == "rule.any[1].not"


async def test_who_differs_and_has_work_due_is_told_apart(stage: Stage) -> None:
    for n in range(20):
        await stage.identify(f"p{n}")
    await stage.make("buyers", BUYERS)
    assert (await verify(stage, "buyers")).says == "Members and rule agree."
    await stage.track_many([(f"p{n}", "bought", stage.now, {}) for n in range(5)])
    found = await verify(stage, "buyers")
    assert (found.count, found.missing, found.missing_due, found.wrong) == (5, 5, 5, 0)
    assert found.says == "5 differ, all of them have work due."
    await stage.drain()
    await stage.move(timedelta(hours=49))
    found = await verify(stage, "buyers")
    assert (found.surplus, found.surplus_due, found.wrong) == (5, 5, 0)
    await stage.drain()
    wrong = ProfileId(stage.ids["p9"])
    async with stage.database.transaction() as tx:
        await tx.rows("INSERT INTO member VALUES ($1, 1, $2, $3)", bucket_of(wrong), wrong, stage.now)
    await stage.track("p1", "bought")
    found = await verify(stage, "buyers")
    assert (found.missing, found.missing_due, found.surplus, found.surplus_due, found.wrong) == (1, 1, 1, 0, 1)
    assert found.sample[0] == wrong
    assert found.says == "1 are missing and 1 too many; 1 of them have no work due."
