"""What people and operators take back is in force on everything that has not left."""

from __future__ import annotations

import asyncio
import time

import pytest

from antiphon import campaigns, profiles
from antiphon.kernel.records import DeliveryId, Refused
from antiphon.orchestration import deliver, store
from orchestration.stage import Stage, working
from orchestration.test_failover import MAIL, PHONE, _is, counts


async def opt_out(stage: Stage, address: str, channel: str = "email") -> float:
    """When it was in force."""
    await stage.database.repeat(lambda tx: profiles.opt_out(tx, channel, [address], how="one_click"))
    return time.time()


async def prefer(stage: Stage, person, channel: str, state: str) -> None:
    await stage.database.repeat(lambda tx: profiles.set_preferences(tx, person, [("coupons", channel, state)]))


async def claimed(stage: Stage) -> list[tuple[DeliveryId, int]]:
    """What a worker has claimed and rendered, and not marked yet."""
    async with stage.database.transaction() as tx:
        rows = await store.DELIVERIES.claim(tx, stage.providers["email"], [4], batch=100, lease_s=60)
    return [(DeliveryId(row.key[1]), row.lease) for row in rows]


async def queued(stage: Stage, n: int = 1, *names: str, **options) -> campaigns.Campaign:
    """A campaign decided for everybody, nothing claimed."""
    await stage.people(n, *(names or ("email", "phone")))
    campaign = await stage.campaign("email", "sms", **options)
    while await campaigns.work_chunks(stage.runtime):
        pass
    return campaign


async def clear(stage: Stage, marks) -> list:
    return await stage.database.repeat(lambda tx: deliver.clear(tx, marks))


async def test_an_opt_out_stops_what_a_worker_holds_already(stage: Stage) -> None:
    await stage.account("email")
    await stage.account("sms")
    await queued(stage)
    marks = await claimed(stage)
    assert len(marks) == 1
    await opt_out(stage, MAIL.value)
    assert await clear(stage, marks) == []


@pytest.mark.parametrize(("channel", "state"), [("email", "unwanted"), ("sms", "wanted")])
async def test_a_wish_that_the_decision_did_not_see_is_seen_by_the_mark(stage: Stage, channel: str, state: str) -> None:
    """Said after the decision read the wishes and before it wrote the delivery: nobody was there to withdraw it."""
    await stage.account("email")
    await stage.account("sms")
    await queued(stage)
    await stage.sql(
        "INSERT INTO preference (bucket, profile_id, topic, channel, state, changed_at, consent_id)"
        " SELECT bucket, id, 'coupons', $1, $2, created_at, 0 FROM profile",
        channel,
        state,
    )
    assert await clear(stage, await claimed(stage)) == []
    (row,) = await stage.sql("SELECT state FROM delivery")
    assert row["state"] == "cancelled"


async def test_wishes_about_other_topics_and_for_this_channel_stop_nothing(stage: Stage) -> None:
    await stage.account("email")
    await stage.account("sms")
    (person, *_) = await stage.people(1, "email", "phone")
    await queued(stage)
    await prefer(stage, person, "sms", "unwanted")
    await prefer(stage, person, "email", "wanted")
    await stage.database.repeat(lambda tx: profiles.set_preferences(tx, person, [("news", "email", "unwanted")]))
    async with working(stage.runtime):
        await stage.eventually(lambda: _is(stage.desks["email"].to == [MAIL.value]))


async def test_who_changes_the_wish_gets_it_the_other_way(stage: Stage) -> None:
    mail, sms = await stage.account("email"), await stage.account("sms")
    campaign = await queued(stage)
    (row,) = await stage.sql("SELECT id FROM profile")
    await prefer(stage, row["id"], "sms", "wanted")
    async with working(stage.runtime):
        await stage.until(campaign, "done")
    assert (mail.to, sms.to) == ([], [PHONE])


