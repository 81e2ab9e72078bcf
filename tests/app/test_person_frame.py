"""The frame of a person's page in one answer: how we know them, what may be sent, and what is known of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio

from antiphon import metrics, profiles, segments
from antiphon.app import person
from antiphon.kernel import settings
from antiphon.kernel.records import Identifier, ProfileId, Purpose
from antiphon.profiles import Proof, Statement, Topic
from antiphon.profiles.identity import move, work
from antiphon.segments import ladders
from antiphon.segments.ladders import StageRule
from app.alone import alone
from conftest import START
from pages.stage import Stage
from profiles.facts import fact, record

ANN = Identifier("external_id", "ann")
Move = Callable[[timedelta], Awaitable[datetime]]
BOUGHT = {"event": "bought", "within": "30d"}


@pytest_asyncio.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with alone(stage.runtime, person.routes) as client:
        yield client


async def page(client: httpx.AsyncClient, who: object) -> dict[str, Any]:
    answer = await client.get(f"/people/{who}/page")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_identifiers_traits_and_accounts_say_where_they_come_from(
    stage: Stage, client: httpx.AsyncClient, move: Move
) -> None:
    ann = await stage.person("ann", tier="gold", born="1980-01-31", country="Germany")
    account = profiles.AccountFact("north-pier", {"name": "North Pier Hotel"})
    await record(stage.database, fact("a", ANN, account=account))
    shown = await page(client, "external_id:ann")
    assert shown["id"] == str(ann)
    known = {one["kind"]: (one["source"], one["claim"]) for one in shown["identifiers"]}
    assert known["email"] == ("test", "claimed")
    told = {one["name"]: (one["type"], one["source"]) for one in shown["traits"]}
    assert (told["tier"], told["born"]) == (("text", "test"), ("time", "test"))
    assert [one["key"] for one in shown["accounts"]] == ["north-pier"]
    assert [one["kind"] for one in shown["devices"]] == ["webpush"]
    assert shown["country"] == "DE"


async def test_the_grid_says_what_holds_who_said_it_and_what_stands_in_the_way(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    ann = await stage.person("ann")
    async with stage.database.transaction() as tx:
        await profiles.write_topic(tx, Topic("letter", {"en": "The letter"}, needs="consent"))
        await profiles.state(
            tx, ann, [Statement("letter", "sms", "unwanted")], Proof("form", source="https://shop.example/")
        )
        await profiles.state(tx, ann, [Statement("offers", "push", "wanted")], Proof("agent", source="staff:12"))
        await profiles.opt_out(tx, "email", ["ann@mail.example"], how="stop_keyword", scope="marketing")
    cells = {(one["topic"], one["channel"]): one for one in (await page(client, ann))["grid"]}
    refused = cells["letter", "sms"]
    assert (refused["answer"], refused["said_how"], refused["said_by"]) == ("no", "form", "https://shop.example/")
    assert (cells["letter", "push"]["answer"], cells["letter", "push"]["reason"]) == ("not_yet", "no_consent")
    wanted = cells["offers", "push"]
    assert (wanted["answer"], wanted["why"], wanted["said_by"]) == ("yes", "stated", "staff:12")
    assert cells["letter", "email"]["blocked"] == "opted_out_of_marketing"
    assert cells["offers", "chat"]["blocked"] == "no_address"
    (address,) = [one for one in (await page(client, ann))["addresses"] if one["channel"] == "email"]
    assert (address["opt_out"]["scope"], address["opt_out"]["how"]) == ("marketing", "stop_keyword")


async def test_segments_say_why_since_when_and_until_when(stage: Stage, client: httpx.AsyncClient, move: Move) -> None:
    database = stage.database
    ann = await stage.person("ann")
    await segments.create(
        database, "buyers", {"version": 1, "rule": {"all": [BOUGHT, {"trait": "first_name", "op": "exists"}]}}
    )
    stages = [StageRule("active", BOUGHT), StageRule("new", {"trait": "first_name", "op": "exists"})]
    await ladders.create(database, "way", stages)
    await move(timedelta(hours=1))
    await record(database, fact("b", ANN, event="bought", at=START + timedelta(hours=1)))
    while await segments.work(database):
        pass
    shown = await page(client, ann)
    (buyer,) = shown["segments"]
    assert (buyer["name"], buyer["cause"], buyer["leaf"]) == ("buyers", "happened", "rule.all[0]")
    assert "bought" in buyer["why"]
    assert buyer["since"] == "2026-01-01T13:00:00Z"
    assert buyer["time_ends_at"] == "2026-01-31T13:00:00Z"
    assert [(one["ladder"], one["stage"]) for one in shown["stages"]] == [("way", "active")]


async def test_the_best_channel_is_theirs_only_when_enough_is_known(
    stage: Stage, client: httpx.AsyncClient, move: Move
) -> None:
    ann = await stage.person("ann")
    before = {one["kind"]: one for one in (await page(client, ann))["best_channels"]}
    assert (before["campaign"]["best"], before["campaign"]["is_known"]) == ("email", False)
    async with stage.database.transaction() as tx:
        await metrics.note_sent(tx, [(ann, "sms", Purpose.CAMPAIGN)] * 6)
        await metrics.note_answered(tx, [(ann, "sms", Purpose.CAMPAIGN, tx.now, None)] * 5)
    await move(timedelta(days=2))
    after = {one["kind"]: one for one in (await page(client, ann))["best_channels"]}
    best = after["campaign"]["channels"][0]
    assert (after["campaign"]["best"], after["campaign"]["is_known"]) == ("sms", True)
    assert (best["sent"], best["answered"]) == (6, 5)
    assert 0 < best["low"] < best["mean"] < best["high"] < 1
    assert after["code"]["is_known"] is False


async def test_quiet_hours_and_what_they_did(stage: Stage, client: httpx.AsyncClient, move: Move) -> None:
    ann = await stage.person("ann", timezone="Asia/Tokyo", quiet_hours="20:00-08:00")
    await record(
        stage.database, *[fact(f"v{n}", ANN, event="viewed") for n in range(3)], fact("b", ANN, event="bought")
    )
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"quiet_hours": {"start": "21:00", "end": "08:00"}})
    shown = await page(client, ann)
    assert (shown["quiet"]["zones"], shown["quiet"]["local_times"]) == (["Asia/Tokyo"], ["21:00"])
    email = next(one for one in shown["quiet"]["channels"] if one["channel"] == "email")
    assert email["until"] is None or email["because"]
    assert any(one["until"] == "2026-01-01T23:00:00Z" for one in shown["quiet"]["channels"])
    counts = [(one["name"], one["count"]) for one in shown["lifecycle"]["events"]]
    assert counts == [("viewed", 3), ("bought", 1)]
    assert shown["lifecycle"]["is_whole"] is True
    assert shown["mobile"] == {"share": None, "on_mobile": 0, "on_other": 0}


async def test_a_merged_number_shows_whom_it_leads_to(stage: Stage, client: httpx.AsyncClient) -> None:
    ann, bob = await stage.person("ann"), await stage.person("bob")
    whole: list[ProfileId] = []

    async def merge(tx: Any) -> None:
        whole.append(await profiles.merge_people(tx, ann, bob, by="staff:12"))

    await stage.database.repeat(merge)
    pages = [await page(client, number) for number in (ann, bob, f"id:{ann}")]
    assert {one["id"] for one in pages} == {str(whole[-1])}
    assert [one["by"] for one in pages[0]["numbers"]] == ["staff:12"]
    assert (await client.get("/people/999999/page")).status_code == 404


async def test_a_pause_and_a_limit_stand_in_the_grid_and_what_is_critical_passes_them(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    ann = await stage.person("ann")
    async with stage.database.transaction() as tx:
        await profiles.write_topic(tx, Topic("fraud", {"en": "Fraud alerts"}, critical=True))
        await profiles.write_topic(tx, Topic("news", {"en": "News"}))
        await profiles.write_topic(tx, Topic("app", {"en": "App news"}, channels=("push",)))
        await profiles.state(tx, ann, [Statement("app", "*", "paused", until=START + timedelta(days=9))], Proof("page"))
        paused = Statement(state="paused", until=START + timedelta(days=5))
        limit = Statement(state="limited", limit_count=1, limit_s=604800.0)
        await profiles.state(tx, ann, [paused, limit], Proof("page"))
    cells = {(one["topic"], one["channel"]): one for one in (await page(client, ann))["grid"]}
    assert (cells["app", "push"]["answer"], cells["app", "push"]["paused_until"]) == ("paused", "2026-01-10T12:00:00Z")
    assert (cells["app", "push"]["limit_count"], cells["app", "push"]["limit_s"]) == (1, 604800.0)
    assert (cells["app", "email"]["answer"], cells["app", "email"]["why"]) == ("no", "topic")
    assert (cells["news", "email"]["answer"], cells["news", "email"]["paused_until"]) == (
        "paused",
        "2026-01-06T12:00:00Z",
    )
    assert cells["fraud", "email"]["answer"] == "yes"


async def test_who_was_a_visitor_first_is_one_person_with_what_each_system_told(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    ann = await stage.person("ann")
    browser, crm, at = (
        Identifier("anonymous_id", "b-1"),
        Identifier("external_id@crm", "K-1"),
        START - timedelta(days=2),
    )
    account = profiles.AccountFact("north-pier", {"name": "North Pier Hotel"})
    told = [
        profiles.Fact("web", "v1", at, (browser,), event="Page Viewed"),
        profiles.Fact("crm", "c1", at, (crm, ANN), traits={"stage": "lead"}, account=account),
        profiles.Fact("web", "s1", at, (ANN, browser), event="Signed In"),
    ]
    visitor, *_ = [(await record(stage.database, one)).profiles[0] for one in told]
    while await work.work(stage.database) or await move.work(stage.database):
        pass
    shown = await page(client, visitor)
    assert (shown["id"], shown) == (str(ann), await page(client, ann))
    assert [(one["id"], one["by"]) for one in shown["numbers"]] == [(str(visitor), "rule")]
    assert ("external_id@crm", "K-1", "crm") in [
        (one["kind"], one["value"], one["source"]) for one in shown["identifiers"]
    ]
    assert {one["name"]: one["source"] for one in shown["traits"]}["stage"] == "crm"
    assert [one["key"] for one in shown["accounts"]] == ["north-pier"]
    assert {one["name"] for one in shown["lifecycle"]["events"]} == {"Page Viewed", "Signed In"}
