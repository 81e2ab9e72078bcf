"""Campaigns that stop by themselves: shares above their limits, a budget that is spent."""

from __future__ import annotations

import asyncio

import pytest

from antiphon import campaigns
from antiphon.campaigns import stops
from antiphon.kernel.errors import Conflict
from antiphon.kernel.settings import Limits
from antiphon.metrics import Total
from campaigns.planned import change, count, planned, watching
from conftest import START
from orchestration.stage import Stage, working
from orchestration.test_failover import _is

LIMITS = Limits(complaints=0.003, bounces=0.05, opt_outs=0.05, least=100)


def totals(channel: str = "email", **kinds: int) -> list[Total]:
    return [Total(1, channel, variant, kind, n // 2, 0.0) for kind, n in kinds.items() for variant in ("", "b")]


@pytest.mark.parametrize(
    ("counted", "reason", "share"),
    [
        (totals(sent=98, bounced=50, failed=0), None, None),
        (totals(sent=100, complained=2), "complaints", 0.02),
        (totals(sent=1000, complained=2), None, None),
        (totals(sent=60, in_doubt=40, opted_out=6), "opt_outs", 0.06),
        (totals(sent=94, failed=6, bounced=6), "bounces", 0.06),
        (totals(sent=0, failed=100, bounced=100), "bounces", 1.0),
        (totals(sent=96, failed=4, bounced=4), None, None),
        (totals(sent=10_000) + totals("sms", sent=100, failed=10, bounced=10), "bounces", 10 / 110),
        (totals("", sent=100, complained=50), None, None),
    ],
)
def test_the_worst_channel_counts_from_so_many_messages_on(counted, reason, share):
    found = stops.over(counted, LIMITS, {}, at=START)
    assert (found and found.reason, found and found.share) == (reason, share)


def test_a_limit_that_is_none_stops_nothing():
    none = Limits(complaints=None, bounces=None, opt_outs=None, least=1)
    assert stops.over(totals(sent=100, complained=100, bounced=100, opted_out=100), none, {}, at=START) is None


def test_what_somebody_let_pass_stops_it_again_when_it_has_grown_by_more_than_a_tenth():
    tolerated = {"opt_outs/email": 0.1}
    assert stops.over(totals(sent=1000, opted_out=110), LIMITS, tolerated, at=START) is None
    assert stops.over(totals(sent=1000, opted_out=112), LIMITS, tolerated, at=START) is not None
    assert stops.over(totals("sms", sent=1000, opted_out=60), LIMITS, tolerated, at=START) is not None


async def test_it_stops_within_two_seconds_and_says_why_and_what_to_do(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(3, "email")
    campaign = await planned(stage, stop_above={"bounces": 0.05, "opt_outs": 0.05, "least": 100})
    async with watching(stage):
        await count(stage, campaign, sent=100, complained=0)
        await asyncio.sleep(1.0)
        assert (await stage.view(campaign)).state == "running"
        await count(stage, campaign, complained=1)
        shown = await stage.until(campaign, "paused", seconds=2)
    assert (shown.stopped.reason, shown.stopped.channel, shown.stopped.share) == ("complaints", "email", 0.01)
    assert (shown.stopped.limit, shown.stopped.at) == (0.003, START)
    assert shown.stopped.because == "1.0 % of the messages by email were reported as spam; the limit is 0.3 %"
    assert "resume" in shown.advice


async def test_resumed_by_hand_it_goes_on_until_it_gets_worse(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(3, "email")
    campaign = await planned(stage, stop_above={"bounces": 0.05, "opt_outs": 0.05, "least": 100})
    async with watching(stage):
        await count(stage, campaign, sent=1000, opted_out=100)
        await stage.until(campaign, "paused", seconds=3)
        await count(stage, campaign, opted_out=20)  # more of it comes in while it is paused
        await stage.steer(campaigns.resume, campaign)
        shown = await stage.view(campaign)
        assert (shown.state, shown.stopped, shown.advice) == ("running", None, None)
        await count(stage, campaign, opted_out=1)
        await asyncio.sleep(1.5)
        assert (await stage.view(campaign)).state == "running"
        await count(stage, campaign, opted_out=30)
        assert (await stage.until(campaign, "paused", seconds=3)).stopped.share == 0.151


async def test_a_stopped_one_sends_nothing_more(stage: Stage) -> None:
    mail = await stage.account("email", per_second=20)
    await stage.people(60, "email")
    campaign = await planned(stage, stop_above={"bounces": 0.05, "opt_outs": 0.05, "least": 5})
    async with working(stage.runtime), watching(stage):
        await stage.eventually(lambda: _is(len(mail.left) >= 5))
        await count(stage, campaign, bounced=50, failed=50)
        await stage.until(campaign, "paused", seconds=3)
        await asyncio.sleep(0.6)
        left = len(mail.left)
        await asyncio.sleep(1.0)
        assert len(mail.left) == left < 60
        await change(stage, campaign, stop_above={"bounces": None})
        await stage.steer(campaigns.resume, campaign)
        await stage.until(campaign, "done")
    assert len(set(mail.to)) == len(mail.to) == 60


async def test_a_spent_budget_pauses_it_and_more_money_lets_it_go_on(stage: Stage) -> None:
    mail = await stage.account("email", unit_cost=0.1)
    await stage.people(30, "email")
    campaign = await planned(stage, budget=1.0)
    async with working(stage.runtime), watching(stage):
        shown = await stage.until(campaign, "paused", seconds=5)
        assert shown.stopped.reason == "budget"
        assert shown.budget.amount == 1.0
        assert shown.budget.spent == pytest.approx(1.0)
        await stage.eventually(lambda: _is(len(mail.left) == 10))
        with pytest.raises(Conflict, match="Raise it first"):
            await stage.steer(campaigns.resume, campaign)
        await change(stage, campaign, budget=5.0)
        await asyncio.sleep(0.5)
        assert len(mail.left) == 10
        await stage.steer(campaigns.resume, campaign)
        shown = await stage.until(campaign, "done")
    assert len(set(mail.to)) == len(mail.to) == 30
    assert shown.budget.left == pytest.approx(2.0)
    assert shown.stopped is None


async def test_figures_stand_side_by_side(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(1, "email")
    campaign = await planned(stage)
    await count(stage, campaign, sent=200, in_doubt=1, opened=20, machine_opened=70, clicked=8, machine_clicked=5)
    await count(stage, campaign, complained=1, bounced=3, opted_out=2, converted=4)
    await count(stage, campaign, "sms", sent=5, opened=1)
    by_mail, by_sms = (await stage.view(campaign)).figures
    assert (by_mail.sent, by_mail.opened, by_mail.machine_opened) == (201, 20, 70)
    assert (by_mail.clicked, by_mail.machine_clicked, by_mail.converted) == (8, 5, 4)
    assert (by_mail.complaints, by_mail.bounces, by_mail.opt_outs) == (1, 3, 2)
    assert (by_sms.sent, by_sms.opened) == (5, None)
