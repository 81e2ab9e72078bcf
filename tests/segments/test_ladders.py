"""Ladders: the first stage whose rule holds has the person, and nobody is in two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient

from antiphon import segments
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import ProfileId
from antiphon.segments import ladders, making, stages
from antiphon.segments.ladders import StageRule
from segments.stage import Stage
from segments.test_http import client

__all__ = ["client"]  # the fixture

DAY = timedelta(days=1)
PAYING = StageRule("paying", {"event": "bought", "within": "30d"})
ACTIVE = StageRule("active", {"event": "seen", "within": "10d"})
LOST = StageRule("lost", {"not": {"event": "seen", "within": "60d"}})
LIFE = [PAYING, ACTIVE, LOST]

_WATCH = """
CREATE FUNCTION nobody_twice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM member m JOIN segment s ON s.id = m.segment_id AND s.version > 0
              WHERE s.stage_of IS NOT NULL
                AND (TG_TABLE_NAME = 'segment' OR m.profile_id = (to_jsonb(NEW) ->> 'profile_id')::bigint)
              GROUP BY s.stage_of, m.profile_id HAVING count(*) > 1) THEN
    RAISE EXCEPTION 'somebody is in two stages';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER nobody_twice AFTER INSERT ON member DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION nobody_twice();
