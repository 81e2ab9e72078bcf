"""The door at which providers call us: `/hooks/{token}`, where the token names the account.

A call is read by the account's adapter, its signature first, and answered when what it says is on disk. Calls that
come while a transaction runs share the next one. Events: `hook.failed` (error), `hook.forged` (info).
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from antiphon.channels import registry, store, taking
from antiphon.channels.adapter import Adapter, Callback, Called, Forged
from antiphon.channels.making import HOOK, make_adapter
from antiphon.channels.records import Provider
from antiphon.kernel.arrivals import Outcome, arrivals
from antiphon.kernel.clock import wall
from antiphon.kernel.db import Database, is_lost
from antiphon.kernel.errors import Busy, Flaw, NotFound, Problem
from antiphon.kernel.http import get, post
from antiphon.kernel.records import Inbound, ProviderId, Receipt
from antiphon.kernel.runtime import Runtime

log = structlog.get_logger()

BODY_BYTES_MAX = 1_000_000
ACCOUNTS_FRESH_S = 2.0
"""So long an account that was changed is still called with what it was."""
ITEMS_MAX = 2_000
"""In one transaction, but for a single call with more."""
WAITING_MAX = 20_000

Items = Sequence[Receipt | Inbound]


class _Made(Struct):
    settings_hash: bytes
    adapter: Adapter


class Door:
    """One for each process that is called."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._accounts: dict[ProviderId, Provider] = {}
        self._read_at_s = float("-inf")
        self._made: dict[ProviderId, _Made] = {}
        self._making = asyncio.Lock()
        self._waiting: deque[tuple[Items, asyncio.Future[None]]] = deque()
        self._waiting_items = 0
        self._worker: asyncio.Task[None] | None = None

    async def call(self, provider: ProviderId, request: Callback) -> Called:
        """Raises Forged, NotFound for an account that nobody calls, Invalid, Busy."""
        adapter = await self._adapter(provider)
        called = await adapter.callback(request)
        if called.items:
            await self._take(called.items)
        return called

    async def close(self) -> None:
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])
        for made in self._made.values():
            await made.adapter.close()
        self._made.clear()

    async def _adapter(self, number: ProviderId) -> Adapter:
        async with self._making:
            account = await self._account(number)
            if account is None or not is_called(account.adapter):
                raise NotFound("This account is called by nobody.")
            settings_hash = hashlib.sha256(account.sealed).digest()
            made = self._made.get(number)
            if made is not None and made.settings_hash != settings_hash:
                await self._made.pop(number).adapter.close()
                made = None
            if made is None:
                made = self._made[number] = _Made(settings_hash, make_adapter(self._runtime, account))
            return made.adapter

    async def _account(self, number: ProviderId) -> Provider | None:
        """Disabled ones too: what they sent is reported for days."""
        if number not in self._accounts or time.monotonic() - self._read_at_s > ACCOUNTS_FRESH_S:
            async with self._runtime.database.transaction(read_only=True) as tx:
                self._accounts = {account.id: account for account in await store.read_providers(tx)}
            self._read_at_s = time.monotonic()
        return self._accounts.get(number)

    async def _take(self, items: Items) -> None:
        """Returns when they are on disk."""
        if self._waiting_items + len(items) > WAITING_MAX and self._waiting:
            raise Busy
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_look)
        self._waiting.append((items, future))
        self._waiting_items += len(items)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        await asyncio.shield(future)

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft()]
            n = len(batch[0][0])
            while self._waiting and n + len(self._waiting[0][0]) <= ITEMS_MAX:
                batch.append(self._waiting.popleft())
                n += len(batch[-1][0])
            self._waiting_items -= n
            await self._write(batch)

    async def _write(self, batch: Sequence[tuple[Items, asyncio.Future[None]]]) -> None:
        """What fails is split until it stands alone, so that nobody is answered with another's failure."""
        try:
            items = [item for called, _ in batch for item in called]
            await self._runtime.database.repeat(lambda tx: taking.take_in(tx, items))
        except Exception as error:
            if len(batch) > 1 and not is_lost(error):
                middle = len(batch) // 2
                await self._write(batch[:middle])
                await self._write(batch[middle:])
                return
            log.error("hook.failed", error=type(error).__name__, n=len(batch))
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for _, future in batch:
            if not future.done():
                future.set_result(None)


def _look(future: asyncio.Future[None]) -> None:
    """Whoever called may have gone: the error is logged already."""
    if not future.cancelled():
        future.exception()


_doors: WeakKeyDictionary[Database, Door] = WeakKeyDictionary()


def door(runtime: Runtime) -> Door:
    found = _doors.get(runtime.database)
    if found is None:
        found = _doors[runtime.database] = Door(runtime)
    return found


async def close(database: Database) -> None:
    found = _doors.pop(database, None)
    if found is not None:
        await found.close()


def is_called(adapter: str) -> bool:
    """False also for an adapter that this version does not know."""
    return adapter in registry.ADAPTERS and registry.ADAPTERS[adapter].is_called


def callback_url(runtime: Runtime, provider: Provider) -> str:
    """Where this account's provider is to call; empty where it calls nobody. A secret: it names nobody else."""
    if not is_called(provider.adapter):
        return ""
    return f"{runtime.base_url}/hooks/{runtime.signer.sign(HOOK, provider.id)}"


Anything = Request[Any, Any, Any]  # Litestar's three type parameters say nothing here
_OPTIONS: dict[str, Any] = {"permission": "public", "include_in_schema": False}


@post("/hooks/{token:str}", status_code=200, request_max_body_size=BODY_BYTES_MAX, **_OPTIONS)
async def call(runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]) -> Response[bytes]:
    return await _answer(runtime, request, token)


@post("/hooks/{token:str}/mime", status_code=200, request_max_body_size=BODY_BYTES_MAX, **_OPTIONS)
async def call_with_mail(runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]) -> Response[bytes]:
    """The same: Mailgun sends the whole of a mail only to an address that ends so."""
    return await _answer(runtime, request, token)


@get("/hooks/{token:str}", **_OPTIONS)
async def shake_hands(runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]) -> Response[bytes]:
    """Some providers ask first whether we are who they think."""
    return await _answer(runtime, request, token)


async def _answer(runtime: Runtime, request: Anything, token: str) -> Response[bytes]:
    (number,) = _one(runtime.signer.read(HOOK, token))
    called = Callback(
        method=request.method,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query_params),
        body=await request.body(),
        wall=wall(),
    )
    try:
        said = await door(runtime).call(ProviderId(number), called)
    except Problem as problem:
        if isinstance(problem, Forged):
            log.info("hook.forged", provider=number)
        _note(runtime, number, called, "forged" if isinstance(problem, Forged) else "refused", problem=problem)
        raise
    _note(runtime, number, called, "accepted", n=len(said.items))
    return Response(said.body, status_code=said.status, media_type="text/plain", headers={"Cache-Control": "no-store"})


def _note(
    runtime: Runtime, number: int, called: Callback, outcome: Outcome, *, n: int = 0, problem: Problem | None = None
) -> None:
    """For the debugger. Headers and the address are not kept: they are what proves who called."""
    arrivals(runtime.database).note(
        "webhook",
        outcome,
        at=runtime.database.clock.now(),
        source=f"provider:{number}",
        what=called.method,
        body=called.body,
        n=n,
        errors=() if problem is None else problem.flaws or (Flaw("", problem.message),),
    )


def _one(numbers: tuple[int, ...]) -> tuple[int]:
    if len(numbers) != 1:
        raise NotFound
    return (numbers[0],)


routes = [call, call_with_mail, shake_hands]
