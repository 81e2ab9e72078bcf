"""The first screen: numbers with history, what is going out, what needs attention."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from antiphon import campaigns, channels, metrics, profiles
from antiphon.campaigns import store
from antiphon.campaigns.attention import Notice
from antiphon.campaigns.overview import Number, Overview
from antiphon.campaigns.records import Stopped
from antiphon.kernel import settings
from antiphon.kernel.db import Queries, Transaction
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.records import Count, SourceId
from antiphon.profiles import Refusal
from campaigns.planned import advance, count, planned, walk
from campaigns.test_taking_back import piloted
from conftest import START
from orchestration.stage import Stage


async def look(stage: Stage, **asked: object) -> Overview:
    async with stage.database.transaction(read_only=True) as tx:
        given = {"begin": None, "end": None, "step": "hour"} | asked
        return await campaigns.overview_of(tx, **given)


def number(shown: Overview, kind: str) -> Number:
    (found,) = [one for one in shown.numbers if one.kind == kind]
    return found


async def notices(stage: Stage) -> dict[str, Notice]:
    return {notice.kind: notice for notice in (await look(stage)).attention}


async def test_an_empty_house_says_the_first_steps_in_their_order(stage: Stage) -> None:
    shown = await look(stage)
    steps = ["no_provider", "no_people", "no_segment", "no_message", "no_campaign"]
    assert [notice.kind for notice in shown.attention] == steps
    assert shown.empty
    assert shown.going == []
    assert {one.total for one in shown.numbers} == {0}


async def test_numbers_have_their_history_by_hour_and_the_time_before(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(1, "email")
    made = await planned(stage)
    assert made.source is not None
    async with stage.database.transaction() as tx:
        said = [(-30, "sent", 3, 0.3), (-3, "sent", 5, 0.5), (0, "in_doubt", 1, 0.0), (0, "clicked", 2, 0.0)]
        counts = [
            Count(made.source, "email", "", kind, START + timedelta(hours=hours), n, money)
            for hours, kind, n, money in said
        ]
        await metrics.add(tx, [*counts, Count(SourceId(0), "", "", "person", START, 4)])
    shown = await look(stage)
    sent, cost = number(shown, "sent"), number(shown, "cost")
    assert (len(shown.slots), shown.slots[-1], len(sent.history)) == (25, START, 25)
    assert (sent.total, sent.before, sent.history[-4], sent.history[-1]) == (6, 3, 5, 1)
    assert [(one.channel, one.total) for one in sent.channels] == [("email", 6)]
    assert (cost.total, cost.before) == (0.5, 0.3)
    assert number(shown, "person").total == 4 + 1  # whom the company made in the same hour
    with pytest.raises(Invalid, match="points"):
        await look(stage, begin=START - timedelta(days=90))
    assert number(await look(stage, begin=START - timedelta(days=2), step="day"), "sent").history == [0, 3, 6]


async def test_a_day_is_one_of_the_companys_calendar(stage: Stage) -> None:
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"timezone": "Asia/Kolkata"})
        await metrics.add(tx, [Count(SourceId(9), "sms", "", "sent", START.replace(hour=18, minute=31), 1)])
        await metrics.add(tx, [Count(SourceId(9), "sms", "", "sent", START.replace(hour=18, minute=29), 10)])
    shown = await look(stage, begin=START, end=START + timedelta(days=1), step="day")
    assert number(shown, "sent").history == [10, 1]
    assert shown.timezone == "Asia/Kolkata"


async def test_what_goes_out_is_shown_with_how_far_it_is(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(4, "email")
    made = await planned(stage)
    await walk(stage)
    await planned(stage, launched=False)
    (line,) = (await look(stage)).going
    assert (line.id, line.progress.share, line.state) == (str(made.id), 1.0, "running")


async def test_each_kind_of_trouble_is_a_notice_with_its_values(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(2, "email")
    stopped = await planned(stage)
    why = Stopped("bounces", START, "too many", "email", 0.5, 0.4)
    await stage.steer(campaigns.pause, stopped)
    near = await planned(stage, budget=10.0)
    await count(stage, near, sent=1_000, complained=3, opted_out=10)
    await count(stage, near, in_doubt=3)
    soon = await planned(stage, launched=False, launch_at="2026-01-02T08:00:00Z")
    later = await planned(stage, launched=False, launch_at="2026-01-09T08:00:00Z")
    async with stage.database.transaction() as tx:
        await store.write_stopped(tx, stopped.id, why, tolerated={})
        await tx.rows("UPDATE source_budget SET reserved = 9")
        await profiles.refuse(tx, [Refusal("shop", (Flaw("email", "It is none."),), "{}")])
        await tx.rows("UPDATE provider_state SET paused_until = now() + interval '1 hour', reason = 'nobody is there'")
        if not await tx.rows("SELECT FROM provider_state"):
            (provider,) = await channels.providers(tx)
            said = "INSERT INTO provider_state (provider_id, paused_until, reason) VALUES ($1, now() + '1h', 'nobody')"
            await tx.rows(said, provider.id)
    found = await notices(stage)
    assert found.keys() == {
        "campaign_stopped", "rate_near_limit", "budget_near_end", "draft_planned", "in_doubt", "intake_refused",
        "provider_down",
    }  # fmt: skip
    assert found["campaign_stopped"].values["share"] == 0.5
    assert found["campaign_stopped"].link.id == str(stopped.id)
    assert (found["rate_near_limit"].values["rate"], found["rate_near_limit"].values["limit"]) == ("complaints", 0.003)
    assert found["draft_planned"].link.id == str(soon.id) != str(later.id)
    assert found["in_doubt"].values == {"n": 3}
    assert found["intake_refused"].values["newest"] == "It is none."
    shown = (await look(stage)).attention
    assert [notice.severity for notice in shown[:2]] == ["critical", "critical"]
    await advance(stage, hours=2)
    assert "intake_refused" not in await notices(stage)


async def test_a_pilot_that_is_done_waits_for_somebody_and_a_draft_whose_time_came_is_overdue(stage: Stage) -> None:
    await piloted(stage)
    await planned(stage, launched=False, launch_at="2026-01-01T13:00:00Z")
    await advance(stage, hours=2)
    assert {"pilot_done", "draft_overdue"} == (await notices(stage)).keys()


async def test_what_is_now_counts_today_by_channel(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(1, "email")
    made = await planned(stage)
    await count(stage, made, sent=2, in_doubt=1)
    async with stage.database.transaction(read_only=True) as tx:
        shown = await campaigns.overview_now(tx)
    assert shown.today["email/sent"] == 3
    assert [line.id for line in shown.going] == [str(made.id)]
    assert not shown.empty


async def test_a_look_costs_as_many_statements_at_one_campaign_as_at_many(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.account("email")
    await stage.people(2, "email")
    asked: list[str] = []
    bind = Queries._bind

    def noted(queries: Queries, tx: Transaction, name: str, parameters: dict[str, Any]) -> list[Any]:
        asked.append(name)
        return bind(queries, tx, name, parameters)

    monkeypatch.setattr(Queries, "_bind", noted)

    async def statements() -> list[str]:
        asked.clear()
        await look(stage)
        return sorted(asked)

    made = await planned(stage)
    one = await statements()
    for _ in range(3):
        async with stage.database.transaction() as tx:
            await campaigns.launch(tx, await campaigns.copy(tx, made))
    assert len((await look(stage)).going) == 4
    assert await statements() == one
