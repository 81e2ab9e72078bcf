"""The real input: 17,000 members and 306,534 events of a rewards app, by file and by HTTP."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from itertools import islice

import httpx

from antiphon.integrations import EventMap, PeopleMap, import_events, import_people
from antiphon.integrations.imports.mapping import TimeMap
from antiphon.kernel.db import Database
from integrations.conftest import data
from scale import LONG

EPOCH = datetime(2018, 1, 1, tzinfo=UTC)
MEMBERS = PeopleMap({"external_id": "id"}, ["age", "gender", "income", "became_member_on"])
TRANSCRIPT = EventMap(
    {"external_id": "person"},
    "event",
    TimeMap("time", unit="hours", epoch=EPOCH),
    properties="value",
    message_id=["file", "line"],
)
TOLD = {"offer received": 76_277, "offer viewed": 57_725, "offer completed": 33_579, "transaction": 138_953}


async def counts(database: Database) -> dict[str, int]:
    rows = await database.pool.fetch(
        "SELECT n.name, count(*) FROM event e JOIN event_name n ON n.id = e.name_id GROUP BY 1"
    )
    return {row["name"]: row["count"] for row in rows}


async def test_the_files_give_what_their_readme_tells_and_twice_changes_nothing(database: Database) -> None:
    members, transcript = data("starbucks-offers/profile.jsonl.gz"), data("starbucks-offers/transcript.jsonl.gz")
    first = await import_people(database, members, MEMBERS)
    again = await import_people(database, members, MEMBERS)
    assert (first.new, first.refused, again.new, again.updated, again.repeated) == (17_000, 0, 0, 0, 17_000)
    happened = await import_events(database, transcript, TRANSCRIPT)
    assert (happened.new, happened.refused) == (306_534, 0)
    assert await counts(database) == TOLD
    revenue = "SELECT round(sum((properties->>'amount')::numeric), 2) FROM event"
    assert float(await database.pool.fetchval(revenue)) == 1_775_451.97
    if LONG:  # flows/test_offers.py imports a part of it twice
        repeated = await import_events(database, transcript, TRANSCRIPT)
        assert (repeated.new, repeated.repeated) == (0, 306_534)
        assert await counts(database) == TOLD
    assert await database.pool.fetchval("SELECT count(*) FROM profile") == 17_000
    assert await database.pool.fetchval("SELECT sum(count) FROM event_sum") == 306_534


async def test_thirty_thousand_events_by_http_are_the_same_as_by_file(
    client: httpx.AsyncClient, database: Database
) -> None:
    """Batches of 500, each sent twice."""
    with gzip.open(data("starbucks-offers/transcript.jsonl.gz")) as file:
        rows = [json.loads(line) for line in islice(file, 30_000)]
    calls = [
        {
            "type": "track",
            "userId": row["person"],
            "event": row["event"],
            "properties": row["value"],
            "timestamp": (EPOCH + timedelta(hours=row["time"])).isoformat(),
            "messageId": f"line {n}",
        }
        for n, row in enumerate(rows)
    ]
    for start in range(0, len(calls), 500):
        for _ in range(2):
            answer = await client.post("/batch", json={"batch": calls[start : start + 500]})
            assert answer.json() == {"success": True}
    expected: dict[str, int] = {}
    for row in rows:
        expected[row["event"]] = expected.get(row["event"], 0) + 1
    assert await counts(database) == expected
    assert await database.pool.fetchval("SELECT count(*) FROM profile") == len({row["person"] for row in rows})
