"""Mail both ways: an exchanger of the platform's own, and the world's mail provider that calls it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from antiphon.app.opening import opened
from antiphon.channels.making import HOOK
from antiphon.kernel import postgres
from flows.house import House, answered, until

DOMAIN = "shop.example"
SENDER = f"hello@{DOMAIN}"


def exchanger(home: House) -> str:
    """The account of our MX: it takes bounces, complaints and answers from the world. Returns when it listens."""
    home.put("/settings", {"sender_email": SENDER})
    settings = {
        "hostname": f"mx.{DOMAIN}",
        "host": "127.0.0.1",
        "port": home.mx_port,
        "domains": [DOMAIN, f"bounce.{DOMAIN}"],
        "mailboxes": [SENDER],
        "per_minute": 100_000,
    }
    found: str = home.post("/providers", {"name": "mail exchanger", "adapter": "mx", "settings": settings})["id"]
    until(lambda: is_open(home.mx_port), bool, within_s=20, what="the exchanger to listen")
    return found


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def mail_api(home: House, n: int = 0, **more: object) -> str:
    """An account at the world's nth mail provider with an API, which is told where to call."""
    key = answered(home.outside.get("/world/webhook-key"))["key"]
    settings = {"api_key": "k", "webhook_key": key, "base_url": f"{home.world_url}/mail/{n}"}
    body = {"name": f"mail API {n}", "adapter": "sendgrid", "settings": settings, "unit_cost": 0.0008, **more}
    number: str = home.post("/providers", body)["id"]
    answered(home.outside.post("/world/webhooks", json={"at": f"mail:{n}", "url": hook_of(home, number)}))
    return number


def hook_of(home: House, provider: str) -> str:
    """The path at which this account is called."""

    async def token() -> str:
        with postgres.join_or_start(home.data) as running:
            async with opened(running.dsn, migrating=False) as runtime:
                return runtime.signer.sign(HOOK, int(provider))

    return f"/hooks/{asyncio.run(token())}"
