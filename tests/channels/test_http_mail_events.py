"""What mail providers tell of a message, in the shapes of their documentation, and what it means to us."""

from __future__ import annotations

import time
from datetime import timedelta

import msgspec
import pytest

from antiphon.channels import registry
from antiphon.channels.adapter import Forged
from antiphon.kernel.errors import Invalid
from channels.mail_providers import (
    NOON,
    SECRET,
    Infobip,
    Mailgun,
    Postmark,
    SendGrid,
    Ses,
    around,
    basic,
    posted,
    serving,
    token_of,
)

SES, SENDGRID, MAILGUN, POSTMARK, INFOBIP = Ses(), SendGrid(), Mailgun(), Postmark(), Infobip()


def made(provider, url="http://127.0.0.1:1", **settings):
    given = {**provider.settings(url), **settings}
    return registry.make(provider.adapter, msgspec.json.encode(registry.check(provider.adapter, given)), around())


async def told(provider, event):
    async with serving() as server:
        server.answer = provider.good
        adapter = made(provider, server.url)
        try:
            called = await adapter.callback(provider.call(event))
        finally:
            await adapter.close()
    return [(item.kind, item.failure, item.code, item.machine) for item in called.items]


def ses(kind, about=None, **fields):
    name = {"Rendering Failure": "failure"}.get(kind, kind.lower())
    return {"eventType": kind, "mail": SES.mail(5), name: about or {}, **fields}


def bounce(kind, sort, status="5.1.1"):
    said = {"emailAddress": "ada@example.org", "action": "failed", "status": status, "diagnosticCode": "smtp; 550"}
    return ses("Bounce", {"bounceType": kind, "bounceSubType": sort, "bouncedRecipients": [said]})


APPLE = "Mozilla/5.0"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GATEWAY = "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; BOIE9;ENUS)"


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        (ses("Send"), ("accepted", None, "", False)),
        (ses("Delivery", {"smtpResponse": "250 OK"}), ("delivered", None, "", False)),
        (bounce("Permanent", "General"), ("failed", "address", "Permanent General 5.1.1", False)),
        (bounce("Permanent", "General", ""), ("failed", "address", "Permanent General", False)),
        (bounce("Permanent", "General", "5.2.2"), ("failed", "temporary", "Permanent General 5.2.2", False)),
        (bounce("Permanent", "NoEmail"), ("failed", "address", "Permanent NoEmail 5.1.1", False)),
        (bounce("Permanent", "Suppressed", ""), ("failed", "address", "Permanent Suppressed", False)),
        (bounce("Permanent", "OnAccountSuppressionList", "5.7.1"),
         ("failed", "address", "Permanent OnAccountSuppressionList 5.7.1", False)),
        (bounce("Permanent", "UnsubscribedRecipient", ""),
         ("failed", "optout", "Permanent UnsubscribedRecipient", False)),
        (bounce("Permanent", "Newborn", ""), ("failed", "address", "Permanent Newborn", False)),
        (bounce("Transient", "MailboxFull", "5.2.2"), ("failed", "temporary", "Transient MailboxFull 5.2.2", False)),
        (bounce("Transient", "General", ""), ("failed", "temporary", "Transient General", False)),
        (bounce("Transient", "MessageTooLarge", ""), ("failed", "message", "Transient MessageTooLarge", False)),
        (bounce("Transient", "ContentRejected", ""), ("failed", "message", "Transient ContentRejected", False)),
        (bounce("Undetermined", "Undetermined", ""), ("failed", "temporary", "Undetermined Undetermined", False)),
        (ses("Complaint", {"complaintFeedbackType": "not-spam"}), None),
        (ses("Complaint", {"complaintSubType": "OnAccountSuppressionList"}),
         ("opted_out", "optout", "complaint", False)),
        (ses("DeliveryDelay", {"delayType": "MailboxFull"}), None),
        (ses("Reject", {"reason": "Bad content"}), ("failed", "message", "Bad content", False)),
        (ses("Open", {"userAgent": CHROME}), ("opened", None, "", False)),
        (ses("Open", {"userAgent": APPLE}), ("opened", None, "", True)),
        (ses("Open", {"userAgent": GMAIL}), ("opened", None, "", False)),
        (ses("Click", {"userAgent": GATEWAY, "link": "https://shop.example"}), ("clicked", None, "", True)),
        (ses("Click", {"userAgent": CHROME, "link": "https://shop.example"}), ("clicked", None, "", False)),
        (ses("Rendering Failure", {"errorMessage": "x"}), ("failed", "message", "rendering", False)),
        (ses("Subscription", {"newTopicPreferences": {"unsubscribeAll": True}}),
         ("opted_out", "optout", "unsubscribe", False)),
        (ses("Subscription", {"newTopicPreferences": {"unsubscribeAll": False}}), None),
        ("Successfully validated SNS topic for Amazon SES event publishing.", None),
    ],
)  # fmt: skip
async def test_ses(event, meant):
    assert await told(SES, event) == ([meant] if meant else [])


