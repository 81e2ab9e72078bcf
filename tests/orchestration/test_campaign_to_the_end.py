"""A campaign over real adapters and a mail server by others, inside one process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP

from antiphon import campaigns, channels, content, profiles, segments
from antiphon.app.wiring import wire
from antiphon.app.worker import run
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets

COUPON = {
    "name": "coupon",
    "topic": "coupons",
    "locales": {
        "en": {
            "email": {
                "subject": "Hello {{ profile.first_name }}",
                "blocks": [{"kind": "button", "label": "Shop", "url": "https://shop.example/s"}],
            }
        }
    },
}


class Mailbox:
    """What the mail server took; it refuses whoever is called gone."""

    def __init__(self) -> None:
        self.recipients: list[str] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # aiosmtpd's name
        if address.startswith("gone"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.recipients += envelope.rcpt_tos
        return "250 2.0.0 OK queued"


@pytest_asyncio.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=True), "127.0.0.1", 0)
    yield box, server.sockets[0].getsockname()[1]
    server.close()


@pytest_asyncio.fixture
async def runtime(database: Database) -> AsyncIterator[Runtime]:
    wire(database)
    yield Runtime(database, await read_secrets(database), "http://127.0.0.1:1", sandbox=True)


@pytest_asyncio.fixture
async def working(runtime: Runtime) -> AsyncIterator[None]:
    task = asyncio.create_task(run(runtime))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def people(database: Database, n: int, *, email: str = "p{n}@example.org") -> None:
    facts = [
        profiles.Fact(
            source="test",
            message_id=email.format(n=i),
            at=database.clock.now(),
            who=(Identifier("external_id", email.format(n=i)), Identifier("email", email.format(n=i))),
            traits={"first_name": f"P{i}"},
        )
        for i in range(n)
    ]
    await database.repeat(lambda tx: profiles.record(tx, facts))


async def set_up(runtime: Runtime, port: int) -> campaigns.Campaign:
    database = runtime.database
    await segments.create(database, "all", {"version": 1, "rule": {"reachable": "email"}})
    async with database.transaction() as tx:
        settings = {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "envelope_domain": "b.example",
            "connections": 2,
        }
        await channels.create_provider(tx, runtime.secrets, name="relay", adapter="smtp", settings=settings)
        await content.create(tx, content.parse(COUPON))
        return await campaigns.create(tx, name="c", message="coupon", segment="all", channels=["email"])


async def until_done(
    database: Database, campaign: campaigns.Campaign, *, seconds: float = 20
) -> campaigns.CampaignView:
    for _ in range(int(seconds * 20)):
        await asyncio.sleep(0.05)
        async with database.transaction() as tx:
            found = await campaigns.find(tx, str(campaign.id))
            if found.state == "done":
                return await campaigns.view(tx, found)
    async with database.transaction() as tx:
        pytest.fail(f"not done: {await campaigns.view(tx, await campaigns.find(tx, str(campaign.id)))}")


async def test_everybody_once_and_the_refused_are_failed(runtime: Runtime, working: None, mailbox) -> None:
    """Each person gets the campaign once; who is refused is failed, their address dead."""
    box, port = mailbox
    await people(runtime.database, 60)
    await people(runtime.database, 3, email="gone{n}@example.org")
    campaign = await set_up(runtime, port)
    async with runtime.database.transaction() as tx:
        await campaigns.launch(tx, campaign)
    view = await until_done(runtime.database, campaign)
    assert sorted(box.recipients) == sorted(f"p{i}@example.org" for i in range(60))
    assert view.notifications == {"sent": 60, "failed": 3}
    assert view.reasons == {"unreachable": 3}
