"""A segment counts as reachable exactly whom the decision would let be written to."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from antiphon import profiles, segments
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import Fact, Proof, Statement, Topic

PEOPLE = 150
TOPICS = [
    Topic("news", needs="double_opt_in"),
    Topic("coupons", needs="consent", state="unwanted"),
    Topic("orders", channels=("sms",)),
    Topic("tips", state="unwanted"),
    Topic("free"),
]
SEED = 20260101


def statement(random: random.Random, n: int, addresses: dict[str, list[str]], tx: Transaction) -> tuple[Any, Proof]:
    state: Any = random.choices(["wanted", "unwanted", "unset", "paused", "resumed"], [6, 3, 1, 1, 1])[0]
    channel = random.choice(["email", "sms", "*"])
    at = tx.now - timedelta(days=9) + timedelta(hours=n)
    bound = channel != "*" and random.random() < 0.4
    runs_out = state == "wanted" and random.random() < 0.3
    said = Statement(
        random.choice(["news", "coupons", "orders", "tips", "free", "*"]),
        channel,
        state,
        address=random.choice(addresses[channel]) if bound else None,
        until=tx.now + timedelta(days=random.choice([-1, 1])) if state == "paused" else None,
        expires_at=tx.now + timedelta(days=random.choice([-1, 1])) if runs_out else None,
        basis=random.choice(["", "consent"]) if state == "wanted" else "",
        at=at,
    )
    return said, Proof("form", confirmed_at=at if random.random() < 0.5 else None)


async def test_reachable_and_the_decision_say_the_same(database: Database) -> None:
    chance = random.Random(SEED)
    people: dict[ProfileId, dict[str, list[str]]] = {}
    async with database.transaction() as tx:
        for topic in TOPICS:
            await profiles.write_topic(tx, topic)
        for n in range(PEOPLE):
            addresses = {"email": [f"a{n}@shop.example", f"b{n}@shop.example"], "sms": [f"+4479110{n:05d}"]}
            who = [Identifier("external_id", str(n)), *(Identifier("email", one) for one in addresses["email"])]
            fact = Fact("test", str(n), tx.now, (*who, Identifier("phone", addresses["sms"][0])))
            (id,) = (await profiles.record(tx, [fact])).profiles
            assert id is not None
            people[id] = addresses
            for k in range(chance.randrange(6)):
                said, proof = statement(chance, k, addresses, tx)
                await profiles.state(tx, id, [said], proof)
    for topic in [*TOPICS, Topic("unknown"), Topic("")]:
        for channel in ("email", "sms"):
            reached = await _reached(database, channel, topic.name)
            async with database.transaction(read_only=True) as tx:
                standing = await profiles.preferences(tx, list(people))
            expected = {
                id
                for id, addresses in people.items()
                for address in addresses[channel]
                if (effect := profiles.effective(standing[id], topic, channel, now=tx.now, address=address)).allowed
                and effect.paused_until is None
            }
            assert reached == expected, (topic.name, channel)
            if topic.name in ("coupons", "free"):
                assert 0 < len(expected) < PEOPLE, "it tells some from others"


async def _reached(database: Database, channel: str, topic: str) -> set[ProfileId]:
    leaf = {"reachable": channel} | ({"topic": topic} if topic else {})
    name = f"{channel} of {topic or 'none'}"
    await segments.create(database, name, {"version": 1, "rule": leaf})
    async with database.transaction(read_only=True) as tx:
        return {one.profile for one in await segments.members(tx, name, limit=PEOPLE)}
