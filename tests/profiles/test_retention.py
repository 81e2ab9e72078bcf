"""What is older than its rule goes, and nothing else; and what that means in bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from antiphon import profiles
from antiphon.app.wiring import wire
from antiphon.kernel import settings
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import bucket_of
from antiphon.profiles import retention
from antiphon.profiles.retention_view import View, view
from profiles.facts import ANNA, fact, record, sql

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
Move = Callable[[timedelta], Awaitable[datetime]]


async def rule(database: Database, **rules: int | None) -> None:
    await database.repeat(lambda tx: settings.write(tx, {"retention": rules}))


async def events_at(database: Database, *days_ago: int) -> int:
    facts = [fact(f"d{n}", ANNA, event="Looked", at=NOW - timedelta(days=n)) for n in days_ago]
    recorded = await record(database, *facts)
    assert recorded.profiles[0] is not None
    return recorded.profiles[0]


async def ages(database: Database) -> list[int]:
    return [(NOW - at).days for (at,) in await sql(database, "SELECT at FROM event ORDER BY at DESC")]


@pytest.mark.parametrize(
    ("months", "first"),
    [
        (1, datetime(2025, 12, 1, tzinfo=UTC)),
        (12, datetime(2025, 1, 1, tzinfo=UTC)),
        (36_500, datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_months_are_whole_ones(months: int, first: datetime) -> None:
    assert retention.bound("events_months", months, NOW) == first


async def test_without_rules_everything_is_kept(database: Database) -> None:
    await events_at(database, 1, 400, 9_000)
    assert set(await retention.keep(database)) <= {"decision_days", "audit_days"}  # what has a limit from the start
    assert await ages(database) == [1, 400, 9_000]


async def test_old_months_are_dropped_and_what_lies_elsewhere_is_deleted(database: Database, move: Move) -> None:
    """Facts of long ago lie in the partition of everything before, or came late into the default one."""
    await database.repeat(profiles.ensure_partitions)
    await events_at(database, 0, 20, 45, 400, 9_000)
    await move(timedelta(days=65))  # to March
    await database.repeat(profiles.ensure_partitions)
    await rule(database, events_months=1)
    gone = await retention.keep(database)
    assert gone["events_months"] > 0
    assert await ages(database) == []
    names = {name for (name,) in await sql(database, "SELECT inhrelid::regclass::text FROM pg_inherits")}
    assert "event_2025_12" not in names
    assert {"event_before", "event_default", "event_2026_02", "event_2026_03"} <= names
    await database.repeat(profiles.ensure_partitions)
    await events_at(database, 3_000)
    assert await ages(database) == [3_000], "what comes late still finds a place"


async def test_sums_stay_when_events_go(database: Database) -> None:
    """How often somebody did something ever is still known; when, only since the rule."""
    await events_at(database, 1, 400, 401)
    await rule(database, events_months=2)
    await retention.keep(database)
    assert await ages(database) == [1]
    assert await sql(database, "SELECT count FROM event_sum") == [(3,)]


async def test_other_histories_go_by_their_rules(database: Database, move: Move) -> None:
    await record(database, fact("1", ANNA, traits={"tier": "a"}))
    await record(database, fact("2", ANNA, traits={"tier": "b"}, at=NOW))
    await database.repeat(lambda tx: profiles.refuse(tx, [profiles.Refusal("api:1", (), "old")]))
    await move(timedelta(days=100))
    await record(database, fact("3", ANNA, traits={"tier": "c"}, at=NOW + timedelta(days=99)))
    await rule(database, trait_history_months=1, refused_days=30, seen_message_days=30)
    gone = await retention.keep(database)
    gone.pop("audit_days", None)  # a rule of the wiring
    assert gone == {"trait_history_months": 1, "refused_days": 1, "seen_message_days": 2, "decision_days": 0}
    assert await sql(database, "SELECT before->>'tier' FROM trait_change") == [("b",)]
    assert await sql(database, "SELECT count(*) FROM seen_message") == [(1,)]


async def test_walks_page_by_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAGES_AT_ONCE", 3)
    await database.pool.execute(
        "INSERT INTO seen_message SELECT n % 256, gen_random_uuid(), $1::timestamptz - n * interval '1 hour'"
        " FROM generate_series(1, 5000) n",
        NOW,
    )
    assert await retention.walk(database, "seen_message", "seen_at", NOW - timedelta(hours=1_000)) == 4_000
    assert await sql(database, "SELECT count(*) FROM seen_message") == [(1_000,)]


async def test_only_one_process_trims(database: Database) -> None:
    async with database.transaction() as tx:
        assert await profiles.store.retention.try_trimming(tx)
        assert await retention.walk(database, "refused_event", "at", NOW) == 0


@pytest.mark.parametrize("wrong", [{"events_months": 0}, {"seen_message_days": 6}, {"events_years": 1}])
async def test_a_rule_that_cannot_be_is_refused(database: Database, wrong: dict[str, int]) -> None:
    """Clients send for days what was not answered: an id forgotten sooner counts twice."""
    with pytest.raises(Invalid):
        await rule(database, **wrong)


async def measured(database: Database) -> View:
    await database.pool.execute("VACUUM ANALYZE")
    return await view(database)


async def test_the_forecast_follows_the_growth_of_thirty_days(database: Database) -> None:
    """Ten events a day for a hundred days: about as many bytes again in a hundred days."""
    wire(database)
    profile = await events_at(database, 1)
    await database.pool.execute(
        "INSERT INTO event SELECT $1, $2, $3::timestamptz - n * interval '6 min', 1, $3::timestamptz - n * interval"
        " '6 min' FROM generate_series(0, 23999) n",
        bucket_of(profile), profile, NOW,
    )  # fmt: skip
    await rule(database, events_months=2)
    found = await measured(database)
    (event,) = [table for table in found.tables if table.name == "event"]
    assert 23_000 < event.rows < 25_000
    assert event.grown_bytes == pytest.approx(event.bytes * 0.3, rel=0.1)
    assert event.forecast_bytes == pytest.approx(event.bytes * (1 + 0.3 * 365 / 30), rel=0.1)
    assert event.forecast_bytes_with_rules == pytest.approx(event.grown_bytes / 30 * 60, rel=0.1)
    assert [month.month for month in event.months] == ["2026-01", "2025-12", "2025-11", "2025-10", "2025-09"]
    (dry,) = [each for each in found.rules if each.name == "events_months"]
    older = await sql(database, "SELECT count(*) FROM event WHERE at < $1", dry.before)
    assert dry.rows == pytest.approx(older[0][0], rel=0.05)
    assert found.forecast_bytes > found.forecast_bytes_with_rules
    assert {table.name for table in found.tables} >= {"notification", "delivery", "inbound", "segment_change"}


async def test_every_rule_of_the_settings_is_held_to_by_somebody(database: Database) -> None:
    wire(database)
    names = set(settings.Retention.__struct_fields__)
    assert names == set(retention.rules)
    there = {table.name for table in (await view(database)).tables}
    kept = [kept for each in retention.rules.values() for kept in each.tables]
    assert {each.table for each in [*kept, *retention.FOR_EVER]} <= there
