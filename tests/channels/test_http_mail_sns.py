"""Calls of Amazon SNS: only what Amazon signed for our topic is read, and certificates come from Amazon alone."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from antiphon.channels import registry
from antiphon.channels.adapter import Forged
from antiphon.kernel.errors import Busy, Invalid
from channels.mail_providers import Ses, around, http, posted, serving

SES = Ses()


@asynccontextmanager
async def hearing(provider=SES, **settings):
    async with serving() as server:
        server.answer = provider.good
        given = {**provider.settings(server.url), **settings}
        adapter = registry.make("ses", msgspec.json.encode(registry.check("ses", given)), around())
        try:
            yield adapter, server
        finally:
            await adapter.close()


def call(said):
    return posted(json.dumps(said).encode())


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Event"}])
async def test_both_versions_of_signatures_are_read_with_and_without_subject(version, more):
    async with hearing() as (adapter, _server):
        called = await adapter.callback(call(SES.sns(SES.delivered(5), version=version, **more)))
    assert [item.delivery for item in called.items] == [5]


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": '{"eventType": "Bounce"}'},
        {"MessageId": "another"},
        {"Subject": "added"},
        {"Timestamp": "2026-01-01T00:00:00.000Z"},
        {"Type": "SubscriptionConfirmation"},
        {"TopicArn": "arn:aws:sns:eu-west-1:210987654321:mail-events"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": "1"},
        {"Signature": "AAAA"},
        {"Signature": "not base64"},
        {"Signature": None},
        {"Timestamp": None},
    ],
    ids=str,
)
async def test_whatever_is_changed_after_signing_is_forged(changed):
    async with hearing() as (adapter, _server):
        with pytest.raises(Forged):
            await adapter.callback(call(SES.sns(SES.delivered(5)) | changed))


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem",
        "https://evil.example/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com:444/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com/../bucket/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem?x=1",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem\n",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem",  # another region than the topic's
        "https://s3.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "",
    ],
)
async def test_a_certificate_from_elsewhere_is_not_even_asked_for(url):
    async with hearing() as (adapter, server):
        with pytest.raises(Forged):
            await adapter.callback(call(SES.sns(SES.delivered(5), SigningCertURL=url)))
        assert server.requests == []


@pytest.mark.parametrize(
    "certificate",
    [{"name": "sns.evil.example"}, {"from_days": 1, "to_days": 2}, {"from_days": -3, "to_days": -1}],
    ids=["another name", "not valid yet", "expired"],
)
async def test_a_certificate_that_is_not_good_proves_nothing(certificate):
    async with hearing() as (adapter, server):
        server.answer = lambda *_: http(200, SES.certificate(**certificate))
        with pytest.raises(Forged):
            await adapter.callback(call(SES.sns(SES.delivered(5))))


async def test_another_key_than_that_of_the_certificate_proves_nothing():
    stranger = rsa.generate_private_key(65537, 2048)
    async with hearing() as (adapter, _server):
        with pytest.raises(Forged):
            await adapter.callback(call(SES.sns(SES.delivered(5), signer=stranger)))


async def test_the_certificate_is_got_once():
    async with hearing() as (adapter, server):
        for _ in range(3):
            await adapter.callback(call(SES.sns(SES.delivered(5))))
    assert len(server.requests) == 1


async def test_nobody_waits_while_a_stranger_lets_us_ask_for_a_certificate():
    async with hearing() as (adapter, server):
        await adapter.callback(call(SES.sns(SES.delivered(5))))
        server.answer = lambda *_: None
        strange = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-ffff.pem"
        asking = asyncio.create_task(adapter.callback(call(SES.sns(SES.delivered(6), SigningCertURL=strange))))
        await asyncio.sleep(0.1)
        heard = await asyncio.wait_for(adapter.callback(call(SES.sns(SES.delivered(7)))), timeout=2)
        asking.cancel()
    assert len(heard.items) == 1


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+23:59", ""])
async def test_a_date_beyond_all_calendars_is_forged(at):
    async with hearing() as (adapter, _server):
        with pytest.raises(Forged):
            await adapter.callback(call(SES.sns(SES.delivered(5), Timestamp=at)))


@pytest.mark.parametrize("answer", [http(500), http(404), b""])
async def test_where_the_certificate_cannot_be_had_amazon_is_to_call_again(answer):
    async with hearing() as (adapter, server):
        server.answer = lambda *_: answer
        with pytest.raises(Busy):
            await adapter.callback(call(SES.sns(SES.delivered(5))))
        server.answer = SES.good
        assert len((await adapter.callback(call(SES.sns(SES.delivered(5))))).items) == 1


async def test_a_subscription_to_our_topic_is_confirmed():
    async with hearing() as (adapter, server):
        called = await adapter.callback(call(SES.sns("You have chosen to subscribe", kind="SubscriptionConfirmation")))
        assert (called.status, list(called.items)) == (200, [])
        lines = [line for line, _, _ in server.requests]
    assert lines[-1] == "GET /?Action=ConfirmSubscription&Token=2336412f37 HTTP/1.1"


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": "arn:aws:sns:eu-west-1:210987654321:theirs"},
        {"SubscribeURL": "https://evil.example/?Action=ConfirmSubscription"},
        {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com.evil.example/?Action=ConfirmSubscription"},
        {"SubscribeURL": "http://169.254.169.254/?latest"},
    ],
)
async def test_a_subscription_to_anything_else_is_not(changes):
    """Signed by Amazon, for somebody else's topic or with an address of somebody else's."""
    async with hearing() as (adapter, server):
        with pytest.raises(Forged):
            await adapter.callback(call(SES.sns("Hello", kind="SubscriptionConfirmation", **changes)))
        assert not [line for line, _, _ in server.requests if not line.startswith("GET /SimpleNotification")]


async def test_without_a_topic_in_the_settings_nothing_is_heard():
    async with hearing(topic_arn="") as (adapter, _server):
        with pytest.raises(Forged):
            await adapter.callback(call(SES.sns(SES.delivered(5))))


@pytest.mark.parametrize(("late", "heard"), [(6 * 3600, True), (8 * 3600, False), (-600, False)])
async def test_a_call_is_good_for_as_long_as_amazon_repeats_it(late, heard):
    stamp = (datetime.now(UTC) - timedelta(seconds=late)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    said = call(SES.sns(SES.delivered(5), Timestamp=stamp))
    async with hearing() as (adapter, _server):
        if heard:
            assert len((await adapter.callback(said)).items) == 1
        else:
            with pytest.raises(Forged):
                await adapter.callback(said)


async def test_a_signed_message_that_is_no_json_is_refused_as_such():
    async with hearing() as (adapter, _server):
        with pytest.raises(Invalid):
            await adapter.callback(call(SES.sns("hello")))


async def test_outside_the_sandbox_certificates_come_from_amazon_alone():
    """`sns_url` is for stand-ins; elsewhere it is not looked at."""
    async with serving() as server:
        checked = msgspec.json.encode(registry.check("ses", SES.settings(server.url)))
        adapter = registry.make("ses", checked, around(private=False))
        assert adapter._sns._instead_url == ""
