"""Messages taken back from an SMSC: one on a script over a real socket, and one by others that knows no cancel_sm."""

import asyncio
import struct

import pytest

from antiphon.channels.adapter import Recalled, Sent
from antiphon.channels.adapters.sms import cancel, pdu
from antiphon.channels.adapters.sms.pdu import Pdu
from antiphon.kernel.records import Accepted, DeliveryId
from channels import test_sms_peer as real
from channels.smsc import OK, Smsc, bound, message, running

RALREADY_FINAL, RINVMSGID, RINVCMDID = 0x11, 0x0C, 0x03


def sent(message_id):
    return Sent(DeliveryId(1), "t1", "+447911123456", message_id)


def fields(octets):
    """As SMPP 3.4 section 4.9.1 lays them out."""
    service, _, rest = octets.partition(b"\0")
    message_id, _, rest = rest.partition(b"\0")
    ton, npi = rest[0], rest[1]
    source, _, rest = rest[2:].partition(b"\0")
    return service, message_id, (ton, npi), source, rest


async def answered(smsc: Smsc, *, status: int, command: int = cancel.CANCEL_SM | pdu.RESPONSE) -> bytes:
    request = await smsc.response()
    answer = Pdu(command=command, sequence=request.sequence, status=status)
    smsc.raw(pdu.encode(answer))
    assert request.command == 0x00000008
    return request.body


@pytest.mark.parametrize(
    ("status", "command", "said"),
    [
        (OK, cancel.CANCEL_SM | pdu.RESPONSE, Recalled.DONE),
        (RALREADY_FINAL, cancel.CANCEL_SM | pdu.RESPONSE, Recalled.TOO_LATE),
        (RINVMSGID, cancel.CANCEL_SM | pdu.RESPONSE, Recalled.TOO_LATE),
        (RINVCMDID, cancel.CANCEL_SM | pdu.RESPONSE, Recalled.CANNOT),
        (RINVCMDID, pdu.GENERIC_NACK, Recalled.CANNOT),
        (OK, pdu.GENERIC_NACK, Recalled.TOO_LATE),
    ],
)
async def test_what_an_smsc_says_to_a_recall(status, command, said):
    async with running() as smsc, bound(smsc) as adapter:
        assert await adapter.send_many([message()]) == [Accepted("m1")]
        asked = asyncio.create_task(adapter.recall([sent("m1")]))
        octets = await answered(smsc, status=status, command=command)
        assert await asked == [said]
        service, message_id, _, _, rest = fields(octets)
        assert (service, message_id) == (b"", b"m1")
        assert rest == b"\0\0\0"  # the destination is left open


async def test_the_source_is_the_one_that_the_message_had():
    async with running() as smsc, bound(smsc, sender="447900000001") as adapter:
        asked = asyncio.create_task(adapter.recall([sent("m1")]))
        _, _, kind, source, _ = fields(await answered(smsc, status=OK))
        assert (kind, source) == ((1, 1), b"447900000001")
        await asked
        await adapter.send_many([message()])  # from "Shop"
        submitted = smsc.taken[-1].body
        asked = asyncio.create_task(adapter.recall([sent("m1")]))
        _, _, kind, source, _ = fields(await answered(smsc, status=OK))
        assert (*kind, source.decode()) == (
            submitted.source_addr_ton, submitted.source_addr_npi, submitted.source_addr
        )  # fmt: skip
        await asked


async def test_what_no_smsc_can_be_asked_for():
    async with running() as smsc, bound(smsc) as adapter:
        assert await adapter.recall([sent(None), sent("")]) == [Recalled.CANNOT] * 2
    async with running() as smsc, bound(smsc, submit_ids="hex") as adapter:
        assert await adapter.recall([sent("4711")]) == [Recalled.CANNOT]


async def test_a_connection_lost_meanwhile_promises_nothing():
    async with running() as smsc, bound(smsc) as adapter:
        asked = asyncio.create_task(adapter.recall([sent("m1")]))
        await smsc.response()
        smsc.writers[-1].close()
        assert await asked == [Recalled.TOO_LATE]


async def test_an_smsc_by_others_that_knows_no_cancel_goes_on_with_the_session():
    async with real.smsc() as peer, real.bound(peer) as (adapter, _):
        assert await adapter.send_many([real.message("Hello")]) == [Accepted("m1")]
        (said,) = await adapter.recall([sent("m1")])
        assert said in (Recalled.CANNOT, Recalled.TOO_LATE)
        assert await adapter.send_many([real.message("Still there", delivery=2)])


def test_a_message_id_that_does_not_fit_is_no_request():
    with pytest.raises(ValueError, match="64 octets"):
        cancel.body("x" * 65, sender="")
    assert struct.unpack(">BB", cancel.body("m", sender="Shop")[3:5]) == (5, 0)
