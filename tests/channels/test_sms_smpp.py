"""The SMPP adapter when things go wrong: an SMSC on a script, over a real socket."""

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import uvloop
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

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OK = pdu.ROK


class Smsc:
    """Accepts every bind and answers submit_sm by `answer(message) -> (status, id) | None`; None is silence."""

    def __init__(self):
        self.answer = lambda message: (OK, f"m{len(self.taken)}")
        self.bind_status = OK
        self.answers_enquiries = True
        self.taken = []
        self.received = asyncio.Queue()
        self.writers = []
        self.binds = 0

    async def serve(self, reader, writer):
        self.writers.append(writer)
        buffer = bytearray()
        while data := await reader.read(65536):
            buffer += data
            for frame in pdu.frames(buffer):
                self.take(pdu.decode(frame), writer)
        writer.close()

    def take(self, request, writer):
        if request.command == pdu.BIND_TRANSCEIVER:
            self.binds += 1
            self.write(writer, request, pdu.BindResponse("smsc"), status=self.bind_status)
        elif request.command == pdu.SUBMIT_SM:
            self.taken.append(request)
            if answer := self.answer(request.body):
                self.write(writer, request, pdu.MessageResponse(answer[1]), status=answer[0])
        elif request.command == pdu.UNBIND or (request.command == pdu.ENQUIRE_LINK and self.answers_enquiries):
            self.write(writer, request, None)
        elif request.command != pdu.ENQUIRE_LINK:
            self.received.put_nowait(request)

    def write(self, writer, request, body, *, status=OK):
        response = Pdu(command=request.command | pdu.RESPONSE, sequence=request.sequence, status=status, body=body)
        writer.write(pdu.encode(response))

    def deliver(self, text, *, sequence=1, **fields):
        message = pdu.Message("447911123456", "12345", text, source_addr_ton=1, **fields)
        self.raw(pdu.encode(Pdu(command=pdu.DELIVER_SM, sequence=sequence, body=message)))

    def raw(self, octets):
        self.writers[-1].write(octets)

    async def response(self):
        return await asyncio.wait_for(self.received.get(), 5)


@asynccontextmanager
async def running(port=0):
    smsc = Smsc()
    server = await asyncio.start_server(smsc.serve, "127.0.0.1", port)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        for writer in smsc.writers:
            writer.close()


def settings(smsc, **changes):
    return SmppSettings(host="127.0.0.1", port=smsc.port, system_id="me", password="secret", **changes)


@asynccontextmanager
async def bound(smsc, **changes):
    adapter = SmppAdapter(ProviderId(3), settings(smsc, **changes), now=lambda: NOON)
    await adapter.connect()
    try:
        yield adapter
    finally:
        await adapter.close()


@asynccontextmanager
async def listening(adapter, sink):
    task = asyncio.create_task(adapter.listen(sink))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()


class Stored:
    """A sink that keeps, and fails as often as it is told to."""

    def __init__(self, failures=0):
        self.records = []
        self.failures = failures

    async def __call__(self, records):
        if self.failures:
            self.failures -= 1
            raise RuntimeError("no database")
        self.records += records


def message(text="Hello", *, delivery=1, to="+447911123456", deadline_s=5.0, **fields):
    body = SmsBody(text, sender="Shop")
    return Outgoing(DeliveryId(delivery), f"t{delivery}", to, body, time.time() + deadline_s, **fields)


