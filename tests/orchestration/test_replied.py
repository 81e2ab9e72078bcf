"""Whose message an SMS that comes in answers: rules ask for the campaign and the topic that people replied to."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import pytest_asyncio

from antiphon import campaigns, channels, profiles, segments
from antiphon.kernel.records import Accepted, Channel, Identifier, Inbound, InDoubt, ProviderId, Receipt, Refused
from antiphon.orchestration.inbound import REPLIED_WITHIN
from antiphon.orchestration.replies import MESSAGE
from conftest import START
from orchestration.stage import Desk, Stage
from orchestration.test_merging import merge
from orchestration.test_timeline import timeline

PHONE, OTHER, SECOND, STRANGER = "+447900000000", "+447900000001", "+447911111111", "+447922222222"
HOUR = timedelta(hours=1)


@pytest_asyncio.fixture
async def desk(stage: Stage, worker: None) -> Desk:
    return await stage.account("sms")


def reply(stage: Stage, text: str = "yes", *, sender: str = PHONE, at: datetime | None = None) -> Inbound:
    provider = ProviderId(stage.providers["sms"])
    return Inbound(provider, Channel.SMS, sender, "12345", text, at or stage.database.clock.now())


async def take(stage: Stage, *items: Inbound) -> None:
    await stage.database.repeat(lambda tx: channels.take_inbound(tx, items))


async def told(stage: Stage, topic: str) -> campaigns.Campaign:
    campaign = await stage.campaign("sms", message=await stage.message("sms", topic=topic))
    await stage.until(campaign, "done")
    return campaign


async def replied(stage: Stage) -> list[tuple[datetime, str | None]]:
    """When, and to what."""
    return [(at, said.get("source")) for name, at, said in await timeline(stage) if name == "SMS Replied"]


async def who_replied(stage: Stage, **to: str) -> int:
    async with stage.database.transaction(read_only=True) as tx:
        return await segments.count(tx, {"version": 1, "rule": {"message": "replied", "within": "7d", **to}})


async def test_of_two_campaigns_to_a_number_the_reply_is_the_later_ones(stage: Stage, desk: Desk, move: Any) -> None:
    await stage.people(1, "phone")
    await told(stage, "coupons")
    await move(HOUR)
    later = await told(stage, "orders")
    await move(HOUR)
    await take(stage, reply(stage))
    (said,) = [properties for name, _, properties in await timeline(stage) if name == "SMS Replied"]
    (source,) = await stage.sql("SELECT id FROM source WHERE topic = 'orders'")
    assert said == {"source_id": str(source["id"]), "source": later.name, "topic": "orders"}


async def test_a_rule_finds_who_replied_to_a_campaign_and_on_a_topic(stage: Stage, desk: Desk, move: Any) -> None:
    await stage.people(2, "phone")
    earlier = await told(stage, "coupons")
    await take(stage, reply(stage))
    await move(HOUR)
    later = await told(stage, "orders")
    await take(stage, reply(stage), reply(stage, sender=OTHER))
    assert await who_replied(stage) == 2
    assert await who_replied(stage, campaign=earlier.name, topic="coupons") == 1
    assert await who_replied(stage, campaign=later.name, topic="orders") == 2
    assert await who_replied(stage, campaign=earlier.name, topic="orders") == 0


async def test_who_is_unknown_replies_to_nothing_and_takes_nothing_from_others(
    stage: Stage, desk: Desk, move: Any
) -> None:
    await stage.people(1, "phone")
    campaign = await told(stage, "coupons")
    await take(stage, reply(stage, "hello", sender=STRANGER), reply(stage), reply(stage, "hello", sender="Bank"))
    assert await replied(stage) == [(START, campaign.name)]
    at = await move(HOUR)
    await take(stage, reply(stage, "yes", sender=STRANGER))  # a word of consent makes them known
    assert await replied(stage) == [(START, campaign.name), (at, None)]


async def test_what_is_obeyed_is_no_reply_and_what_follows_replies_to_our_answer(
    stage: Stage, desk: Desk, move: Any
) -> None:
    """YES starts again who had stopped; from anybody else it is a reply."""
    await stage.people(1, "phone")
    await told(stage, "coupons")
    for n, text in enumerate(("HELP", "STOP", "yes"), 2):
        await take(stage, reply(stage, text))
        await stage.eventually(lambda n=n: has_left(desk, n))
    assert await replied(stage) == []
    await stage.eventually(lambda: nothing_leaves(stage))
    at = await move(timedelta(seconds=1))
    await take(stage, reply(stage, "yes"))
    assert await replied(stage) == [(at, MESSAGE)]


async def nothing_leaves(stage: Stage) -> bool:
    return not await stage.sql("SELECT FROM delivery WHERE state IN ('queued', 'sending')")


async def test_who_was_told_nothing_at_that_number_replied_to_nothing(stage: Stage, desk: Desk) -> None:
    """What another person was told is not theirs, and what went to their other number is not this one's."""
    await stage.people(2, "phone")
    both = tuple(Identifier("phone", number) for number in (PHONE, SECOND))
    known = profiles.Fact("test", "both", START, (Identifier("external_id", "p0"), *both))
    await stage.database.repeat(lambda tx: profiles.record(tx, [known]))
    campaign = await told(stage, "coupons")
    (told_at,) = [number for number in desk.to if number != OTHER]
    (silent,) = {PHONE, SECOND} - {told_at}
    await take(stage, reply(stage, sender=silent))
    assert await replied(stage) == [(START, None)]
    await take(stage, reply(stage, sender=told_at))
    assert {source for _, source in await replied(stage)} == {None, campaign.name}