async def test_ses_notifications_of_an_identity_name_the_attempt_in_the_headers():
    mail = {"messageId": "0102018f-1", "headers": [{"name": "x-antiphon-delivery", "value": token_of(5)}]}
    event = {"notificationType": "Delivery", "mail": mail, "delivery": {"timestamp": "2026-11-21T11:00:00Z"}}
    async with serving() as server:
        server.answer = SES.good
        adapter = made(SES, server.url)
        [receipt] = (await adapter.callback(SES.call(event))).items
        await adapter.close()
    assert (receipt.kind, receipt.delivery, receipt.provider_message_id) == ("delivered", 5, "0102018f-1")


def sendgrid(kind, **fields):
    return SENDGRID.event(kind, 5, **fields)


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        (sendgrid("processed"), ("accepted", None, "", False)),
        (sendgrid("deferred", response="421 try again"), None),
        (sendgrid("delivered"), ("delivered", None, "", False)),
        (sendgrid("bounce", type="bounce", status="5.1.1"), ("failed", "address", "bounce 5.1.1", False)),
        (sendgrid("bounce", type="bounce", status="5.0.0"), ("failed", "address", "bounce 5.0.0", False)),
        (sendgrid("bounce", type="bounce", status="5.2.2"), ("failed", "temporary", "bounce 5.2.2", False)),
        (sendgrid("bounce", type="bounce", status="5.0.0", bounce_classification="Reputation"),
         ("failed", "policy", "bounce 5.0.0", False)),
        (sendgrid("bounce", type="bounce", status="", bounce_classification="Mailbox Unavailable"),
         ("failed", "temporary", "bounce", False)),
        (sendgrid("bounce", type="blocked", status="5.7.1"), ("failed", "policy", "blocked 5.7.1", False)),
        (sendgrid("bounce", type="blocked", status="5.4.1"), ("failed", "policy", "blocked 5.4.1", False)),
        (sendgrid("bounce", type="blocked", status="4.2.2", bounce_classification="Technical Failure"),
         ("failed", "temporary", "blocked 4.2.2", False)),
        (sendgrid("bounce", type="expired", status="4.0.0"), ("failed", "temporary", "expired", False)),
        (sendgrid("dropped", reason="Bounced Address"), ("failed", "address", "dropped Bounced Address", False)),
        (sendgrid("dropped", reason="Invalid"), ("failed", "address", "dropped Invalid", False)),
        (sendgrid("dropped", reason="Unsubscribed Address"),
         ("failed", "optout", "dropped Unsubscribed Address", False)),
        (sendgrid("dropped", reason="Spam Reporting Address"),
         ("failed", "optout", "dropped Spam Reporting Address", False)),
        (sendgrid("dropped", reason="Moon"), ("failed", "message", "dropped Moon", False)),
        (sendgrid("open", useragent=CHROME), ("opened", None, "", False)),
        (sendgrid("open", useragent=CHROME, sg_machine_open=True), ("opened", None, "", True)),
        (sendgrid("open", useragent=CHROME, sg_machine_open=False), ("opened", None, "", False)),
        (sendgrid("open", useragent=GMAIL), ("opened", None, "", False)),
        (sendgrid("click", useragent=CHROME), ("clicked", None, "", False)),
        (sendgrid("click", useragent=GATEWAY), ("clicked", None, "", True)),
        (sendgrid("spamreport"), ("opted_out", "optout", "complaint", False)),
        (sendgrid("unsubscribe"), ("opted_out", "optout", "unsubscribe", False)),
        (sendgrid("group_unsubscribe", asm_group_id=1), ("opted_out", "optout", "unsubscribe", False)),
        (sendgrid("group_resubscribe", asm_group_id=1), None),
    ],
)  # fmt: skip
async def test_sendgrid(event, meant):
    assert await told(SENDGRID, event) == ([meant] if meant else [])


