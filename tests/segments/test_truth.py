"""Any rule of the language, asked about any instant after any story: as many satisfy it as the oracle says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conftest import START
from segments import generated as g
from segments.generated_past import live_before, seeds
from segments.generated_stories import DAY, HOUR, clock, do, facts, identities, settle_in, stories
from segments.stage_ground import Ground, examples
from segments.stage_ground import ground as ground

STARTS = [START, datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)]
"""On New Year's Day, and before clocks change in Europe."""
INSTANTS = [-40 * DAY, -2 * DAY, -9 * HOUR, -timedelta(microseconds=1), 5 * HOUR, 3 * DAY, 100 * DAY]
zones = st.sampled_from(["UTC", "Europe/London", "Pacific/Auckland"])


@examples(16)
@given(
    start=st.sampled_from(STARTS),
    zone=zones,
    seed=seeds,
    story=stories(facts, facts, clock, identities),
    rules=st.lists(g.naming, min_size=14, max_size=14),
)
def test_as_many_satisfy_a_rule_as_the_oracle_says(
    ground: Ground, start: Any, zone: str, seed: int, story: Any, rules: Any
) -> None:
    ground.run(_ask(ground, start, zone, seed, story, rules))


async def _ask(ground: Ground, start: datetime, zone: str, seed: int, story: Any, rules: Any) -> None:
    stage = await ground.emptied(start)
    await settle_in(stage, zone)
    await live_before(stage, seed)
    for kind, given_ in story:
        await do(stage, kind, given_)
    await stage.drain()
    for number, rule in enumerate(rules):
        for later in (0 * DAY, INSTANTS[number % len(INSTANTS)], INSTANTS[(number + 3) % len(INSTANTS)]):
            as_of = stage.now + later
            assert await stage.count(rule, as_of) == len(stage.satisfying(rule, as_of)), (rule, as_of)
