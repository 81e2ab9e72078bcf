"""The Web Push adapter over real sockets: a push service that answers as it is told."""

import asyncio
import json
import os
import socket
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import http_ece
import pytest
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.pretty import pretty_repr

from antiphon.channels.adapters.push import encryption, webpush
from antiphon.channels.adapters.push.webpush import WebPushAdapter, WebPushSettings
from antiphon.kernel.keys import new_vapid_key
from antiphon.kernel.records import (
    Accepted,
    DeliveryId,
    InDoubt,
    NotSent,
    Outgoing,
    PushBody,
    Refused,
    SmsBody,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BROWSER = ec.generate_private_key(ec.SECP256R1())
AUTH = os.urandom(16)
KEYS = {
    "p256dh": encryption.encode64(BROWSER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
    "auth": encryption.encode64(AUTH),
}
SETTINGS = WebPushSettings(
    private_key=new_vapid_key(),
    subject="mailto:push@shop.example",
    connect_timeout_s=0.3,
    answer_timeout_s=1.0,
)


class Service:
    """`answer` is the octets to answer with; None is silence, b"" closes."""

    def __init__(self):
        self.answer = b"HTTP/1.1 201 Created\r\nLocation: https://push.example/m/1\r\nContent-Length: 0\r\n\r\n"
        self.requests = []
        self.connections = 0
        self.open, self.open_max, self.pause_s = 0, 0, 0.0
        self.writers = []

    def says(self, status, body=b"", **headers):
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        head = "\r\n".join([f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *lines])
        self.answer = head.encode() + b"\r\n\r\n" + body

    async def serve(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        while head := await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b"":
            line, *fields = head.decode().strip().split("\r\n")
            headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append((line, headers, body))
            self.open += 1
            self.open_max = max(self.open, self.open_max)
            await asyncio.sleep(self.pause_s)
            self.open -= 1
            if self.answer:
                writer.write(self.answer)
            elif self.answer == b"":
                writer.close()

    async def quietly(self, reader, writer):
        try:
            await self.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def running():
    service = Service()
    server = await asyncio.start_server(service.quietly, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/push/abc"
    try:
        yield service
    finally:
        server.close()
        for writer in service.writers:
            writer.close()


@asynccontextmanager
async def pushing(settings=SETTINGS, **options):
    adapter = WebPushAdapter(settings, **{"allow_private": True, "now": lambda: NOON, **options})
    await adapter.connect()
    try:
        yield adapter
    finally:
        await adapter.close()


def message(to, *, delivery=1, body="20 % until Sunday", keys=KEYS, deadline_s=5.0, **fields):
    content = PushBody("Shop", body, "https://shop.example/s", "https://shop.example/shown")
    return Outgoing(DeliveryId(delivery), f"t{delivery}", to, content, time.time() + deadline_s, keys, **fields)


async def one(adapter, outgoing):
    [result] = await adapter.send_many([outgoing])
    return result


async def test_the_browser_reads_what_was_sent():
    async with running() as service, pushing() as adapter:
        assert await one(adapter, message(service.url, delivery=42)) == Accepted("https://push.example/m/1")
        [(line, headers, body)] = service.requests
        assert line == "POST /push/abc HTTP/1.1"
        plain = http_ece.decrypt(body, private_key=BROWSER, auth_secret=AUTH, version="aes128gcm")
        assert json.loads(plain) == {
            "title": "Shop",
            "body": "20 % until Sunday",
            "url": "https://shop.example/s",
            "shown": "https://shop.example/shown",
        }
        assert (headers["ttl"], headers["urgency"], headers["topic"]) == ("86400", "normal", "d42")
        assert (headers["content-encoding"], headers["content-type"]) == ("aes128gcm", "application/octet-stream")
        assert headers["authorization"].startswith("vapid t=")
        assert headers["authorization"].endswith(f"k={adapter.public_key}")


async def test_it_waits_for_the_browser_as_long_as_it_is_valid():
    async with running() as service, pushing() as adapter:
        await one(adapter, message(service.url, expires_at=NOON + timedelta(minutes=5)))
        await one(adapter, message(service.url, expires_at=NOON + timedelta(days=99)))
        assert [headers["ttl"] for _, headers, _ in service.requests] == ["300", str(28 * 86_400)]
        result = await one(adapter, message(service.url, expires_at=NOON))
        assert (result.failure, result.code) == ("message", "expired")


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, "policy"), (401, "policy"), (403, "policy"), (404, "address"), (410, "address"), (413, "message"),
        (429, "temporary"), (500, "temporary"), (503, "temporary"), (302, "policy"), (307, "policy"), (418, "policy"),
    ],
)  # fmt: skip
async def test_each_status_has_its_class_and_no_redirect_is_followed(status, failure):
    async with running() as service, pushing() as adapter:
        service.says(status, b"because", Location=service.url + "/elsewhere")
        result = await one(adapter, message(service.url))
        assert isinstance(result, Refused)
        assert (result.failure, result.detail) == (failure, f"{status} because")
        assert (result.retry_after_s is None) == (failure != "temporary")
        assert len(service.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_taken_is_taken(status):
    async with running() as service, pushing() as adapter:
        service.says(status)
        assert await one(adapter, message(service.url)) == Accepted(None)


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("7", 7, 7), ("999999999", 86_400, 86_400), ("soon", 30, 30), ("Mon, 99 Foo", 30, 30), ("-5", 30, 30),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1, 1),
    ],
)  # fmt: skip
async def test_retry_after(value, low, high):
    async with running() as service, pushing() as adapter:
        service.says(429, Retry_After=value)
        result = await one(adapter, message(service.url))
        assert low <= result.retry_after_s <= high


