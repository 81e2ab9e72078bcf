"""Members of a rewards app, the offers they were sent, and what they did: a real set where there is one, or a like one.

The real set is the Udacity capstone data of Starbucks (its README gives the true answers); hours count from 2018-01-01.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from antiphon import profiles, segments
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import Event, ProfileId, bucket_of
from segments.oracle import Person, World

EPOCH = datetime(2018, 1, 1, tzinfo=UTC)
REAL = Path(__file__).parents[3] / "shared/data/starbucks-offers"

NAMES = ("offer received", "offer viewed", "offer completed", "transaction")

Happening = tuple[str, str, int, dict[str, Any]]
"""Who, what, at which hour, with which properties."""


def at(hour: int) -> datetime:
    return EPOCH + timedelta(hours=hour)


@dataclass
class Offers:
    members: Sequence[str]
    happenings: Sequence[Happening]

    def between(self, after: int, until: int) -> list[Happening]:
        return [happening for happening in self.happenings if after < happening[2] <= until]

    def by_hour(self) -> dict[int, list[Happening]]:
        found: dict[int, list[Happening]] = defaultdict(list)
        for happening in self.happenings:
            found[happening[2]].append(happening)
        return found


def real(*, every: int = 1) -> Offers:
    """`every`: of so many members one, with all that they did."""
    with gzip.open(REAL / "profile.jsonl.gz", "rt") as lines:
        members = [json.loads(line)["id"] for line in lines][::every]
    known = set(members)
    with gzip.open(REAL / "transcript.jsonl.gz", "rt") as lines:
        rows = [row for line in lines if (row := json.loads(line))["person"] in known]
    return Offers(members, [(row["person"], row["event"], row["time"], row["value"]) for row in rows])


def generated(*, members: int, seed: int) -> Offers:
    """Six mailings in 30 days, all at multiples of six hours; views and completions after them, purchases any time."""
    draw = random.Random(seed)
    names = [f"member-{n}" for n in range(members)]
    happenings: list[Happening] = []
    for name in names:
        likes, spends = draw.choice([0.1, 0.5, 0.9]), draw.choice([0.2, 1.5, 6.0])
        for mailing in (0, 168, 336, 408, 504, 576):
            if draw.random() < 0.75:
                offer = {"offer id": f"offer-{draw.randrange(10)}"}
                reward = {"reward": draw.randrange(2, 11)}
                happenings.append((name, "offer received", mailing, offer))
                seen = mailing + 6 * min(int(draw.expovariate(0.3)), 30)
                if draw.random() < likes and seen <= 714:
                    happenings.append((name, "offer viewed", seen, offer))
                    if draw.random() < 0.5 and seen + 6 <= 714:
                        happenings.append((name, "offer completed", seen + 6, offer | reward))
        for _ in range(min(int(draw.expovariate(1 / spends)), 40)):
            amount = round(draw.lognormvariate(2.2, 0.8), 2)
            happenings.append((name, "transaction", 6 * draw.randrange(120), {"amount": amount}))
    return Offers(names, sorted(happenings, key=lambda happening: happening[2]))


def world_of(offers: Offers, ids: dict[str, int]) -> World:
    people = {ids[name]: Person() for name in offers.members}
    for name, event, hour, properties in offers.happenings:
        people[ids[name]].events.append((event, at(hour), properties))
    return World(people)


async def settle_down(database: Database, offers: Offers, *, hour: int) -> dict[str, int]:
    """The members become profiles; the clock shows the hour."""
    return await enrol(database, {name: {} for name in offers.members}, at=at(hour))


async def enrol(database: Database, people: Mapping[str, dict[str, Any]], *, at: datetime) -> dict[str, int]:
    """People and their traits become profiles, straight into the tables; the clock shows the time."""
    await database.move_clock(lambda state: state.moved(at))
    ids = {name: n * 256 + n % 256 for n, name in enumerate(people, 1)}
    async with database.transaction() as tx:
        rows = [(bucket_of(ids[name]), ids[name], tx.now, ids[name], traits) for name, traits in people.items()]
        await tx.copy("profile", ["bucket", "id", "created_at", "anchor", "traits"], rows)
    return ids


async def pour(database: Database, ids: dict[str, int], happenings: Iterable[Happening]) -> None:
    await pour_events(database, ids, [(name, event, at(hour), told) for name, event, hour, told in happenings])


async def pour_events(
    database: Database, ids: dict[str, int], happened: Iterable[tuple[str, str, datetime, dict[str, Any]]]
) -> None:
    """Events and their sums, straight into the tables, and the news of them."""
    happened = list(happened)
    async with database.transaction() as tx:
        numbers = await profiles.event_names(tx, {event for _, event, _, _ in happened}, make=True)
        events = [
            (Event(ProfileId(ids[name]), event, numbers[event], at), json.dumps(properties))
            for name, event, at, properties in happened
        ]
        await tx.rows(
            """
            INSERT INTO event (bucket, profile_id, at, name_id, received_at, properties)
            SELECT id & 255, id, at, name_id, $5, given::jsonb
              FROM unnest($1::bigint[], $2::timestamptz[], $3::integer[], $4::text[]) AS g (id, at, name_id, given)""",
            [event.profile for event, _ in events],
            [event.at for event, _ in events],
            [event.name_id for event, _ in events],
            [properties for _, properties in events],
            tx.now,
        )
        await _sum_up(tx, [event for event, _ in events])
        await segments.on_events(tx, [event for event, _ in events])


async def _sum_up(tx: Transaction, events: Sequence[Event]) -> None:
    await tx.rows(
        """
        INSERT INTO event_sum AS s (bucket, profile_id, name_id, count, first_at, last_at)
        SELECT id & 255, id, name_id, count(*), min(at), max(at)
          FROM unnest($1::bigint[], $2::integer[], $3::timestamptz[]) AS g (id, name_id, at)
         GROUP BY id, name_id
            ON CONFLICT (bucket, name_id, profile_id) DO UPDATE
           SET count = s.count + excluded.count, first_at = least(s.first_at, excluded.first_at),
               last_at = greatest(s.last_at, excluded.last_at)""",
        [event.profile for event in events],
        [event.name_id for event in events],
        [event.at for event in events],
    )
