"""What comes back of a mail, brought to a mail exchanger by others."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage

import httpx
import pytest
import pytest_asyncio

from antiphon_world.returned import FORMS, Original, bounce
from world.exchanger import Exchanger, exchanging
from world.stage import Play, Stage, until
from world.test_mail import message, send

NOBODY = {"open": 0, "click": 0, "unsubscribe": 0, "complain": 0}
LATER = "2026-03-03T12:00:00.000Z"
ENVELOPE = "bounce+tok-1@bounce.shop.example"


@pytest_asyncio.fixture
async def exchange() -> AsyncIterator[tuple[Exchanger, int]]:
    async with exchanging() as found:
        yield found


def letter(to: str = "ana.000001@mail.example") -> EmailMessage:
    mail = message(to=to)
    mail["Reply-To"] = "reply+tok-1@shop.example"
    mail["X-Antiphon-Delivery"] = "tok-1"
    return mail


async def told(stage: Stage, mail: EmailMessage) -> None:
    await send(stage, mail, from_addr=ENVELOPE)
    await stage.advance(LATER)


async def test_a_dead_mailbox_is_told_of_to_the_sender_in_the_envelope(
    play: Play, exchange: tuple[Exchanger, int]
) -> None:
    exchanger, port = exchange
    async with play(habits={**NOBODY, "dead": 1, "open": 1}, mx=("127.0.0.1", port)) as stage:
        await told(stage, letter())
        assert stage.log("bounce_sent")[0]["code"] == 250
        assert not stage.log("opened"), "nobody reads what nobody has"
    [(sender, recipients, _)] = exchanger.mails
    assert (sender, recipients) == ("<>", [ENVELOPE])
    assert "ana.000001@mail.example" in exchanger.raw


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_who_was_not_reached_and_why(form: str) -> None:
    original = Original(ENVELOPE, "hello@shop.example", "Hi", "<tok-1@shop.example>", "X-Antiphon-Delivery: tok-1", "")
    found = {}
    for n in range(50):
        address = f"p.{n:06d}@mail.example"
        text = bounce(1, original, address, "full", at=0).data.decode()
        of = "report" if "multipart/report" in text else "exim" if "X-Failed-Recipients" in text else "qmail"
        assert address in text
        assert "552" in text
        assert "tok-1" in text
        found[of] = text
    assert form in found


async def test_who_complains_is_told_of_in_the_standard_form(play: Play, exchange: tuple[Exchanger, int]) -> None:
    exchanger, port = exchange
    async with play(habits={**NOBODY, "complain": 1}, mx=("127.0.0.1", port)) as stage:
        await told(stage, letter())
        assert {"complained", "complaint_sent"} <= {line["kind"] for line in stage.log()}
    [(_, _, report)] = exchanger.mails
    assert report.get_content_type() == "multipart/report"
    assert [part.get_content_type() for part in report.walk()][2] == "message/feedback-report"
    assert "X-Antiphon-Delivery: tok-1" in exchanger.raw


async def test_a_person_answers_above_what_they_answer(play: Play, exchange: tuple[Exchanger, int]) -> None:
    exchanger, port = exchange
    async with play(habits={**NOBODY, "people": {"1": {"replies": True}}}, mx=("127.0.0.1", port)) as stage:
        await told(stage, letter())
        [line] = stage.log("mail_sent")
    [(sender, recipients, mail)] = exchanger.mails
    assert (sender, recipients) == ("ana.000001@mail.example", ["reply+tok-1@shop.example"])
    assert mail["In-Reply-To"] == "<token-1@shop.example>"
    first, *_, quoted = [each for each in mail.get_content().splitlines() if each]
    assert first == line["text"]
    assert quoted.startswith("> ")


async def test_who_is_away_answers_as_a_program(play: Play, exchange: tuple[Exchanger, int]) -> None:
    exchanger, port = exchange
    async with play(habits={**NOBODY, "away": 1}, mx=("127.0.0.1", port)) as stage:
        await told(stage, letter())
    [(sender, recipients, mail)] = exchanger.mails
    assert (sender, recipients, mail["Auto-Submitted"]) == ("<>", [ENVELOPE], "auto-replied")


async def test_what_is_not_taken_is_brought_again(play: Play, exchange: tuple[Exchanger, int]) -> None:
    exchanger, port = exchange
    exchanger.says = "451 4.3.0 Later"
    async with play(habits={**NOBODY, "away": 1}, mx=("127.0.0.1", port)) as stage:
        await send(stage, letter(), from_addr=ENVELOPE)
        stage.target.product = LATER
        await until(lambda: exchanger.refused)
        exchanger.says = "250 2.0.0 Taken"
        await stage.settled()
    assert len(exchanger.mails) == 1


async def test_without_an_exchanger_nothing_comes_back(play: Play) -> None:
    async with play(habits={"dead": 1}) as stage:
        await told(stage, letter())
        assert not stage.log("bounce_sent", "lost", "error")


async def test_on_request_a_mail_is_answered(play: Play, exchange: tuple[Exchanger, int]) -> None:
    exchanger, port = exchange
    async with play(habits=NOBODY, mx=("127.0.0.1", port)) as stage:
        await send(stage, letter(), from_addr=ENVELOPE)
        async with httpx.AsyncClient() as client:
            act = {"person": 1, "do": "stop", "channel": "email", "text": "Unsubscribe"}
            assert (await client.post(f"{stage.http}/world/act", json=act)).status_code == 200
    [(_, _, mail)] = exchanger.mails
    assert mail.get_content().startswith("Unsubscribe")


async def test_greylisting_lets_in_who_comes_again_after_a_while(play: Play) -> None:
    async with play(faults=[{"at": "smtp:0", "kind": "greylist", "delay_s": 300}], habits=NOBODY) as stage:
        for product, taken in (("12:00", False), ("12:04", False), ("12:05", True), ("12:06", True)):
            await stage.advance(f"2026-03-01T{product}:00.000Z")
            if taken:
                await send(stage, letter())
            else:
                with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                    await send(stage, letter())
                [(code, text)] = refused.value.recipients.values()
                assert (code, text[:5]) == (450, b"4.7.1")


async def test_each_receiving_system_has_a_pace_of_its_own(play: Play) -> None:
    fault = {"at": "smtp", "kind": "throttle", "domains": ["*"], "per_s": 1, "code": 421}
    async with play(faults=[fault], habits=NOBODY) as stage:
        codes = []
        for n, host in enumerate(("a.example", "a.example", "b.example")):
            await asyncio.sleep(0)
            try:
                await send(stage, letter(f"p.{n:06d}@{host}"))
                codes.append(250)
            except smtplib.SMTPException as error:
                codes.append(getattr(error, "smtp_code", 0))
        assert codes in ([250, 421, 250], [250, 250, 250]), "the second may have fallen into the next second"
        assert stage.log("refused") or codes == [250, 250, 250]


@pytest.mark.parametrize("at", ["smtp:0", "*"])
async def test_what_is_swallowed_is_acknowledged_and_reaches_nobody(play: Play, at: str) -> None:
    async with play(faults=[{"at": at, "kind": "swallow"}], habits=NOBODY) as stage:
        await send(stage, letter())
        assert [line["delivery"] for line in stage.log("swallowed")] == ["tok-1"]
        assert not stage.log("mail_received")
