"""What was queued and is decided again before it left: its place and its money come back, and the night is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from antiphon import profiles
from antiphon.kernel.records import ProfileId, SourceId
from antiphon.orchestration.decide import work_people
from antiphon.profiles import Proof, Statement
from orchestration.stage import Stage
from orchestration.test_decision_kept import make, notify, verdicts
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
