"""A mail exchanger in a process of its own that dies of the first mail, or not: `DSN before|after|never`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from antiphon.channels import taking
from antiphon.channels.adapters.email.mx import MxAdapter, MxSettings
from antiphon.channels.making import surroundings
from antiphon.kernel.db import open_database
from antiphon.kernel.records import ProviderId
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets


async def main(dsn: str, dies: str) -> None:
    database = await open_database(dsn)
    runtime = Runtime(database, Secrets(bytes(32)), "http://127.0.0.1:1")
    take = taking.sink(runtime)

    async def sink(items):
        if dies == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        await take(items)
        if dies == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    mailboxes = ["help@in.shop.example"]
    settings = MxSettings(
        hostname="mx.shop.example", domains=["in.shop.example"], mailboxes=mailboxes, host="127.0.0.1", port=0
    )
    adapter = MxAdapter(settings, surroundings(runtime, ProviderId(1)))
    listening = asyncio.create_task(adapter.listen(sink))
    await adapter.ready()
    print(adapter.port, flush=True)
    await listening


asyncio.run(main(sys.argv[1], sys.argv[2]))