async def test_a_sendgrid_call_brings_many_events_and_passes_over_what_is_not_ours():
    foreign = {"event": "delivered", "email": "x@example.org", "timestamp": 1}
    events = [SENDGRID.event("delivered", n) for n in range(1, 501)] + [foreign]
    called = await made(SENDGRID).callback(SENDGRID.call(*events))
    assert [item.delivery for item in called.items] == list(range(1, 501))
    assert {item.provider_message_id for item in called.items} == {"filter0001p3"}


@pytest.mark.parametrize("late_s", [-600, 26 * 3600])
async def test_a_sendgrid_signature_is_good_for_a_day(late_s):
    call = SENDGRID.call(SENDGRID.delivered(5), at=time.time() - late_s)
    with pytest.raises(Forged):
        await made(SENDGRID).callback(call)


async def test_a_sendgrid_call_repeated_after_hours_is_still_heard():
    call = SENDGRID.call(SENDGRID.delivered(5), at=time.time() - 20 * 3600)
    assert len((await made(SENDGRID).callback(call)).items) == 1


async def test_a_sendgrid_timestamp_is_signed_too():
    call = SENDGRID.call(SENDGRID.delivered(5))
    headers = {**call.headers, "x-twilio-email-event-webhook-timestamp": str(int(time.time()) - 1)}
    with pytest.raises(Forged):
        await made(SENDGRID).callback(msgspec.structs.replace(call, headers=headers))


def mailgun(kind, **fields):
    return MAILGUN.event(kind, 5, **fields)


def failed(severity, reason, code=None, enhanced=None):
    status = {"code": code, "enhanced-code": enhanced, "message": "words"}
    return mailgun("failed", severity=severity, reason=reason, **{"delivery-status": status})


def client(bot="", agent=CHROME):
    return {"client-info": {"bot": bot, "user-agent": agent, "client-type": "browser", "device-type": "desktop"}}


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        (mailgun("accepted"), ("accepted", None, "", False)),
        (mailgun("delivered"), ("delivered", None, "", False)),
        (failed("temporary", "generic", 451, "4.7.1"), None),
        (failed("permanent", "bounce", 550, "5.1.1"), ("failed", "address", "bounce 550 5.1.1", False)),
        (failed("permanent", "bounce", 550, "5.7.1"), ("failed", "policy", "bounce 550 5.7.1", False)),
        (failed("permanent", "bounce", 550, ""), ("failed", "address", "bounce 550", False)),
        (failed("permanent", "bounce", 552, "5.2.2"), ("failed", "temporary", "bounce 552 5.2.2", False)),
        (failed("permanent", "suppress-bounce", 605), ("failed", "address", "suppress-bounce 605", False)),
        (failed("permanent", "suppress-unsubscribe", 606), ("failed", "optout", "suppress-unsubscribe 606", False)),
        (failed("permanent", "suppress-complaint", 607), ("failed", "optout", "suppress-complaint 607", False)),
        (failed("permanent", "old", 602), ("failed", "temporary", "old 602", False)),
        (failed("permanent", "espblock", 554, "5.7.9"), ("failed", "policy", "espblock 554 5.7.9", False)),
        (failed("permanent", "generic", 999), ("failed", "message", "generic 999", False)),
        (mailgun("rejected", reject={"reason": "Sandbox"}), ("failed", "policy", "rejected Sandbox", False)),
        (mailgun("opened", **client()), ("opened", None, "", False)),
        (mailgun("opened", **client("apple")), ("opened", None, "", True)),
        (mailgun("opened", **client(agent=APPLE)), ("opened", None, "", True)),
        (mailgun("clicked", **client()), ("clicked", None, "", False)),
        (mailgun("clicked", **client("generic")), ("clicked", None, "", True)),
        (mailgun("complained"), ("opted_out", "optout", "complaint", False)),
        (mailgun("unsubscribed"), ("opted_out", "optout", "unsubscribe", False)),
    ],
)
async def test_mailgun(event, meant):
    assert await told(MAILGUN, event) == ([meant] if meant else [])


