"""One timeline over everything: nothing is missing, nothing stands twice, and it is quick however much there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import httpx
import pytest
import pytest_asyncio

from antiphon import channels, profiles, segments
from antiphon.app import person_story
from antiphon.app.wiring import wire
from antiphon.kernel.db import Database
from antiphon.kernel.engagement import EVENTS, MACHINE
from antiphon.kernel.records import Identifier, ProfileId, directory_bucket
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from app.alone import alone
from conftest import START
from pages.stage import Stage
from profiles.facts import fact, record
from slowness import slowness

ANN = Identifier("external_id", "ann")
Move = Callable[[timedelta], Awaitable[datetime]]
RULE = {"version": 1, "rule": {"event": "bought", "within": "30d"}}


@pytest_asyncio.fixture
async def stage(database: Database) -> Stage:
    wire(database)
    stage = Stage(Runtime(database, Secrets(bytes(32)), "http://antiphon.example"))
    await stage.providers()
    return stage


@pytest_asyncio.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with alone(stage.runtime, person_story.routes) as client:
        yield client


async def asked(client: httpx.AsyncClient, who: object, **params: Any) -> dict[str, Any]:
    answer = await client.get(f"/people/{who}/timeline", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def lived(stage: Stage, move: Move) -> ProfileId:
    """Ann bought, got a coupon, opened it, wrote back, said no, entered a segment, and turned out to be two."""
    database = stage.database
    ann = await stage.person("ann")
    await segments.create(database, "buyers", RULE)
    await move(timedelta(hours=1))
    await record(database, fact("b", ANN, event="bought", properties='{"total": 5}', at=database.clock.now()))
    await _work(database)
    await move(timedelta(hours=1))
    await stage.tell([ann], "email")
    await move(timedelta(hours=1))
    now = database.clock.now()
    async with database.transaction() as tx:
        opened = (ann, EVENTS["opened", "email"], now, {"source": "coupon"})
        await profiles.record_known(tx, [opened, (ann, MACHINE["clicked", "email"], now, {})])
        await profiles.state(tx, ann, [profiles.Statement("coupons", "sms", "unwanted")], profiles.Proof("page"))
    await move(timedelta(hours=1))
    return ann


async def _work(database: Database) -> None:
    while await segments.work(database):
        pass


async def test_everything_stands_on_it_newest_first(stage: Stage, client: httpx.AsyncClient, move: Move) -> None:
    ann = await lived(stage, move)
    entries = (await asked(client, ann))["entries"]
    told = [(entry["kind"], entry["title_key"], entry["channel"]) for entry in entries]
    assert told == [
        ("receipt", "timeline.receipt.clicked_by_machine", "email"),
        ("receipt", "timeline.receipt.opened", "email"),
        ("consent", "timeline.consent.unwanted", "sms"),
        ("message", "timeline.message.open", "email"),
        ("event", "timeline.event", None),
        ("segment", "timeline.segment.entered", None),
        ("identity", "timeline.identity.created", None),
    ]
    bought = entries[4]
    assert (bought["values"], bought["detail"]["properties"]) == ({"name": "bought"}, {"total": 5})
    assert entries[3]["link"] == {"kind": "notification", "id": entries[3]["id"]}
    assert entries[2]["detail"]["method"] == "page"


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_part_equal_instants_without_a_gap_or_a_double(
    stage: Stage, client: httpx.AsyncClient, move: Move, limit: int
) -> None:
    ann = await lived(stage, move)
    same = [fact(f"s{n}", ANN, event="seen", properties=f'{{"n": {n}}}', at=START) for n in range(4)]
    await record(stage.database, *same)
    whole = (await asked(client, ann))["entries"]
    pages: list[dict[str, Any]] = []
    page = await asked(client, ann, limit=limit)
    pages += page["entries"]
    while page["cursor"]:
        page = await asked(client, ann, limit=limit, cursor=page["cursor"])
        pages += page["entries"]
    assert pages == whole
    assert len(whole) == 11


async def test_kinds_and_channels_narrow_it(stage: Stage, client: httpx.AsyncClient, move: Move) -> None:
    ann = await lived(stage, move)
    kinds = [entry["kind"] for entry in (await asked(client, ann, kinds="consent,event"))["entries"]]
    assert kinds == ["consent", "event"]
    by_email = (await asked(client, ann, channels="email"))["entries"]
    assert {entry["channel"] for entry in by_email} == {"email"}
    for bad in ({"kinds": "gossip"}, {"channels": "pigeon"}, {"cursor": "x"}):
        answer = await client.get(f"/people/{ann}/timeline", params=bad)
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (400, next(iter(bad)))


async def test_what_a_person_wrote_stands_on_it(stage: Stage, client: httpx.AsyncClient, move: Move) -> None:
    ann = await stage.person("ann")
    async with stage.database.transaction() as tx:
        (provider, *_) = [one for one in await channels.providers(tx) if one.channel == "sms"]
        await tx.rows(
            "INSERT INTO inbound (bucket, provider_id, channel, sender, recipient, text, reading, at)"
            " VALUES ($1, $2, 'sms', '+447700900001', '+44', 'STOP', 'opt_out', $3)",
            directory_bucket("sms", "+447700900001"),
            provider.id,
            tx.now,
        )
    (entry,) = (await asked(client, ann, kinds="inbound"))["entries"]
    assert (entry["title_key"], entry["detail"]["text"]) == ("timeline.inbound.opt_out", "STOP")


async def test_twenty_thousand_events_do_not_hold_it_up(
    stage: Stage, client: httpx.AsyncClient, database: Database
) -> None:
    ann = await stage.person("ann")
    await record(database, fact("one", ANN, event="seen"))
    name = await database.pool.fetchval("SELECT id FROM event_name WHERE name = 'seen'")
    await database.pool.execute(
        "INSERT INTO event (bucket, profile_id, at, name_id, received_at)"
        " SELECT $1, $2, $3::timestamptz - n * interval '1 minute', $4, $3 FROM generate_series(1, 20000) n",
        ann & 255,
        ann,
        START,
        name,
    )
    await database.pool.execute("ANALYZE event")
    took = []
    cursor: dict[str, str] = {}
    for _ in range(5):
        began = perf_counter()
        page = await asked(client, ann, **cursor)
        took.append(perf_counter() - began)
        cursor = {"cursor": page["cursor"]}
    assert min(took) < 0.05 * slowness()
    assert len(page["entries"]) == 50
