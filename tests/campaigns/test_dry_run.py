"""A dry run tells what a launch then does, and changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import campaigns, profiles, segments
from antiphon.campaigns import rehearsal
from antiphon.kernel import settings
from antiphon.kernel.errors import Invalid
from campaigns.planned import notified, planned, walk
from conftest import START
from orchestration.stage import Stage

TABLES = (
    "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1"
)


@given(st.integers(1, 10**7), st.integers(1, 20_000))
def test_a_larger_sample_is_never_less_sure(people, looked_at):
    at_most = rehearsal.margin(min(looked_at, people), people)
    assert 0 <= rehearsal.margin(min(looked_at + 1, people), people) <= at_most <= 0.98
    assert rehearsal.margin(20_000, 1_000_000) < 0.007


async def contents(stage: Stage) -> dict[str, str]:
    """Of every table, all that stands in it."""
    names = [row["relname"] for row in await stage.sql(TABLES)]
    found = {}
    for name in names:
        text = f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS sum FROM {name} t"
        found[name] = (await stage.sql(text))[0]["sum"]
    return found


async def mixed_people(stage: Stage) -> None:
    """Reachable by either, by one, by none; opted out; two of one household; some who are not meant."""
    await stage.people(20, "email", "phone")
    await stage.people(10, "phone", first=20)
    await stage.people(5, first=30)
    out = await stage.people(6, "email", first=40)
    async with stage.database.transaction() as tx:
        await profiles.opt_out(tx, "email", [f"p{n}@example.org" for n in range(40, 46)], how="page")
    assert len(out) == 6
    await stage.people(4, "email", first=100)
    await segments.create(stage.database, "far", {"version": 1, "rule": {"trait": "n", "op": "gte", "value": 100}})


async def test_it_tells_what_the_launch_then_does_and_writes_nothing(stage: Stage) -> None:
    await stage.account("email", unit_cost=0.001)
    await stage.account("sms", unit_cost=0.05)
    await stage.campaign("email", launched=False)
    await mixed_people(stage)
    await segments.work(stage.database)
    campaign = await planned(stage, "email", "sms", launched=False, exclude=["far"], budget=2.0)
    before = await contents(stage)
    told = await campaigns.dry_run(stage.database, campaign.name)
    assert await contents(stage) == before
    assert (told.people, told.looked_at, told.exact, told.margin, told.at) == (45, 45, True, 0.0, START)

    await stage.steer(campaigns.launch, campaign)
    await walk(stage)
    rows = await stage.sql(
        "SELECT n.state, n.reason, d.channel, count(*) AS n FROM notification n"
        " LEFT JOIN delivery d ON d.notification_id = n.id GROUP BY 1, 2, 3"
    )
    assert {part.name: part.n for part in told.channels} == {
        row["channel"]: row["n"] for row in rows if row["state"] == "open"
    }
    assert {part.name: part.n for part in told.not_told} == {
        row["reason"]: row["n"] for row in rows if row["state"] == "dropped"
    }
    assert told.told == sum(part.n for part in told.channels) == 30
    by = {part.name: part.n for part in told.channels}
    assert told.cost == pytest.approx(0.001 * by.get("email", 0) + 0.05 * by.get("sms", 0))
    assert told.cost_share == pytest.approx(told.cost / 2.0)


async def test_examples_are_people_with_their_reason(stage: Stage) -> None:
    await stage.account("email")
    await stage.campaign("email", launched=False)
    await mixed_people(stage)
    await segments.work(stage.database)
    campaign = await planned(stage, launched=False, exclude=["far"])
    told = await campaigns.dry_run(stage.database, campaign.name)
    reasons = {part.name: part for part in told.not_told}
    assert set(reasons) == {"unreachable", "opted_out", "not_eligible"}
    assert [one.because for one in reasons["not_eligible"].examples] == ["it is not for members of far"] * 3
    assert {one.person for one in reasons["not_eligible"].examples} <= {f"p{n}" for n in range(100, 104)}
    assert all(len(part.examples) == min(3, part.n) for part in [*told.not_told, *told.channels])


async def test_it_says_when_and_who_waits(stage: Stage) -> None:
    """At noon in a company of quiet mornings: whoever may live elsewhere waits for theirs."""
    await stage.account("sms")
    await stage.people(8, "phone", traits={"timezone": "Europe/London"})
    await stage.people(4, "phone", first=8, traits={"timezone": "Asia/Tokyo"})
    quiet = {"quiet_hours": {"start": "20:00", "end": "08:00", "channels": ["sms"]}}
    await stage.database.repeat(lambda tx: settings.write(tx, quiet))
    campaign = await planned(stage, "sms", launched=False, throttle={"per_minute": 6})
    told = await campaigns.dry_run(stage.database, str(campaign.id))
    assert [(part.name, part.n) for part in told.later] == [("quiet_hours", 4)]
    assert [(hour.at, hour.n) for hour in told.hours] == [(START, 8), (START + timedelta(hours=11), 4)]
    assert (told.told, told.pilot, told.minutes) == (12, None, 2.0)


async def test_the_pilot_is_as_many_as_are_told_first(stage: Stage) -> None:
    """The draw is made by the number of the campaign and of the person: it is known before, to the head."""
    await stage.account("email")
    await stage.people(40, "email")
    campaign = await planned(stage, launched=False, pilot={"share": 0.3})
    told = await campaigns.dry_run(stage.database, str(campaign.id))
    await stage.steer(campaigns.launch, campaign)
    await walk(stage)
    assert told.pilot == await notified(stage) > 0


async def test_more_people_than_it_looks_at_are_estimated_with_a_margin(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(300, "email")
    await stage.people(100, first=300)
    campaign = await planned(stage, launched=False)
    told = await campaigns.dry_run(stage.database, campaign.name, limit=200)
    assert (told.people, told.looked_at, told.exact) == (400, 200, False)
    assert told.margin == pytest.approx(0.049, abs=0.001)
    assert abs(told.told / 400 - 0.75) < 2 * told.margin
    assert told.told + sum(part.n for part in told.not_told) == pytest.approx(400, abs=2)
    again = await campaigns.dry_run(stage.database, campaign.name, limit=200)
    assert again.told == told.told
    with pytest.raises(Invalid, match="limit"):
        await campaigns.dry_run(stage.database, campaign.name, limit=20_001)


async def test_one_that_may_take_no_time_looks_at_a_part(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(1_200, "email")
    campaign = await planned(stage, launched=False)
    told = await campaigns.dry_run(stage.database, campaign.name, within_s=0.0)
    assert (told.looked_at, told.exact, told.told) == (500, False, 1_200)


async def test_two_with_one_address_are_told_once(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(3, "email")
    await stage.sql("UPDATE address SET value = 'p0@example.org' WHERE channel = 'email'")
    campaign = await planned(stage, launched=False)
    told = await campaigns.dry_run(stage.database, campaign.name)
    assert (told.told, [(part.name, part.n) for part in told.not_told]) == (1, [("duplicate", 2)])


async def test_nobody_costs_nothing(stage: Stage) -> None:
    await stage.account("email")
    told = await campaigns.dry_run(stage.database, (await planned(stage, launched=False)).name)
    assert (told.people, told.told, told.exact, told.cost, told.hours) == (0, 0, True, 0.0, [])


async def test_it_is_decided_for_its_start_and_not_for_now(stage: Stage) -> None:
    """Now is noon; it would start in the middle of the night, and people are told in the morning."""
    await stage.account("sms")
    await stage.people(5, "phone", traits={"timezone": "Europe/London"})
    quiet = {"quiet_hours": {"start": "20:00", "end": "08:00", "channels": ["sms"]}}
    await stage.database.repeat(lambda tx: settings.write(tx, quiet))
    campaign = await planned(stage, "sms", launched=False, launch_at="2026-01-10T23:00:00Z", expires_in="12h")
    told = await campaigns.dry_run(stage.database, str(campaign.id))
    assert (told.at, told.starts_at) == (START, START + timedelta(days=9, hours=11))
    assert [(hour.at, hour.n) for hour in told.hours] == [(START + timedelta(days=9, hours=20), 5)]
    assert [(part.name, part.n) for part in told.later] == [("quiet_hours", 5)]
