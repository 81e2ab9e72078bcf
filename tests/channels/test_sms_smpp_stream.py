"""A stream of SMPP that is broken, unbound or too narrow."""

import asyncio

import pytest
import uvloop

from antiphon.channels.adapters.sms import pdu
from antiphon.channels.adapters.sms.pdu import Pdu
from antiphon.kernel.records import (
    Accepted,
)
from channels.smsc import OK, Stored, bound, listening, message, running, wait_for


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
