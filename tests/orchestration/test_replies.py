"""STOP, START and HELP are answered: once, where they were written, at once or never."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from antiphon import channels, content, profiles
from antiphon.kernel import settings
from antiphon.kernel.records import Channel, Identifier, Inbound, ProviderId, Purpose
from antiphon.orchestration.replies import MESSAGE, STOPS_A_DAY, choices_of, chosen_of
from orchestration.stage import Desk, Stage

PHONE = "+447900000000"  # of the stage's first person
STRANGER = "+33612345678"


@pytest_asyncio.fixture
async def desk(stage: Stage) -> Desk:
    made = await stage.account("sms")
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"brand_name": "Larkspur", "help_contact": "help@larkspur.example"})
    return made


async def write(stage: Stage, text: str, *, sender: str = PHONE, channel: Channel = Channel.SMS) -> None:
    item = Inbound(ProviderId(stage.providers["sms"]), channel, sender, "12345", text, stage.database.clock.now())
    await stage.database.repeat(lambda tx: channels.take_inbound(tx, [item]))


async def topic(stage: Stage, name: str, **options: Any) -> None:
    async with stage.database.transaction() as tx:
        await profiles.write_topic(tx, profiles.Topic(name, **options))


async def answered(stage: Stage, desk: Desk, n: int) -> list[tuple[str, str]]:
    """(to, text) of all that left, when there are n, and no more a moment later."""

    async def enough() -> bool:
        return len(desk.left) >= n

    async def left() -> list[str]:
        return [outgoing.body.text for _, outgoing in desk.left]

    await stage.eventually(enough, what=left)
    await asyncio.sleep(0.3)
    assert len(desk.left) == n, await left()
    return [(outgoing.to, outgoing.body.text) for _, outgoing in desk.left]


async def opted_out(stage: Stage, address: str = PHONE) -> list[str]:
    return [row["scope"] for row in await stage.sql("SELECT scope FROM opt_out WHERE value = $1", address)]


async def test_stop_is_confirmed_once_though_everything_to_the_address_is_stopped(
    stage: Stage, desk: Desk, worker: None
) -> None:
    await stage.people(1, "phone")
    for _ in range(3):
        await write(stage, "STOP")
    ((to, text),) = await answered(stage, desk, 1)
    assert to == PHONE
    assert text == "Larkspur: you are unsubscribed from all our texts. Reply START to come back."
    assert await opted_out(stage) == ["everything"]
    (row,) = await stage.sql("SELECT method, source, state FROM consent")
    assert tuple(row) == ("stop_keyword", "sms to 12345", "unwanted")


async def test_nothing_else_reaches_who_said_stop(stage: Stage, desk: Desk, worker: None) -> None:
    await stage.people(1, "phone")
    await write(stage, "please take me off your list")
    await answered(stage, desk, 1)
    number = await stage.send(
        await stage.message("sms", topic="orders"), Identifier("phone", PHONE), purpose=Purpose.TRANSACTIONAL
    )
    view = await stage.until_state(number, "dropped")
    assert view.reason in ("opted_out", "unwanted")
    await answered(stage, desk, 1)


async def test_a_stranger_who_writes_stop_is_stopped_and_answered(stage: Stage, desk: Desk, worker: None) -> None:
    await write(stage, "ARRET", sender=STRANGER)
    ((to, text),) = await answered(stage, desk, 1)
    assert to == STRANGER
    assert text.startswith("Larkspur : vous ne recevrez plus")
    assert await opted_out(stage, STRANGER) == ["everything"]


async def test_who_speaks_another_language_is_answered_in_it(stage: Stage, desk: Desk, worker: None) -> None:
    await stage.people(1, "phone", traits={"language": "es-MX"})
    await write(stage, "Stop!")
    ((_, text),) = await answered(stage, desk, 1)
    assert text.startswith("Larkspur: se ha dado de baja")


async def test_start_brings_them_back_and_a_later_stop_is_confirmed_again(
    stage: Stage, desk: Desk, worker: None, move
) -> None:
    await stage.people(1, "phone")
    for n, text in enumerate(("STOP", "START", "STOP"), 1):
        await write(stage, text)
        await answered(stage, desk, n)
        await move(timedelta(minutes=1))
    texts = [text for _, text in await answered(stage, desk, 3)]
    assert "our texts again" in texts[1]
    assert texts[0] == texts[2]
    assert await opted_out(stage) == ["everything"]


async def test_yes_to_a_question_is_no_start(stage: Stage, desk: Desk, worker: None) -> None:
    await stage.people(1, "phone")
    await write(stage, "yes")
    await answered(stage, desk, 0)
    assert await stage.sql("SELECT FROM consent") == []


async def test_help_is_answered_once_a_day_however_often_it_is_asked(
    stage: Stage, desk: Desk, worker: None, move
) -> None:
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"frequency_cap": {"count": 4, "within_s": 604_800}})
    await stage.people(1, "phone")
    for _ in range(5):
        await write(stage, "HELP")
        await answered(stage, desk, 1)
        await move(timedelta(hours=1))
    ((_, text),) = await answered(stage, desk, 1)
    assert text == (
        "Larkspur: for help help@larkspur.example. At most 4 messages in 7 days. Message and data rates may apply. "
        "Reply STOP to end our texts."
    )
    await move(timedelta(days=1))
    await write(stage, "HELP")
    await answered(stage, desk, 2)


async def test_who_stopped_is_still_helped(stage: Stage, desk: Desk, worker: None) -> None:
    await stage.people(1, "phone")
    await write(stage, "STOP")
    await write(stage, "AYUDA")
    texts = [text for _, text in await answered(stage, desk, 2)]
    assert any("para ayuda" in text for text in texts)


async def test_two_machines_that_answer_each_other_come_to_an_end(stage: Stage, desk: Desk, move) -> None:
    await stage.people(1, "phone")
    for _ in range(30):
        await write(stage, "STOP")
        await write(stage, "START")
        await move(timedelta(seconds=10))
    assert len(await stage.sql("SELECT FROM notification")) == STOPS_A_DAY + 1


@pytest.mark.parametrize("answer", ["1", "offers", "OFFERS!", "Ofertas"])
async def test_the_answer_to_which_kind_stops_that_alone(stage: Stage, desk: Desk, worker: None, answer: str) -> None:
    await topic(stage, "coupons", titles={"en": "Offers", "es": "Ofertas"})
    await topic(stage, "news", titles={"en": "News"})
    await topic(stage, "codes", critical=True)
    await topic(stage, "secret", shown=False)
    (person,) = await stage.people(1, "phone")
    await write(stage, "STOP")
    await answered(stage, desk, 1)
    await write(stage, answer)
    texts = [text for _, text in await answered(stage, desk, 2)]
    assert texts[0].endswith("To stop only one kind, reply within 24 hours: 1 = Offers, 2 = News.")
    assert "no more texts about Offers" in texts[1]
    assert await opted_out(stage) == []
    async with stage.database.transaction() as tx:
        standing = (await profiles.preferences(tx, [person]))[person]
        cells = {
            name: profiles.effective(standing, profiles.Topic(name), "sms", now=tx.now).allowed
            for name in ("coupons", "news")
        }
    assert cells == {"coupons": False, "news": True}


@pytest.mark.parametrize(("later", "answer"), [(25, "1"), (1, "3"), (1, "what is it about?"), (1, "0"), (1, "")])
async def test_a_late_or_strange_answer_narrows_nothing(
    stage: Stage, desk: Desk, worker: None, move, later: int, answer: str
) -> None:
    await topic(stage, "coupons")
    await stage.people(1, "phone")
    await write(stage, "STOP")
    await move(timedelta(hours=later))
    await write(stage, answer)
    await asyncio.sleep(0.2)
    assert await opted_out(stage) == ["everything"]


async def test_a_number_from_somebody_who_was_asked_nothing_is_talk(stage: Stage, desk: Desk, worker: None) -> None:
    await topic(stage, "coupons")
    await stage.people(1, "phone")
    await write(stage, "1")
    await answered(stage, desk, 0)


async def test_stop_and_a_topic_stops_that_alone_and_start_and_the_topic_brings_it_back(
    stage: Stage, desk: Desk, worker: None
) -> None:
    await topic(stage, "coupons", titles={"en": "Offers"})
    (person,) = await stage.people(1, "phone")

    async def allowed(name: str) -> bool:
        async with stage.database.transaction() as tx:
            standing = (await profiles.preferences(tx, [person]))[person]
            return profiles.effective(standing, profiles.Topic(name), "sms", now=tx.now).allowed

    await write(stage, "stop offers")
    assert await opted_out(stage) == []
    assert not await allowed("coupons")
    assert await allowed("news")
    await answered(stage, desk, 1)
    await write(stage, "START coupons")
    assert await allowed("coupons")
    texts = [text for _, text in await answered(stage, desk, 2)]
    assert "no more texts about Offers" in texts[0]
    assert "texts about Offers again" in texts[1]


async def test_who_stopped_all_and_starts_one_topic_gets_that_alone(stage: Stage, desk: Desk, worker: None) -> None:
    await topic(stage, "coupons")
    (person,) = await stage.people(1, "phone")
    await write(stage, "STOP")
    await write(stage, "START coupons")
    assert await opted_out(stage) == []
    async with stage.database.transaction() as tx:
        standing = (await profiles.preferences(tx, [person]))[person]
        said = {n: profiles.effective(standing, profiles.Topic(n), "sms", now=tx.now).allowed for n in ("coupons", "x")}
    assert said == {"coupons": True, "x": False}


async def test_an_answer_that_could_not_leave_in_five_minutes_never_does(
    stage: Stage, desk: Desk, worker: None, move
) -> None:
    await stage.people(1, "phone")
    desk.down = True
    await write(stage, "STOP")
    await asyncio.sleep(0.5)
    await move(timedelta(minutes=6))
    desk.down = False

    async def over() -> bool:
        return [row["state"] for row in await stage.sql("SELECT state FROM notification")] == ["dropped"]

    await stage.eventually(over, what=lambda: stage.sql("SELECT * FROM notification"))
    await answered(stage, desk, 0)


async def test_two_at_once_are_answered_once(stage: Stage, desk: Desk, worker: None) -> None:
    await stage.people(1, "phone")
    await asyncio.gather(*(write(stage, text) for text in ("STOP", "stop", "Unsubscribe", "HELP", "help", "info")))
    texts = sorted(text for _, text in await answered(stage, desk, 2))
    assert "for help" in texts[0]
    assert "unsubscribed" in texts[1]


async def test_words_of_the_operators_own_count(stage: Stage, desk: Desk, worker: None) -> None:
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"keywords": {"opt_out": ["NOMORE"], "help": ["SOS"]}})
    await stage.people(1, "phone")
    await write(stage, "nomore")
    await answered(stage, desk, 1)
    assert await opted_out(stage) == ["everything"]


@pytest.mark.parametrize("sender", ["12345", "Larkspur", "", "+1", "447900000000000000000000"])
async def test_who_has_no_telephone_number_is_not_answered(stage: Stage, desk: Desk, worker: None, sender: str) -> None:
    await write(stage, "HELP", sender=sender)
    await answered(stage, desk, 0)


async def test_mail_is_not_answered_by_text(stage: Stage, desk: Desk, worker: None) -> None:
    await write(stage, "unsubscribe", sender="p0@example.org", channel=Channel.EMAIL)
    assert await opted_out(stage, "p0@example.org") == ["marketing"]
    await answered(stage, desk, 0)


async def test_what_was_answered_is_in_the_ledger_with_its_words(stage: Stage, desk: Desk, worker: None) -> None:
    (person,) = await stage.people(1, "phone")
    await write(stage, "STOP")
    await answered(stage, desk, 1)
    async with stage.database.transaction() as tx:
        assert (await content.find(tx, MESSAGE)).version == 1
    (row,) = await stage.sql(
        "SELECT n.variables, s.kind, s.purpose FROM notification n JOIN source s ON s.id = n.source_id"
        " WHERE n.profile_id = $1", person,
    )  # fmt: skip
    assert row["variables"]["text"].startswith("Larkspur")
    assert (row["kind"], row["purpose"]) == ("system", "system")


def test_what_can_be_chosen():
    topics = [profiles.Topic("a"), profiles.Topic("b", shown=False), profiles.Topic("c", state="unwanted")]
    assert choices_of(["x", "b", "a", "x"], topics) == ["x", "a"]
    assert chosen_of("2.", ["x", "a"], topics) == "a"
    assert chosen_of("2" * 200, ["x", "a"], topics) is None
