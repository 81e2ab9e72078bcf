"""An SMPP client by others (smpp34) as a program of its own: JSON commands on stdin, JSON events on stdout.

Its runtime can crash an interpreter that ends, so it is kept out of the test process and leaves by `os._exit`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from smpp34 import Client, DeliverSmEvent, SmppError, Smsc, Tlv


def say(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


async def submit(session: Smsc, command: dict[str, Any]) -> None:
    content = bytes.fromhex(command.pop("content"))
    tlvs = [Tlv(tag, bytes.fromhex(value)) for tag, value in command.pop("tlvs", [])]
    try:
        answer = await session.submit_sm(command.pop("to"), content, tlvs=tlvs, **command)
        say(event="answer", status=answer.command_status, message_id=answer.message_id)
    except SmppError as error:
        say(event="answer", status=str(error), message_id=None)


async def listen(session: Smsc) -> None:
    while isinstance(got := await session.next(), DeliverSmEvent):
        tlvs = {str(tlv.tag): tlv.value.hex() for tlv in got.tlvs}
        content = got.short_message.decode("latin-1")
        addresses = {"source": got.source_addr, "to": got.destination_addr}
        say(event="deliver", **addresses, esm=got.esm_class, coding=got.data_coding, text=content, tlvs=tlvs)
    say(event="disconnected")


async def main() -> None:
    client = Client("127.0.0.1", int(sys.argv[1]), "shop", "secret", bind_type="TRX", window_size=10)
    session = await client.connect()
    say(event="bound", system_id=session.system_id)
    listening = asyncio.create_task(listen(session))
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await submit(session, json.loads(line))
    await session.unbind()
    listening.cancel()
    os._exit(0)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
