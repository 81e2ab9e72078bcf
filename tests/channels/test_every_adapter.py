"""What every adapter promises, whatever it speaks. A new one joins by a line in the registry and a stand-in here."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import msgspec
import pytest
import structlog
from rich.pretty import pretty_repr

from antiphon.channels import registry
from antiphon.channels.adapter import Forged, OneWay, Recalled, Sent
from antiphon.kernel.errors import Invalid, NotFound
from antiphon.kernel.keys import new_vapid_key
from antiphon.kernel.records import (
    Accepted,
    EmailBody,
    InDoubt,
    NotSent,
    PushBody,
    Receipt,
    Refused,
    SmsBody,
)
from channels.mail_providers import (
    BODY,
    NOON,
    PROVIDER,
    PROVIDERS,
    SECRET,
    around,
    http,
    message,
    posted,
    serving,
    token_of,
)

VAPID = new_vapid_key()
# Settings of adapters that are proven elsewhere too; `{port}` is where nobody listens.
OTHERS = {
    "smtp": {"host": "127.0.0.1", "envelope_domain": "b.shop.example", "security": "tls", "password": SECRET},
    "smpp": {"host": "127.0.0.1", "system_id": "shop", "password": SECRET[:8]},
    "webpush": {"private_key": VAPID, "subject": "mailto:push@shop.example"},
}
LENIENT = ("smpp", "webpush")
SECRETS = (SECRET, SECRET[:8], VAPID)
KNOWN = {provider.adapter: provider for provider in PROVIDERS}
mail_api = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.adapter)
# Those of other builders join when they have a stand-in here; each is named, so that none is forgotten silently.
every = pytest.mark.parametrize("name", sorted(registry.ADAPTERS))


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def settings_of(name):
    if name in KNOWN:
        return KNOWN[name].settings(f"http://127.0.0.1:{closed_port()}")
    if name not in OTHERS:
        pytest.skip(f"{name} has no stand-in here")
    return OTHERS[name] | ({"port": closed_port()} if name != "webpush" else {})


def made(name, settings):
    return registry.make(name, msgspec.json.encode(registry.check(name, settings)), around())


@asynccontextmanager
async def talking(provider, **settings):
    """The adapter, and the server that it talks to, which answers well until told otherwise."""
    async with serving() as server:
        server.answer = provider.good
        adapter = made(provider.adapter, {**provider.settings(server.url), **settings})
        await adapter.connect()
        try:
            yield adapter, server
        finally:
            await adapter.close()


async def one(adapter, outgoing):
    [result] = await adapter.send_many([outgoing])
    return result


@every
def test_it_says_what_it_is_and_where_its_limits_come_from(name):
    adapter = made(name, settings_of(name))
    assert adapter.name == name
    assert adapter.channel == registry.ADAPTERS[name].channel
    assert adapter.limits.in_flight_max > 0
    assert adapter.limits.source


@every
def test_it_has_an_address_to_be_called_at_only_if_it_can_read_a_call(name):
    assert registry.ADAPTERS[name].is_called == (not isinstance(made(name, settings_of(name)), OneWay))


@every
def test_secrets_stay_out_of_what_is_printed(name):
    settings = registry.check(name, settings_of(name))
    assert told_secrets(f"{settings!r} {settings} {made(name, settings_of(name))!r}") == []


@every
def test_secrets_stay_out_of_tracebacks_in_colour(name):
    """Rich asks a struct for its fields in another way than `repr`."""
    assert told_secrets(pretty_repr(registry.check(name, settings_of(name)))) == []


def told_secrets(text):
    return [secret for secret in SECRETS if secret in text]


@every
def test_settings_that_it_does_not_know_are_refused(name):
    if name in LENIENT:
        pytest.skip(f"{name} takes unknown settings so far")
    with pytest.raises(Invalid):
        registry.check(name, settings_of(name) | {"levitate": True})


@every
async def test_where_nobody_listens_nothing_is_sent(name):
    adapter = made(name, settings_of(name))
    try:
        assert isinstance(await one(adapter, outgoing_for(name)), NotSent)
    finally:
        await adapter.close()


@every
async def test_after_the_deadline_nothing_is_sent(name):
    adapter = made(name, settings_of(name))
    try:
        assert isinstance(await one(adapter, outgoing_for(name, deadline_s=-1)), NotSent)
    finally:
        await adapter.close()


@every
async def test_what_goes_over_another_channel_is_refused(name):
    adapter = made(name, settings_of(name))
    channel = registry.ADAPTERS[name].channel.value
    wrong = SmsBody("hello") if channel != "sms" else BODY
    try:
        result = await one(adapter, outgoing_for(name, body=wrong))
    finally:
        await adapter.close()
    assert isinstance(result, Refused | NotSent)
    assert isinstance(result, NotSent) or result.failure == "message"


@every
async def test_an_empty_batch_has_no_results(name):
    adapter = made(name, settings_of(name))
    try:
        assert list(await adapter.send_many([])) == []
        assert list(await adapter.recall([])) == []
    finally:
        await adapter.close()


def outgoing_for(name, **fields):
    bodies = {
        "email": ("ada@example.org", BODY, {}),
        "sms": ("+447900900123", SmsBody("hello", "Shop"), {}),
        "push": (f"http://127.0.0.1:{closed_port()}/push", PushBody("Shop", "hello"), KEYS),
    }
    to, body, details = bodies[registry.ADAPTERS[name].channel.value]
    return message(to=to, **{"body": body, "details": details, **fields})


KEYS = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}


@mail_api
async def test_a_message_goes_once_with_our_headers_and_names_its_attempt(provider):
    async with talking(provider) as (adapter, server):
        result = await one(adapter, message(5))
    [(line, headers, body)] = server.requests
    assert line.startswith("POST /")
    assert isinstance(result, Accepted)
    assert result.provider_message_id
    said = provider.says(headers, body)
    assert said["headers"].pop("X-Antiphon-Delivery") == said["token"] == token_of(5)
    assert said["headers"]["List-Unsubscribe"] == "<https://shop.example/u/abc>"
    assert said["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert said["headers"]["Feedback-ID"] == "spring:shop:campaign:antiphon"
    for name in ("subject", "text", "html", "reply_to"):
        assert said[name] == getattr(BODY, name)
    assert (said["to"], said["from"], said["name"]) == ("ada@example.org", BODY.sender, BODY.sender_name)


@mail_api
async def test_many_are_answered_in_their_order_and_not_all_at_once(provider):
    async with talking(provider, connections=4) as (adapter, server):
        server.pause_s = 0.005
        wrong = message(3, to="nobody")
        results = await adapter.send_many([message(n) if n != 3 else wrong for n in range(1, 121)])
    assert [type(result) for result in results] == [Accepted, Accepted, Refused] + [Accepted] * 117
    assert results[2].failure == "address"
    assert 1 <= server.open_max <= 4


@mail_api
async def test_asked_to_slow_down_it_says_until_when(provider):
    async with talking(provider) as (adapter, server):
        server.answer = provider.throttled
        result = await one(adapter, message())
    assert isinstance(result, Refused)
    assert (result.failure, result.retry_after_s) == ("temporary", 17.0)


@mail_api
async def test_wrong_credentials_are_nobodys_address_being_dead(provider):
    async with talking(provider) as (adapter, server):
        server.answer = provider.credentials
        result = await one(adapter, message())
    assert isinstance(result, Refused)
    assert result.failure == "policy"


@mail_api
async def test_a_dead_address_is_told_as_such(provider):
    if provider.dead is None:
        pytest.skip(f"{provider.adapter} never says so in its answer, only by a call")
    async with talking(provider) as (adapter, server):
        server.answer = provider.dead
        result = await one(adapter, message())
    assert isinstance(result, Refused)
    assert result.failure == "address"


@mail_api
@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        (lambda *_: b"", InDoubt),  # closed after the bytes
        (lambda *_: None, InDoubt),  # silence
        (lambda *_: http(500), InDoubt),
        (lambda *_: http(502, b"<html>Bad gateway"), InDoubt),
        (lambda *_: http(503), Refused),
        (lambda *_: http(302, Location="http://127.0.0.1/"), Refused),
        (lambda *_: http(418, b"\xff\xfe teapot"), Refused),
        (lambda *_: http(520), InDoubt),  # a proxy lost the provider's answer
        (lambda *_: http(524), InDoubt),
        (lambda *_: http(521), Refused),  # it never reached the provider
        (lambda *_: http(599), InDoubt),
    ],
    ids=["closed", "silence", "500", "502", "503", "redirect", "unknown", "520", "524", "521", "599"],
)
async def test_what_is_not_certain_is_in_doubt_and_never_raises(provider, answer, meant):
    async with talking(provider, connect_timeout_s=0.2, answer_timeout_s=0.5) as (adapter, server):
        server.answer = answer
        result = await one(adapter, message())
    assert type(result) is meant
    assert len(server.requests) == 1
    if isinstance(result, Refused):
        assert result.failure in ("temporary", "policy")


@mail_api
async def test_an_answer_that_breaks_off_is_in_doubt(provider):
    async with talking(provider, connect_timeout_s=0.2, answer_timeout_s=0.5) as (adapter, server):
        server.answer = lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
        assert type(await one(adapter, message())) is InDoubt


@mail_api
async def test_a_yes_that_names_nothing_is_never_told_as_a_no(provider):
    async with talking(provider) as (adapter, server):
        server.answer = lambda *_: http(200, b"<html>hello")
        assert isinstance(await one(adapter, message()), InDoubt | Accepted)


@mail_api
async def test_what_finds_no_room_before_its_deadline_stays_here(provider):
    async with talking(provider, connections=1) as (adapter, server):
        server.pause_s = 0.3
        batches = [adapter.send_many([message(n, deadline_s=0.15)]) for n in range(1, 4)]
        results = [results[0] for results in await asyncio.gather(*batches)]
    assert [type(result) for result in results] == [Accepted, NotSent, NotSent]
    assert len(server.requests) == 1


@mail_api
@pytest.mark.parametrize("field", ["sender", "reply_to", "unsubscribe_url"])
async def test_nobody_breaks_out_of_a_header(provider, field):
    body = msgspec.structs.replace(BODY, **{field: "https://x.example/\r\nBcc: all@example.org"})
    async with talking(provider) as (adapter, server):
        result = await one(adapter, message(body=body))
    assert isinstance(result, Refused)
    assert server.requests == []


@mail_api
async def test_line_breaks_in_names_and_subjects_become_blanks(provider):
    body = msgspec.structs.replace(BODY, subject="Hi\r\nBcc: x@example.org", sender_name="A\r\nBcc: x@example.org")
    async with talking(provider) as (adapter, server):
        assert isinstance(await one(adapter, message(body=body)), Accepted)
    said = provider.says(server.requests[0][1], server.requests[0][2])
    assert said["subject"] == "Hi Bcc: x@example.org"
    assert "Bcc" not in said["headers"]


@mail_api
@pytest.mark.parametrize(
    "body",
    [
        EmailBody("news@shop.example", "", "", "", "x" * 10_100_000),
        EmailBody("news@shop.example", "", "", "", ""),
    ],
    ids=["too large", "empty"],
)
async def test_what_cannot_be_taken_is_not_offered(provider, body):
    async with talking(provider) as (adapter, server):
        result = await one(adapter, message(body=body))
    assert isinstance(result, Refused)
    assert result.failure == "message"
    assert server.requests == []


@mail_api
async def test_secrets_and_addresses_stay_out_of_the_log(provider):
    with structlog.testing.capture_logs() as logs:
        async with talking(provider) as (adapter, server):
            await adapter.send_many([message()])
            server.answer = provider.credentials
            await adapter.send_many([message()])
            server.answer = provider.good
            await adapter.callback(provider.call(provider.strange(5)))
            with pytest.raises(Forged):
                await adapter.callback(provider.forged(provider.delivered(5)))
    told = json.dumps(logs, default=str)
    assert SECRET not in told
    assert "ada@example.org" not in told


@mail_api
async def test_a_call_names_its_delivery_before_its_id_is_known(provider):
    async with talking(provider) as (adapter, _server):
        called = await adapter.callback(provider.call(provider.delivered(5)))
    [receipt] = called.items
    assert called.status == 200
    assert (receipt.kind, receipt.delivery, receipt.provider) == ("delivered", 5, PROVIDER)
    assert receipt.provider_message_id
    assert receipt.at <= NOON


@mail_api
async def test_the_same_call_again_says_the_same(provider):
    async with talking(provider) as (adapter, _server):
        call = provider.call(provider.delivered(5))
        first, second = [await adapter.callback(call) for _ in range(2)]
    assert first == second


@mail_api
async def test_a_complaint_is_an_opt_out(provider):
    async with talking(provider) as (adapter, _server):
        [receipt] = (await adapter.callback(provider.call(provider.complained(5)))).items
    assert (receipt.kind, receipt.failure, receipt.code) == ("opted_out", "optout", "complaint")


@mail_api
async def test_an_event_that_nobody_knows_is_taken_and_named_in_the_log(provider):
    with structlog.testing.capture_logs() as logs:
        async with talking(provider) as (adapter, _server):
            called = await adapter.callback(provider.call(provider.strange(5)))
    assert (called.status, list(called.items)) == (200, [])
    [line] = [line for line in logs if line["event"] == "callback.unknown_event"]
    assert "levitat" in (line.get("kind") or "").lower()


@mail_api
async def test_a_call_that_is_not_signed_is_not_read(provider):
    async with talking(provider) as (adapter, _server):
        calls = [
            provider.forged(provider.delivered(5)),
            msgspec.structs.replace(provider.call(provider.delivered(5)), headers={}, body=b"{}"),
            posted(b""),
            posted(b"\xff" * 100, authorization="Basic \xff", content_type="application/json"),
            posted(b"[]", authorization="Bearer x", x_twilio_email_event_webhook_timestamp="9" * 400),
        ]
        for call in calls:
            with pytest.raises((Forged, Invalid)):
                await adapter.callback(call)


@mail_api
async def test_a_call_with_nonsense_in_it_is_refused_or_says_nothing(provider):
    """Signed, and yet of another shape than any page tells."""
    async with talking(provider) as (adapter, _server):
        for nonsense in ({}, {"event": []}, {"event": {"a": 1}}, {"RecordType": 7}, {"results": [1, None, {}]}):
            try:
                called = await adapter.callback(provider.call(nonsense))
            except Invalid:
                continue
            assert all(isinstance(item, Receipt) for item in called.items)


@mail_api
async def test_nothing_handed_over_can_be_taken_back(provider):
    adapter = made(provider.adapter, provider.settings("http://127.0.0.1:1"))
    assert await adapter.recall([Sent(1, token_of(1), "ada@example.org")]) == [Recalled.CANNOT]


@pytest.mark.parametrize("name", sorted(OTHERS))
async def test_whom_nobody_calls_reads_no_call(name):
    with pytest.raises(NotFound):
        await made(name, settings_of(name)).callback(posted(b"{}"))


async def test_an_address_inside_our_own_network_is_not_a_provider():
    """Outside the sandbox: neither over http nor at a private address."""
    for url in ("http://mail.example.org", "https://127.0.0.1:1", "https://169.254.169.254"):
        given = {"server_token": SECRET, "base_url": url}
        checked = msgspec.json.encode(registry.check("postmark", given))
        adapter = registry.make("postmark", checked, around(private=False))
        assert type(await one(adapter, message())) is NotSent
