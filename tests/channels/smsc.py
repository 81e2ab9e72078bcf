"""A small SMSC to send to, which says what it is told to say."""

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from antiphon.channels.adapters.sms import pdu
from antiphon.channels.adapters.sms.pdu import Pdu
from antiphon.channels.adapters.sms.smpp import SmppAdapter, SmppSettings
from antiphon.kernel.records import (
    DeliveryId,
    Outgoing,
    ProviderId,
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
