"""Our SES adapter against moto's SES and SNS, whose signed calls come to our real door; and against Amazon's signer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_string, policy
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
import uvicorn

from antiphon import channels
from antiphon.app.web import application
from antiphon.channels import hooks, registry
from antiphon.channels.adapters.email.sigv4 import Credentials, signed
from antiphon.channels.making import surroundings
from antiphon.kernel.db import Database
from antiphon.kernel.outlet import take
from antiphon.kernel.records import Accepted, Receipt, Refused
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from channels.mail_providers import BODY, SECRET, http, message, serving
from peers.conftest import PEERS, asked

pytestmark = pytest.mark.skipif(
    not (PEERS / "moto_server").exists(), reason="moto_server is not there; make test-peers gets it"
)

REGION, DOMAIN = "eu-west-1", "shop.example"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest_asyncio.fixture
async def moto() -> AsyncIterator[str]:
    port = free_port()
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    process = await asyncio.create_subprocess_exec(
        PEERS / "moto_server",
        "-H",
        "127.0.0.1",
        "-p",
        str(port),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **keys},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(30), httpx.AsyncClient() as client:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"{url}/moto-api/")).status_code == 200:
                        break
                await asyncio.sleep(0.1)
        yield url
    finally:
        process.terminate()
        await process.wait()


@pytest_asyncio.fixture
async def runtime(database: Database) -> AsyncIterator[Runtime]:
    """Its web process listens on a real port."""
    listening = socket.create_server(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    made = Runtime(database, Secrets(bytes(32)), base_url, sandbox=True)
    app: Any = application(made)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve([listening]))
    yield made
    server.should_exit = True
    await task
    await hooks.close(database)


@pytest.fixture
def told(database: Database) -> list[Receipt]:
    heard: list[Receipt] = []

    async def taker(_tx: Any, records: Any) -> None:
        heard.extend(records)

    database.takers.clear()
    take(database, Receipt, taker)
    return heard


@pytest_asyncio.fixture
async def sns(moto: str) -> AsyncIterator[str]:
    """What is got from Amazon without a signature: moto's server tells its services apart by signatures alone."""
    scope = f"x/20261121/{REGION}/sns/aws4_request"
    named = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}

    def answer(line: str, headers: dict[str, str], _body: bytes) -> bytes:
        assert headers["host"] == f"sns.{REGION}.amazonaws.com"
        got = httpx.get(moto + line.split()[1], headers=named)
        return http(got.status_code, got.content)

    async with serving() as server:
        server.answer = answer
        yield server.url


def settings(moto: str, sns: str, topic: str) -> dict[str, Any]:
    keys = {"access_key_id": "AKIAEXAMPLE", "secret_access_key": SECRET}
    return {"region": REGION, **keys, "base_url": moto, "sns_url": sns, "topic_arn": topic}


async def account(runtime: Runtime, given: dict[str, Any]) -> channels.Provider:
    async with runtime.database.transaction() as tx:
        await channels.create_provider(tx, runtime.secrets, name="ses", adapter="ses", settings=given)
        return await channels.find(tx, "ses")


def adapter_of(runtime: Runtime, given: dict[str, Any], number: Any) -> Any:
    checked = msgspec.json.encode(registry.check("ses", given))
    return registry.make("ses", checked, surroundings(runtime, number))


async def test_moto_takes_what_we_send_and_what_it_signs_finds_its_delivery(
    moto: str, sns: str, runtime: Runtime, told: list[Receipt]
) -> None:
    """Events as Amazon's guide has them, published to the topic: moto's own notifications are samples whose content is
    no JSON text and names no message of ours."""
    topic = f"arn:aws:sns:{REGION}:123456789012:mail-events"
    given = settings(moto, sns, topic)
    made = await account(runtime, given)
    hook = hooks.callback_url(runtime, made)
    assert await asked("topic", moto=moto, hook=hook, region=REGION, domain=DOMAIN) == topic
    adapter = adapter_of(runtime, given, made.id)
    mine = msgspec.structs.replace(message(5), token=runtime.signer.sign("m", 5))
    [result] = await adapter.send_many([mine])
    [stranger] = await adapter.send_many([message(6, body=msgspec.structs.replace(BODY, sender="a@other.example"))])
    await adapter.close()
    assert isinstance(result, Accepted)
    assert isinstance(stranger, Refused)
    assert stranger.failure in ("policy", "message")
    mail = {"messageId": result.provider_message_id, "tags": {"antiphon": [mine.token]}}
    bounce = {"bounceType": "Permanent", "bounceSubType": "NoEmail", "bouncedRecipients": []}
    events = [
        {"eventType": "Delivery", "mail": mail, "delivery": {}},
        {"eventType": "Complaint", "mail": mail, "complaint": {"complaintFeedbackType": "abuse"}},
        {"eventType": "Bounce", "mail": mail, "bounce": bounce},
    ]
    await asked("publish", moto=moto, region=REGION, topic=topic, messages=[json.dumps(event) for event in events])
    assert [(each.kind, each.delivery, each.failure, each.provider_message_id) for each in told] == [
        ("delivered", 5, None, result.provider_message_id),
        ("opted_out", 5, "optout", result.provider_message_id),
        ("failed", 5, "address", result.provider_message_id),
    ]
    async with httpx.AsyncClient() as client:
        [stored] = (await client.get(f"{moto}/moto-api/data.json")).json()["ses"]["RawMessage"]
    sent = message_from_string(stored["raw_data"], policy=policy.default)
    assert sent["Subject"] == BODY.subject
    assert sent["X-Antiphon-Delivery"] == mine.token
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_calls_for_another_topic_are_not_heard(
    moto: str, sns: str, runtime: Runtime, told: list[Receipt]
) -> None:
    """Signed by the same Amazon."""
    made = await account(runtime, settings(moto, sns, f"arn:aws:sns:{REGION}:123456789012:another"))
    hook = hooks.callback_url(runtime, made)
    topic = await asked("topic", moto=moto, hook=hook, region=REGION, domain=DOMAIN)
    event = {"eventType": "Delivery", "mail": {"messageId": "1"}, "delivery": {}}
    await asked("publish", moto=moto, region=REGION, topic=topic, messages=[json.dumps(event)])
    async with runtime.database.transaction() as tx:
        assert not await tx.rows("SELECT FROM unmatched_receipt")
    assert told == []


@pytest.mark.parametrize("session", ["", "temp/0rary+token=="])
async def test_our_signature_is_the_one_of_amazons_own_signer(session: str) -> None:
    url = f"https://email.{REGION}.amazonaws.com/v2/email/outbound-emails"
    body = json.dumps({"Content": {"Raw": {"Data": "R3LDvMOfZQ=="}}, "Ünal": "é"}, ensure_ascii=False)
    headers = {"content-type": "application/json"}
    given = {"url": url, "body": body, "headers": headers, "region": REGION, "session": session}
    theirs = await asked("sigv4", key="AKIAEXAMPLE", secret=SECRET, **given)
    stamp = datetime.strptime(theirs["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = signed(
        "POST",
        url,
        headers=headers,
        body=body.encode(),
        credentials=Credentials("AKIAEXAMPLE", SECRET, session),
        region=REGION,
        service="ses",
        at_wall=stamp.timestamp(),
    )
    assert ours["authorization"] == theirs["authorization"]
    assert ours["x-amz-date"] == theirs["x-amz-date"]
