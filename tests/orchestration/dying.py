"""A process that dies at its k-th suspension, in whatever task: what it had asked for may or may not have been done.

Run as `python -m orchestration.dying DSN`, it reads one command a line, `WORK K [ARGUMENT]`, does the work in a child
of its own and answers with how many suspensions there were, or `died`. `K` 0: to the end.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import Any

from antiphon import channels
from antiphon.app.wiring import wire
from antiphon.kernel.db import open_database
from antiphon.kernel.records import DeliveryId, ProviderId, Receipt
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from antiphon.orchestration.decide import work_people
from antiphon.orchestration.deliver import one_round
from antiphon.orchestration.watching import work_silence

_counted: ContextVar[bool] = ContextVar("counted", default=False)
suspensions = 0


class Mortal(Coroutine[Any, Any, Any]):
    """A coroutine that counts when it is suspended, and takes the process with it at the last time."""

    def __init__(self, inner: Coroutine[Any, Any, Any], last: int) -> None:
        self._inner, self._last = inner, last

    def send(self, value: Any) -> Any:
        return self._counted(self._inner.send(value))

    def throw(self, *error: Any) -> Any:
        return self._counted(self._inner.throw(*error))

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise NotImplementedError("it is driven by a task")

    def _counted(self, waits_for: Any) -> Any:
        global suspensions
        suspensions += 1
        if suspensions == self._last:
            os._exit(9)
        return waits_for


def mortal_tasks(last: int) -> Callable[..., asyncio.Task[Any]]:
    """Tasks that begin under the work are mortal, whoever makes them: the adapter's too."""

    def make(loop: asyncio.AbstractEventLoop, inner: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(Mortal(inner, last) if _counted.get() else inner, loop=loop, **options)

    return make


async def send(runtime: Runtime, provider: str) -> None:
    """Connected first, as a worker is."""
    connections = channels.Connections(runtime)
    await connections.refresh()
    for _ in range(100):
        if connections.batch(ProviderId(int(provider))) and await connections.ready(ProviderId(int(provider))):
            break
        await asyncio.sleep(0.02)
    await _mortal(one_round(runtime, connections, ProviderId(int(provider))))
    await connections.close()


async def hear(runtime: Runtime, said: str) -> None:
    """`delivered:1,failed:2`: what a provider tells, taken in."""
    now = runtime.database.clock.now()
    receipts = []
    for each in said.split(","):
        kind, _, delivery = each.partition(":")
        failure = "policy" if kind == "failed" else None
        receipts.append(Receipt(kind, now, delivery=DeliveryId(int(delivery)), failure=failure))
    await _mortal(runtime.database.repeat(lambda tx: channels.take_receipts(tx, receipts)))


async def silence(runtime: Runtime, _argument: str) -> None:
    await _mortal(work_silence(runtime))


async def decide(runtime: Runtime, _argument: str) -> None:
    await _mortal(work_people(runtime))


WORKS: dict[str, Callable[[Runtime, str], Awaitable[None]]] = {
    "send": send, "hear": hear, "silence": silence, "decide": decide,
}  # fmt: skip


async def _mortal(work: Coroutine[Any, Any, Any]) -> None:
    _counted.set(True)
    task = asyncio.create_task(work)
    _counted.set(False)
    await task


async def live(dsn: str, work: str, last: int, argument: str) -> None:
    asyncio.get_running_loop().set_task_factory(mortal_tasks(last))
    database = await open_database(dsn, connections_max=4)
    wire(database)
    await database.read_clock()
    runtime = Runtime(database, await read_secrets(database), "http://127.0.0.1:1", sandbox=True)
    await WORKS[work](runtime, argument)
    await database.close()


def main(dsn: str) -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        work, last, *argument = line.split()
        child = os.fork()
        if not child:
            try:
                asyncio.run(live(dsn, work, int(last), "".join(argument)))
            except BaseException as error:
                print(f"failed {error!r}", flush=True)
                os._exit(1)
            print(suspensions, flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 9:
            print("died", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
