"""What was queued and is decided again before it left: its place and its money come back, and the night is kept."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from antiphon import orchestration, profiles
from antiphon.kernel.records import Identifier, ProfileId, Purpose, SourceId
from antiphon.orchestration.decide import work_people
from antiphon.profiles import Proof, Statement
from orchestration.stage import Stage, working
from orchestration.test_decision_kept import make, notify, verdicts
from orchestration.test_failover import _is
from orchestration.test_once import set_up


async def say(stage: Stage, person: ProfileId, *said: Statement) -> None:
    await stage.database.repeat(lambda tx: profiles.state(tx, person, said, Proof("api")))


async def decide(stage: Stage) -> None:
    while await work_people(stage.runtime):
        pass


async def queued(stage: Stage, source: SourceId) -> list[tuple[str, str]]:
    rows = await stage.sql(
        "SELECT channel, address FROM delivery WHERE source_id = $1 AND state = 'queued' ORDER BY n", source
    )
    return [(row["channel"], row["address"]) for row in rows]


async def places(stage: Stage) -> int:
    return sum(row["n"] for row in await stage.sql("SELECT cardinality(capped_at) AS n FROM person"))


@pytest.mark.parametrize("cap", [{"count": 1, "within_s": 86400}, {"count": 1, "within_s": 86400, "channel": "email"}])
async def test_who_changes_their_mind_and_back_has_taken_one_place(stage: Stage, cap: dict) -> None:
    """The cap lets one message through: the one that was taken back may still be it."""
    await stage.account("email")
    (person,) = await stage.people(1, "email")
    await set_up(stage, frequency_caps=[cap])
    source = await make(stage, "email")
    await notify(stage, source, [person])
    until = stage.database.clock.now() + timedelta(hours=1)
    await say(stage, person, Statement("*", "*", "paused", until=until))
    assert await queued(stage, source) == []
    await decide(stage)
    assert await places(stage) == 0
    await say(stage, person, Statement("*", "*", "resumed"))
    await decide(stage)
    assert len(await queued(stage, source)) == 1, await verdicts(stage, source)
    assert await places(stage) == 1


async def test_money_of_what_was_taken_back_is_there_for_the_next(stage: Stage) -> None:
    await stage.account("email", unit_cost=0.1)
    people = await stage.people(3, "email")
    source = await make(stage, "email", budget=0.2)
    await notify(stage, source, people)
    assert [reason for _, reason, _ in (await verdicts(stage, source)).values()] == [None, None, "budget_spent"]
    await say(stage, people[0], Statement("coupons", "*", "unwanted"))
    await decide(stage)
    said = await verdicts(stage, source)
    assert [said[person][:2] for person in people] == [("dropped", "unwanted"), ("open", None), ("open", None)]
    async with stage.database.transaction() as tx:
        assert await orchestration.budget(tx, source) == orchestration.Budget(0.2, pytest.approx(0.2))


async def test_who_loses_an_address_of_one_campaign_gets_the_next_one_only_if_nobody_there_had_it(
    stage: Stage,
) -> None:
    """Two people at one address and one place under the cap: what comes instead asks for its address too."""
    await stage.account("email")
    one, other = await stage.people(2)
    await stage.sql(
        "INSERT INTO address (bucket, profile_id, channel, value, state, changed_at)"
        " SELECT (id & 255)::smallint, id, 'email', 'both@example.org', 'active', now()"
        " FROM unnest($1::bigint[]) AS id",
        [one, other],
    )
    await set_up(stage, frequency_cap={"count": 1, "within_s": 86400})
    until = stage.database.clock.now() + timedelta(hours=1)
    high, low = await make(stage, "email", priority=5), await make(stage, "email")
    await notify(stage, low, [one])
    await say(stage, other, Statement("*", "*", "paused", until=until))
    await set_up(stage, frequency_cap={"count": 2, "within_s": 86400})
    await notify(stage, high, [one])
    await set_up(stage, frequency_cap={"count": 1, "within_s": 86400})
    for source in (high, low):
        await notify(stage, source, [other])
    await say(stage, other, Statement("*", "*", "resumed"))
    await decide(stage)
    rows = await stage.sql("SELECT source_id, address FROM delivery WHERE state = 'queued'")
    assert len(rows) == len({(row["source_id"], row["address"]) for row in rows}) == 2, rows
    for source in (high, low):
        assert (await verdicts(stage, source))[other][:2] == ("dropped", "duplicate")


async def test_no_budget_is_passed_where_another_message_takes_the_place_of_one_that_was_too_dear(
    stage: Stage,
) -> None:
    await stage.account("email", unit_cost=0.1)
    people = await stage.people(4, "email")
    await set_up(stage, frequency_cap={"count": 1, "within_s": 86400})
    until = stage.database.clock.now() + timedelta(hours=1)
    for person in people:
        await say(stage, person, Statement("*", "*", "paused", until=until))
    dear = await make(stage, "email", priority=5, budget=0.15)
    other = await make(stage, "email", budget=0.15)
    for source in (dear, other):
        await notify(stage, source, people)
    for person in people:
        await say(stage, person, Statement("*", "*", "resumed"))
    await decide(stage)
    rows = await stage.sql("SELECT amount, reserved FROM source_budget")
    assert [row["reserved"] for row in rows] == [pytest.approx(0.1)] * 2, [dict(row) for row in rows]


async def test_what_is_queued_when_the_night_begins_leaves_in_the_morning(stage: Stage, move) -> None:
    """Decided a minute before nine behind an account that has stood still: two hours later it is not sent any more."""
    mail = await stage.account("email")
    people = await stage.people(3, "email", traits={"timezone": "Europe/Berlin"})
    await set_up(stage, quiet_hours={"start": "21:00", "end": "08:00", "channels": ["email"]})
    await until_clock(stage, move, "20:59")
    source, receipt = await make(stage, "email"), await stage.message("email")
    await notify(stage, source, people)
    assert len(await queued(stage, source)) == 3
    await move(timedelta(hours=2))
    number = await stage.send(receipt, Identifier("email", "p0@example.org"), purpose=Purpose.TRANSACTIONAL)
    async with working(stage.runtime):
        await stage.until_state(number, "sent")
        await stage.eventually(lambda: _all(stage, source, ("waiting", "quiet_hours")))
        assert len(mail.left) == 1
        await move(timedelta(hours=9, minutes=1))
        await stage.eventually(lambda: _is(len(mail.left) == 4))


async def until_clock(stage: Stage, move, clock: str) -> None:
    """Move to when clocks in Berlin show this next."""
    here = stage.database.clock.now().astimezone(ZoneInfo("Europe/Berlin"))
    at = datetime.combine(here.date(), time.fromisoformat(clock), tzinfo=here.tzinfo)
    await move((at if at > here else at + timedelta(days=1)) - here)


async def _all(stage: Stage, source: SourceId, expected: tuple[str, str]) -> bool:
    return {said[:2] for said in (await verdicts(stage, source)).values()} == {expected}
