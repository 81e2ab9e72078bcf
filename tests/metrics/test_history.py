"""When things happened: sums by span, of a source and of the company, folded or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from antiphon import metrics
from antiphon.kernel.db import Database
from antiphon.kernel.records import Channel, Count, Event, Inbound, ProfileChange, ProfileId, ProviderId, SourceId
from conftest import START

SALE, OTHER = SourceId(7), SourceId(8)


async def note(database: Database, *counts: Count) -> None:
    async with database.transaction() as tx:
        await metrics.add(tx, counts)


async def read(database: Database, slots: list[datetime], until: datetime) -> dict[tuple[int, str, str], int]:
    async with database.transaction(read_only=True) as tx:
        return {(s.slot, s.channel, s.kind): s.n for s in await metrics.company(tx, slots, until=until)}


async def test_the_company_is_all_sources_and_folding_changes_nothing(database: Database) -> None:
    early = START - timedelta(minutes=50)
    await note(
        database,
        Count(SALE, "email", "", "sent", early, 3, 0.3),
        Count(OTHER, "email", "b", "sent", early + timedelta(minutes=20), 2, 0.2),
        Count(OTHER, "sms", "", "sent", START, 5),
        Count(SALE, "", "", "dropped:capped", START, 9),
    )
    slots, until = [START - timedelta(hours=1), START], START + timedelta(hours=1)
    expected = {(0, "email", "sent"): 5, (1, "sms", "sent"): 5}
    assert await read(database, slots, until) == expected
    async with database.transaction() as tx:
        assert await metrics.fold_parts(tx) == 4
    assert await read(database, slots, until) == expected
    await note(database, Count(SALE, "email", "", "sent", early, 1))
    assert (await read(database, slots, until))[0, "email", "sent"] == 6
    async with database.transaction() as tx:
        await metrics.fold_parts(tx)
        assert {t.kind: t.n for t in await metrics.totals(tx, [SALE])} == {"sent": 4, "dropped:capped": 9}
    assert (await read(database, slots, until))[0, "email", "sent"] == 6


async def test_a_source_by_minute_keeps_its_variants(database: Database) -> None:
    await note(
        database,
        Count(SALE, "email", "b", "clicked", START, 2),
        Count(SALE, "email", "", "clicked", START - timedelta(minutes=1), 1),
        Count(SALE, "email", "", "clicked", START - timedelta(hours=1), 40),
        Count(OTHER, "email", "", "clicked", START, 30),
    )
    slots = metrics.spans(START - timedelta(minutes=1), START + timedelta(minutes=1), step="minute", zone="UTC")
    async with database.transaction(read_only=True) as tx:
        found = await metrics.history(tx, SALE, slots, until=START + timedelta(minutes=1))
        assert {(s.slot, s.variant): s.n for s in found} == {(0, ""): 1, (1, "b"): 2}
        assert await metrics.lately(tx, [SALE, OTHER], since=START, kinds=["clicked"]) == {SALE: 2, OTHER: 30}


async def test_what_comes_in_is_counted_and_what_we_write_ourselves_is_not(database: Database) -> None:
    who = ProfileId(256)
    wrote = Inbound(ProviderId(1), Channel.SMS, "+447900000000", "+447900000001", "hello", START)
    async with database.transaction() as tx:
        await metrics.on_events(tx, [Event(who, "Order Completed", 1, START), Event(who, "Email Opened", 2, START)])
        await metrics.on_profile_changes(tx, [ProfileChange(who, "created"), ProfileChange(who, "traits")])
        await metrics.on_inbound(tx, [wrote, replace(wrote, reading="opt_out"), replace(wrote, automatic=True)])
        await metrics.on_events(tx, [])
    expected = {(0, "", "event"): 1, (0, "", "person"): 1, (0, "sms", "replied"): 1}
    assert await read(database, [START], START + timedelta(hours=1)) == expected
    async with database.transaction() as tx:
        await metrics.fold_parts(tx)
    assert await read(database, [START], START + timedelta(hours=1)) == expected


def test_days_are_those_of_the_calendar_and_one_has_23_hours() -> None:
    begin, end = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)
    days = metrics.spans(begin, end, step="day", zone="Europe/Paris")
    assert [f"{day:%d %H:%M}" for day in days] == ["27 23:00", "28 23:00", "29 22:00", "30 22:00"]
    assert metrics.begin_of(begin, step="day", zone="Asia/Kathmandu") == datetime(2026, 3, 27, 18, 15, tzinfo=UTC)


def test_hours_of_a_zone_with_half_hours_begin_where_its_clocks_say() -> None:
    begin = datetime(2026, 1, 1, 12, 10, tzinfo=UTC)
    hours = metrics.spans(begin, begin + timedelta(hours=2), step="hour", zone="Asia/Kolkata")
    assert [f"{hour:%H:%M}" for hour in hours] == ["11:30", "12:30", "13:30"]
