"""Sending over the mail providers' HTTP APIs: what each does in its own way."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode

import msgspec
import pytest
from rich.pretty import pretty_repr

from antiphon.channels import registry
from antiphon.channels.adapter import Unreachable
from antiphon.channels.adapters.email.handshake import Peer
from antiphon.channels.adapters.email.http_client import Room, retry_after_s
from antiphon.channels.adapters.email.imap import ImapSettings
from antiphon.channels.adapters.email.sigv4 import Credentials, signed
from antiphon.channels.adapters.email.smtp import DkimKey
from antiphon.channels.leases import Resizable
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Accepted, InDoubt, NotSent, Refused
from channels.mail_providers import (
    BODY,
    SECRET,
    Infobip,
    Mailgun,
    Postmark,
    SendGrid,
    Ses,
    around,
    basic,
    http,
    message,
    serving,
)

SES, SENDGRID, MAILGUN, POSTMARK, INFOBIP = Ses(), SendGrid(), Mailgun(), Postmark(), Infobip()


def made(provider, url, *, surroundings=None, **settings):
    checked = msgspec.json.encode(registry.check(provider.adapter, {**provider.settings(url), **settings}))
    return registry.make(provider.adapter, checked, surroundings or around())


async def sent(provider, batch, answer=None, **settings):
    """The results and what the provider was asked."""
    async with serving() as server:
        server.answer = answer or provider.good
        adapter = made(provider, server.url, **settings)
        try:
            return await adapter.send_many(batch), server.requests
        finally:
            await adapter.close()


async def refused(provider, answer):
    [result], _ = await sent(provider, [message()], answer=lambda *_: answer)
    assert isinstance(result, Refused)
    return result.failure, result.code


def test_signature_version_4_is_that_of_the_published_example():
    """The `get-vanilla` case of Amazon's test suite for the algorithm."""
    headers = signed(
        "GET",
        "https://example.amazonaws.com/",
        headers={},
        body=b"",
        credentials=Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        region="us-east-1",
        service="service",
        at_wall=1440938160,
    )
    assert headers["x-amz-date"] == "20150830T123600Z"
    assert headers["authorization"].endswith("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")


async def test_ses_asks_the_region_and_signs_date_host_and_session():
    adapter = made(SES, "", session_token="temp0rary")
    assert adapter.base_url() == "https://email.eu-west-1.amazonaws.com"
    _, [(line, headers, body)] = await sent(SES, [message()], session_token="temp0rary", configuration_set="shop")
    assert line == "POST /v2/email/outbound-emails HTTP/1.1"
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token," in headers["authorization"]
    assert headers["x-amz-security-token"] == "temp0rary"
    assert SECRET not in json.dumps(headers)
    assert json.loads(body)["ConfigurationSetName"] == "shop"


async def test_ses_gets_the_lines_that_smtp_would_get():
    """Raw, so that no header is lost and each line is at most 998 octets of ASCII."""
    long = msgspec.structs.replace(BODY, html="<p>ü</p>" * 5000)
    _, [(_, _, body)] = await sent(SES, [message(body=long)])
    raw = b64decode(json.loads(body)["Content"]["Raw"]["Data"])
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    ("status", "name", "detail", "meant"),
    [
        (400, "MessageRejected", "Email address is not verified.", "policy"),
        (400, "MessageRejected", "Transaction failed.", "message"),
        (400, "BadRequestException", "Missing final '@domain'", "message"),
        (400, "MailFromDomainNotVerifiedException", "", "policy"),
        (400, "SendingPausedException", "", "policy"),
        (400, "AccountSuspendedException", "", "policy"),
        (400, "LimitExceededException", "", "temporary"),
        (404, "NotFoundException", "Configuration set does not exist", "policy"),
        (403, "InvalidSignatureException:http://internal.amazon.com/", "", "policy"),
        (403, "com.amazon#ExpiredTokenException", "", "policy"),
        (400, "NewbornException", "", "message"),
    ],
)
async def test_ses_errors(status, name, detail, meant):
    failure, code = await refused(SES, http(status, {"message": detail}, x_amzn_ErrorType=name))
    assert failure == meant
    assert code.startswith(str(status))


async def test_the_quota_of_the_day_is_not_back_in_a_second():
    said = {"message": "Daily message quota exceeded."}
    answer = http(429, said, x_amzn_ErrorType="TooManyRequestsException")
    [result], _ = await sent(SES, [message()], answer=lambda *_: answer)
    assert (result.failure, result.retry_after_s) == ("temporary", 3600.0)