async def test_a_mailgun_message_without_variables_is_named_by_its_id():
    """They write an empty list where there are no variables."""
    [receipt] = (await made(MAILGUN).callback(MAILGUN.call(MAILGUN.event("delivered", None)))).items
    assert (receipt.delivery, receipt.provider_message_id) == (None, "20261121.1@mg.shop.example")


async def test_a_mailgun_token_is_good_for_one_body_however_often():
    """Its signature does not cover what is said under it."""
    adapter, signature = made(MAILGUN), MAILGUN.signature()
    calls = [
        posted(msgspec.json.encode({"signature": signature, "event-data": event}), content_type="application/json")
        for event in (MAILGUN.delivered(5), MAILGUN.complained(6))
    ]
    assert len((await adapter.callback(calls[0])).items) == len((await adapter.callback(calls[0])).items) == 1
    with pytest.raises(Forged):
        await adapter.callback(calls[1])


@pytest.mark.parametrize("late_s", [-600, 13 * 3600])
async def test_a_mailgun_signature_is_good_for_half_a_day(late_s):
    with pytest.raises(Forged):
        await made(MAILGUN).callback(MAILGUN.call(MAILGUN.delivered(5), at=time.time() - late_s))


def postmark(kind, **fields):
    return POSTMARK.event(kind, 5, **fields)


def returned(sort):
    return postmark("Bounce", Type=sort, TypeCode=1, ID=42, Email="ada@example.org", BouncedAt="2026-11-21T11:00:00Z")


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        (postmark("Delivery", DeliveredAt="2026-11-21T11:00:00Z"), ("delivered", None, "", False)),
        (postmark("Open", UserAgent=CHROME, FirstOpen=True), ("opened", None, "", False)),
        (postmark("Open", UserAgent=APPLE, FirstOpen=True), ("opened", None, "", True)),
        (postmark("Click", UserAgent=GATEWAY, OriginalLink="https://shop.example"), ("clicked", None, "", True)),
        (postmark("Click", UserAgent=CHROME, OriginalLink="https://shop.example"), ("clicked", None, "", False)),
        (returned("HardBounce"), ("failed", "address", "HardBounce", False)),
        (returned("BadEmailAddress"), ("failed", "address", "BadEmailAddress", False)),
        (returned("ManuallyDeactivated"), ("failed", "address", "ManuallyDeactivated", False)),
        (returned("SoftBounce"), ("failed", "temporary", "SoftBounce", False)),
        (returned("DMARCPolicy"), ("failed", "policy", "DMARCPolicy", False)),
        (returned("Blocked"), ("failed", "policy", "Blocked", False)),
        (returned("Transient"), None),
        (returned("DnsError"), None),
        (returned("AutoResponder"), None),
        (returned("SpamComplaint"), ("opted_out", "optout", "complaint", False)),
        (returned("Unsubscribe"), ("opted_out", "optout", "unsubscribe", False)),
        (returned("Levitation"), None),
        (postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression"),
         ("opted_out", "optout", "unsubscribe", False)),
        (postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="SpamComplaint"),
         ("opted_out", "optout", "complaint", False)),
        (postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="HardBounce"), None),
        (postmark("SubscriptionChange", SuppressSending=False, SuppressionReason=None), None),
    ],
)  # fmt: skip
async def test_postmark(event, meant):
    assert await told(POSTMARK, event) == ([meant] if meant else [])


async def test_without_a_password_in_the_settings_no_call_of_postmark_is_believed():
    adapter = made(POSTMARK, callback_username="", callback_password="")
    for header in (basic("", ""), basic("antiphon", ""), ""):
        with pytest.raises(Forged):
            await adapter.callback(posted(b'{"RecordType": "Delivery"}', authorization=header))


