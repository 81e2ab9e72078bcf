"""A text over SMPP: what the SMSC answers, and what it means."""

import asyncio
from datetime import timedelta

import pytest
from rich.pretty import pretty_repr

from antiphon.channels.adapter import Unreachable
from antiphon.channels.adapters.sms import pdu, submit
from antiphon.channels.adapters.sms.pdu import Pdu
from antiphon.channels.adapters.sms.session import Unanswered
from antiphon.channels.adapters.sms.smpp import STATUSES, SmppAdapter, SmppSettings, outcome
from antiphon.kernel.records import (
    Accepted,
    DeliveryId,
    EmailBody,
    InDoubt,
    NotSent,
    Outgoing,
    ProviderId,
    Receipt,
    Refused,
    SmsBody,
)
from channels.smsc import NOON, OK, Stored, bound, listening, message, running, settings, wait_for


@pytest.mark.parametrize(
    ("status", "failure", "retry"),
    [
        (0x58, "temporary", True), (0x14, "temporary", True), (0x08, "temporary", True), (0x0B, "address", False),
        (0x01, "message", False), (0x0A, "policy", False), (0x45, "policy", False), (0x0444, "policy", False),
    ],
)  # fmt: skip
async def test_each_refusal_has_its_class(status, failure, retry):
    async with running() as smsc, bound(smsc) as adapter:
        smsc.answer = lambda _: (status, "")
        [result] = await adapter.send_many([message()])
        assert isinstance(result, Refused)
        assert result.failure == failure
        assert (result.retry_after_s is not None) == retry


def test_every_temporary_status_says_when_to_try_again():
    assert all((wait is not None) == (failure == "temporary") for failure, _, wait in STATUSES.values())


async def test_the_results_come_in_the_order_of_the_batch():
    async with running() as smsc, bound(smsc) as adapter:
        smsc.answer = lambda body: (0x0B, "") if body.short_message == b"no" else (OK, body.short_message.decode())
        batch = [message("a"), message("no"), message("c"), message("d", to="not a number")]
        results = await adapter.send_many(batch)
        assert results[0] == Accepted("a")
        assert results[1].failure == "address"
        assert results[2] == Accepted("c")
        assert results[3].code == "not_e164"


async def test_a_lost_connection_leaves_what_is_unanswered_in_doubt_and_comes_back():
    async with running() as smsc, bound(smsc) as adapter:
        smsc.answer = lambda _: None
        sending = asyncio.create_task(adapter.send_many([message("a"), message("b")]))
        await wait_for(lambda: len(smsc.taken) == 2)
        smsc.writers[-1].transport.abort()
        assert [type(result) for result in await sending] == [InDoubt, InDoubt]
        assert [type(result) for result in await adapter.send_many([message("c")])] == [NotSent]
        assert len(smsc.taken) == 2
        await wait_for(lambda: smsc.binds == 2)
        await asyncio.sleep(0.05)
        smsc.answer = lambda _: (OK, "again")
        assert await adapter.send_many([message("d")]) == [Accepted("again")]


async def test_no_answer_in_time_is_in_doubt_and_a_late_one_resolves_it():
    stored = Stored()
    async with running() as smsc, bound(smsc, answer_timeout_s=0.2) as adapter, listening(adapter, stored):
        smsc.answer = lambda _: None
        assert [type(result) for result in await adapter.send_many([message(delivery=7)])] == [InDoubt]
        smsc.write(smsc.writers[-1], smsc.taken[0], pdu.MessageResponse("late"))
        await wait_for(lambda: stored.records)
        assert stored.records == [Receipt("accepted", NOON, DeliveryId(7), ProviderId(3), "late")]


async def test_a_silent_smsc_is_left_and_bound_anew():
    async with running() as smsc, bound(smsc, enquire_link_s=0.1, answer_timeout_s=0.2):
        smsc.answers_enquiries = False
        await wait_for(lambda: smsc.binds >= 2)


async def test_nothing_leaves_after_its_deadline():
    async with running() as smsc, bound(smsc) as adapter:
        assert [type(result) for result in await adapter.send_many([message(deadline_s=-0.001)])] == [NotSent]
        smsc.answer = lambda _: None
        full = [asyncio.create_task(adapter.send_many([message(delivery=n, deadline_s=5)])) for n in range(50)]
        await wait_for(lambda: len(smsc.taken) == 50)
        [late] = await adapter.send_many([message("too late", deadline_s=0.1)])
        assert late == NotSent("no room in the window before the deadline", late=True)
        assert len(smsc.taken) == 50
        for task in full:
            task.cancel()


