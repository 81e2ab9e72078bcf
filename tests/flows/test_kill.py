"""kill -9 under load: nothing acknowledged is lost, nothing is sent twice, an opt-out stands.

Each round launches a campaign to everybody over three channels and kills two processes at random moments while shops
send events and customers opt out. `KILL_ROUNDS` rounds (3 unless set); `make kill-test` runs twenty. The database
waits for the disk as in production.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from flows.house import House, house, until
from flows.journal import number_of
from flows.samples import PEOPLE_MAP, message, user
from flows.storm import VICTIMS, Leavers, Shop, insist, kill, running

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))
AUDIENCE = range(1, 2401)
SHOPPERS = range(900_001, 900_041)
PER_SECOND = 120.0
LEASE_S = 60.0
PROVIDERS, HANDOVER_S = 3, 0.5
IN_FLIGHT_MAX = int(PROVIDERS * PER_SECOND * (1 + HANDOVER_S))
"""What a provider may be given at once is what a second allows, and half a second later it is recorded."""


@pytest.fixture(scope="module")
def durable(on_disk: Path) -> Iterator[House]:
    with house(on_disk / "kill", durable=True) as home:
        home.habits()
        home.accounts(email=PER_SECOND, sms=PER_SECOND, push=PER_SECOND)
        yield home


@dataclass
class Storm:
    campaigns: list[str] = field(default_factory=list)
    victims: list[str] = field(default_factory=list)
    shops: list[Shop] = field(default_factory=list)
    leavers: list[Leavers] = field(default_factory=list)


@pytest.fixture(scope="module")
def storm(durable: House) -> Storm:
    """All rounds, and everything that came of them."""
    settle_in(durable)
    seed = int(os.environ.get("KILL_SEED") or time.time())
    draw = random.Random(seed)
    print(f"\nKILL_SEED={seed}, {ROUNDS} rounds")
    had = Storm(shops=[Shop(durable, f"shop{n}", SHOPPERS) for n in range(3)])
    victims = cycle(VICTIMS)
    with running(*had.shops):
        for number in range(ROUNDS):
            began = time.monotonic()
            one_round(durable, had, number, draw, list(islice(victims, 2)))
            print(f"round {number}: {had.victims[-2:]}, {time.monotonic() - began:.1f} s", flush=True)
        for campaign in had.campaigns:
            end(durable, campaign)
    durable.settle(LEASE_S + 60)
    return had


def settle_in(home: House) -> None:
    """An audience in three parts, by the channel that reaches it, who got a first message to answer to."""
    path, mapping = home.folder / "audience.jsonl", home.folder / "map.json"
    with path.open("w") as file:
        file.writelines(json.dumps(customer(home, number)) + "\n" for number in AUDIENCE)
    mapping.write_text(json.dumps(PEOPLE_MAP))
    assert home.command("import", "people", str(path), "--map", str(mapping))["refused"] == 0
    home.post("/segments", {"name": "audience", "rule": {"trait": "circle", "op": "eq", "value": "storm"}})
    home.post("/messages", message("first", topic="storm"))
    campaign = home.launch(name="first", message="first", segment="audience")
    home.wait_for(campaign, "done")
    assert home.journal.counts("first") == dict.fromkeys(("email", "sms", "push"), len(AUDIENCE) // 3)


def customer(home: House, number: int) -> dict[str, Any]:
    channel = ("email", "sms", "push")[number % 3]
    return {"id": user(number), "circle": "storm", **home.addresses(number, [channel])}


def one_round(home: House, had: Storm, number: int, draw: random.Random, victims: list[Any]) -> None:
    name = f"wave {number:03d}"
    insist(lambda: home.api.post("/messages", json=message(name, topic="storm")))
    body = {"name": name, "message": name, "segment": "audience", "channels": ["email", "sms", "push"]}
    insist(lambda: home.api.post("/campaigns", json=body))
    insist(lambda: home.api.post(f"/campaigns/{name}/launch"))
    had.campaigns.append(name)
    leavers = Leavers(home, AUDIENCE[number * 90 : number * 90 + 90], pause_s=0.05)
    had.leavers.append(leavers)
    with running(leavers):
        for victim in victims:
            time.sleep(draw.uniform(0.4, 2.5))
            kill(home, victim)
            had.victims.append(victim)
        time.sleep(1.0)


def end(home: House, campaign: str) -> None:
    def state() -> str:
        found: str = insist(lambda: home.api.get(f"/campaigns/{campaign}")).json()["state"]
        return found

    until(state, "done".__eq__, within_s=LEASE_S + 30, what=f"{campaign} to end", every_s=0.5)


@pytest.mark.timeout(180 + 40 * ROUNDS)
def test_every_acknowledged_event_counts_exactly_once(durable: House, storm: Storm) -> None:
    kept: Counter[str] = Counter()
    for number in SHOPPERS:
        rows = durable.pages(f"/profiles/external_id:{user(number)}/events", "events", limit=1000)
        kept.update(row["properties"]["id"] for row in rows)
        exactly = {"event": "Storm", "count": {"op": "eq", "value": len(rows)}}
        assert_counted(durable, number, exactly)
    sent = {id for shop in storm.shops for id in shop.sent}
    acknowledged = {id for shop in storm.shops for id in shop.acknowledged}
    assert len(acknowledged) > 500 * ROUNDS, "too little load: this proves nothing"
    assert {id for id, n in kept.items() if n > 1} == set()
    assert acknowledged - kept.keys() == set()
    assert kept.keys() - sent == set()


def assert_counted(home: House, number: int, rule: dict[str, Any]) -> None:
    """The sums that segments are made from agree with the events."""
    name = f"counted {number}"
    home.post("/segments", {"name": name, "rule": rule})
    explained = home.get(f"/segments/{name}/explain/external_id:{user(number)}")
    assert explained["member"], explained


@pytest.mark.timeout(180 + 40 * ROUNDS)
def test_nobody_got_a_campaign_twice_and_nobody_was_forgotten(durable: House, storm: Storm) -> None:
    got = waves(durable)
    tried = {number for leavers in storm.leavers for number in leavers.tried}
    in_doubt = arrived = 0
    for campaign in storm.campaigns:
        received = Counter(number_of(line) for line in got.get(campaign, []))
        assert {number: n for number, n in received.items() if n > 1} == {}
        states = {
            row["address"]: row for row in durable.pages(f"/campaigns/{campaign}/recipients", "recipients", limit=1000)
        }
        doubtful = {address for address, row in states.items() if row["delivery_state"] == "in_doubt"}
        in_doubt += len(doubtful)
        arrived += len(doubtful & {address_of(durable, number) for number in received})
        forgotten = [
            number
            for number in AUDIENCE
            if number not in received and number not in tried and address_of(durable, number) not in doubtful
        ]
        assert forgotten == []
        view = durable.get(f"/campaigns/{campaign}")
        assert sum(view["notifications"].values()) == len(AUDIENCE)
        assert view["doubles"] == 0
    dangerous = [victim for victim in storm.victims if victim != "web"]
    print(f"in doubt: {in_doubt} after {len(dangerous)} kills, of which {arrived} had arrived")
    assert in_doubt <= IN_FLIGHT_MAX * len(dangerous)


@pytest.mark.timeout(180 + 40 * ROUNDS)
def test_nothing_leaves_a_second_after_an_acknowledged_opt_out(durable: House, storm: Storm) -> None:
    said = {number: word for leavers in storm.leavers for number, word in leavers.said.items()}
    assert len(said) > 3 * ROUNDS, "hardly anybody opted out: this proves nothing"
    late = [
        line
        for lines in waves(durable).values()
        for line in lines
        if number_of(line) in said
        and said[number_of(line)][0] == line["channel"]
        and line["wall"] > said[number_of(line)][1] + 1.0
    ]
    assert late == []
    for number, (channel, _) in said.items():
        assert remembers(durable, number, channel), f"{user(number)} said no to {channel}, and it was acknowledged"


def remembers(home: House, number: int, channel: str) -> bool:
    shown = home.get(f"/profiles/external_id:{user(number)}")
    wishes = {(one["topic"], one["channel"], one["state"]) for one in shown["preferences"]}
    out = {one["channel"] for one in shown["addresses"] if one["opted_out"]}
    return channel in out or ("storm", channel, "unwanted") in wishes


def waves(home: House) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in home.journal.received("wave "):
        name = re.search(r"wave \d{3}", f"{line.get('subject', '')} {line.get('text', '')}")
        assert name is not None
        found.setdefault(name[0], []).append(line)
    return found


def address_of(home: House, number: int) -> str:
    found = customer(home, number)
    push = found.get("webpush", {}).get("endpoint", "")
    return str(found.get("email") or found.get("phone") or push)