def infobip(group, number, error=0):
    return INFOBIP.report(5, group, number, error)


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        (infobip(1, 7), ("accepted", None, "", False)),
        (infobip(3, 2), ("sent", None, "", False)),
        (infobip(3, 5), ("delivered", None, "", False)),
        (infobip(2, 9, 6006), ("failed", "address", "6006 EC_NAME", False)),
        (infobip(2, 9, 6012), ("failed", "address", "6012 EC_NAME", False)),
        (infobip(2, 9, 6010), ("failed", "temporary", "6010 EC_NAME", False)),
        (infobip(5, 14, 6003), ("failed", "optout", "6003 EC_NAME", False)),
        (infobip(5, 6, 6017), ("failed", "policy", "6017 EC_NAME", False)),
        (infobip(4, 15, 0), ("failed", "temporary", "0 EC_NAME", False)),
        (infobip(2, 4, 7777), ("failed", "message", "7777 EC_NAME", False)),
        (infobip(9, 1), None),
        (INFOBIP.event("OPENED", 5), ("opened", None, "", False)),
        (INFOBIP.event("CLICKED", 5, url="https://shop.example"), ("clicked", None, "", False)),
        (INFOBIP.event("UNSUBSCRIBED", 5), ("opted_out", "optout", "unsubscribe", False)),
        (INFOBIP.event("LATE_BOUNCE", 5), ("failed", "temporary", "late_bounce", False)),
    ],
)
async def test_infobip(event, meant):
    assert await told(INFOBIP, event) == ([meant] if meant else [])


async def test_infobip_without_a_password_is_believed_for_our_address_alone():
    adapter = made(INFOBIP, callback_username="", callback_password="")
    call = posted(msgspec.json.encode(INFOBIP.delivered(5)))
    assert len((await adapter.callback(call)).items) == 1


async def test_what_happened_an_hour_ago_is_dated_an_hour_ago_in_product_time():
    """Whatever product time shows: providers know only that of the wall."""
    hour = SENDGRID.event("delivered", 5, timestamp=int(time.time()) - 3600)
    future = SENDGRID.event("delivered", 6, timestamp=int(time.time()) + 3600)
    nonsense = [SENDGRID.event("delivered", 7, timestamp=at) for at in ("nan", [], True, "2026-99-99", 1e300)]
    called = await made(SENDGRID).callback(SENDGRID.call(hour, future, *nonsense))
    ages = [NOON - item.at for item in called.items]
    assert timedelta(minutes=59) < ages[0] < timedelta(minutes=61)
    assert set(ages[1:]) == {timedelta()}


async def test_a_call_with_a_zero_character_can_still_be_stored():
    event = SENDGRID.event("dropped", 5, reason="In\0valid", sg_message_id="a\0b")
    [receipt] = (await made(SENDGRID).callback(SENDGRID.call(event))).items
    assert "\0" not in receipt.code + receipt.provider_message_id


@pytest.mark.parametrize("provider", [SES, SENDGRID, MAILGUN, POSTMARK, INFOBIP], ids=lambda each: each.adapter)
async def test_a_call_of_a_message_that_is_not_ours_says_nothing_of_a_delivery(provider):
    """A token of another installation: the provider's id may still be known, the delivery is not."""
    async with serving() as server:
        server.answer = provider.good
        adapter = made(provider, server.url)
        event = msgspec.json.decode(msgspec.json.encode(provider.delivered(5)).replace(token_of(5).encode(), b"AAAA"))
        items = (await adapter.callback(provider.call(event))).items
        await adapter.close()
    assert [item.delivery for item in items] == [None]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"7"])
async def test_what_is_no_json_is_refused(body):
    call = posted(body, authorization=basic("antiphon", SECRET + "2"))
    for provider in (POSTMARK, INFOBIP):
        try:
            items = (await made(provider).callback(call)).items
        except Invalid:
            continue
        assert items == []


def test_keys_and_names_that_cannot_be_right_are_refused_with_their_place():
    wrong = [
        ("sendgrid", {"api_key": "x", "webhook_key": "no key"}, "settings.webhook_key"),
        ("mailgun", {"api_key": "x", "domain": "not a domain"}, "settings.domain"),
        ("postmark", {"server_token": "x", "callback_username": "a"}, "settings.callback_username"),
        ("infobip-email", {"api_key": "x"}, "settings.base_url"),
        ("infobip-email", {"api_key": "x\r\n", "base_url": "https://a.example"}, "settings.api_key"),
        ("ses", SES.settings("") | {"topic_arn": "all"}, "settings.topic_arn"),
        ("ses", SES.settings("") | {"region": "eu-west-1.evil.example/"}, "settings.region"),
        ("sendgrid", {"api_key": "x", "base_url": "https://u:p@a.example"}, "settings.base_url"),
        ("sendgrid", {"api_key": "x", "connect_timeout_s": 30}, "settings.connect_timeout_s"),
    ]
    for adapter, settings, place in wrong:
        with pytest.raises(Invalid) as refused:
            registry.check(adapter, settings)
        assert [flaw.at for flaw in refused.value.flaws] == [place]