CREATE CONSTRAINT TRIGGER nobody_twice AFTER UPDATE ON segment DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION nobody_twice();
"""


@pytest_asyncio.fixture
async def watched(stage: Stage) -> AsyncIterator[Stage]:
    """A commit after which somebody is in two live stages fails."""
    async with stage.database.transaction() as tx:
        for statement in _WATCH.replace("END $$;\n", "END $$@").replace(");\n", ")@").replace("();", "()@").split("@"):
            if statement.strip():
                await tx.rows(statement)
    yield stage
    async with stage.database.transaction() as tx:
        await tx.rows("DROP FUNCTION nobody_twice() CASCADE")


async def people_on(stage: Stage, ladder: str) -> dict[str, set[int]]:
    async with stage.database.transaction() as tx:
        found = await stages.get(tx, ladder)
    assert not found.is_building
    inside = {each.name: await stage.members(f"{ladder}: {each.name}") for each in found.stages}
    assert [each.members for each in found.stages] == [len(each) for each in inside.values()]
    return inside


async def check(stage: Stage, ladder: str, wanted: Sequence[StageRule]) -> None:
    """Each stage has those for whom its rule holds and none before it, by the facts."""
    before: list[Any] = []
    for name, inside in (await people_on(stage, ladder)).items():
        own = next(each.rule for each in wanted if each.name == name)
        rule = {"all": [own, *({"not": each} for each in before)]}
        assert await stage.count(rule) == len(inside), name
        before.append(own)


async def crowd(stage: Stage, count: int, *events: str) -> None:
    facts: list[tuple[str, str, Any, dict[str, Any]]] = [
        (f"p{n}", event, stage.now, {}) for n in range(count) for event in events
    ]
    for start in range(0, len(facts), 500):
        await stage.track_many(facts[start : start + 500])


async def test_the_first_stage_whose_rule_holds_has_the_person(watched: Stage) -> None:
    await watched.track("ada", "seen")
    await watched.track("ada", "bought")
    await watched.track("bob", "seen")
    eve = await watched.identify("eve")
    await ladders.create(watched.database, "life", LIFE)
    ada, bob = watched.ids["ada"], watched.ids["bob"]
    assert await people_on(watched, "life") == {"paying": {ada}, "active": {bob}, "lost": {eve}}
    await watched.track("bob", "bought")
    await watched.track("eve", "seen")
    await watched.drain()
    assert await people_on(watched, "life") == {"paying": {ada, bob}, "active": {eve}, "lost": set()}


async def test_who_goes_on_leaves_and_enters_at_one_time_and_the_way_is_told(watched: Stage) -> None:
    await watched.track("bob", "seen")
    await ladders.create(watched.database, "life", LIFE)
    began = watched.now
    await watched.move(DAY)
    bought = watched.now
    await watched.track("bob", "bought")
    await watched.drain()
    assert {(change.entered, change.at) for change in watched.changes} == {(False, bought), (True, bought)}
    await watched.move(100 * DAY)
    await watched.drain()
    async with watched.database.transaction() as tx:
        moves = await stages.moves(tx, "life", began, watched.now + DAY)
        stays = await stages.history(tx, "life", ProfileId(watched.ids["bob"]))
    assert {(move.before, move.after, move.people) for move in moves} == {
        ("active", "paying", 1),
        ("paying", "lost", 1),
    }
    assert [(stay.stage, stay.since, stay.until) for stay in stays] == [
        ("active", None, bought),
        ("paying", bought, watched.now),
        ("lost", watched.now, None),
    ]
    assert [stay.cause for stay in stays[:2]] == ["", "happened"]


async def test_when_all_move_at_once_by_time_under_several_workers_nobody_is_in_two(watched: Stage) -> None:
    await crowd(watched, 700, "seen", "bought")
    await ladders.create(watched.database, "life", LIFE)
    assert len((await people_on(watched, "life"))["paying"]) == 700
    await watched.track_many([(f"p{n}", "seen", watched.now + 25 * DAY, {}) for n in range(0, 700, 2)])
    await watched.move(30 * DAY)

    async def worker() -> None:
        for _ in range(10):
            await segments.work(watched.database)

    await asyncio.gather(*(worker() for _ in range(4)), crowd(watched, 300, "seen"))
    await watched.drain()
    await check(watched, "life", LIFE)
    assert {name: len(inside) for name, inside in (await people_on(watched, "life")).items()} == {
        "paying": 0,
        "active": 500,  # of 300 something happened now, of others days ago
        "lost": 0,
    }
    await watched.move(100 * DAY)
    await asyncio.gather(*(worker() for _ in range(4)))
    await watched.drain()
    assert len((await people_on(watched, "life"))["lost"]) == 700


@pytest.mark.parametrize(
    "changed",
    [
        [ACTIVE, PAYING, LOST],
        [LOST, ACTIVE, PAYING],
        [ACTIVE, LOST],
        [StageRule("new", {"event": "seen", "within": "1d"}), *LIFE],
        [StageRule("paying", {"event": "bought", "within": "1d"}), ACTIVE],
        [StageRule("active", "event bought within 1d or event seen"), LOST, StageRule("rest", {"not": {"event": "x"}})],
    ],
)
async def test_a_changed_ladder_is_as_if_it_had_been_so_from_the_start(
    watched: Stage, changed: list[StageRule]
) -> None:
    """Also while people move and workers work: the change goes on under them."""
    await crowd(watched, 60, "seen")
    await watched.track_many([(f"p{n}", "bought", watched.now, {}) for n in range(0, 60, 2)])
    for n in range(5):
        await watched.identify(f"q{n}")
    await ladders.create(watched.database, "life", LIFE)
    await watched.move(2 * DAY)

    async def others() -> None:
        for n in range(12):
            await watched.track(f"q{n % 5}" if n % 2 else f"p{n}", "seen" if n % 3 else "bought")
            await segments.work(watched.database)

    await asyncio.gather(ladders.change(watched.database, "life", changed), others(), others())
    await watched.drain()
    await people_on(watched, "life")
    made = await ladders.create(watched.database, "again", changed)
    assert [each.name for each in made.stages] == [each.name for each in changed]
    assert await people_on(watched, "life") == await people_on(watched, "again")
    assert {change.cause for change in watched.changes} <= {"happened", "rule", "time"}


async def test_a_change_that_is_broken_off_is_finished_by_a_worker(
    watched: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crowd(watched, 20, "seen", "bought")
    await ladders.create(watched.database, "life", LIFE)

    async def dies(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(ladders, "_built", dies)
        with pytest.raises(RuntimeError):
            await ladders.change(watched.database, "life", [LOST, ACTIVE])
    async with watched.database.transaction() as tx:
        assert (await stages.get(tx, "life")).is_building
    with pytest.raises(making.AtWork):
        await ladders.change(watched.database, "life", LIFE)
    await watched.drain()
    assert {name: len(inside) for name, inside in (await people_on(watched, "life")).items()} == {
        "lost": 0,
        "active": 20,
    }
    async with watched.database.transaction() as tx:
        assert (await segments.get(tx, "life: paying")).state == "archived"


async def test_whoever_turns_out_to_be_one_person_is_on_one_stage(watched: Stage) -> None:
    await watched.track("ada", "seen")
    await watched.track("bob", "bought")
    await ladders.create(watched.database, "life", LIFE)
    await watched.merge("ada", "bob")
    await watched.drain()
    assert await people_on(watched, "life") == {"paying": {watched.ids["ada"]}, "active": set(), "lost": set()}
    await watched.part("ada")
    await watched.drain()
    ada, bob = watched.ids["ada"], watched.ids["bob"]
    assert await people_on(watched, "life") == {"paying": {bob}, "active": {ada}, "lost": set()}


async def test_every_flaw_of_a_stage_has_its_place(stage: Stage) -> None:
    async def flaws(*wanted: StageRule) -> dict[str, str]:
        with pytest.raises(Invalid) as refused:
            await ladders.create(stage.database, "life", wanted)
        return {flaw.at: flaw.message for flaw in refused.value.flaws}

    assert (await flaws(PAYING, PAYING)).keys() == {"stages[1].name"}
    assert (await flaws()).keys() == {"stages"}
    assert (await flaws(PAYING, StageRule("x", {"event": "seen", "within": "3x"}))).keys() == {"stages[1].rule.within"}
    assert "line 1, column" in (await flaws(StageRule("x", "event seen within 99999d")))["stages[0].rule.within"]
    assert (await flaws(StageRule("x", {"any": [{"segment": "nobody"}]}))).keys() == {"stages[0].rule.any[0]"}
    assert (await flaws(PAYING, StageRule("x", {"segment": "life: paying"}))).keys() == {"stages[1].rule"}
    async with stage.database.transaction() as tx:
        assert await segments.list_all(tx) == []


async def test_a_ladder_that_something_names_stays_and_one_that_went_comes_back(watched: Stage) -> None:
    await crowd(watched, 3, "seen")
    await ladders.create(watched.database, "life", LIFE)
    await watched.make("ours", {"segment": "life: active"})
    with pytest.raises(making.InUse, match="ours"):
        await ladders.drop(watched.database, "life")
    with pytest.raises(making.InUse, match="ours"):
        await ladders.change(watched.database, "life", [PAYING])
    with pytest.raises(making.NameTaken):
        await ladders.create(watched.database, "life", [PAYING])
    await segments.archive(watched.database, "ours")
    await ladders.drop(watched.database, "life")
    assert await watched.members("life: active") == set()
    await ladders.create(watched.database, "life", [ACTIVE, PAYING])
    assert len((await people_on(watched, "life"))["active"]) == 3


async def test_a_stage_is_not_edited_alone(stage: Stage) -> None:
    from antiphon.segments import editing

    await ladders.create(stage.database, "life", LIFE)
    with pytest.raises(making.InUse, match="ladder"):
        await stage.database.repeat(lambda tx: editing.save_draft(tx, "life: active", {"event": "x"}))
    with pytest.raises(making.InUse):
        await segments.archive(stage.database, "life: active")


async def test_over_http_a_ladder_is_made_changed_shown_with_its_moves_and_ended(
    stage: Stage, client: AsyncClient
) -> None:
    await stage.track("bob", "seen")
    wanted = [{"name": each.name, "rule": each.rule} for each in LIFE]
    made = await client.post("/ladders", json={"name": "a/b", "stages": wanted})
    assert (made.status_code, made.json()["state"]) == (201, "live")
    await stage.move(DAY)
    await stage.track("bob", "bought")
    await stage.drain()
    shown = (await client.get("/ladders/a%2Fb")).json()
    assert [(each["name"], each["members"]) for each in shown["stages"]] == [("paying", 1), ("active", 0), ("lost", 0)]
    assert shown["stages"][0]["rule"] == PAYING.rule
    assert shown["moves"] == [{"from": "active", "to": "paying", "by_rule": False, "people": 1}]
    told = (await client.get("/ladders/a%2Fb/history/external_id:bob")).json()["stages"]
    assert [each["stage"] for each in told] == ["active", "paying"]
    assert (await client.get("/ladders/a%2Fb/history/external_id:eve")).status_code == 404
    segment = (await client.get(f"/segments/{shown['stages'][0]['segment']}")).json()
    assert (segment["name"], segment["stage_of"], segment["count"]) == ("a/b: paying", "a/b", 1)
    changed = (await client.put("/ladders/a%2Fb", json={"stages": wanted[1:]})).json()
    assert [each["name"] for each in changed["stages"]] == ["active", "lost"]
    assert len((await client.get("/ladders")).json()["ladders"]) == 1
    assert (await client.delete("/ladders/a%2Fb")).status_code == 204
    assert (await client.get("/ladders/a%2Fb")).json()["code"] == "unknown_ladder"
