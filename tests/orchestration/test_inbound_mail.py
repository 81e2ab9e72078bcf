"""Mail that comes in, from its bytes to what follows: whose answer it is, who is opted out, what goes on elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from antiphon import campaigns, orchestration, profiles, segments
from antiphon.channels import taking
from antiphon.channels.mail import read_mail
from antiphon.channels.making import surroundings
from antiphon.kernel.records import Channel, Inbound, Outgoing, Receipt
from channels.mail.test_reading import bounce, mail
from orchestration.stage import Desk, Stage
from orchestration.test_timeline import timeline

HOUR = timedelta(hours=1)
AT = "in.shop.example"


@pytest_asyncio.fixture
async def desk(stage: Stage, worker: None) -> Desk:
    return await stage.account("email")


async def told(stage: Stage, topic: str = "coupons", *forms: str) -> campaigns.Campaign:
    forms = forms or ("email",)
    campaign = await stage.campaign(*forms, message=await stage.message(*forms, topic=topic))
    await stage.until(campaign, "done")
    return campaign


def last(desk: Desk) -> Outgoing:
    return desk.left[-1][1]


async def bring(
    stage: Stage, raw: bytes | str, to: str = f"help@{AT}", *, sender: str = "p0@example.org"
) -> list[Receipt | Inbound]:
    around = surroundings(stage.runtime, stage.providers["email"])
    items = read_mail(
        raw.encode() if isinstance(raw, str) else raw,
        provider=around.provider, recipients=[to], envelope_sender=sender, delivery_of=around.delivery_of,
        now=around.now(), own=[f"help@{AT}"],
    )  # fmt: skip
    await stage.database.repeat(lambda tx: taking.take_in(tx, items))
    return items


async def replied(stage: Stage) -> list[str | None]:
    return [said.get("source") for name, _, said in await timeline(stage) if name == "Email Replied"]


async def opt_outs(stage: Stage) -> list[tuple[str, str, str]]:
    rows = await stage.sql("SELECT value, scope, how FROM opt_out WHERE channel = 'email' ORDER BY value")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("by", ["Message-ID", "address"])
async def test_a_reply_is_of_the_delivery_that_it_names_whoever_sends_it(
    stage: Stage, desk: Desk, move: Any, by: str
) -> None:
    """Not of what was sent last."""
    await stage.people(1, "email")
    first = await told(stage, "coupons")
    token = last(desk).token
    await move(HOUR)
    await told(stage, "orders")
    if by == "address":
        await bring(stage, mail(sender="other@example.net"), f"reply+{token}@{AT}")
    else:
        await bring(stage, mail(sender="other@example.net", In_Reply_To=f"<{token}@shop.example>"))
    assert await replied(stage) == [first.name]
    async with stage.database.transaction(read_only=True) as tx:
        assert await segments.count(tx, {"version": 1, "rule": {"message": "replied", "within": "7d"}}) == 1


async def test_a_mail_that_names_nothing_answers_what_went_to_its_sender_last(
    stage: Stage, desk: Desk, move: Any
) -> None:
    await stage.people(1, "email")
    await told(stage, "coupons")
    await move(HOUR)
    later = await told(stage, "orders")
    await bring(stage, mail(sender="P0 <P0@Example.org>"))
    await bring(
        stage, mail(sender="stranger@example.org", Message_ID="<m2@example.org>"), sender="stranger@example.org"
    )
    assert await replied(stage) == [later.name]
    await move(timedelta(days=31))
    await bring(stage, mail(sender="p0@example.org", Message_ID="<m3@example.org>"))
    assert await replied(stage) == [later.name]  # out of the blue


async def test_the_same_mail_taken_in_twice_is_one(stage: Stage, desk: Desk) -> None:
    await stage.people(1, "email")
    campaign = await told(stage)
    raw = mail(sender="p0@example.org", In_Reply_To=f"<{last(desk).token}@shop.example>")
    await bring(stage, raw)
    await bring(stage, raw)
    assert await replied(stage) == [campaign.name]


@pytest.mark.parametrize(
    "raw",
    [
        mail("STOP", sender="p0@example.org", Auto_Submitted="auto-replied", Subject="unsubscribe"),
        mail("I am away", sender="p0@example.org", Subject="Out of office"),
        mail("STOP", sender="p0@example.org", List_Id="<all.example.org>"),
    ],
)
async def test_what_a_machine_wrote_is_kept_and_neither_answer_nor_wish(stage: Stage, desk: Desk, raw: bytes) -> None:
    await stage.people(1, "email")
    await told(stage)
    await bring(stage, raw, f"reply+{last(desk).token}@{AT}")
    assert await replied(stage) == []
    assert await opt_outs(stage) == []
    (kept,) = await stage.sql("SELECT automatic, reading FROM inbound")
    assert tuple(kept) == (True, None)


async def test_a_bounce_by_mail_hands_over_to_the_next_channel(stage: Stage, desk: Desk) -> None:
    sms = await stage.account("sms")
    await stage.people(1, "email", "phone")
    campaign = await told(stage, "coupons", "email", "sms")
    token = last(desk).token
    await bring(
        stage, bounce(recipient="p0@example.org", to="p0@example.org", ours=""), f"bounce+{token}@{AT}", sender=""
    )
    await stage.until(campaign, "done")

    async def arrived() -> bool:
        return len(sms.left) == 1

    await stage.eventually(arrived)
    (failed,) = await stage.sql("SELECT state, failure, code FROM delivery WHERE channel = 'email'")
    assert tuple(failed) == ("failed", "address", "5.1.1 no_such_user")


async def test_a_bounce_with_a_token_that_is_not_ours_changes_nothing(stage: Stage, desk: Desk) -> None:
    await stage.people(1, "email")
    await told(stage)
    assert await bring(stage, bounce(ours=""), f"bounce+{last(desk).token[:-1]}x@{AT}", sender="") == []
    (state,) = await stage.sql("SELECT state FROM delivery")
    assert state["state"] == "accepted"


STOPPED = [("p0@example.org", "marketing", "stop_keyword")]


@pytest.mark.parametrize(
    "raw",
    [
        mail("Unsubscribe\n\nJo", Subject="Re: Hello"),
        mail("STOP", Subject="Re: Hello"),
        mail("", Subject="unsubscribe"),
        mail("please", Subject="Unsubscribe"),
        mail("Please remove me from your mailing list\n\n-- \nJo", Subject="Re: Hello"),
        mail("abmelden\n\nOn 5 Jan 2026, at 10:04, Shop wrote:\n> Hello", Subject="Re: Hello"),
        mail("désinscription", Subject="Re: Bonjour"),
    ],
)
@pytest.mark.parametrize("names_it", [True, False])
async def test_who_asks_to_stop_gets_no_more_marketing_where_we_had_written_to(
    stage: Stage, desk: Desk, raw: bytes, names_it: bool
) -> None:
    await stage.people(1, "email")
    await told(stage)
    raw = raw.replace(b"jo@example.org", b"other@example.net" if names_it else b"p0@example.org")
    await bring(stage, raw, f"reply+{last(desk).token}@{AT}" if names_it else f"help@{AT}")
    assert await opt_outs(stage) == STOPPED
    assert await replied(stage) == []


@pytest.mark.parametrize(
    "raw",
    [
        mail("Thanks, that was helpful.", Subject="Re: Unsubscribe any time"),
        mail("Please cancel my order 123.", Subject="Cancel"),
        mail("cancel\n\nI mean order 123, not the newsletter.", Subject="Re: Hello"),
        mail("I cannot stop smiling", Subject="Re: Hello"),
        mail("Thanks\n\nOn 5 Jan 2026, at 10:04, Shop wrote:\n> STOP", Subject="Re: STOP"),
    ],
)
async def test_other_words_stop_nothing(stage: Stage, desk: Desk, raw: bytes) -> None:
    await stage.people(1, "email")
    campaign = await told(stage)
    await bring(stage, raw, f"reply+{last(desk).token}@{AT}")
    assert await opt_outs(stage) == []
    assert await replied(stage) == [campaign.name]


async def test_the_address_to_unsubscribe_stops_its_delivery_and_nobody_whom_from_names(
    stage: Stage, desk: Desk
) -> None:
    await stage.people(2, "email")
    await told(stage)
    token = next(outgoing.token for _, outgoing in desk.left if outgoing.to == "p0@example.org")
    await bring(stage, mail("", sender="p1@example.org", Subject=""), f"unsubscribe+{token}@{AT}")
    assert await opt_outs(stage) == STOPPED


async def test_a_topic_may_be_stopped_alone(stage: Stage, desk: Desk) -> None:
    (person,) = await stage.people(1, "email")
    await told(stage)
    async with stage.database.transaction() as tx:
        await profiles.write_topic(tx, profiles.Topic("coupons", titles={"en": "Offers"}))
    await bring(stage, mail("stop Offers"), f"reply+{last(desk).token}@{AT}")
    assert await opt_outs(stage) == []
    rows = await stage.sql("SELECT topic, state FROM preference WHERE profile_id = $1", person)
    assert [tuple(row) for row in rows] == [("coupons", "unwanted")]


async def test_nobody_starts_again_by_mail(stage: Stage, desk: Desk) -> None:
    """Who writes in somebody's name may be a stranger."""
    await stage.people(1, "email")
    await told(stage)
    await bring(stage, mail("STOP"), f"reply+{last(desk).token}@{AT}")
    await bring(stage, mail("START", Message_ID="<m2@example.org>"), f"reply+{last(desk).token}@{AT}")
    assert await opt_outs(stage) == STOPPED


async def test_only_people_are_answered_and_not_without_end(stage: Stage, desk: Desk, move: Any) -> None:
    """Two machines that do not look like machines write to each other."""

    def item(n: int, **said: Any) -> Inbound:
        at = stage.database.clock.now() + timedelta(seconds=n)
        return Inbound(stage.providers["email"], Channel.EMAIL, "p0@example.org", f"help@{AT}", "hi", at, **said)

    async def may(inbound: Inbound) -> bool:
        return await stage.database.repeat(lambda tx: orchestration.may_answer(tx, inbound))

    assert not await may(item(0, automatic=True))
    assert not await may(item(0, reading="opt_out"))
    assert [await may(item(n)) for n in range(7)] == [True] * 5 + [False] * 2
    await move(timedelta(days=1, seconds=10))
    assert await may(item(8))
