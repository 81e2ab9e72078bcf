"""The SMPP adapter against an SMSC by others."""

import asyncio
import json
import socket
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from antiphon.channels.adapters.sms.smpp import SmppAdapter, SmppSettings
from antiphon.kernel import gsm7
from antiphon.kernel.records import Accepted, Channel, DeliveryId, Inbound, Outgoing, ProviderId, Receipt, SmsBody

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PEER = Path(__file__).with_name("sms_smpp34_peer.py")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    def __init__(self, process, port):
        self.process = process
        self.port = port

    async def line(self):
        return json.loads(await asyncio.wait_for(self.process.stdout.readline(), 10))

    def order(self, **fields):
        self.process.stdin.write(json.dumps(fields).encode() + b"\n")


@asynccontextmanager
async def smsc():
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PEER), str(port), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    peer = Peer(process, port)
    try:
        assert await peer.line() == {"ready": port}
        yield peer
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def bound(peer, **changes):
    settings = SmppSettings(host="127.0.0.1", port=peer.port, system_id="me", password="secret", **changes)
    adapter = SmppAdapter(ProviderId(3), settings, now=lambda: NOON)
    stored = asyncio.Queue()

    async def sink(records):
        for record in records:
            stored.put_nowait(record)

    await adapter.connect()
    listening = asyncio.create_task(adapter.listen(sink))
    await asyncio.sleep(0)
    try:
        yield adapter, stored
    finally:
        listening.cancel()
        await adapter.close()


def message(text, *, delivery=1):
    deadline = time.time() + 10
    return Outgoing(DeliveryId(delivery), f"t{delivery}", "+447911123456", SmsBody(text, sender="Shop"), deadline)


async def test_a_message_is_accepted_and_its_receipt_names_it():
    async with smsc() as peer, bound(peer) as (adapter, stored):
        assert await adapter.send_many([message("Hello £5 [now] €")]) == [Accepted("m1")]
        taken = await peer.line()
        assert gsm7.decode(bytes.fromhex(taken["short_message"])) == "Hello £5 [now] €"
        assert (taken["source_addr"], taken["source_addr_ton"]) == ("Shop", 5)
        assert (taken["destination_addr"], taken["data_coding"]) == ("447911123456", 0)
        receipt = await asyncio.wait_for(stored.get(), 5)
        assert receipt == Receipt("delivered", NOON, None, ProviderId(3), "m1", code="DELIVRD")


async def test_a_long_message_leaves_in_parts_with_one_receipt():
    text = "Привет 😀 " * 20
    async with smsc() as peer, bound(peer) as (adapter, stored):
        [result] = await adapter.send_many([message(text)])
        taken = [await peer.line() for _ in gsm7.parts(text)]
        taken.sort(key=lambda part: part["short_message"][:12])  # it takes what lies in its window in any order
        assert len(taken) == 3
        assert result == Accepted(taken[-1]["id"])
        assert [part["registered_delivery"] for part in taken] == [0, 0, 1]
        octets = [bytes.fromhex(part["short_message"]) for part in taken]
        assert [part[4:6] for part in octets] == [bytes((3, 1)), bytes((3, 2)), bytes((3, 3))]
        assert len({part[:4] for part in octets}) == 1
        assert b"".join(part[6:] for part in octets).decode("utf-16-be") == text
        receipt = await asyncio.wait_for(stored.get(), 5)
        assert receipt.provider_message_id == result.provider_message_id


async def test_many_messages_pass_a_small_window_and_every_answer_finds_its_own():
    async with smsc() as peer, bound(peer, window=10) as (adapter, stored):
        results = await adapter.send_many([message(f"number {n}", delivery=n) for n in range(300)])
        taken = [await peer.line() for _ in range(300)]
        texts = {part["id"]: gsm7.decode(bytes.fromhex(part["short_message"])) for part in taken}
        assert [texts[result.provider_message_id] for result in results] == [f"number {n}" for n in range(300)]
        found = {(await asyncio.wait_for(stored.get(), 5)).provider_message_id for _ in range(300)}
        assert found == set(texts)


async def test_a_customers_answer_arrives():
    async with smsc() as peer, bound(peer) as (_, stored):
        peer.order(
            destination_addr="12345", source_addr="447911123456", source_addr_ton=1, data_coding=8,
            short_message="STOP ✋".encode("utf-16-be").hex(),
        )  # fmt: skip
        assert await peer.line() == {"answer": 0}
        assert stored.get_nowait() == Inbound(ProviderId(3), Channel.SMS, "+447911123456", "12345", "STOP ✋", NOON)
