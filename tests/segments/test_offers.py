"""Three weeks without a look at an offer: entries and exits over time, on a real set and on a generated one."""

from __future__ import annotations

import pytest

from antiphon import segments
from scale import LONG
from segments.offers import REAL, Happening, Offers, at, generated, pour, real, settle_down, world_of
from segments.oracle import World
from segments.stage import Stage

NONE_VIEWED = {"event": "offer viewed", "within": "504h", "count": {"op": "eq", "value": 0}}
SENT_NOT_VIEWED = {"all": [{"event": "offer received", "within": "21d"}, NONE_VIEWED]}
SPENT = {"event": "transaction", "sum": {"property": "amount", "op": "gte", "value": 100}}
SPENT_NOT_VIEWED = {"all": [SPENT, NONE_VIEWED]}
BOUGHT_LATELY = {"event": "transaction", "within": "14d", "count": {"op": "gte", "value": 3}}
LOOKED_NOT_BOUGHT = {
    "sequence": ["offer received", "offer viewed", "offer completed"],
    "within": "10d",
    "complete": False,
}

needs_the_real_set = pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/starbucks-offers is not here")
takes_long = pytest.mark.skipif(not LONG, reason="make test-long steps through the real set; a generated one is always")


@pytest.fixture(scope="module")
def real_offers() -> Offers:
    return real()


@needs_the_real_set
async def test_the_real_set_counts_as_its_readme_says(stage: Stage, real_offers: Offers) -> None:
    """Now by rollups; in the past by raw events; and while later events are there already."""
    ids = await settle_down(stage.database, real_offers, hour=714)
    await pour(stage.database, ids, real_offers.happenings)
    for hour, none, sent in ((504, 765, 730), (600, 505, 489), (714, 639, 574)):
        assert await stage.count(NONE_VIEWED, at(hour)) == none
        assert await stage.count(SENT_NOT_VIEWED, at(hour)) == sent
    assert await stage.count(NONE_VIEWED) == 639
    assert await stage.count(SPENT) == 6722
    assert await stage.count(SPENT_NOT_VIEWED) == 138
    assert await stage.count({"event": "transaction"}) == 16578
    assert await stage.count({"not": {"event": "transaction", "within": "14d"}}) == 727
    await stage.database.move_clock(lambda state: state.moved(at(504)))
    assert await stage.count(NONE_VIEWED) == 765
    assert await stage.count(SENT_NOT_VIEWED) == 730


@needs_the_real_set
@takes_long
async def test_the_real_set_stepped_hour_by_hour(stage: Stage, real_offers: Offers) -> None:
    ids = await settle_down(stage.database, real_offers, hour=504)
    await pour(stage.database, ids, real_offers.between(-1, 504))
    made = await stage.make("unseen", NONE_VIEWED)
    await stage.drain()
    first = await all_members(stage, "unseen")
    assert len(first) == 765
    await walk(stage, ids, real_offers, hours=range(505, 715))
    entries = [change for change in stage.changes if change.entered]
    assert (len(entries), len(stage.changes) - len(entries)) == (776, 902)
    last = await all_members(stage, "unseen")
    assert (len(last), len(last - first), len(first - last)) == (639, 442, 568)
    assert stage.replayed(made, first) == last


@needs_the_real_set
@takes_long
async def test_the_real_set_in_one_jump(stage: Stage, real_offers: Offers) -> None:
    """As after an outage: what happened in nine days is worked at their end."""
    ids = await settle_down(stage.database, real_offers, hour=504)
    await pour(stage.database, ids, real_offers.between(-1, 504))
    await stage.make("unseen", NONE_VIEWED)
    await stage.database.move_clock(lambda state: state.moved(at(714)))
    await pour(stage.database, ids, real_offers.between(504, 714))
    await stage.drain()
    entries = [change for change in stage.changes if change.entered]
    assert (len(entries), len(stage.changes) - len(entries)) == (442, 568)
    assert len(await all_members(stage, "unseen")) == 639


@pytest.mark.parametrize("known_beforehand", [False, True], ids=["as it happens", "all dated ahead"])
async def test_a_generated_set_stepped_by_hours(stage: Stage, known_beforehand: bool) -> None:
    """Six rules; the log of changes is what the oracle sees from hour to hour, also where all events came early."""
    offers = generated(members=300, seed=7)
    ids = await settle_down(stage.database, offers, hour=504)
    await pour(stage.database, ids, offers.between(-1, 714 if known_beforehand else 504))
    rules = [NONE_VIEWED, SENT_NOT_VIEWED, SPENT, SPENT_NOT_VIEWED, BOUGHT_LATELY, LOOKED_NOT_BOUGHT]
    made = [await stage.make(f"s{n}", rule) for n, rule in enumerate(rules)]
    world, seen = world_of(offers, ids), {}
    for n, rule in enumerate(rules):
        seen[n] = world.satisfying({"rule": rule}, at(504))
        assert await all_members(stage, f"s{n}") == seen[n]
    firsts, expected = dict(seen), []
    for hour in range(510, 715, 6):
        await walk(stage, ids, offers if not known_beforehand else Offers(offers.members, []), hours=[hour])
        expected += changes_of(world, rules, seen, hour=hour)
    told = [
        (made.index(segment), change.profile, change.at, change.entered)
        for change in stage.changes
        for segment in made
        if segment.id == change.segment
    ]
    assert sorted(told) == sorted(expected)
    assert {entered for *_, entered in expected} == {True, False}
    for n, segment in enumerate(made):
        assert stage.replayed(segment, firsts[n]) == await all_members(stage, f"s{n}") == seen[n]


async def test_a_generated_set_counts_as_the_oracle_says(stage: Stage) -> None:
    offers = generated(members=1500, seed=11)
    ids = await settle_down(stage.database, offers, hour=714)
    await pour(stage.database, ids, offers.happenings)
    world = world_of(offers, ids)
    for rule in (NONE_VIEWED, SENT_NOT_VIEWED, SPENT_NOT_VIEWED, BOUGHT_LATELY, LOOKED_NOT_BOUGHT):
        expected = len(world.satisfying({"rule": rule}, at(714)))
        assert 0 < expected < 1500
        assert await stage.count(rule) == expected
        assert await stage.count(rule, at(504)) == len(world.satisfying({"rule": rule}, at(504)))


def changes_of(world: World, rules: list[object], seen: dict[int, set[int]], *, hour: int) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for n, rule in enumerate(rules):
        now = world.satisfying({"rule": rule}, at(hour))
        found += [(n, profile, at(hour), profile in now) for profile in now ^ seen[n]]
        seen[n] = now
    return found


async def walk(stage: Stage, ids: dict[str, int], offers: Offers, *, hours: range | list[int]) -> None:
    by_hour: dict[int, list[Happening]] = offers.by_hour()
    for hour in hours:
        await stage.database.move_clock(lambda state, hour=hour: state.moved(at(hour)))
        if hour in by_hour:
            await pour(stage.database, ids, by_hour[hour])
        await stage.drain()


async def all_members(stage: Stage, name: str) -> set[int]:
    found: set[int] = set()
    async with stage.database.transaction() as tx:
        while page := await segments.members(tx, name, cursor=max(found, default=0), limit=segments.PAGE_MAX):
            found |= {member.profile for member in page}
    return found
