"""What a mail that came in means: receipts that name their delivery, or what somebody wrote."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.channels.mail import authentication, read_mail, recipients_in
from antiphon.kernel.records import DeliveryId, Inbound, ProviderId, Receipt

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
OURS = {"tok7": 7, "tok8": 8}
BOUNCE, REPLY, STOP = "bounce+tok7@in.shop.example", "reply+tok7@in.shop.example", "unsubscribe+tok7@in.shop.example"


def delivery_of(token: str) -> DeliveryId | None:
    return DeliveryId(OURS[token]) if token in OURS else None


def read(raw: bytes | str, *to: str, sender: str | None = "jo@example.org", **options) -> list[Receipt | Inbound]:
    raw = raw.encode() if isinstance(raw, str) else raw
    return read_mail(
        raw, provider=ProviderId(1), recipients=to, envelope_sender=sender, delivery_of=delivery_of, now=NOW, **options
    )


def mail(body: str = "Blue, please.", *, sender: str = "Jo March <jo@example.org>", **headers: str) -> bytes:
    named = {"From": sender, "To": "help@shop.example", "Subject": "Re: Which one?", "Message-ID": "<m1@example.org>"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return "".join(f"{name}: {value}\r\n" for name, value in named.items() if value).encode() + f"\r\n{body}".encode()


def bounce(
    *, status="5.1.1", action="failed", recipient="jo@example.org", to="jo@example.org", envid="", ours="tok7"
) -> str:
    returned = f"From: hello@shop.example\nTo: <{to}>\nMessage-ID: <{ours}@shop.example>\nX-Antiphon-Delivery: {ours}\n"
    return (
        "From: MAILER-DAEMON@mx.example\nTo: bounce@in.shop.example\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nIt could not be delivered.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n"
        + (f"Original-Envelope-Id: {envid}\n" if envid else "")
        + f"\nFinal-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} user unknown\n\n"
        + (f"--b\nContent-Type: text/rfc822-headers\n\n{returned}\n" if ours else "")
        + "--b--\n"
    )


@pytest.mark.parametrize(
    ("raw", "to"),
    [
        (bounce(ours=""), BOUNCE),
        (bounce(envid="tok7", ours=""), "postmaster@in.shop.example"),
        (bounce(), "postmaster@in.shop.example"),
        (bounce(ours="tok7").replace("X-Antiphon-Delivery: tok7\n", ""), "postmaster@in.shop.example"),
    ],
    ids=["address", "envelope id", "our header", "our Message-ID"],
)
def test_a_bounce_names_its_delivery_in_four_ways(raw: str, to: str) -> None:
    (receipt,) = read(raw, to, sender="")
    assert receipt == Receipt("failed", NOW, delivery=DeliveryId(7), failure="address", code="5.1.1 no_such_user")


def test_the_address_that_a_bounce_came_to_counts_before_what_is_in_it() -> None:
    (receipt,) = read(bounce(ours="tok8"), BOUNCE, sender="")
    assert receipt.delivery == 7


@pytest.mark.parametrize("to", ["bounce+forged@in.shop.example", "postmaster@in.shop.example"])
def test_a_bounce_of_mail_that_is_not_ours_changes_nothing(to: str) -> None:
    assert read(bounce(ours="theirs"), to, sender="") == []


def test_a_bounce_about_somebody_we_did_not_write_to_changes_nothing() -> None:
    """A list that we wrote to passed it on, and a member is gone."""
    assert read(bounce(to="list@example.org", recipient="gone@elsewhere.example"), BOUNCE, sender="") == []
    assert read(bounce(to="jo@example.org", recipient="jo@inside.example.org"), BOUNCE, sender="") != []


def test_a_delay_says_nothing_and_a_full_mailbox_is_no_dead_address() -> None:
    assert read(bounce(action="delayed", status="4.4.1"), BOUNCE, sender="") == []
    (receipt,) = read(bounce(status="5.2.2").replace("user unknown", "mailbox full"), BOUNCE, sender="")
    assert (receipt.kind, receipt.failure, receipt.code) == ("failed", "temporary", "5.2.2 mailbox_full")


def test_a_complaint_opts_out() -> None:
    raw = (
        "From: feedback@isp.example\nTo: fbl@in.shop.example\nSubject: FW: News\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nAbuse report\n"
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: hello@shop.example\nTo: <jo@example.org>\n"
        "X-Antiphon-Delivery: tok7\n\nNews\n--b--\n"
    )
    (receipt,) = read(raw, "fbl@in.shop.example")
    assert (receipt.kind, receipt.delivery, receipt.failure) == ("opted_out", 7, "optout")


@pytest.mark.parametrize(
    ("headers", "to"),
    [
        ({}, REPLY),
        ({"In_Reply_To": "<tok7@shop.example>"}, "help@shop.example"),
        ({"References": "<x@y.example> <tok7@shop.example> <later@example.org>"}, "help@shop.example"),
    ],
)
def test_a_reply_names_what_it_answers(headers: dict[str, str], to: str) -> None:
    (said,) = read(mail("Blue, please.\r\n\r\nOn 5 Jan 2026, at 10:04, Shop wrote:\r\n> Which?", **headers), to)
    assert isinstance(said, Inbound)
    assert (said.delivery, said.text, said.automatic, said.reading) == (7, "Blue, please.", False, None)
    assert (said.sender, said.subject, said.message_id) == ("jo@example.org", "Re: Which one?", "m1@example.org")


def test_a_reply_to_nothing_of_ours_is_somebodys_words() -> None:
    (said,) = read(mail(In_Reply_To="<forged@shop.example>"), "reply+forged@in.shop.example")
    assert said.delivery is None


AUTOMATIC = {
    "auto-submitted": mail("I am away", Auto_Submitted="auto-replied"),
    "vacation": mail("I am on vacation", Subject="Out of office: Re: Which one?"),
    "list": mail("hello all", List_Id="<all.example.org>"),
    "bulk": mail("buy", Precedence="bulk"),
    "our own mail": mail("hello", X_Antiphon_Delivery="tok7"),
    "our own address": mail("hello", sender="help@shop.example"),
    "an address of ours for machines": mail("hello", sender="bounce+tok8@in.shop.example"),
}


@pytest.mark.parametrize("raw", AUTOMATIC.values(), ids=AUTOMATIC)
def test_what_a_machine_wrote_is_told_apart(raw: bytes) -> None:
    (said,) = read(raw, REPLY, own=["help@shop.example"])
    assert isinstance(said, Inbound)
    assert (said.automatic, said.reading, said.delivery) == (True, None, 7)


def test_from_the_null_sender_nobody_writes() -> None:
    (said,) = read(mail("I am away"), REPLY, sender="")
    assert said.automatic


def test_a_customer_who_writes_about_a_parcel_writes_no_bounce() -> None:
    """Even in the words of a mail system."""
    raw = mail("The parcel could not be delivered, says the courier.", Subject="Delivery failed", In_Reply_To="")
    (said,) = read(raw, "help@shop.example")
    assert isinstance(said, Inbound)
    assert "courier" in said.text


@pytest.mark.parametrize("to", [STOP, "unsubscribe@in.shop.example", "unsubscribe+forged@in.shop.example"])
def test_a_mail_to_the_address_to_unsubscribe_asks_for_that(to: str) -> None:
    (said,) = read(mail("", Subject=""), to)
    assert (said.reading, said.automatic, said.delivery) == ("opt_out", False, 7 if to == STOP else None)


@pytest.mark.parametrize(
    ("to", "asks"),
    [
        ("unsubscribe@elsewhere.example", False),
        ("unsubscribe+abc@notshop.example", False),
        ("unsubscribe@in.shop.example", True),
        ("unsubscribe+forged@SHOP.example", True),
        ("unsubscribe+tok7@elsewhere.example", True),
    ],
)
def test_who_copies_a_mail_to_another_house_asks_nothing_of_us(to: str, asks: bool) -> None:
    (said,) = read(mail("Which one is it?"), "help@shop.example", to, own=["help@shop.example"])
    assert (said.reading == "opt_out") is asks


def test_charsets_names_and_attachments_are_read() -> None:
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "Zoë <ZOE@Example.org>", "Größe – 問い", "<m2@example.org>"
    made.set_content("Größe 42, bitte.\n", charset="iso-8859-1")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Rechnung März.pdf")
    made.add_attachment("x", filename="../../etc/passwd")
    (said,) = read(made.as_bytes(), "help@shop.example")
    assert (said.sender, said.subject) == ("zoe@example.org", "Größe – 問い")
    assert said.text == "Größe 42, bitte.\n\n[Rechnung März.pdf, passwd]"


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain; charset=windows-1251", "Привет".encode("cp1251"), "Привет"),
        ("text/plain; charset=shift_jis", "こんにちは".encode("shift_jis"), "こんにちは"),
        ("text/plain; charset=no-such-thing", "Größe".encode("cp1252"), "Größe"),
        ("text/plain; charset=punycode", b"abc", "abc"),
        ("text/plain", "Größe".encode(), "Größe"),
        ("text/html; charset=utf-8", b"<p>Blue &amp; red</p><style>x</style>", "Blue & red"),
        ("text/plain; format=flowed", b"one \r\ntwo\r\n\r\nthree", "one two\n\nthree"),
    ],
)
def test_a_body_is_read_in_whatever_it_came(content_type: str, body: bytes, text: str) -> None:
    (said,) = read(f"From: jo@example.org\r\nContent-Type: {content_type}\r\n\r\n".encode() + body, "help@shop.example")
    assert said.text == text


def test_without_an_id_the_same_mail_is_the_same_and_another_is_not() -> None:
    one, again, other = (read(mail(text, Message_ID=""), REPLY)[0].message_id for text in ("a", "a", "b"))
    assert one == again != other


def test_without_an_id_a_mail_that_came_in_two_ways_is_one() -> None:
    """By our own exchanger and by a mailbox, whose server wrote lines of its own above it."""
    raw = mail("Blue.", Message_ID="", Date="Mon, 05 Jan 2026 09:00:00 +0000")
    mailbox = b"Return-Path: <jo@example.org>\nReceived: from x by y; today\n" + raw.replace(b"\r\n", b"\n") + b"\n"
    later = mail("Blue.", Message_ID="", Date="Mon, 05 Jan 2026 09:00:01 +0000")
    one, again, other = (read(each, REPLY)[0].message_id for each in (raw, mailbox, later))
    assert one == again != other


def test_an_address_longer_than_any_is_nobody() -> None:
    """It would not go into an index: the mail could never be stored, and those behind it would wait for ever."""
    long = ".".join(["\U00010348" * 50] * 10) + ".example"
    assert read(mail(sender=f"Jo <jo@{long}>"), REPLY, sender=None) == []


def test_what_cannot_be_stored_is_left_out() -> None:
    (said,) = read(mail("a\0b\x07c", Subject="x\0y", Message_ID="<m\x011@example.org>"), REPLY)
    stored = said.text + said.subject + said.message_id + said.sender
    assert (said.text, said.subject) == ("abc", "xy")
    assert not re.search("[\x00-\x08]", stored)


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("jo@example.org", "jo@example.org"),
        ("Jo <JO@Example.org>", "jo@example.org"),
        ('"boss@shop.example" <eve@evil.example>', "eve@evil.example"),
        ('"Boss <boss@shop.example>" <eve@evil.example>', "eve@evil.example"),
        ("=?utf-8?q?boss=40shop=2Eexample?= <eve@evil.example>", "eve@evil.example"),
        ("jo@example.org (Jo)", "jo@example.org"),
    ],
)
def test_a_name_that_looks_like_an_address_is_a_name(sender: str, address: str) -> None:
    assert [said.sender for said in read(mail(sender=sender), REPLY)] == [address]


def test_only_the_server_we_trust_says_who_is_authentic() -> None:
    raw = mail(Authentication_Results="mx.shop.example; dmarc=fail header.from=example.org; spf=pass")
    assert authentication(raw, "mx.shop.example") == "dmarc=fail spf=pass"
    assert authentication(raw, "other.example") == ""
    assert authentication(raw, "") == ""


def test_a_mailbox_tells_where_a_mail_was_sent_to() -> None:
    raw = mail(Delivered_To=BOUNCE, To="Shop <help@shop.example>, x@example.org")
    assert recipients_in(raw) == [BOUNCE, "help@shop.example", "x@example.org"]


def nested(depth: int) -> bytes:
    inner = b"Content-Type: text/plain\n\nhello"
    for n in range(depth):
        inner = b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n%s\n--%d--' % (n, n, inner, n)
    return b"From: jo@example.org\n" + inner


def hollow(depth: int) -> bytes:
    """Ten parts in each part, and nothing in the last."""
    if not depth:
        return b"Content-Type: multipart/mixed; boundary=z\n\n--z--\n"
    return b"Content-Type: multipart/mixed; boundary=%d\n\n" % depth + (b"--%d\n" % depth + hollow(depth - 1)) * 10


HOSTILE = {
    "hollow": b"From: jo@example.org\n" + hollow(5),
    "nested": nested(2_000),
    "parts": b"From: jo@example.org\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 200_000,
    "boundary lines": b'From: jo@example.org\nContent-Type: multipart/mixed; boundary=""\n\n' + b"--\n" * 300_000,
    "headers": b"From: jo@example.org\n" + b"X: y\n" * 300_000,
    "one header": b"From: jo@example.org\nReferences: " + b"<a@b> " * 300_000 + b"\n\n",
    "from": b"From: " + b'"(<@' * 200_000 + b"\n\nx",
    "subject": b"From: jo@example.org\nSubject: " + b"=?utf-8?q?a?= " * 50_000 + b"\n\nx",
    "newlines": b"From: jo@example.org\n\n" + b"\n" * 5_000_000,
    "html": b"From: jo@example.org\nContent-Type: text/html\n\n" + b"<a b=" * 500_000,
    "base64": b"From: jo@example.org\nContent-Transfer-Encoding: base64\n\n" + b"A=" * 2_000_000,
    "pages": b"From: jo@example.org\nContent-Type: multipart/mixed; boundary=b\n\n"
    + (b"--b\nContent-Type: text/html\n\n" + b"<p>a " * 50_000 + b"\n") * 40,
    "letters": b"From: jo@example.org\nContent-Type: multipart/mixed; boundary=b\n\n"
    + (b"--b\nContent-Type: text/plain; format=flowed\n\n" + b"a \n" * 80_000 + b"\n") * 40,
    "quotes": b"From: jo@example.org\nContent-Type: text/html\n\n" + b"<blockquote>a<br>" * 20_000,
    "styles": b"From: jo@example.org\nContent-Type: text/html\n\n"
    + (b"<p style='" + b"border-top:" * 350 + b"'>") * 100,
    "nothing": b"",
    "no lines": b"\x00" * 1_000_000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_mail_takes_no_time_and_little_room(raw: bytes) -> None:
    started = time.process_time()
    found = read(raw, REPLY, sender=None)
    recipients_in(raw)
    assert time.process_time() - started < 2
    assert all(len(said.text) <= 60_000 and len(said.subject) <= 500 for said in found)


PIECES = st.sampled_from(
    [b"From: a@b.example\n", b"Content-Type: multipart/report; boundary=b\n", b"\n", b"--b\n", b"--b--\n", b"\xff\x00",
     b"Content-Type: message/delivery-status\n", b"Final-Recipient: rfc822; x@y.example\nAction: failed\n", b"> x\n",
     b"Content-Transfer-Encoding: base64\n", b"Subject: =?utf-8?b?=ff?=\n", b"In-Reply-To: <tok7@x>\n", b"=?x?q?y?=",
     b"Content-Type: text/html; charset=idna\n", b"Content-Disposition: attachment; filename*=x''%ff\n", b"text "]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_no_mail_breaks_the_reader_and_all_of_it_can_be_stored(raw: bytes) -> None:
    for item in read(raw, BOUNCE, sender=""):
        if isinstance(item, Inbound):
            f"{item.text}{item.subject}{item.message_id}{item.sender}".encode()
            assert "\0" not in f"{item.text}{item.subject}{item.message_id}{item.sender}"
