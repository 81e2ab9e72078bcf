"""An SMSC by others (smpp34) as a process of its own: its runtime may crash when an interpreter ends.

`python sms_smpp34_peer.py PORT`. Writes a JSON line for every submit_sm it took and sends a receipt for those that
ask for one. A JSON line on stdin becomes a deliver_sm; the status of its answer is written as `{"answer": n}`.
"""

import asyncio
import json
import sys

import smpp34

COUNT_MAX = 1_000_000


async def receipt(sessions, bound, event, message_id):
    await asyncio.wait_for(bound.wait(), 10)
    text = f"id:{message_id} sub:001 dlvrd:001 submit date:2611211200 done date:2611211201 stat:DELIVRD err:000 text:"
    await sessions[-1].deliver_sm(
        event.source_addr, text.encode(), source_addr=event.destination_addr, source_addr_ton=1, esm_class=4
    )


async def orders(sessions, bound):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        order["short_message"] = bytes.fromhex(order["short_message"])
        await asyncio.wait_for(bound.wait(), 10)  # its client is bound before the server tells us
        answer = await sessions[-1].deliver_sm(**order)
        print(json.dumps({"answer": answer.command_status}), flush=True)


async def main(port):
    server = smpp34.Server("127.0.0.1", port)
    await server.start()
    sessions, tasks, bound = [], [], asyncio.Event()
    tasks.append(asyncio.create_task(orders(sessions, bound)))
    print(json.dumps({"ready": port}), flush=True)
    for number in range(COUNT_MAX):
        event = await server.next()
        if isinstance(event, smpp34.Esme):
            sessions.append(event)
            bound.set()
        elif isinstance(event, smpp34.SubmitSmEvent):
            event.accept(f"m{number}")
            fields = ("source_addr", "source_addr_ton", "destination_addr", "esm_class", "data_coding")
            taken = {name: getattr(event, name) for name in (*fields, "registered_delivery")}
            print(json.dumps({**taken, "id": f"m{number}", "short_message": event.short_message.hex()}), flush=True)
            if event.registered_delivery:
                tasks.append(asyncio.create_task(receipt(sessions, bound, event, f"m{number}")))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
