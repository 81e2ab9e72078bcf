"""How many receipts a second one core of the web process takes in from SendGrid's signed batches, ledger and all.

    python -m bench.webhooks [--people 20000] [--batch 500] [--connections 4] [--core 0]

The web process (uvicorn with uvloop) runs alone on one core over an embedded PostgreSQL with durable commits. Every
event is of a known delivery: first all are processed, delivered, opened, clicked for the first time, each of which the
ledger, the timeline and the counts take in; then the same batches come again, and change nothing. A batch counts when
it was answered with 200, which means on disk. Goal: 10,000 events a second.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyreqwest.client import Client, ClientBuilder

from antiphon import channels, content, orchestration, profiles
from antiphon.app.web import front
from antiphon.app.wiring import wire
from antiphon.channels.hooks import callback_url
from antiphon.kernel import postgres
from antiphon.kernel.db import Database, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.records import Identifier, ProfileId, Purpose
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from bench.house import free_port, wait_until_up
from bench.machine import machine

KINDS = ("processed", "delivered", "open", "click")
GOAL_PER_S = 10_000
MESSAGE: dict[str, Any] = {
    "name": "coupon",
    "topic": "coupons",
    "locales": {"en": {"email": {"subject": "For you", "blocks": [{"kind": "text", "text": "Hello"}]}}},
}


async def main() -> int:
    arguments = parse()
    print(machine(), flush=True)
    key = ec.generate_private_key(ec.SECP256R1())
    with tempfile.TemporaryDirectory() as folder, postgres.start(Path(folder) / "bench") as database_server:
        dsn = database_server.dsn
        await migrate(dsn)
        database = await open_database(dsn)
        await database.start()
        wire(database)
        port = free_port()
        runtime = Runtime(database, await read_secrets(database), f"http://127.0.0.1:{port}")
        hook = await account(runtime, key)
        tokens = await deliveries(runtime, arguments.people)
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(dsn, port, arguments.core))
        server.start()
        try:
            wait_until_up(port)
            met = await measure(hook, key, tokens, arguments, server.pid or 0)
        finally:
            server.terminate()
            server.join(20)
            await database.close()
    return 0 if met else 1


async def measure(
    hook: str, key: ec.EllipticCurvePrivateKey, tokens: Sequence[str], arguments: argparse.Namespace, pid: int
) -> bool:
    rates = []
    for name in ("for the first time", "again, nothing new"):
        for kind in KINDS:
            batches = [tokens[at : at + arguments.batch] for at in range(0, len(tokens), arguments.batch)]
            calls = [signed(key, kind, batch) for batch in batches]
            before, begun = cpu_s(pid), time.perf_counter()
            await post(hook, calls, connections=arguments.connections)
            took_s = time.perf_counter() - begun
            rate, cpu_us = len(tokens) / took_s, (cpu_s(pid) - before) * 1e6 / len(tokens)
            rates.append(rate)
            print(f"{kind:<10} {name:<20} {rate:>9,.0f}/s {cpu_us:>7.1f} µs of the web process each", flush=True)
    worst = min(rates)
    print(f"slowest {worst:,.0f}/s, goal {GOAL_PER_S:,}/s: {'met' if worst >= GOAL_PER_S else 'missed'}")
    return worst >= GOAL_PER_S


async def post(hook: str, calls: Sequence[tuple[dict[str, str], bytes]], *, connections: int) -> None:
    waiting = iter(calls)

    async def one(client: Client) -> None:
        for headers, body in waiting:
            answer = await client.post(hook).headers(headers).body_bytes(body).build().send()
            assert answer.status == 200, answer.status

    async with ClientBuilder().build() as client:
        await asyncio.gather(*(one(client) for _ in range(connections)))


def signed(key: ec.EllipticCurvePrivateKey, kind: str, tokens: Sequence[str]) -> tuple[dict[str, str], bytes]:
    """In the size and shape of what SendGrid sends."""
    now = int(time.time())
    events = [
        {
            "email": f"person{token}@example.org",
            "timestamp": now,
            "smtp-id": f"<{token}@geopod-ismtpd-0>",
            "event": kind,
            "category": ["campaign"],
            "sg_event_id": base64.urlsafe_b64encode(os.urandom(18)).decode(),
            "sg_message_id": f"{token}.recvd-5f9c8d-x.0",
            "useragent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36",
            "ip": "192.0.2.1",
            "sg_machine_open": False,
            "antiphon": token,
        }
        for token in tokens
    ]
    body = json.dumps(events).encode()
    signature = key.sign(str(now).encode() + body, ec.ECDSA(SHA256()))
    prefix = "X-Twilio-Email-Event-Webhook"
    signature_text = base64.b64encode(signature).decode()
    headers = {
        f"{prefix}-Timestamp": str(now),
        f"{prefix}-Signature": signature_text,
        "Content-Type": "application/json",
    }
    return headers, body


async def account(runtime: Runtime, key: ec.EllipticCurvePrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    settings = {"api_key": "unused", "webhook_key": base64.b64encode(public).decode()}
    async with runtime.database.transaction() as tx:
        await channels.create_provider(
            tx, runtime.secrets, name="sendgrid", adapter="sendgrid", settings=settings, per_second=0.001
        )
        return callback_url(runtime, await channels.find(tx, "sendgrid"))


async def deliveries(runtime: Runtime, count: int) -> list[str]:
    """People told once by e-mail; the tokens of what is queued for them. No worker runs, so nothing leaves."""
    database = runtime.database
    people: list[ProfileId] = []
    for at in range(0, count, 1000):
        facts = [fact(database, n) for n in range(at, min(at + 1000, count))]
        recorded = await database.repeat(lambda tx, facts=facts: profiles.record(tx, facts))  # type: ignore[misc]  # bound now
        people += [person for person in recorded.profiles if person is not None]
    async with database.transaction() as tx:
        await content.create(tx, content.parse(MESSAGE))
        stored = await content.find(tx, "coupon")
        source = await orchestration.make_source(
            tx,
            kind="campaign",
            name="coupon",
            message=stored.id,
            version=stored.version,
            topic="coupons",
            purpose=Purpose.CAMPAIGN,
            channels=["email"],
            failover_on="definite",
        )
    for at in range(0, len(people), 1000):
        told = people[at : at + 1000]
        await database.repeat(lambda tx, told=told: orchestration.notify(tx, source, told, [""] * len(told)))  # type: ignore[misc]  # bound now
    async with database.transaction(read_only=True) as tx:
        rows = await tx.rows("SELECT id FROM delivery")  # across buckets: all of a throw-away database
    assert len(rows) >= count * 0.99, f"{len(rows)} deliveries for {count} people"
    return [runtime.signer.sign("m", row["id"]) for row in rows]


def fact(database: Database, n: int) -> profiles.Fact:
    who = (Identifier("external_id", f"p{n}"), Identifier("email", f"person{n}@example.org"))
    return profiles.Fact("bench", f"i{n}", database.clock.now(), who=who, traits={"first_name": "Ada"})


def serve(dsn: str, port: int, core: int) -> None:
    """The web process, on its core."""
    os.sched_setaffinity(0, [core])

    async def run() -> None:
        database = await open_database(dsn)
        await database.start()
        wire(database)
        runtime = Runtime(database, await read_secrets(database), f"http://127.0.0.1:{port}")
        async with front(runtime) as app:
            application: Any = app
            config = uvicorn.Config(application, host="127.0.0.1", port=port, log_level="warning", access_log=False)
            await uvicorn.Server(config).serve()

    uvloop.run(run())


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--core", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(uvloop.run(main()))
