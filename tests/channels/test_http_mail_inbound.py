"""Mail that providers take for us comes through the same door, whole, and is read as any other mail."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import urlencode

import msgspec
import pytest

from antiphon.channels import registry
from antiphon.channels.adapter import Forged
from antiphon.kernel.errors import Invalid
from channels.mail_providers import (
    NOON,
    PROVIDER,
    SECRET,
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

SES, SENDGRID, MAILGUN, POSTMARK = Ses(), SendGrid(), Mailgun(), Postmark()
RAW = (
    "From: Ada <ada@example.org>\r\nTo: reply+{token}@in.shop.example\r\nSubject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\n"
    "Message-ID: <1@example.org>\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nIst er größer?\r\n"
)


def raw(delivery=5):
    return RAW.replace("{token}", token_of(delivery)).encode()


def to(delivery=5):
    return f"reply+{token_of(delivery)}@in.shop.example"


def ses_call(mail, **changes):
    action = {"type": "SNS", "topicArn": SES.topic, "encoding": "BASE64"}
    content = base64.b64encode(mail).decode()
    said = {"notificationType": "Received", "mail": {"source": "ada@example.org"}, "content": content, **changes}
    return posted(json.dumps(SES.sns(said | {"receipt": {"recipients": [to()], "action": action}})).encode())


def sendgrid_call(mail):
    envelope = json.dumps({"to": [to()], "from": "ada@example.org"}).encode()
    body = b"".join(
        b'--xYz\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
        for pair in ((b"to", b"x"), (b"email", mail), (b"envelope", envelope))
    )
    call = SENDGRID.call(signed=(body := body + b"--xYz--\r\n"))
    headers = {**call.headers, "content-type": "multipart/form-data; boundary=xYz"}
    return msgspec.structs.replace(call, body=body, headers=headers)


def mailgun_call(mail, **changes):
    fields = {"recipient": to(), "sender": "ada@example.org", "body-mime": mail, **MAILGUN.signature(), **changes}
    return posted(urlencode(fields).encode(), content_type="application/x-www-form-urlencoded")


def postmark_call(mail):
    said = {"FromFull": {"Email": "ada@example.org"}, "OriginalRecipient": to(), "RawEmail": mail.decode()}
    return posted(json.dumps(said).encode(), authorization=basic("antiphon", SECRET + "2"))


CALLS = {"ses": (SES, ses_call), "sendgrid": (SENDGRID, sendgrid_call)} | {
    "mailgun": (MAILGUN, mailgun_call),
    "postmark": (POSTMARK, postmark_call),
}


async def brought(provider, call):
    async with serving() as server:
        if provider is SES:
            server.answer = SES.good
        given = msgspec.json.encode(registry.check(provider.adapter, provider.settings(server.url)))
        adapter = registry.make(provider.adapter, given, around())
        try:
            return (await adapter.callback(call)).items
        finally:
            await adapter.close()


@pytest.mark.parametrize("name", CALLS)
async def test_an_answer_comes_with_its_words_and_the_delivery_that_it_answers(name):
    provider, call = CALLS[name]
    [mail] = await brought(provider, call(raw()))
    assert (mail.sender, mail.recipient, mail.subject) == ("ada@example.org", to(), "Größe")
    assert mail.text.strip() == "Ist er größer?"
    assert (mail.delivery, mail.provider, mail.at, mail.automatic) == (5, PROVIDER, NOON, False)
    assert mail.message_id


@pytest.mark.parametrize("name", CALLS)
async def test_nonsense_instead_of_a_mail_says_nothing(name):
    provider, call = CALLS[name]
    assert [item.text for item in await brought(provider, call(b"\x01 hello"))] in ([], [""], ["\x01 hello"], ["hello"])


async def test_a_form_that_is_not_signed_is_not_read():
    wrong = [
        (MAILGUN, mailgun_call(raw(), signature="0" * 64)),
        (MAILGUN, mailgun_call(raw(), token="another")),
        (SENDGRID, msgspec.structs.replace(sendgrid_call(raw()), body=b"--xYz--\r\n")),
    ]
    for provider, call in wrong:
        with pytest.raises(Forged):
            await brought(provider, call)


async def test_a_mail_in_pieces_is_refused_with_what_to_change():
    """Each provider can send it whole; its pieces are not put together again."""
    for call in (mailgun_call(b""), sendgrid_call(b"")):
        provider = MAILGUN if "urlencoded" in call.headers["content-type"] else SENDGRID
        with pytest.raises(Invalid, match=r"mail itself is not in the call"):
            await brought(provider, call)
    pieces = {"FromFull": {"Email": "ada@example.org"}, "TextBody": "Hello"}
    with pytest.raises(Invalid, match="raw email content"):
        await brought(POSTMARK, posted(json.dumps(pieces).encode(), authorization=basic("antiphon", SECRET + "2")))
    with pytest.raises(Invalid, match="SNS action"):
        await brought(SES, ses_call(b"", content=None))


def form_of(boundary, **fields):
    lines = (f'--{boundary}\r\nContent-Disposition: form-data; name="{n.replace("_", "-")}"\r\n\r\n' for n in fields)
    body = b"".join(head.encode() + each + b"\r\n" for head, each in zip(lines, fields.values(), strict=True))
    return posted(
        body + f"--{boundary}--\r\n".encode(), content_type=f'multipart/form-data; charset=utf-8; boundary="{boundary}"'
    )


async def test_a_repeated_form_is_drawn_anew_and_is_the_same():
    """The database was down, Mailgun calls again: with the token of the first call, between other lines."""
    given = msgspec.json.encode(registry.check("mailgun", MAILGUN.settings("http://127.0.0.1:1")))
    adapter = registry.make("mailgun", given, around())
    signed = {name: value.encode() for name, value in MAILGUN.signature().items()}
    said = {"recipient": to().encode(), "sender": b"ada@example.org", "body_mime": raw(), **signed}
    for boundary in ("one", "two", "t-h'r(e)e"):
        assert len((await adapter.callback(form_of(boundary, **said))).items) == 1
    with pytest.raises(Forged):
        await adapter.callback(form_of("one", **{**said, "recipient": b"another@shop.example"}))


async def test_a_form_of_parts_in_parts_costs_nothing():
    """It is taken apart before its signature is known."""
    deep = b"".join(b'--x\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n' for _ in range(18_000))
    call = posted(deep, content_type="multipart/form-data; boundary=x")
    started = time.process_time()
    with pytest.raises(Forged):
        await brought(MAILGUN, call)
    assert time.process_time() - started < 1
