"""Pilot, shift and the rest; who is in an audience; when a campaign is done."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import campaigns, profiles
from antiphon.campaigns import rules
from antiphon.kernel.errors import Conflict, Invalid
from orchestration.stage import Stage, working
from orchestration.test_failover import _is, counts


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10**7))
def test_ranges_cover_everybody_once(first, width, people):
    cut = rules.ranges(first, first + width, people)
    assert cut[0][0] == 0
    assert cut[-1][1] == rules.ID_MAX
    assert all(one[1] == other[0] for one, other in itertools.pairwise(cut))
    assert all(low < high for low, high in cut)
    assert len(cut) <= rules.CHUNKS_MAX


@given(st.integers(1, 10**6), st.floats(0.05, 0.95))
def test_a_pilot_takes_its_share_and_another_campaign_other_people(campaign, share):
    inside = [rules.in_pilot(campaign, profile, share) for profile in range(2000)]
    assert abs(sum(inside) / 2000 - share) < 0.06
    both = sum(one and rules.in_pilot(campaign + 1, profile, share) for profile, one in enumerate(inside))
    assert abs(both / 2000 - share**2) < 0.06


@given(st.integers(1, 10**6))
def test_variants_get_equal_shares_with_the_base_message(campaign):
    got = [rules.variant_of(campaign, profile, ["b", "c"]) for profile in range(3000)]
    assert all(abs(got.count(name) - 1000) < 150 for name in ("", "b", "c"))


async def pilot(stage: Stage, n: int, **options) -> tuple[campaigns.Campaign, set[int]]:
    campaign = await stage.campaign("email", "sms", pilot_share=0.3, **options)
    rows = await stage.sql("SELECT id FROM profile")
    return campaign, {row["id"] for row in rows if rules.in_pilot(campaign.id, row["id"], 0.3)}


async def notified(stage: Stage, campaign: campaigns.Campaign) -> set[int]:
    rows = await stage.sql(
        "SELECT profile_id FROM notification n JOIN campaign c ON c.source_id = n.source_id WHERE c.id = $1",
        campaign.id,
    )
    return {row["profile_id"] for row in rows}


async def test_the_pilot_is_the_hash_and_the_rest_goes_as_planned(stage: Stage, worker: None) -> None:
    mail, sms = await stage.account("email"), await stage.account("sms")
    people = await stage.people(100, "email", "phone")
    campaign, inside = await pilot(stage, 100)
    await stage.until(campaign, "pilot_done")
    assert await notified(stage, campaign) == inside
    await asyncio.sleep(0.4)
    assert (await stage.view(campaign)).state == "pilot_done"
    await stage.steer(campaigns.resume, campaign)
    view = await stage.until(campaign, "done")
    assert await notified(stage, campaign) == set(people)
    assert view.notifications == {"sent": 100}
    assert len(mail.left) + len(sms.left) == 100
    assert counts(view) == {"notified": 100, "sent": 100}


async def test_a_shift_moves_the_rest_except_who_said_otherwise(stage: Stage, worker: None) -> None:
    mail, sms = await stage.account("email", unit_cost=0.001), await stage.account("sms", unit_cost=0.07)
    people = await stage.people(100, "email", "phone")
    for person in people[:20]:
        async with stage.database.transaction() as tx:
            await profiles.set_preferences(tx, person, [("coupons", "email", "wanted")])
    for person in people[20:30]:
        async with stage.database.transaction() as tx:
            await profiles.set_preferences(tx, person, [("coupons", "sms", "unwanted")])
    campaign, inside = await pilot(stage, 100)
    await stage.until(campaign, "pilot_done")
    in_pilot = len(mail.left) + len(sms.left) if await _settled(stage, campaign, len(inside)) else 0
    assert in_pilot == len(inside)
    by_sms_before = set(sms.to)
    await stage.steer(campaigns.shift, campaign, channel="sms", share="rest")
    view = await stage.until(campaign, "done")
    rest_by_sms = set(sms.to) - by_sms_before
    stated = set(people[:30])
    assert len(rest_by_sms) == len(set(people) - inside - stated)
    assert view.notifications == {"sent": 100}
    amount = {channel: sum(t.amount for t in view.counts if t.channel == channel) for channel in ("email", "sms")}
    assert amount["sms"] == pytest.approx(0.07 * len(sms.left))
    assert amount["email"] == pytest.approx(0.001 * len(mail.left))


async def _settled(stage: Stage, campaign: campaigns.Campaign, n: int) -> bool:
    async def sent() -> bool:
        return (await stage.view(campaign)).notifications == {"sent": n}

    await stage.eventually(sent)
    return True


async def test_a_pilot_can_be_paused_and_goes_on(stage: Stage) -> None:
    mail = await stage.account("email")
    await stage.people(60, "email")
    campaign = await stage.campaign("email", pilot_share=0.5)
    await stage.steer(campaigns.pause, campaign)
    async with working(stage.runtime):
        await asyncio.sleep(0.4)
        assert (await stage.view(campaign)).state == "paused"
        assert mail.left == []
        await stage.steer(campaigns.resume, campaign)
        await stage.until(campaign, "pilot_done")
        await stage.steer(campaigns.resume, campaign)
        view = await stage.until(campaign, "done")
    assert view.notifications == {"sent": 60}


async def test_paused_while_people_are_decided_they_wait_and_come_back(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    await stage.people(1500, "email")
    campaign = await stage.campaign("email")
    for _ in range(3):
        await asyncio.sleep(0.15)
        if (await stage.view(campaign)).state == "running":
            await stage.steer(campaigns.pause, campaign)
            await asyncio.sleep(0.15)
            await stage.steer(campaigns.resume, campaign)
    view = await stage.until(campaign, "done")
    assert view.notifications == {"sent": 1500}
    assert len(set(mail.to)) == len(mail.to) == 1500


async def test_it_is_done_when_nothing_is_open_or_waits_and_not_before(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    await stage.people(5, "email")
    mail.hold = asyncio.Event()
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _is(len(mail.left) == 5))
    await asyncio.sleep(1.2)
    assert (await stage.view(campaign)).state == "running"
    mail.hold.set()
    assert (await stage.until(campaign, "done")).ended_at is not None


async def test_a_campaign_for_nobody_is_done(stage: Stage, worker: None) -> None:
    await stage.account("email")
    view = await stage.until(await stage.campaign("email"), "done")
    assert view.notifications == {}


@pytest.mark.parametrize("act", [campaigns.launch, campaigns.resume])
async def test_what_a_state_does_not_allow_is_refused_in_words(stage: Stage, act) -> None:
    await stage.account("email")
    campaign = await stage.campaign("email")
    with pytest.raises(Conflict, match="running"):
        await stage.steer(act, campaign)


async def test_a_share_that_is_none_and_a_channel_without_a_form_are_named(stage: Stage) -> None:
    with pytest.raises(Invalid) as told:
        await stage.campaign("email", pilot_share=1.5, launched=False)
    assert [flaw.at for flaw in told.value.flaws] == ["pilot.share"]
    campaign = await stage.campaign("email", launched=False)
    with pytest.raises(Invalid, match="channels"):
        await stage.steer(campaigns.shift, campaign, channel="sms", share="rest")