async def test_a_place_that_was_not_used_is_free_again():
    async with running() as smsc, bound(smsc, window=1, parts_max=1) as adapter:
        for _ in range(3):
            await adapter.send_many([message(deadline_s=-1)])
        assert await adapter.send_many([message()]) == [Accepted("m1")]


async def test_without_a_connection_nothing_is_sent():
    async with running() as smsc:
        adapter = SmppAdapter(ProviderId(3), settings(smsc), now=lambda: NOON)
        assert [type(result) for result in await adapter.send_many([message()])] == [NotSent]


@pytest.mark.parametrize("status", [0x0D, 0x0E, 0x0F])
async def test_a_refused_bind_is_unreachable_and_shows_no_password(status):
    async with running() as smsc:
        smsc.bind_status = status
        adapter = SmppAdapter(ProviderId(3), settings(smsc), now=lambda: NOON)
        with pytest.raises(Unreachable, match=f"{status:#04x}") as caught:
            await adapter.connect()
        assert "secret" not in str(caught.value)


async def test_nobody_there_is_unreachable():
    async with running() as smsc:
        pass
    adapter = SmppAdapter(ProviderId(3), settings(smsc), now=lambda: NOON)
    with pytest.raises(Unreachable, match="does not answer"):
        await adapter.connect()


async def test_a_part_refused_refuses_the_message():
    async with running() as smsc, bound(smsc) as adapter:
        smsc.answer = lambda body: (0x58, "") if body.short_message[5] == 2 else (OK, "id")
        [result] = await adapter.send_many([message("x" * 400)])
        assert (result.failure, result.code) == ("temporary", "ESME_RTHROTTLED")


async def test_a_repeat_of_a_long_message_carries_the_same_reference():
    def references(delivery):
        planned = submit.plan(message("x" * 400, delivery=delivery), now=NOON)
        return {part.short_message[3] for part in planned}

    assert len(references(1)) == 1
    assert references(1) == references(1)
    assert len({reference for n in range(0, 64 * 256, 256) for reference in references(n)}) > 30


@pytest.mark.parametrize(
    ("outgoing", "code"),
    [
        (message(to=""), "not_e164"), (message(to="+0123456789"), "not_e164"), (message(to="+1" * 9), "not_e164"),
        (message("x" * 1531), "too_long"), (message(expires_at=NOON), "expired"),
        (Outgoing(DeliveryId(1), "t", "+447911123456", SmsBody("x", sender="Ü"), 0), "bad_sender"),
        (Outgoing(DeliveryId(1), "t", "+447911123456", EmailBody("a", "b", "c", "d", "e"), 0), "wrong_body"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_in_smpp_is_refused_with_its_reason(outgoing, code):
    assert submit.plan(outgoing, now=NOON).code == code


@pytest.mark.parametrize(
    ("sender", "expected"),
    [("Shop", (5, 0, "Shop")), ("+447700900123", (1, 1, "447700900123")), ("12345", (3, 0, "12345")), ("", (0, 0, ""))],
)
def test_kinds_of_senders(sender, expected):
    outgoing = Outgoing(DeliveryId(1), "t", "+447911123456", SmsBody("x"), 0)
    [part] = submit.plan(outgoing, now=NOON, sender=sender)
    assert (part.source_addr_ton, part.source_addr_npi, part.source_addr) == expected


def test_the_validity_ends_with_the_message():
    [part] = submit.plan(message(expires_at=NOON + timedelta(days=1, hours=2, minutes=3, seconds=4)), now=NOON)
    assert part.validity_period == "000001020304000R"


@pytest.mark.parametrize(
    "changes", [{"parts_max": 0}, {"window": 3}, {"password": "nine-chars"}, {"gsm_data_coding": 256}]
)
def test_settings_that_cannot_work_are_refused(changes):
    with pytest.raises(ValueError, match=r"parts_max|window|octets|gsm_data_coding"):
        SmppSettings(**{"host": "h", "port": 1, "system_id": "me", "password": "x", **changes})


def test_settings_keep_their_password_to_themselves():
    held = SmppSettings(host="h", port=1, system_id="me", password="secret")
    for shown in (held, held.bind()):
        assert "secret" not in repr(shown) + pretty_repr(shown)


def test_a_refusal_outweighs_a_doubt():
    refused = Pdu(command=pdu.SUBMIT_SM | pdu.RESPONSE, sequence=1, status=0x0B)
    assert isinstance(outcome([Unanswered("lost"), refused]), Refused)
