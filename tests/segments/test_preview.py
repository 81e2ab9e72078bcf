"""Previews: who would be in, how they are reached, who would come and go, and what the author should know."""

from __future__ import annotations

import asyncio
import importlib
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import segments
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Busy, NothingToPublish, Problem
from antiphon.kernel.records import ProfileId
from antiphon.segments import lane
from antiphon.segments.records_asked import DraftPreview, Preview
from antiphon.segments.store import previewing
from conftest import START
from segments import generated as g
from segments.generated_stories import clock, do, facts, identities, settle_in, stories
from segments.stage import Stage
from segments.stage_ground import Ground, examples
from segments.stage_ground import ground as ground

asking = importlib.import_module("antiphon.segments.preview")  # the package has a function of this name
PEOPLE = 400
BOUGHT = {"event": "bought", "count": {"op": "gte", "value": 1}}


async def preview(stage: Stage, rule: Any, **options: Any) -> Preview:
    async with stage.database.transaction(read_only=True) as tx:
        found: Preview = await segments.preview(tx, rule, **options)
        return found


async def draft(stage: Stage, name: str, rule: Any) -> DraftPreview:
    async with stage.database.transaction() as tx:
        await segments.save_draft(tx, name, rule)
    async with stage.database.transaction(read_only=True) as tx:
        found: DraftPreview = await segments.preview_draft(tx, name)
        return found


@pytest.fixture
async def crowd(stage: Stage) -> Stage:
    """Some hundreds of people; half of them bought, two thirds have an e-mail address, a third a telephone."""
    random = Random(3)
    for n in range(PEOPLE):
        more: dict[str, Any] = {"email": f"p{n}@shop.example"} if random.random() < 0.66 else {}
        more |= {"phone": f"+447400{n:06}"} if random.random() < 0.33 else {}
        await stage.identify(f"p{n}", first_name=f"P{n}", last_name="Doe", **more)
    await stage.topic("news")
    await stage.topic("offers", state="unwanted")
    for n in range(0, PEOPLE, 7):
        await stage.prefer(
            f"p{n}", random.choice(["news", "offers", "*"]), "email", random.choice(["wanted", "unwanted"])
        )
    await stage.track_many([(f"p{n}", "bought", stage.now, {}) for n in range(PEOPLE) if random.random() < 0.5])
    return stage


def expected_reach(stage: Stage, rule: Any, topic: str | None) -> dict[str, int]:
    """By the oracle."""
    inside = stage.satisfying(rule)
    found = {}
    for channel in ("email", "sms"):
        leaf = {"reachable": channel} | ({"topic": topic} if topic else {})
        if reached := len(inside & stage.satisfying(leaf)):
            found[channel] = reached
    return found


@examples(30)
@given(
    story=stories(facts, facts, clock, identities, most=14),
    rules=st.lists(g.naming, min_size=3, max_size=3),
    later=st.sampled_from([None, timedelta(days=-2), timedelta(days=9)]),
)
def test_a_preview_is_what_the_oracle_says_of_numbers_and_of_reach(
    ground: Ground, story: Any, rules: Any, later: Any
) -> None:
    ground.run(_previewed(ground, story, rules, later))


async def _previewed(ground: Ground, story: Any, rules: Any, later: Any) -> None:
    stage = await ground.emptied(START)
    await settle_in(stage, "UTC")
    for kind, given_ in story:
        await do(stage, kind, given_)
    await stage.drain()
    for rule in rules:
        found = await preview(stage, rule)
        assert found.exact
        assert found.reach_exact
        assert found.count == len(stage.satisfying(rule)), rule
        assert found.reach == expected_reach(stage, rule, None), rule
        for topic in stage.world.topics:
            assert found.reach_by_topic.get(topic, {}) == expected_reach(stage, rule, topic), (rule, topic)
        assert {person.profile for person in found.sample} <= stage.satisfying(rule)
        as_of = None if later is None else stage.now + later
        judged = await preview(stage, rule, as_of=as_of, estimate=True)
        assert (judged.exact, judged.count) == (True, len(stage.satisfying(rule, as_of))), (rule, as_of)