async def test_an_address_shared_by_two_is_told_once_and_its_opt_out_is_everybodys(stage: Stage) -> None:
    mail = await stage.account("email")
    people = await stage.people(2)
    await stage.sql(
        "INSERT INTO address SELECT bucket, id, 'email', 'both@example.org', 'active', '{}', created_at FROM profile"
    )
    async with working(stage.runtime):
        view = await stage.until(await stage.campaign("email"), "done")
        assert view.notifications == {"sent": 1, "dropped": 1}
        assert view.reasons == {"duplicate": 1}
        assert mail.to == ["both@example.org"]
        await opt_out(stage, "both@example.org")
        view = await stage.until(await stage.campaign("email"), "done")
    assert view.reasons == {"opted_out": len(people)}
    assert len(mail.left) == 1


async def test_opt_outs_while_it_runs_are_kept_within_a_second(stage: Stage, worker: None) -> None:
    mail = await stage.account("email", per_second=300)
    mail.slow_s = 0.1
    await stage.people(900, "email")
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _is(len(mail.left) > 50))
    gone = {}
    for i in range(0, 900, 20):
        gone[f"p{i}@example.org"] = await opt_out(stage, f"p{i}@example.org")
    view = await stage.until(campaign, "done")
    late = [(at - gone[o.to], o.to) for at, o in mail.left if o.to in gone and at > gone[o.to] + 0.5]
    assert late == []
    assert 0 < view.reasons["opted_out"] <= len(gone)
    assert view.notifications["sent"] + view.notifications["dropped"] == 900


async def test_pause_is_in_force_at_once_under_load_and_resume_goes_on(stage: Stage, worker: None) -> None:
    mail = await stage.account("email", per_second=400)
    await stage.people(700, "email")
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _is(len(mail.left) > 30))
    await stage.steer(campaigns.pause, campaign)
    paused = time.time()
    await asyncio.sleep(1.2)
    assert [at - paused for at, _ in mail.left if at > paused + 0.5] == []
    left = len(mail.left)
    assert left < 700
    await stage.steer(campaigns.resume, campaign)
    view = await stage.until(campaign, "done")
    assert view.notifications == {"sent": 700}
    assert sorted(mail.to) == sorted(f"p{i}@example.org" for i in range(700))


async def test_a_resume_between_the_look_and_the_note_wakes_everybody(stage: Stage) -> None:
    """Parking and waiting for a paused source, against a resume that commits first: nobody waits for ever."""
    mail = await stage.account("email")
    await stage.account("sms")
    campaign = await queued(stage, 40, "email")
    for _ in range(6):
        await stage.steer(campaigns.pause, campaign)
        await asyncio.gather(
            clear(stage, await claimed(stage)),
            stage.steer(campaigns.resume, campaign),
            return_exceptions=False,
        )
        # as if nothing had left of what was marked because the resume was first
        await stage.sql("UPDATE delivery SET lease_until = NULL, state = 'queued' WHERE state IN ('queued', 'sending')")
    async with working(stage.runtime):
        view = await stage.until(campaign, "done")
    assert view.notifications == {"sent": 40}
    assert len(mail.left) == 40


async def test_cancel_ends_what_has_not_left_and_leaves_what_has(stage: Stage, worker: None) -> None:
    mail = await stage.account("email", per_second=100)
    await stage.people(300, "email")
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _is(len(mail.left) > 20))
    await stage.steer(campaigns.cancel, campaign)
    cancelled = time.time()

    async def nothing_open() -> bool:
        return not {"open", "waiting"} & (await stage.view(campaign)).notifications.keys()

    await stage.eventually(nothing_open)
    await asyncio.sleep(0.7)
    view = await stage.view(campaign)
    assert view.state == "cancelled"
    assert [at for at, _ in mail.left if at > cancelled + 0.5] == []
    assert view.notifications["sent"] == len(mail.left) == counts(view)["sent"]
    assert view.notifications["cancelled"] > 0


async def test_cancelled_while_it_is_with_the_provider_it_is_not_tried_again(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    mail.hold, mail.answer = asyncio.Event(), lambda _: Refused("temporary", "4.2.1", "later")
    await stage.people(1, "email")
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _is(len(mail.left) == 1))
    await stage.steer(campaigns.cancel, campaign)
    mail.hold.set()

    async def ended() -> bool:
        return (await stage.view(campaign)).notifications == {"cancelled": 1}

    await stage.eventually(ended)
    assert len(mail.left) == 1
