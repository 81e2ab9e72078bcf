"""Assembly: open the ports, say so, play until told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from antiphon_world.clock import ProductClock
from antiphon_world.control import Control
from antiphon_world.courier import Courier
from antiphon_world.customers import Customers
from antiphon_world.journal import Journal
from antiphon_world.mailapi import PATH, MailApi
from antiphon_world.mailbox import Mailbox
from antiphon_world.operators import Operator
from antiphon_world.post import PostOffice
from antiphon_world.push import PushService
from antiphon_world.smsc import SmppSession
from antiphon_world.smtp import SmtpSession
from antiphon_world.visitor import Visitor
from antiphon_world.web import Answer, Request, WebSession
from antiphon_world.world import Script, World

HOST = "127.0.0.1"
OUTAGE_LOOK_S = 0.2
PROVIDERS_MAX = 20
MAIL_APIS = ("mail:0", "mail:1")


class Options(Struct, frozen=True):
    seed: int
    log: Path
    target: str
    key: str
    smtp: tuple[int, ...] = (0,)
    smpp: tuple[int, ...] = (0,)
    http: int = 0
    people: int = 5_000
    faults: Path | None = None
    user_form: str = "c{n:06d}"
    mx: tuple[str, int] | None = None
    """The platform's mail exchanger: bounces, complaints and people's mails go there."""
    complaints_to: str = ""


class Ports(Struct, frozen=True):
    smtp: list[int]
    smpp: list[int]
    http: int


class _Cuttable(Protocol):
    def cut(self) -> None: ...


class _Provider(Protocol):
    name: str

    def is_down(self) -> bool: ...


class _Open(Struct):
    """What `playing` opened and has to close."""

    servers: list[asyncio.Server] = []
    sessions: list[tuple[_Provider | None, set[_Cuttable]]] = []
    courier: Courier | None = None
    apis: list[MailApi] = []


def read_script(path: Path) -> Script:
    """Raises ValueError naming the file and the place."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Script)
    except (OSError, msgspec.MsgspecError) as error:
        raise ValueError(f"--faults {path}: {error}") from error


@asynccontextmanager
async def playing(options: Options) -> AsyncIterator[tuple[World, Ports]]:
    """The world, listening, inside this event loop. Raises ValueError (options) and OSError (a port is taken)."""
    script = read_script(options.faults) if options.faults else Script()
    visitor, asker = Visitor(options.target), Visitor(options.target)
    clock = ProductClock(asker, options.key)
    await clock.poll()
    journal = Journal(options.log, clock.now)
    customers = Customers(
        options.seed, journal=journal, clock=clock, visitor=visitor, key=options.key, user_form=options.user_form
    )
    world = World(options.seed, journal=journal, clock=clock, customers=customers, user_form=options.user_form)
    world.load(script)
    opened = _Open()
    tasks: list[asyncio.Task[None]] = []
    try:
        ports = await _open(world, options, opened, visitor)
        runs = (clock.run(), customers.run(), _cut_outages(world, opened))
        tasks = [asyncio.get_running_loop().create_task(run) for run in runs]
        yield world, ports
    finally:
        for server in opened.servers:
            server.close()
        for _, sessions in opened.sessions:
            for session in list(sessions):
                session.cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await customers.close()
        await asyncio.gather(*[api.outbox.close() for api in opened.apis])
        if opened.courier is not None:
            opened.courier.close()
        visitor.close()
        asker.close()
        journal.close()


async def _open(world: World, options: Options, opened: _Open, visitor: Visitor) -> Ports:
    control = Control(world, people=options.people, visitor=visitor)
    mailboxes = [Mailbox(world, f"smtp:{n}") for n in range(len(options.smtp))]
    operators = [Operator(world, f"smpp:{n}") for n in range(len(options.smpp))]
    push = PushService(world)
    apis = {name: MailApi(world, name) for name in MAIL_APIS}
    control.providers = [*mailboxes, *operators, push, *apis.values()]
    by_name = {operator.name: operator for operator in operators}

    async def text_out(provider: str, number: str, to: str | None, text: str) -> bool:
        return await by_name[provider].text_out(number, to or "", text)

    async def route(request: Request) -> Answer:
        if found := PATH.fullmatch(request.path):
            return await apis[f"mail:{found[1]}"].handle(request) if f"mail:{found[1]}" in apis else Answer(404)
        return await (push if request.path.startswith("/push/") else control).handle(request)

    world.customers.text_out = text_out
    opened.courier = Courier(*options.mx) if options.mx else None
    opened.apis = list(apis.values())
    world.customers.mail_back = PostOffice(world, apis, opened.courier, options.complaints_to)
    smtp = [await _listen_smtp(box, port, opened) for box, port in zip(mailboxes, options.smtp, strict=True)]
    smpp = [await _listen_smpp(one, port, opened) for one, port in zip(operators, options.smpp, strict=True)]
    web: set[WebSession] = set()
    http = await _listen(lambda: WebSession(route, web), options.http, opened)
    opened.sessions.append((None, web))  # type: ignore[arg-type]  # a set of one kind of Cuttable
    return Ports(smtp, smpp, http)


async def _listen_smtp(box: Mailbox, port: int, opened: _Open) -> int:
    sessions: set[SmtpSession] = set()
    opened.sessions.append((box, sessions))  # type: ignore[arg-type]  # a set of one kind of Cuttable
    return await _listen(lambda: SmtpSession(box, sessions), port, opened)


async def _listen_smpp(operator: Operator, port: int, opened: _Open) -> int:
    opened.sessions.append((operator, operator.sessions))  # type: ignore[arg-type]  # a set of one kind of Cuttable
    return await _listen(lambda: SmppSession(operator, operator.sessions), port, opened)


async def _listen(factory: Callable[[], asyncio.Protocol], port: int, opened: _Open) -> int:
    server = await asyncio.get_running_loop().create_server(factory, HOST, port, backlog=512)
    opened.servers.append(server)
    return int(server.sockets[0].getsockname()[1])


async def _cut_outages(world: World, opened: _Open) -> None:
    """A provider that goes down drops the connections it has."""
    while True:
        world.faults.changed.clear()
        if not world.faults.rules:
            await world.faults.changed.wait()
        await asyncio.sleep(OUTAGE_LOOK_S)
        for provider, sessions in opened.sessions:
            if provider is not None and sessions and provider.is_down():
                for session in list(sessions):
                    session.cut()


async def serve(options: Options) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    async with playing(options) as (_, ports):
        ready = {"ready": True, "smtp": ports.smtp, "smpp": ports.smpp, "http": ports.http}
        print(msgspec.json.encode(ready).decode(), flush=True)
        await stop.wait()


def check_ports(smtp: Sequence[int], smpp: Sequence[int]) -> None:
    """Raises ValueError."""
    if len(smtp) > PROVIDERS_MAX or len(smpp) > PROVIDERS_MAX:
        raise ValueError(f"at most {PROVIDERS_MAX} providers of a kind")