async def wait_for(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - anything may make it true
            await asyncio.sleep(0.01)


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
        assert late == NotSent("no room in the window before the deadline")
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


async def test_a_receipt_is_answered_only_once_it_is_stored():
    stored = Stored(failures=1)
    async with running() as smsc, bound(smsc) as adapter:
        smsc.deliver(b"id:9 stat:DELIVRD err:000", esm_class=4, sequence=1)
        assert (await smsc.response()).status == pdu.RX_T_APPN  # nobody listens yet
        async with listening(adapter, stored):
            smsc.deliver(b"id:9 stat:DELIVRD err:000", esm_class=4, sequence=2)
            assert (await smsc.response()).status == pdu.RX_T_APPN  # the database is away
            assert stored.records == []
            smsc.deliver(b"id:9 stat:DELIVRD err:000", esm_class=4, sequence=3)
            answer = await smsc.response()
            assert (answer.status, answer.sequence) == (OK, 3)
            assert [(r.kind, r.provider_message_id) for r in stored.records] == [("delivered", "9")]


async def test_a_receipt_before_the_answer_to_its_submit_is_not_lost():
    stored = Stored()
    async with running() as smsc, bound(smsc) as adapter, listening(adapter, stored):
        smsc.answer = lambda _: None
        sending = asyncio.create_task(adapter.send_many([message()]))
        await wait_for(lambda: smsc.taken)
        smsc.deliver(b"id:early stat:DELIVRD err:000", esm_class=4)
        await wait_for(lambda: stored.records)
        smsc.write(smsc.writers[-1], smsc.taken[0], pdu.MessageResponse("early"))
        assert await sending == [Accepted("early")]
        assert stored.records[0].provider_message_id == "early"


async def test_one_record_that_cannot_be_stored_does_not_hold_up_the_others():
    kept = []

    async def sink(records):
        if any(record.text == "poison" for record in records):
            raise ValueError
        kept.extend(record.text for record in records)

    async with running() as smsc, bound(smsc) as adapter, listening(adapter, sink):
        for sequence, text in enumerate([b"one", b"poison", b"three"], 1):
            smsc.deliver(text, sequence=sequence)
        answers = [await smsc.response() for _ in range(3)]
        statuses = {answer.sequence: answer.status for answer in answers}
        assert statuses == {1: OK, 2: pdu.RX_T_APPN, 3: OK}
        assert kept == ["one", "three"]


def part_of(number, text):
    return bytes((5, 0, 3, 9, 2, number)) + text


async def test_parts_are_answered_when_the_whole_message_is_stored():
    stored = Stored()
    async with running() as smsc, bound(smsc) as adapter, listening(adapter, stored):
        smsc.deliver(part_of(2, b"world"), sequence=1, esm_class=0x40)
        await asyncio.sleep(0.1)
        assert smsc.received.empty()
        smsc.deliver(part_of(1, b"hello "), sequence=2, esm_class=0x40)
        assert {(await smsc.response()).sequence for _ in range(2)} == {1, 2}
        assert [record.text for record in stored.records] == ["hello world"]


async def test_a_part_left_alone_is_stored_alone():
    stored = Stored()
    async with running() as smsc, bound(smsc, parts_wait_s=0.1) as adapter, listening(adapter, stored):
        smsc.deliver(part_of(1, b"hello "), esm_class=0x40)
        assert (await smsc.response()).status == OK
        assert [record.text for record in stored.records] == ["hello "]


async def test_for_an_smsc_that_waits_for_each_answer_parts_can_be_answered_at_once():
    stored = Stored()
    async with running() as smsc, bound(smsc, ack_each_part=True) as adapter, listening(adapter, stored):
        for number, text in ((1, b"hello "), (2, b"world")):
            smsc.deliver(part_of(number, text), sequence=number, esm_class=0x40)
            assert (await smsc.response()).sequence == number
        await wait_for(lambda: stored.records)
        assert [record.text for record in stored.records] == ["hello world"]


async def test_what_is_no_text_and_what_is_no_receipt_is_answered_and_dropped():
    stored = Stored()
    async with running() as smsc, bound(smsc) as adapter, listening(adapter, stored):
        smsc.deliver(b"\x01\x02", data_coding=4)
        assert (await smsc.response()).status == OK
        smsc.deliver(b"nothing to read", esm_class=4)
        assert (await smsc.response()).status == OK
        assert stored.records == []


async def test_ids_in_two_forms_become_one():
    stored = Stored()
    forms = {"submit_ids": "hex", "receipt_ids": "decimal"}
    async with running() as smsc, bound(smsc, **forms) as adapter, listening(adapter, stored):
        smsc.answer = lambda _: (OK, "00ABCDEF")
        [result] = await adapter.send_many([message()])
        smsc.deliver(b"id:0011259375 stat:DELIVRD err:000", esm_class=4)
        await wait_for(lambda: stored.records)
        assert stored.records[0].provider_message_id == result.provider_message_id == "11259375"


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        ("00000011000000150000000000000007ff", pdu.RINVCMDLEN),  # enquire_link with a body
        ("00000010000001030000000000000007", pdu.RINVCMDID),  # data_sm, which we do not speak
        ("00000014000000050000000000000007aaaaaaaa", pdu.RINVMSGLEN),  # deliver_sm without an end
    ],
)
async def test_a_malformed_pdu_is_refused_and_the_connection_goes_on(octets, status):
    async with running() as smsc, bound(smsc) as adapter:
        smsc.raw(bytes.fromhex(octets))
        refused = await smsc.response()
        assert (refused.status, refused.sequence) == (status, 7)
        assert await adapter.send_many([message()]) == [Accepted("m1")]


async def test_a_stream_that_cannot_be_followed_is_left_and_bound_anew():
    async with running() as smsc, bound(smsc):
        smsc.raw(bytes.fromhex("0000000f000000060000000000000000"))
        refused = await smsc.response()
        assert (refused.command, refused.status) == (pdu.GENERIC_NACK, pdu.RINVCMDLEN)
        await wait_for(lambda: smsc.binds == 2)


async def test_an_smsc_that_unbinds_is_bound_anew():
    async with running() as smsc, bound(smsc):
        smsc.raw(pdu.encode(Pdu(command=pdu.UNBIND, sequence=4)))
        assert (await smsc.response()).command == pdu.UNBIND | pdu.RESPONSE
        await wait_for(lambda: smsc.binds == 2)


async def test_a_long_message_never_leaves_without_room_for_all_of_it():
    async with running() as smsc, bound(smsc, window=4, parts_max=4) as adapter:
        smsc.answer = lambda _: None
        waiting = [asyncio.create_task(adapter.send_many([message("x" * 400, delivery=n)])) for n in range(2)]
        await wait_for(lambda: len(smsc.taken) == 3)
        await asyncio.sleep(0.05)
        assert len(smsc.taken) == 3
        for request in smsc.taken[:3]:
            smsc.write(smsc.writers[-1], request, pdu.MessageResponse("x"))
        await wait_for(lambda: len(smsc.taken) == 6)
        for task in waiting:
            task.cancel()


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


def test_the_same_on_uvloop():
    async def flow():
        stored = Stored()
        async with running() as smsc, bound(smsc) as adapter, listening(adapter, stored):
            assert await adapter.send_many([message("x" * 400), message()]) == [Accepted("m3"), Accepted("m4")]
            smsc.deliver(b"id:m4 stat:DELIVRD err:000", esm_class=4)
            assert (await smsc.response()).status == OK
            smsc.writers[-1].transport.abort()
            await wait_for(lambda: smsc.binds == 2)

    uvloop.run(flow())
