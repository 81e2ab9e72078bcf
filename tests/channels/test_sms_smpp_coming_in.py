"""What an SMSC sends to us: receipts, texts and their parts, answered once they are stored."""

import asyncio

from antiphon.channels.adapters.sms import pdu
from antiphon.kernel.records import (
    Accepted,
)
from channels.smsc import OK, Stored, bound, listening, message, running, wait_for


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
