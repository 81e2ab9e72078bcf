"""Many decide the same people at once: what they share is never given out twice, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from antiphon import orchestration
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration.decide import work_people
from antiphon.profiles import Statement
from orchestration.stage import Stage, second_process
from orchestration.test_decided_again import decide, say
from orchestration.test_decision_kept import make
from orchestration.test_once import set_up

PEOPLE = 24
PRICE = 0.1


async def share_addresses(stage: Stage, people: list[int]) -> None:
    """Every two of them have one mailbox, beside one of their own that each has."""
    await stage.sql(
        "INSERT INTO address (bucket, profile_id, channel, value, state, changed_at)"
        " SELECT (id & 255)::smallint, id, 'email', 'a' || (n / 2) || '@example.org', 'active', now()"
        " FROM unnest($1::bigint[]) WITH ORDINALITY AS given(id, n)",
        people,
    )


@pytest.mark.parametrize("seed", range(3))
async def test_places_money_and_addresses_under_many_hands(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    await stage.account("email", unit_cost=PRICE)
    await stage.account("sms", unit_cost=PRICE)
    people = await stage.people(PEOPLE, "phone")
    await share_addresses(stage, people)
    await set_up(stage, frequency_caps=[
        {"count": 2, "within_s": 86400}, {"count": 1, "within_s": 86400, "channel": "email"}])  # fmt: skip
    sources = [await make(stage, "email", "sms", priority=n, **({"budget": 1.0} if n % 2 else {})) for n in range(4)]
    other = await second_process(stage.database)
    runtimes = [stage.runtime, Runtime(other, stage.runtime.secrets, "http://127.0.0.1:1", sandbox=True)]

    async def tell() -> None:
        for source in chance.sample(sources, len(sources)):
            some = chance.sample(people, PEOPLE)
            database = chance.choice(runtimes).database
            await database.repeat(lambda tx, s=source, p=some: orchestration.notify(tx, s, p, [""] * len(p)))

    async def work(runtime: Runtime) -> None:
        for _ in range(25):
            await work_people(runtime)
            await asyncio.sleep(0.01)

    async def waver() -> None:
        for _ in range(12):
            person = chance.choice(people)
            until = stage.database.clock.now() + timedelta(hours=1)
            await say(stage, person, Statement("*", "*", "paused", until=until))
            await asyncio.sleep(0.01)
            await say(stage, person, Statement("*", "*", "resumed"))

    async def raise_budgets() -> None:
        for amount in (1.2, 0.6, 1.5):
            for source in (sources[1], sources[3]):
                await stage.database.repeat(lambda tx, s=source, a=amount: orchestration.set_budget(tx, s, a))
            await asyncio.sleep(0.1)

    try:
        await asyncio.gather(tell(), tell(), waver(), raise_budgets(), *(work(each) for each in runtimes))
        await decide(stage)
    finally:
        await other.close()
    await check(stage, sources)


async def check(stage: Stage, sources: list[int]) -> None:
    live = await stage.sql("SELECT * FROM delivery WHERE state = 'queued'")
    at = Counter((row["source_id"], row["channel"], row["address"]) for row in live)
    assert max(at.values()) == 1
    theirs = defaultdict(list)
    for row in live:
        theirs[row["profile_id"]].append(row["channel"])
    assert max(map(len, theirs.values())) == 2
    assert max(channels.count("email") for channels in theirs.values()) == 1
    taken = {row["profile_id"]: row["n"] for row in await stage.sql(
        "SELECT profile_id, cardinality(capped_at) AS n FROM person WHERE capped_at <> '{}'")}  # fmt: skip
    assert taken == {person: len(channels) for person, channels in theirs.items()}
    spent = Counter(row["source_id"] for row in live)
    for row in await stage.sql("SELECT * FROM source_budget"):
        assert row["reserved"] == pytest.approx(spent[row["source_id"]] * PRICE)
        assert row["reserved"] <= row["amount"] + 1e-6
        (waiting,) = await stage.sql(
            "SELECT count(*) AS n FROM notification WHERE source_id = $1 AND reason = 'budget_spent'", row["source_id"]
        )
        assert not waiting["n"] or row["reserved"] + PRICE > row["amount"] + 1e-6, "money is left and somebody waits"
    lost = await stage.sql(
        "SELECT n.id, n.reason FROM notification n JOIN person p USING (bucket, profile_id)"
        " WHERE n.state = 'waiting' AND n.reason <> 'budget_spent' AND p.due_at IS NULL"
    )
    assert not lost
    (stuck,) = await stage.sql(
        "SELECT count(*) AS n FROM notification n WHERE state = 'open' AND NOT EXISTS (SELECT FROM delivery d"
        " WHERE d.bucket = n.bucket AND d.notification_id = n.id AND d.state = 'queued')"
    )
    assert stuck["n"] == 0