async def test_retry_after_may_be_a_date():
    async with running() as service, pushing() as adapter:
        service.says(503, Retry_After=format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True))
        assert 80 <= (await one(adapter, message(service.url))).retry_after_s <= 91


@pytest.mark.parametrize("answer", [None, b"", b"nonsense\r\n\r\n"])
async def test_a_request_that_left_without_an_answer_is_in_doubt(answer):
    async with running() as service, pushing() as adapter:
        service.answer = answer
        assert isinstance(await one(adapter, message(service.url)), InDoubt)
        assert len(service.requests) == 1


async def test_an_answer_that_breaks_off_in_its_body_counts_by_its_status():
    async with running() as service, pushing() as adapter:
        service.answer = b"HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\n"
        assert (await one(adapter, message(service.url))).failure == "address"


async def test_nobody_there_is_not_sent():
    async with running() as service:
        pass
    async with pushing() as adapter:
        assert isinstance(await one(adapter, message(service.url)), NotSent)


async def test_a_connection_that_does_not_come_about_in_time_is_not_sent():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        await asyncio.sleep(0.05)
        async with pushing() as adapter:
            result = await one(adapter, message(f"http://127.0.0.1:{full.getsockname()[1]}/"))
        for filler in fillers:
            filler.close()
    assert isinstance(result, NotSent)


async def test_a_connection_without_tls_where_tls_is_due_is_not_sent():
    async with running() as service, pushing() as adapter:
        assert isinstance(await one(adapter, message(service.url.replace("http:", "https:"))), NotSent)


async def test_nothing_leaves_after_its_deadline():
    async with running() as service, pushing() as adapter:
        assert isinstance(await one(adapter, message(service.url, deadline_s=-1)), NotSent)
        assert service.connections == 0


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:1/", "https://10.0.0.1/", "https://u:p@8.8.8.8/", "ftp://8.8.8.8/", "http://8.8.8.8/", "", "x"],
)
async def test_endpoints_that_lead_inside_or_are_not_https_are_the_addresss_fault(endpoint):
    async with pushing(allow_private=False) as adapter:
        result = await one(adapter, message(endpoint))
        assert (result.failure, result.code) == ("address", "endpoint")


async def test_a_name_that_is_not_found_may_be_found_later():
    async with pushing(allow_private=False) as adapter:
        result = await one(adapter, message("https://no-such-push-service.invalid/x"))
        assert (result.failure, result.code) == ("temporary", "dns")


@pytest.mark.parametrize(
    "keys", [{}, {"p256dh": KEYS["p256dh"]}, {**KEYS, "auth": "###"}, {**KEYS, "p256dh": "AAAA"}, {**KEYS, "auth": 5}]
)
async def test_a_subscription_with_unusable_keys_is_a_dead_address(keys):
    async with pushing() as adapter:
        result = await one(adapter, message("http://127.0.0.1:1/", keys=keys))
        assert (result.failure, result.code) == ("address", "keys")


async def test_too_large_and_foreign_bodies_are_refused_before_they_leave():
    async with pushing() as adapter:
        result = await one(adapter, message("http://127.0.0.1:1/", body="x" * 4000))
        assert (result.failure, result.code) == ("message", "too_large")
        sms = Outgoing(DeliveryId(1), "t", "http://127.0.0.1:1/", SmsBody("x"), time.time() + 5, KEYS)
        assert (await one(adapter, sms)).code == "wrong_body"


async def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A second DNS answer cannot lead the connection elsewhere: the name is resolved once, by the guard."""

    async def once(host, port):
        assert host == "push.example"
        return ["127.0.0.1"]

    monkeypatch.setattr("antiphon.kernel.urls._addresses", once)
    async with running() as service, pushing() as adapter:
        result = await one(adapter, message(service.url.replace("127.0.0.1", "push.example")))
        assert isinstance(result, Accepted)
        assert service.requests[0][1]["host"].startswith("push.example:")


async def test_many_at_once_in_order_and_clients_within_a_bound(monkeypatch):
    monkeypatch.setattr(webpush, "CLIENTS_MAX", 1)
    async with running() as service, running() as other, pushing() as adapter:
        service.pause_s = other.pause_s = 0.02
        batch = [message((service, other)[number % 2].url, delivery=number) for number in range(200)]
        results = await adapter.send_many(batch)
        assert [type(result) for result in results] == [Accepted] * 200
        topics = [headers["topic"] for _, headers, _ in service.requests + other.requests]
        assert sorted(topics) == sorted(f"d{number}" for number in range(200))
        assert 50 < service.open_max + other.open_max <= 100
        await one(adapter, message(service.url))
        assert len(adapter._clients) == 1


def test_the_same_on_uvloop():
    async def flow():
        async with running() as service, pushing() as adapter:
            assert isinstance(await one(adapter, message(service.url)), Accepted)
            service.answer = b""
            assert isinstance(await one(adapter, message(service.url)), InDoubt)

    uvloop.run(flow())


def test_settings_keep_their_key_to_themselves_and_refuse_what_cannot_work():
    assert SETTINGS.private_key not in repr(SETTINGS) + pretty_repr(SETTINGS)
    for changes in ({"private_key": "x"}, {"subject": "nobody"}, {"ttl_s": -1}, {"connect_timeout_s": 10}):
        fields = {"private_key": SETTINGS.private_key, "subject": SETTINGS.subject, **changes}
        with pytest.raises(ValueError, match=r"private key|base64|padding|subject|_s:"):
            WebPushSettings(**fields)
