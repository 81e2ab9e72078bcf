"""Who entered and left, and how many were in when."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from antiphon import segments
from antiphon.app.topics import topic_of
from antiphon.kernel import settings
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import ProfileId
from conftest import START
from segments.stage import Stage

HOUR = timedelta(hours=1)
BUYERS = {"event": "bought", "within": "48h"}
PEOPLE = 60


async def moves(stage: Stage, segment: str, name: str, **page: int) -> list[tuple[bool, str, str]]:
    async with stage.database.transaction(read_only=True) as tx:
        found = await segments.moves(tx, segment, ProfileId(stage.ids[name]), **page)
    assert [move.at for move in found] == sorted((move.at for move in found), reverse=True)
    return [(move.entered, move.cause, move.leaf) for move in found]


async def size(stage: Stage, segment: str, **asked: Any) -> list[tuple[datetime, int, int, int]]:
    async with stage.database.transaction(read_only=True) as tx:
        return [(at.at, at.size, at.entered, at.left) for at in await segments.size(tx, segment, **asked)]


async def live(stage: Stage, segment: str) -> Any:
    topic = topic_of(f"segment:{segment}")
    assert topic is not None
    async with stage.database.transaction(read_only=True) as tx:
        return await topic.read(tx)


async def fold(stage: Stage) -> int:
    return await stage.database.repeat(segments.fold_tallies)


@pytest.fixture
async def days(stage: Stage) -> Stage:
    """A company by the Pacific; for five days people buy now and then, and leave two days later."""
    await stage.live_in("Pacific/Auckland")
    for n in range(PEOPLE):
        await stage.identify(f"p{n}")
    await stage.track_many([(f"p{n}", "bought", stage.now, {}) for n in range(10)])
    await stage.make("buyers", BUYERS)
    random = Random(1)
    for _ in range(40):
        for minutes in (20, 160):  # twice in most hours
            await stage.move(timedelta(minutes=minutes))
            some = [(f"p{random.randrange(PEOPLE)}", "bought", stage.now, {}) for _ in range(3)]
            await stage.track_many(some)
            await stage.drain()
    return stage


def told(stage: Stage, begin: datetime, end: datetime) -> tuple[int, int]:
    entered = [change.entered for change in stage.changes if begin <= change.at < end]
    return sum(entered), len(entered) - sum(entered)


@pytest.mark.parametrize("step", ["hour", "day"])
@pytest.mark.parametrize("folded", [False, True])
async def test_sizes_follow_what_was_told(days: Stage, step: str, folded: bool) -> None:
    if folded:
        before = await size(days, "buyers", begin=START, step=step)
        assert await fold(days) > 0
        assert await size(days, "buyers", begin=START, step=step) == before
    points = await size(days, "buyers", begin=START, step=step)
    long = HOUR if step == "hour" else 24 * HOUR
    assert len(points) == (121 if step == "hour" else 6)
    inside = 10
    for at, many, entered, left in points:
        assert (entered, left) == told(days, at, at + long)
        inside += entered - left
        assert many == inside
    assert inside == len(await days.members("buyers"))
    assert points[0][0] == (START if step == "hour" else datetime.fromisoformat("2026-01-02T00:00+13:00"))


async def test_tallies_of_an_old_day_become_one_row(days: Stage) -> None:
    async def rows() -> int:
        async with days.database.transaction() as tx:
            return int((await tx.rows("SELECT count(*) FROM segment_tally"))[0][0])

    await days.track_many([(f"p{n}", "bought", days.now, {}) for n in range(20)])
    await days.drain()
    await fold(days)
    by_hour = await rows()
    assert by_hour > 20
    assert await fold(days) == 0
    points = await size(days, "buyers", begin=START)
    await days.move(timedelta(days=97))
    await days.drain()
    await fold(days)
    assert await rows() < 12
    now = await size(days, "buyers", begin=START)
    assert now[: len(points) - 1] == points[:-1]
    assert now[-1][1] == len(await days.members("buyers")) == 0


async def test_points_are_bounded_and_their_step_is_one_that_there_is(stage: Stage) -> None:
    await stage.make("buyers", BUYERS)
    for asked in ({"step": "week"}, {"begin": START - timedelta(days=90), "step": "hour"}, {"begin": START + HOUR}):
        with pytest.raises(Invalid):
            await size(stage, "buyers", **asked)
    assert len(await size(stage, "buyers")) == 31


async def test_somebody_s_entries_and_exits_page_by_page(stage: Stage) -> None:
    await stage.identify("ada")
    await stage.make("buyers", {"any": [BUYERS, {"trait": "vip", "op": "eq", "value": True}]})
    await stage.make_list("vip")
    for _ in range(2):
        await stage.track("ada", "bought")
        await stage.drain()
        await stage.move(50 * HOUR)
        await stage.drain()
    await stage.identify("ada", vip=True)
    await stage.drain()
    await stage.put("vip", ["ada"])
    every = await moves(stage, "buyers", "ada")
    assert every == [
        (True, "happened", "rule.any[1]"),
        (False, "time", "rule.any[0]"),
        (True, "happened", "rule.any[0]"),
        (False, "time", "rule.any[0]"),
        (True, "happened", "rule.any[0]"),
    ]
    assert await moves(stage, "buyers", "ada", skip=1, limit=2) == every[1:3]
    assert await moves(stage, "vip", "ada") == [(True, "list", "")]


async def test_a_merge_is_no_entry_and_what_was_noted_of_the_other_number_stays(stage: Stage) -> None:
    await stage.identify("ada")
    await stage.identify("bob")
    await stage.make("buyers", BUYERS)
    await stage.track("bob", "bought")
    await stage.drain()
    await stage.merge("ada", "bob")
    await stage.drain()
    assert stage.ids["ada"] == stage.ids["bob"]
    assert await moves(stage, "buyers", "ada") == [(True, "happened", "rule")]
    assert (await live(stage, "buyers"))["size"] == 1


async def test_what_is_live_says_how_many_and_who_came_since_midnight(stage: Stage) -> None:
    await stage.database.repeat(lambda tx: settings.write(tx, {"timezone": "Europe/Madrid"}))
    for name in ("ada", "bob", "cleo"):
        await stage.identify(name)
    await stage.track("ada", "bought")
    made = await stage.make("buyers", BUYERS)
    said = {"state": "live", "size": 1, "entered_today": 0, "left_today": 0, "build": {}}
    assert await live(stage, "buyers") == said
    await stage.track("bob", "bought")
    await stage.drain()
    assert await live(stage, str(made.id)) == said | {"size": 2, "entered_today": 1}
    await stage.move(11 * HOUR - timedelta(seconds=1))
    assert (await live(stage, "buyers"))["entered_today"] == 1
    await stage.move(timedelta(seconds=1))
    assert (await live(stage, "buyers"))["entered_today"] == 0
    with pytest.raises(segments.UnknownSegment):
        await live(stage, "nobody")