async def has_left(desk: Desk, n: int) -> bool:
    return len(desk.left) == n


@pytest.mark.parametrize(("late", "named"), [(timedelta(seconds=-1), True), (timedelta(), False)])
async def test_after_a_month_it_is_no_reply_to_anything(
    stage: Stage, desk: Desk, move: Any, late: timedelta, named: bool
) -> None:
    await stage.people(1, "phone")
    campaign = await told(stage, "coupons")
    at = await move(REPLIED_WITHIN + late)
    await take(stage, reply(stage))
    assert await replied(stage) == [(at, campaign.name if named else None)]


async def test_what_cannot_have_arrived_is_replied_to_by_nobody(stage: Stage, desk: Desk, move: Any) -> None:
    """Neither what the provider refused nor what the network gave up; what is in doubt perhaps arrived."""
    await stage.people(1, "phone")
    desk.answer = lambda _: InDoubt("no answer")
    doubtful = await told(stage, "coupons")
    await move(HOUR)
    desk.answer = lambda _: Refused("policy", "1", "not today")
    await told(stage, "orders")
    await move(HOUR)
    desk.answer = lambda _: Accepted()
    await told(stage, "news")
    lost = Receipt("failed", stage.database.clock.now(), delivery=desk.left[-1][1].delivery, failure="policy")
    await stage.hear(lost)
    await take(stage, reply(stage))
    assert [source for _, source in await replied(stage)] == [doubtful.name]


async def test_replies_are_the_same_in_whatever_order_and_batches_they_are_stored(
    stage: Stage, desk: Desk, move: Any
) -> None:
    """A reply that was stored late answers what had been sent when it came in."""
    await stage.people(1, "phone")
    first = await told(stage, "coupons")
    one = reply(stage, "yes", at=START + HOUR)
    await move(2 * HOUR)
    second = await told(stage, "orders")
    two, three = reply(stage, "no", at=START + 3 * HOUR), reply(stage, "sorry, yes", at=START + 4 * HOUR)
    await move(3 * HOUR)
    expected = [(one.at, first.name), (two.at, second.name), (three.at, second.name)]
    for order in permutations([one, two, three]):
        for cut in range(3):
            await stage.sql("DELETE FROM event WHERE name_id IN (SELECT id FROM event_name WHERE name = 'SMS Replied')")
            await take(stage, *order[:cut])
            await take(stage, *order[cut:])
            assert await replied(stage) == expected


async def test_proof_that_it_arrived_changes_nothing_whenever_it_comes(stage: Stage, desk: Desk) -> None:
    await stage.people(1, "phone")
    campaign = await told(stage, "coupons")
    await take(stage, reply(stage))
    await stage.hear(Receipt("delivered", stage.database.clock.now(), delivery=desk.left[0][1].delivery))
    await take(stage, reply(stage))
    assert await replied(stage) == [(START, campaign.name)] * 2


async def test_what_a_further_number_of_the_person_was_told_is_theirs(stage: Stage, desk: Desk) -> None:
    first, *_ = await stage.people(1, "email")
    (second,) = await stage.people(1, "phone", first=1)
    campaign = await told(stage, "coupons")
    await merge(stage, second, first)
    await take(stage, reply(stage, sender=OTHER))
    assert await replied(stage) == [(START, campaign.name)]