async def test_sendgrid_sends_no_tracking_of_its_own_unless_told():
    for tracking in (False, True):
        _, [(_, headers, body)] = await sent(SENDGRID, [message()], tracking=tracking)
        told = json.loads(body)["tracking_settings"]
        assert [told["click_tracking"]["enable"], told["open_tracking"]["enable"]] == [tracking, tracking]
        assert told["subscription_tracking"] == {"enable": False}
        assert headers["authorization"] == f"Bearer {SECRET}"


async def test_sendgrid_leaves_out_a_part_that_is_empty_but_not_the_subject():
    body = msgspec.structs.replace(BODY, text="", subject="", sender_name="", reply_to="")
    _, [(_, _, asked)] = await sent(SENDGRID, [message(body=body)])
    told = json.loads(asked)
    assert [part["type"] for part in told["content"]] == ["text/html"]
    assert told["subject"].strip() == ""
    assert told["subject"]
    assert told["from"] == {"email": BODY.sender}
    assert "reply_to" not in told


async def test_mailgun_posts_a_form_to_the_domain_with_its_region():
    assert made(MAILGUN, "", region="eu").base_url() == "https://api.eu.mailgun.net"
    _, [(line, headers, body)] = await sent(MAILGUN, [message()])
    assert line == "POST /v3/mg.shop.example/messages HTTP/1.1"
    assert headers["authorization"] == basic("api", SECRET)
    assert b"o%3Atracking=no" in body


async def test_postmark_takes_fifty_in_a_request_and_answers_each():
    def answer(_line, _headers, body):
        each = []
        for n, one in enumerate(json.loads(body)):
            if one["To"] == "inactive@example.org":
                each.append({"ErrorCode": 406, "Message": "inactive"})
            elif one["To"] == "odd@example.org":
                each.append({"ErrorCode": 300, "Message": "Invalid 'To' address: 'odd@example.org'."})
            elif one["To"] == "big@example.org":
                each.append({"ErrorCode": 300, "Message": "HtmlBody is too long."})
            elif one["To"] == "credits@example.org":
                each.append({"ErrorCode": 405, "Message": "Out of credits."})
            elif one["To"] == "mute@example.org":
                each.append({})
            else:
                each.append({"ErrorCode": 0, "Message": "OK", "MessageID": f"pm-{n}"})
        return http(200, each)

    names = ["inactive", "odd", "big", "credits", "mute"]
    batch = [message(n, to=f"{name}@example.org") for n, name in enumerate(names, 1)]
    results, requests = await sent(POSTMARK, batch + [message(n) for n in range(10, 130)], answer=answer)
    assert len(requests) == 3
    assert [getattr(result, "failure", type(result)) for result in results[:5]] == [
        "address", "address", "message", "policy", InDoubt,
    ]  # fmt: skip
    assert all(isinstance(result, Accepted) for result in results[5:])
    assert len({result.provider_message_id for result in results[5:55]}) == 50


@pytest.mark.parametrize("provider", [POSTMARK, INFOBIP], ids=lambda provider: provider.adapter)
async def test_a_message_that_spoils_its_batch_is_refused_alone(provider):
    def answer(line, headers, body):
        return (
            http(422, {"ErrorCode": 402, "Message": "Malformed"})
            if b"bad@" in body
            else provider.good(line, headers, body)
        )

    batch = [message(n, to="bad@example.org" if n == 2 else "ada@example.org") for n in range(1, 6)]
    results, requests = await sent(provider, batch, answer=answer)
    assert [type(result) for result in results] == [Accepted, Refused, Accepted, Accepted, Accepted]
    assert results[1].failure == "message"
    assert len(requests) == 6


@pytest.mark.parametrize("provider", [POSTMARK, INFOBIP], ids=lambda provider: provider.adapter)
async def test_a_batch_that_is_answered_for_others_leaves_each_in_doubt(provider):
    short = http(200, [] if provider is POSTMARK else {"messages": []})
    results, _ = await sent(provider, [message(n) for n in range(1, 4)], answer=lambda *_: short)
    assert [type(result) for result in results] == [InDoubt] * 3


@pytest.mark.parametrize("provider", [POSTMARK, INFOBIP], ids=lambda provider: provider.adapter)
async def test_in_a_batch_what_is_late_stays_and_the_rest_goes(provider):
    batch = [message(n, deadline_s=-1 if n == 2 else 5) for n in range(1, 5)]
    results, _ = await sent(provider, batch)
    assert [type(result) for result in results] == [Accepted, NotSent, Accepted, Accepted]