async def test_reach_of_a_part_is_near_what_it_is_of_all(crowd: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await preview(crowd, BOUGHT)
    assert whole.reach_exact
    assert whole.reach == expected_reach(crowd, BOUGHT, None)
    monkeypatch.setattr(asking, "PEOPLE", 60)
    part = await preview(crowd, BOUGHT)
    assert (part.count, part.exact, part.reach_exact) == (whole.count, True, False)
    assert 0 < part.reach_margin < part.count / 2
    for channel, n in whole.reach.items():
        assert abs(part.reach[channel] - n) <= part.reach_margin
    assert any(part.reach[channel] != n for channel, n in whole.reach.items())


async def test_of_many_only_some_buckets_are_read(crowd: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def foreseen(*_: Any) -> tuple[float, float]:
        return 0.0, 51.0

    monkeypatch.setattr(previewing, "LISTED_MAX", 50)
    monkeypatch.setattr(previewing.asking, "foreseen", foreseen)
    found = await preview(crowd, BOUGHT)
    assert (found.count, found.exact, found.reach_exact) == (len(crowd.satisfying(BOUGHT)), True, False)
    assert len(found.sample) == 5


async def test_an_estimate_says_its_margin_and_is_the_same_each_time(
    crowd: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PEOPLE", 150)
    true = len(crowd.satisfying(BOUGHT))
    found = await preview(crowd, BOUGHT, estimate=True)
    assert not found.exact
    assert 0 < found.margin < true
    assert found == await preview(crowd, BOUGHT, estimate=True)
    counts = []
    for n in range(20):  # the same people, as another rule: another sample
        rule = {"any": [BOUGHT, {"trait": f"nobody has it {n}", "op": "eq", "value": 1}]}
        counts.append((await preview(crowd, rule, estimate=True)).count)
    assert len(set(counts)) > 5
    assert abs(sum(counts) / len(counts) - true) < 0.1 * true


def test_the_true_number_lies_within_the_margin_19_times_of_20() -> None:
    right = []
    for seed in range(60):
        random = Random(seed)
        inside = {n for n in range(3000) if random.random() < 0.3}
        for order in range(0, 256, 16):
            buckets = asking._buckets(order, 40)
            sample = [n for n in range(3000) if n % 256 in buckets]
            count, margin = asking._of_sample(sum(n in inside for n in sample), len(sample), 3000)
            right.append(abs(count - len(inside)) <= margin)
    assert 0.93 < sum(right) / len(right) < 0.98


async def test_five_people_are_shown_by_name_and_not_the_first(crowd: Stage) -> None:
    found = await preview(crowd, BOUGHT)
    assert len({person.profile for person in found.sample}) == 5
    shown = {person.profile for person in found.sample}
    assert shown <= crowd.satisfying(BOUGHT)
    assert shown != set(sorted(crowd.satisfying(BOUGHT))[:5])
    for person in found.sample:
        assert crowd.ids[person.external_id or ""] == person.profile
        assert person.name == f"{(person.external_id or '').upper()} Doe"


async def test_who_would_come_and_go_by_a_draft_and_which_part_decides(crowd: Stage) -> None:
    await crowd.make("buyers", BOUGHT)
    rule = {"all": [{"any": [BOUGHT, {"trait": "vip", "op": "eq", "value": True}]}, {"reachable": "email"}]}
    for name in ("p0", "p1", "p2"):
        await crowd.identify(name, vip=True)
    await crowd.drain()
    now, then = crowd.satisfying(BOUGHT), crowd.satisfying(rule)
    found = await draft(crowd, "buyers", rule)
    assert (found.count, found.draft_count) == (len(now), len(then))
    assert (found.enter, found.leave) == (len(then - now), len(now - then))
    assert found.enter > 0
    assert {mover.profile for mover in found.entering} <= then - now
    assert {mover.profile for mover in found.leaving} <= now - then
    assert len(found.leaving) == 5
    assert {mover.at for mover in found.leaving} == {"rule.all[1]"}
    assert {mover.at for mover in found.entering} == {"rule.all[0].any[1]"}
    assert "email" in found.leaving[0].text
    async with crowd.database.transaction() as tx:
        await segments.discard_draft(tx, "buyers")
        with pytest.raises(NothingToPublish):
            await segments.preview_draft(tx, "buyers")


async def test_what_the_author_may_not_have_meant_is_said(stage: Stage) -> None:
    await stage.identify("ada", tier="gold", timezone="UTC")
    await stage.track("ada", "bought")
    rule = {
        "all": [
            {"local_time": {"from": "09:00", "to": "18:00"}},
            {"event": "bought", "within": {"days": 7}},
            {"event": "boght"},
            {"trait": "teir", "op": "eq", "value": "gold"},
            {"trait": "tier", "op": "eq", "value": "gold"},
        ]
    }
    found = await preview(stage, rule)
    assert [(warning.at, warning.code) for warning in found.warnings] == [
        ("rule.all[0]", "turns_with_the_clock"),
        ("rule.all[1]", "turns_at_midnight"),
        ("rule.all[2]", "unknown_event"),
        ("rule.all[3]", "unknown_trait"),
    ]


async def test_leaves_that_ask_for_what_is_not_kept_are_named(stage: Stage) -> None:
    await stage.track("ada", "bought")
    await stage.database.repeat(lambda tx: settings.write(tx, {"retention": {"events_months": 2}}))
    rule = {
        "any": [
            {"event": "bought", "within": "90d", "sum": {"property": "amount", "op": "gte", "value": 1}},
            {"event": "bought", "within": "30d", "sum": {"property": "amount", "op": "gte", "value": 1}},
            {"event": "bought", "count": {"op": "gte", "value": 3}},
            {"event": "bought", "where": [{"property": "a", "op": "eq", "value": 1}]},
            {"sequence": ["bought", "bought"], "within": {"months": 4}},
            {"sequence": ["bought", "bought"], "within": {"months": 3}},
        ]
    }
    notes = [warning for warning in (await preview(stage, rule)).warnings if warning.code == "not_kept"]
    assert [note.at for note in notes] == ["rule.any[0]", "rule.any[3]", "rule.any[4]"]
    assert {note.since for note in notes} == {START.replace(month=11, year=START.year - 1, day=1, hour=0)}


async def test_a_rule_that_takes_too_long_is_stopped_and_its_costliest_part_named(crowd: Stage) -> None:
    where = [{"property": "a", "op": "contains", "value": "x"}]
    rule = {"all": [{"trait": "tier", "op": "eq", "value": 1}, {"not": {"event": "bought", "where": where}}]}

    async def slow(tx: Transaction) -> None:
        await tx.rows("SELECT pg_sleep(5)")

    with pytest.raises(Problem) as caught:
        await lane.ask(crowd.database, slow, rule=rule, timeout_s=0.05)
    assert (caught.value.code, caught.value.status) == ("rule_too_slow", 400)
    assert [flaw.at for flaw in caught.value.flaws] == ["rule.all[1].not"]
    assert await lane.ask(crowd.database, lambda tx: segments.preview(tx, BOUGHT), rule=BOUGHT)


async def test_two_are_asked_at_once_and_what_is_too_much_is_sent_away(stage: Stage) -> None:
    at_once, most, free = 0, 0, asyncio.Event()

    async def wait(_tx: Transaction) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await free.wait()
        at_once -= 1

    async def ask() -> None:
        await lane.ask(stage.database, wait, rule=BOUGHT)

    asked = [asyncio.create_task(ask()) for _ in range(lane.AT_ONCE + lane.WAITING_MAX)]
    await asyncio.sleep(0.2)
    with pytest.raises(Busy):
        await ask()
    free.set()
    await asyncio.gather(*asked)
    assert most == lane.AT_ONCE
    await ask()


def test_ids_are_spread() -> None:
    people = [ProfileId(n * 256 + 5) for n in range(1000)]
    shown = asking._spread(people, 12345)[:200]
    assert len(set(shown)) == 200
    assert 60 < sum(person < 500 * 256 for person in shown) < 140
