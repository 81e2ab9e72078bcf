"""A past, drawn by chance: so much has happened to everybody that most rules tell some from others."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from segments.generated import DATES, EVENTS, LIST, MESSAGES, PLACES, TOPICS
from segments.generated_stories import CHANNELS, DAY, HOUR, PEOPLE, ZONES, Acts
from segments.stage import Stage

_VALUES: dict[str, list[Any]] = {
    "amount": [0, 1, 1, 2, 10, 0.1, 0.2, -3, "7", True],
    "tier": ["gold", "gold", "silver", "old", "Gold", 1, 2.5, True],
    "tags": [["gold", 1], ["old"], "gold"],
    "items": [[{"sku": "gold", "n": 2}, {"sku": 1}], [{"n": True}]],
    "address": [{"city": "gold"}, {"city": 1}],
}
seeds = st.integers(0, 9999)


async def live_before(stage: Stage, seed: int) -> None:
    chance = Random(seed)
    for _ in range(2):
        for name in PEOPLE[:5]:
            place = chance.choice(PLACES)
            told = {key: chance.choice(values) for key, values in _VALUES.items() if chance.random() < 0.6}
            dated = {key: chance.choice(DATES) for key in ("born", "seen_at") if chance.random() < 0.5}
            zone = {"timezone": chance.choice(ZONES), "latitude": place[0], "longitude": place[1]}
            await stage.identify(name, **told, **dated, **(zone if chance.random() < 0.5 else {}))
            if chance.random() < 0.7:
                await Acts(stage).say((name, _said(chance)))
        await stage.track_many([_event(stage, chance) for _ in range(40)])
        for name in chance.sample(PEOPLE[:5], 3):
            await Acts(stage).read((name, chance.choice(CHANNELS), chance.choice(["mobile", "desktop"])))
            await stage.group(
                name,
                chance.choice(["acme", "house"]),
                tier=chance.choice(_VALUES["tier"]),
                renewal=chance.choice(DATES),
            )
            await stage.put(LIST, [name], there=chance.random() < 0.7)
        await stage.move(chance.choice([timedelta(minutes=7), 5 * HOUR, DAY, 8 * DAY]))


def _event(stage: Stage, chance: Random) -> tuple[str, str, datetime, dict[str, Any]]:
    ago = chance.choice(
        [0, 1, 24, 72, 9 * 24, 40 * 24, 5 * chance.random(), 100 * chance.random(), -30 * chance.random()]
    )
    said = {key: chance.choice(values) for key, values in _VALUES.items() if chance.random() < 0.5}
    said |= {"source": "spring"} if chance.random() < 0.5 else {"topic": chance.choice(TOPICS)}
    name = chance.choice(EVENTS * 3 + MESSAGES)
    return chance.choice(PEOPLE[:5]), name, stage.now - ago * HOUR, said


def _said(chance: Random) -> dict[str, Any]:
    return {
        "topic": chance.choice([*TOPICS, "*"]),
        "channel": chance.choice([*CHANNELS, "*"]),
        "state": chance.choice(["wanted", "wanted", "unwanted", "paused"]),
        "lasts": chance.choice([HOUR, DAY, 30 * DAY]),
        "basis": chance.choice(["", "consent"]),
        "confirmed": chance.random() < 0.5,
        "bound": chance.random() < 0.3,
    }
