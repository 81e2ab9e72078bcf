"""Who can be reached, kept up to date: what people say, what runs out, and what a topic needs."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from antiphon import profiles, segments
from antiphon.kernel.records import ProfileId
from antiphon.profiles import Proof, Statement, Topic
from antiphon.segments import crowds
from segments.stage import Stage

DAY = timedelta(days=1)
TOPICS = (Topic("news", needs="double_opt_in"), Topic("coupons", needs="consent"), Topic("free"), Topic(""))
CHANNELS = ("email", "sms")


async def say(stage: Stage, name: str, *statements: Statement, proof: Proof | None = None) -> None:
    id = ProfileId(stage.ids[name])
    await stage.database.repeat(lambda tx: profiles.state(tx, id, list(statements), proof or Proof("form")))


async def effective(stage: Stage, topic: Topic, channel: str) -> set[int]:
    """Whom a decision would let us write to now."""
    ids = [ProfileId(id) for id in stage.ids.values()]
    async with stage.database.transaction(read_only=True) as tx:
        standing, people = await profiles.preferences(tx, ids), await profiles.read(tx, ids)
        return {
            person.id
            for person in people
            for one in person.addresses
            if one.channel == channel
            and (
                found := profiles.effective(standing[person.id], topic, channel, now=tx.now, address=one.value)
            ).allowed
            and found.paused_until is None
        }


async def agree(stage: Stage) -> None:
    await stage.drain()
    for topic in TOPICS:
        for channel in CHANNELS:
            expected = await effective(stage, topic, channel)
            assert await stage.members(f"{topic.name}-{channel}") == expected, (topic.name, channel)


def statement(chance: random.Random, name: str, stage: Stage) -> Statement:
    channel = chance.choice(["email", "sms", "*"])
    state: Any = chance.choices(["wanted", "unwanted", "unset", "paused", "resumed"], [6, 3, 1, 3, 1])[0]
    bound = channel == "email" and chance.random() < 0.4
    return Statement(
        chance.choice(["news", "coupons", "free", "*"]),
        channel,
        state,
        address=f"{name}@shop.example" if bound else None,
        until=stage.now + chance.choice([1, 2]) * DAY if state == "paused" else None,
        expires_at=stage.now + chance.choice([1, 3]) * DAY if state == "wanted" and chance.random() < 0.5 else None,
        basis=chance.choice(["", "consent"]) if state == "wanted" else "",
    )


@pytest.mark.parametrize("seed", range(3))
async def test_memberships_follow_what_is_said_and_what_runs_out(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"p{n}" for n in range(25)]
    for topic in TOPICS[:3]:
        await stage.database.repeat(lambda tx, topic=topic: profiles.write_topic(tx, topic))  # type: ignore[misc]
    for topic in TOPICS:
        for channel in CHANNELS:
            leaf = {"reachable": channel} | ({"topic": topic.name} if topic.name else {})
            await stage.make(f"{topic.name}-{channel}", leaf)
    for n, name in enumerate(names):
        await stage.identify(name, email=f"{name}@shop.example", phone=f"+4479110{n:05d}")
        for _ in range(chance.randrange(5)):
            confirmed = stage.now if chance.random() < 0.5 else None
            proof = Proof("form", confirmed_at=confirmed)
            await say(stage, name, statement(chance, name, stage), proof=proof)
    await agree(stage)
    sizes = {len(await stage.members(f"{topic.name}-{channel}")) for topic in TOPICS for channel in CHANNELS}
    assert len(sizes) > 3, "it tells some from others"
    for _ in range(4):
        await stage.move(DAY)
        await agree(stage)


async def test_a_pause_ends_by_itself(stage: Stage) -> None:
    await stage.make("mail", {"reachable": "email", "topic": "coupons"})
    ada = await stage.identify("ada", email="ada@shop.example")
    await say(stage, "ada", Statement("*", "*", "paused", until=stage.now + DAY))
    await stage.drain()
    assert await stage.members("mail") == set()
    await stage.move(DAY - timedelta(microseconds=1))
    await stage.drain()
    assert await stage.members("mail") == set()
    await stage.move(timedelta(microseconds=1))
    await stage.drain()
    assert await stage.members("mail") == {ada}


async def test_whoever_wants_nothing_is_not_reachable_whatever_the_topic(stage: Stage) -> None:
    await stage.make("mail", {"reachable": "email"})
    await stage.make("sms", {"reachable": "sms", "topic": "coupons"})
    await stage.identify("ada", email="ada@shop.example", phone="+447911012345")
    await stage.drain()
    assert len(await stage.members("mail")) == len(await stage.members("sms")) == 1
    await say(stage, "ada", Statement("*", "*", "unwanted"))
    await stage.drain()
    assert await stage.members("mail") == await stage.members("sms") == set()


async def test_what_a_topic_needs_is_asked_of_everybody_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "CHUNK", 3)
    await stage.make("mail", {"reachable": "email", "topic": "coupons"})
    names = [f"p{n}" for n in range(10)]
    for name in names:
        await stage.identify(name, email=f"{name}@shop.example")
    await say(stage, "p3", Statement("coupons", "email", basis="consent"))
    await stage.drain()
    assert len(await stage.members("mail")) == 10
    await stage.database.repeat(lambda tx: profiles.write_topic(tx, Topic("coupons", needs="consent")))
    assert await stage.due() == 1
    await stage.drain()
    assert await stage.members("mail") == {stage.ids["p3"]}


@pytest.mark.parametrize("scope", ["marketing", "everything"])
async def test_an_opt_out_of_any_scope_makes_unreachable_and_a_soft_address_does_not(stage: Stage, scope: Any) -> None:
    await stage.make("mail", {"reachable": "email"})
    await stage.identify("ada", email="ada@shop.example")
    bob = await stage.identify("bob", email="bob@shop.example")
    async with stage.database.transaction() as tx:
        await tx.rows("UPDATE address SET state = 'soft' WHERE profile_id = $1", bob)
    opt_out = profiles.opt_out
    await stage.database.repeat(lambda tx: opt_out(tx, "email", ["ada@shop.example"], how="api", scope=scope))
    await stage.identify("bob", tier="gold")
    await stage.drain()
    assert await stage.members("mail") == {bob}
    async with stage.database.transaction() as tx:
        assert (await segments.preview(tx, {"reachable": "email"})).reach == {"email": 1}
