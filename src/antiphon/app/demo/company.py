"""The sample company: a coffee roaster with a web shop, an app and two stores. Everything in it is made up."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from antiphon import campaigns, channels, content, profiles, segments
from antiphon.app.demo import identities, messages, topics
from antiphon.campaigns import asked as campaigns_asked
from antiphon.integrations.imports.importer import import_events, import_people
from antiphon.integrations.imports.mapping import EventMap, Kind, PeopleMap
from antiphon.kernel import keys, settings
from antiphon.kernel.clock import ClockState, wall_datetime
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.runtime import Runtime
from antiphon.segments import ladders
from antiphon.segments.presets import open_preset

HISTORY_DAYS = 60
RETURN_DOMAIN = "bounce.larkspur.example"
BATCH = 1_000
MORNING = time(14, 0)
"""UTC: noon has come in Denver's east and evening has not in Madrid, so that nobody's quiet hours hide the demo."""

SETTINGS: dict[str, Any] = {
    "brand_name": "Larkspur Coffee",
    "sender_email": "hello@larkspur.example",
    "sender_sms": "Larkspur",
    "brands": {"office": {"name": "Larkspur Office", "sender_sms": "LarkOffice", "brand_color": "#9a3412"}},
    "postal_address": "Larkspur Coffee, 12 Mill Lane, Bristol",
    "quiet_hours": {"start": "21:00", "end": "08:00"},
    "frequency_cap": {"count": 4, "within_s": 604800},
    "timezone": "Europe/London",
}

SEGMENTS: dict[str, dict[str, Any]] = {
    "Everybody": {"any": [{"reachable": "email"}, {"reachable": "sms"}, {"reachable": "push"}]},
    "Members with silver or gold": {"trait": "tier", "op": "in", "value": ["silver", "gold"]},
    "Bought in the last 30 days": {"event": "Order Completed", "within": "30d"},
    "Spent 100 or more": {"event": "Order Completed", "sum": {"property": "total", "op": "gte", "value": 100}},
    "Lapsed: three e-mails, none opened in three weeks": {
        "all": [
            {"event": "Email Sent", "count": {"op": "gte", "value": 3}},
            {"event": "Email Opened", "within": "21d", "count": {"op": "eq", "value": 0}},
        ]
    },
}


LADDERS: dict[str, dict[str, Any]] = {
    "lifecycle": {
        "use": ["App Opened", "Product Viewed", "Order Completed"],
        "experienced_on": 4,
        "expert_on": 9,
        "paying_days": 14,
        "lapsing_days": 21,
        "lost_days": 42,
    }
}
PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "Abandoned cart": ("abandoned-cart", {}),
    "Win back": ("win-back", {"days": 30}),
    "Birthday this week": ("birthday-soon", {}),
}
"""By the names that they have here: the preset, and what is not as usual. The company has a history of two months."""


PLANNED = (
    campaigns.NewCampaign(
        "Winter newsletter",
        "Newsletter",
        "Everybody",
        ["email"],
        send_at=campaigns_asked.SendAt(best_hour=True),
        throttle=campaigns_asked.Throttle(per_minute=600),
        exclude=["Bought in the last 30 days"],
        priority=-1,
        budget=2.0,
    ),
    campaigns.NewCampaign(
        "Last call for the coupon",
        "Autumn coupon",
        "Everybody",
        ["push", "sms"],
        follow=campaigns_asked.Follow("Autumn coupon", unless="opened"),
        expires_in="2d",
        priority=3,
    ),
)
"""Drafts to be looked at and rehearsed."""


async def set_clock(runtime: Runtime) -> None:
    """Product time runs from this afternoon on; a clock that was moved before is left alone."""
    state = runtime.database.clock.state
    if state == ClockState():
        afternoon = datetime.combine(wall_datetime().date(), MORNING, tzinfo=UTC)
        await runtime.database.move_clock(lambda state: state.moved(afternoon))


async def is_filled(tx: Transaction) -> bool:
    return bool(await campaigns.list_all(tx, limit=1))


async def fill(
    runtime: Runtime, smtp: list[int], smpp: list[int], world_url: str, *, mx: int = 0, people: int, seed: int
) -> None:
    """Settings, accounts, customers with their history and wishes, segments, messages, a campaign under way."""
    database = runtime.database
    async with database.transaction() as tx:
        await settings.write(tx, SETTINGS)
        await _make_accounts(tx, runtime, smtp, smpp, takes_mail=bool(mx))
        if mx:
            await _take_mail(tx, runtime, mx)
        await topics.write_topics(tx)
    await _import(runtime, world_url, people=people, seed=seed)
    for name, rule in SEGMENTS.items():
        await segments.create(database, name, {"version": 1, "rule": rule})
    await _open_presets(database)
    async with database.transaction() as tx:
        for document in messages.MESSAGES:
            await content.create(tx, content.parse(document))
        campaign = await campaigns.create(
            tx,
            name="Autumn coupon",
            message="Autumn coupon",
            segment="Everybody",
            channels=["email", "sms", "push"],
        )
        await campaigns.launch(tx, campaign)
        for planned in PLANNED:
            await campaigns.make(tx, planned)


async def _open_presets(database: Database) -> None:
    for name, (preset, values) in PRESETS.items():
        rule = open_preset(preset, values).rule
        assert rule is not None, f"{preset} makes a rule"
        await segments.create(database, name, rule)
    for name, values in LADDERS.items():
        stages = [ladders.StageRule(*each) for each in open_preset(name, values).stages]
        await ladders.create(database, name.capitalize(), stages, wait_s=0)  # workers build it, beside the campaign


async def _take_mail(tx: Transaction, runtime: Runtime, port: int) -> None:
    """Bounces, complaints and answers come home."""
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "hostname": "mx.larkspur.example",
        "domains": [RETURN_DOMAIN, "larkspur.example"],
        "mailboxes": ["hello@larkspur.example"],
        "per_minute": 10_000,
    }
    await channels.create_provider(tx, runtime.secrets, name="Mail exchanger", adapter="mx", settings=settings)


async def _make_accounts(
    tx: Transaction, runtime: Runtime, smtp: list[int], smpp: list[int], *, takes_mail: bool
) -> None:
    dkim = [{"domain": "larkspur.example", "selector": "a2026", "private_key": keys.new_dkim_key()}]
    for n, port in enumerate(smtp):
        await channels.create_provider(
            tx,
            runtime.secrets,
            name=f"Mail relay {'AB'[n % 2]}",
            adapter="smtp",
            settings={
                "host": "127.0.0.1",
                "port": port,
                "security": "none",
                "envelope_domain": RETURN_DOMAIN,
                "takes_mail": takes_mail,
                "connections": 4,
                "dkim": dkim,
            },
            rank=n,
            per_second=12,
            unit_cost=0.0004,
        )
    for n, port in enumerate(smpp):
        await channels.create_provider(
            tx,
            runtime.secrets,
            name=f"Operator {'AB'[n % 2]}",
            adapter="smpp",
            settings={"host": "127.0.0.1", "port": port, "system_id": "larkspur", "password": "sandbox"},
            rank=n,
            per_second=8,
            unit_cost=0.045,
        )
    await channels.create_provider(
        tx,
        runtime.secrets,
        name="Web push",
        adapter="webpush",
        settings={"private_key": keys.new_vapid_key(), "subject": "mailto:hello@larkspur.example"},
        per_second=8,
    )


async def _import(runtime: Runtime, world_url: str, *, people: int, seed: int) -> None:
    """The same door as everybody's: files through the import."""
    until = runtime.database.clock.now().isoformat()
    with tempfile.TemporaryDirectory() as folder:
        common = ["--seed", str(seed), "--count", str(people), "--until", until]
        persons, events = Path(folder) / "people.jsonl", Path(folder) / "events.jsonl"
        await asyncio.gather(
            _write(persons, ["people", *common, "--push-base", world_url]),
            _write(events, ["history", *common, "--days", str(HISTORY_DAYS)]),
        )
        identifiers: dict[Kind, str] = {"external_id": "id", "email": "email", "phone": "phone", "webpush": "webpush"}
        await import_people(runtime.database, persons, PeopleMap(identifiers=identifiers))
        await _know(runtime, persons)
        await import_events(
            runtime.database,
            events,
            EventMap(
                identifier={"external_id": "person"},
                event="event",
                time="time",
                properties="properties",
                message_id="message_id",
            ),
        )


async def _know(runtime: Runtime, persons: Path) -> None:
    """Who they are elsewhere, and what they said."""
    database = runtime.database
    lines = (await asyncio.to_thread(persons.read_bytes)).splitlines()
    rows: list[dict[str, Any]] = [msgspec.json.decode(line) for line in lines]
    for word in topics.words(rows, now=database.clock.now()):  # one by one: people are being merged meanwhile
        await database.repeat(partial(topics.say, word=word))
    facts = list(identities.facts(rows, now=database.clock.now()))
    for start in range(0, len(facts), BATCH):
        await database.repeat(partial(profiles.record, facts=facts[start : start + BATCH]))


async def _write(file: Path, arguments: list[str]) -> None:
    with file.open("wb") as out:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "antiphon_world", *arguments, stdout=out)
        if await process.wait():
            raise RuntimeError("the sample company's customers could not be made")