async def test_infobip_is_told_where_to_report_unless_a_password_guards_the_account():
    for settings, told in (({"callback_username": "", "callback_password": ""}, True), ({}, False)):
        _, [(_, headers, body)] = await sent(INFOBIP, [message()], **settings)
        asked = json.loads(body)
        [one] = asked["messages"]
        assert (one["webhooks"].get("delivery", {}).get("url") == "https://shop.example/hooks/abc") is told
        assert ("trackingUrl" in asked["options"]["tracking"]) is told
        assert asked["options"]["tracking"]["track"] is False
        assert headers["authorization"] == f"App {SECRET}"
        assert "messageId" not in json.dumps(one)


async def test_infobip_is_not_told_of_an_address_that_it_cannot_reach():
    async with serving() as server:
        server.answer = INFOBIP.good
        here = around(callback_url="http://127.0.0.1:8080/hooks/abc")
        adapter = made(INFOBIP, server.url, surroundings=here, callback_username="", callback_password="")
        await adapter.send_many([message()])
        await adapter.close()
    assert b"127.0.0.1" not in server.requests[0][2]


@pytest.mark.parametrize(
    ("number", "meant"), [(12, "policy"), (14, "optout"), (20, "temporary"), (25, "message"), (77, "message")]
)
async def test_infobip_statuses(number, meant):
    status = {"groupId": 5, "groupName": "REJECTED", "id": number, "name": "REJECTED_X", "description": "words"}
    failure, code = await refused(INFOBIP, http(200, {"messages": [{"status": status}]}))
    assert (failure, code) == (meant, f"{number} REJECTED_X")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        ("999999999", 86400.0),
        ("soon", None),
        ("-5", None),
        (None, None),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 1.0),
    ],
)
def test_retry_after_is_read_and_bounded(value, seconds):
    assert retry_after_s(value) == seconds


async def test_connections_are_used_again():
    async with serving() as server:
        server.answer = SENDGRID.good
        adapter = made(SENDGRID, server.url)
        for n in range(1, 6):
            await adapter.send_many([message(n)])
        await adapter.close()
        assert len(server.requests) == 5
        assert len(server.writers) == 1


async def test_a_provider_whose_name_leads_nowhere_is_unreachable():
    adapter = made(SENDGRID, "https://nowhere.invalid")
    with pytest.raises(Unreachable):
        await adapter.connect()


@pytest.mark.parametrize(
    "holder",
    [
        ImapSettings(host="mail.example", username="jo", password=SECRET),
        DkimKey(domain="shop.example", selector="s1", private_key=SECRET),
        Credentials("AKIAEXAMPLE", SECRET, SECRET),
        Peer("mail.example", 587, "none", "me.example", None, "jo", SECRET, 1.0),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_what_holds_a_secret_does_not_print_it(holder):
    assert SECRET not in pretty_repr(holder) + repr(holder) + str(holder)


@pytest.mark.parametrize("field", ["subject", "sender_name", "text", "html"])
async def test_half_a_character_does_not_spoil_the_batch(field):
    broken = msgspec.structs.replace(BODY, **{field: "\ud83d Hi"})
    for provider in (SES, SENDGRID, MAILGUN, POSTMARK, INFOBIP):
        results, _ = await sent(provider, [message(1), message(2, body=broken), message(3)])
        assert [type(result) for result in results] == [Accepted] * 3


async def test_the_budget_of_connections_is_of_all_processes_and_may_change():
    async with serving() as server:
        server.answer, server.pause_s = SENDGRID.good, 0.1
        adapter = made(SENDGRID, server.url, connections=7)
        assert isinstance(adapter, Resizable)
        assert adapter.connections == 7
        assert adapter.resize(2) == 0
        sending = asyncio.create_task(adapter.send_many([message(n) for n in range(1, 9)]))
        await asyncio.sleep(0.05)
        assert adapter.resize(1) == 2  # those under way end first
        await asyncio.sleep(0.15)
        assert adapter.resize(1) == 1
        adapter.resize(7)
        assert [type(result) for result in await sending] == [Accepted] * 8
        assert adapter.resize(0) == 0
        [late] = await adapter.send_many([message(9, deadline_s=0.1)])
        assert isinstance(late, NotSent)
        await adapter.close()
    assert 2 <= server.open_max <= 7


async def test_who_gives_up_waiting_takes_no_room():
    room = Room(1)
    await room.enter()
    first, second = asyncio.create_task(room.enter()), asyncio.create_task(room.enter())
    await asyncio.sleep(0)
    room.leave()
    first.cancel()  # just as it was let in
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.wait_for(second, timeout=1)
    assert room.resize(1) == 1


@pytest.mark.parametrize("token", ["one\ntwo", "größe"])
def test_a_session_token_that_no_header_takes_is_refused_when_it_is_set(token):
    with pytest.raises(Invalid):
        registry.check("ses", SES.settings("http://127.0.0.1:1") | {"session_token": token})
