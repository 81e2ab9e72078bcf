"""Reports in the standard forms: delivery status, abuse, disposition; Amazon's; answers of the absent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from antiphon.channels.mail import Kind, Reason, is_automatic, read_report
from antiphon.channels.mail.records import DEAD, FAILURE

OURS = (
    "Return-Path: <bounce+tok42@bounce.brand.example>\nFrom: Brand <news@brand.example>\nTo: ann@shop.example\n"
    "Message-ID: <m2@brand.example>\nX-Antiphon-Delivery: tok42\nSubject: Spring\n\nBody\n"
)


def report_mail(
    *parts: tuple[str, str], kind: str = "delivery-status", subject: str = "Report", sender="MAILER-DAEMON@mx.example"
) -> bytes:
    head = f"From: {sender}\nTo: bounce+tok1@bounce.brand.example\nSubject: {subject}\n"
    head += f'Content-Type: multipart/report; report-type={kind}; boundary="=_b"\nMIME-Version: 1.0\n\n'
    return (head + "".join(f"--=_b\nContent-Type: {media}\n\n{body}\n" for media, body in parts) + "--=_b--\n").encode()


def status_mail(*recipients: str, text: str = "Sorry.", media: str = "message/delivery-status") -> bytes:
    fields = "Reporting-MTA: dns; mx.example\nOriginal-Envelope-Id: env7\n\n" + "\n\n".join(recipients)
    return report_mail(("text/plain", text), (media, fields), ("message/rfc822", OURS))


def block(
    status: str, *, action: str = "failed", diagnostic: str = "", who: str = "ann@shop.example", original: str = ""
) -> str:
    lines = [f"Original-Recipient: {original}" if original else "", f"Final-Recipient: rfc822; {who}"]
    lines += [f"Action: {action}", f"Status: {status}", f"Diagnostic-Code: smtp; {diagnostic}" if diagnostic else ""]
    return "\n".join(line for line in lines if line)


STATUSES = [
    (block("5.1.1", diagnostic="550 5.1.1 <ann@shop.example>: user unknown"), "no_such_user", True, "address"),
    (block("5.1.1"), "no_such_user", True, "address"),
    (block("5.1.2"), "no_such_host", True, "address"),
    (
        block("5.1.10", diagnostic="556 5.1.10 shop.example does not accept mail (nullMX)"),
        "no_mail_host",
        True,
        "address",
    ),
    (block("5.1.6", diagnostic="551 5.1.6 User has moved"), "moved", True, "address"),
    (block("5.2.2", diagnostic="552 5.2.2 mailbox full"), "mailbox_full", False, "temporary"),
    (block("5.2.1", diagnostic="550 5.2.1 account is disabled"), "disabled", False, "address"),
    (block("5.2.3"), "too_large", False, "message"),
    (block("5.4.7", diagnostic="delivery time expired"), "expired", False, "temporary"),
    (block("4.4.7"), "expired", False, "temporary"),
    (block("5.7.1", diagnostic="554 5.7.1 blocked using zen.spamhaus.org"), "blocked", False, "policy"),
    (block("5.7.1", diagnostic="550 5.7.1 Message rejected due to local policy"), "policy", False, "policy"),
    (block("5.7.1", diagnostic="550 5.7.1 POL-P7 abuse"), "policy", False, "policy"),
    (block("5.1.1", diagnostic="554 5.1.1 RCP-P1 https://social.example/bounce"), "no_such_user", True, "address"),
    (block("5.7.26"), "authentication", False, "policy"),
    (block("5.7.509", diagnostic="550 5.7.509 Access denied"), "authentication", False, "policy"),
    (block("5.7.606", diagnostic="550 5.7.606 Access denied"), "blocked", False, "policy"),
    (block("5.7.1", diagnostic="554 5.7.1 Relay access denied"), "relay", False, "policy"),
    (block("5.0.0", diagnostic="550 Virus detected"), "virus", False, "message"),
    (block("5.6.0"), "content", False, "message"),
    (block("4.1.1", diagnostic="450 4.1.1 user unknown"), "no_such_user", False, "temporary"),
    (block("4.7.28", diagnostic="421 4.7.28 unusual rate of unsolicited mail"), "rate_limited", False, "temporary"),
    (block("5.0.0"), "unknown", False, "message"),
    (block("5.0.0", diagnostic="550 recipient is on the suppression list"), "suppressed", False, "policy"),
]


@pytest.mark.parametrize(("recipient", "reason", "hard", "failure"), STATUSES)
def test_a_status_says_why(recipient, reason, hard, failure):
    (one,) = read_report(status_mail(recipient)).recipients
    assert (one.recipient, one.kind, one.reason, one.hard, one.failure) == (
        "ann@shop.example",
        "bounced",
        reason,
        hard,
        failure,
    )


def test_only_a_dead_address_is_hard():
    hard = {reason for _, reason, hard, _ in STATUSES if hard}
    assert hard == {"no_such_user", "no_such_host", "no_mail_host", "moved"}


def test_a_report_names_our_mail():
    report = read_report(status_mail(block("5.1.1")))
    assert (report.envelope_id, report.message_id, report.token) == ("env7", "<m2@brand.example>", "tok42")


def test_each_recipient_has_his_own_answer_in_a_relay_s_report():
    report = read_report(
        status_mail(
            block("5.1.1"),
            block("4.4.1", action="delayed", who="ben@shop.example"),
            block("2.0.0", action="delivered", who="cy@shop.example", diagnostic="250 2.0.0 ok"),
            block("2.0.0", action="relayed", who="di@shop.example"),
        )
    )
    assert [(one.recipient, one.kind, one.hard) for one in report.recipients] == [
        ("ann@shop.example", "bounced", True),
        ("ben@shop.example", "delayed", False),
        ("cy@shop.example", "delivered", False),
        ("di@shop.example", "delivered", False),
    ]


def test_the_address_we_wrote_to_goes_before_the_one_it_became():
    one = read_report(status_mail(block("5.1.1", who="box7@inner.example", original="rfc822; Ann@Shop.example")))
    assert one.recipients[0].recipient == "Ann@shop.example"


def test_an_address_in_xtext_is_read():
    one = read_report(status_mail(block("5.1.1", original="rfc822;ann+2Bnews@shop.example")))
    assert one.recipients[0].recipient == "ann+news@shop.example"


def test_a_report_in_utf8_names_an_address_in_utf8():
    fields = (
        "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: utf-8; änne@shop.example\nAction: failed\nStatus: 5.1.1"
    )
    parts = ("text/plain", "Sorry"), ("message/global-delivery-status", fields), ("message/global-headers", OURS)
    report = read_report(report_mail(*parts))
    assert (report.recipients[0].recipient, report.token) == ("änne@shop.example", "tok42")


def test_blank_lines_between_the_fields_of_one_recipient_are_borne():
    fields = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; ann@shop.example\n\nAction: failed\n\nStatus: 5.2.2\n"
    (one,) = read_report(report_mail(("message/delivery-status", fields))).recipients
    assert one.reason == "mailbox_full"


def abuse(kind: str, *more: str) -> bytes:
    fields = "\n".join([f"Feedback-Type: {kind}", "User-Agent: Loop/1", "Version: 1", *more])
    parts = ("text/plain", "A report"), ("message/feedback-report", fields), ("message/rfc822", OURS)
    return report_mail(*parts, kind="feedback-report", sender="fbl@mailbox.example")


@pytest.mark.parametrize("kind", ["abuse", "fraud", "virus", "opt-out", "other"])
def test_a_complaint_is_an_opt_out_and_no_bounce(kind):
    report = read_report(abuse(kind, "Original-Rcpt-To: <ann@shop.example>"))
    (one,) = report.recipients
    assert (one.recipient, one.kind, one.failure, one.hard) == ("ann@shop.example", "complaint", "optout", False)
    assert (report.feedback_type, report.token) == (kind, "tok42")


def test_a_complaint_that_hides_the_address_takes_it_from_our_mail():
    assert read_report(abuse("abuse")).recipients[0].recipient == "ann@shop.example"


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure"])
def test_what_is_no_complaint_concerns_nobody(kind):
    report = read_report(abuse(kind, "Original-Rcpt-To: ann@shop.example"))
    assert (report.recipients, report.feedback_type) == ((), kind)


def disposition(what: str) -> bytes:
    fields = f"Final-Recipient: rfc822; ann@shop.example\nDisposition: {what}\n"
    parts = ("text/plain", "Your mail"), ("message/disposition-notification", fields), ("message/rfc822", OURS)
    return report_mail(*parts, kind="disposition-notification", sender="ann@shop.example", subject="Read: Spring")


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("manual-action/MDN-sent-manually; displayed", "opened"),
        ("automatic-action/MDN-sent-automatically; deleted", "auto_reply"),
        ("automatic-action/MDN-sent-automatically; dispatched", "delivered"),
    ],
)
def test_a_read_receipt_is_no_bounce(what, kind):
    (one,) = read_report(disposition(what)).recipients
    assert (one.recipient, one.kind, one.hard) == ("ann@shop.example", kind, False)


def test_a_filter_that_rejects_by_read_receipt_is_a_bounce():
    fields = "Final-Recipient: rfc822; ann@shop.example\nDisposition: automatic-action/MDN-sent-automatically; deleted"
    parts = ("text/plain", "Your message to <ann@shop.example> was automatically rejected:\nNo more newsletters")
    raw = report_mail(parts, ("message/disposition-notification", fields), subject="Automatically rejected mail")
    (one,) = read_report(raw).recipients
    assert (one.recipient, one.kind, one.hard) == ("ann@shop.example", "bounced", False)


def amazon(said: dict[str, object], *, wrapped: bool) -> bytes:
    body = json.dumps({"Type": "Notification", "Message": json.dumps(said)} if wrapped else said, indent=1)
    return f"From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\n\n{body}\n".encode()


@pytest.mark.parametrize("wrapped", [True, False])
def test_amazon_s_notifications_by_mail_are_read(wrapped):
    person = {"emailAddress": "ann@shop.example", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [person]}
    report = read_report(amazon({"notificationType": "Bounce", "bounce": bounce}, wrapped=wrapped))
    assert [(one.recipient, one.reason, one.hard) for one in report.recipients] == [
        ("ann@shop.example", "no_such_user", True)
    ]
    complaint = {"complainedRecipients": [{"emailAddress": "ann@shop.example"}]}
    report = read_report(amazon({"notificationType": "Complaint", "complaint": complaint}, wrapped=wrapped))
    assert [one.kind for one in report.recipients] == ["complaint"]


AWAY = [
    "Auto-Submitted: auto-replied\nSubject: Re: Spring",
    "X-Autoreply: yes\nSubject: Re: Spring",
    "Precedence: auto_reply\nSubject: Auto reply",
    "Subject: Out of Office: Spring",
    "Subject: Automatische Antwort: Frühling",
    "Subject: =?utf-8?B?5LiN5Zyo?=: Spring",
    "X-Auto-Response-Suppress: All\nSubject: Automatic reply: Spring",
]


@pytest.mark.parametrize("headers", AWAY)
def test_the_answer_of_an_absent_person_is_no_bounce(headers):
    raw = (
        f"From: Ann <ann@shop.example>\nTo: n@brand.example\n{headers}\n\nI am out of the office until May.\n".encode()
    )
    (one,) = read_report(raw).recipients
    assert (one.recipient, one.kind, one.hard, one.failure) == ("ann@shop.example", "auto_reply", False, None)


def test_an_unmarked_answer_to_our_envelope_is_that_of_an_absent_person():
    raw = (
        b"From: ann@shop.example\nTo: bounce+tok5@bounce.brand.example\nSubject: Spring\n\nI am on holiday until May.\n"
    )
    report = read_report(raw)
    assert ([one.kind for one in report.recipients], report.token) == (["auto_reply"], "tok5")


@pytest.mark.parametrize(
    "raw",
    [
        b"From: ann@shop.example\nSubject: Re: Spring\n\nYes please, I am away next week, call me in June.\n",
        b"From: ann@shop.example\nSubject: Hello\n\nI could not deliver the parcel to kim@people.example, sorry.\n",
        b"From: news@other.example\nList-Id: <l.example>\nPrecedence: bulk\nSubject: News\n\nThe mailbox is full!\n",
        b"From: shop@other.example\nAuto-Submitted: auto-generated\nSubject: Your order\n\nIt was delivered.\n",
        b"From: ann@shop.example\nSubject: Undeliverable parcel\nIn-Reply-To: <m@x>\n\nIt could not be delivered.\n",
        b"From: parcels@carrier.example\nSubject: Delivery failed\n\nParcel for ann@shop.example: not delivered.\n",
        b"",
        b"\n\n",
        b"no mail at all",
    ],
)
def test_other_mail_is_no_report(raw):
    assert read_report(raw) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Auto-Submitted": "auto-generated; owner-email=x"}, True),
        ({"auto-submitted": "NO"}, False),
        ({"Auto-Submitted": "no; comment"}, False),
        ({"X-Auto-Response-Suppress": "DR, OOF"}, True),
        ({"X-Auto-Response-Suppress": "None"}, False),
        ({"Precedence": "Bulk"}, True),
        ({"Precedence": "first-class"}, False),
        ({"List-Id": "<l.example>"}, True),
        ({"Return-Path": " <> "}, True),
        ({"Return-Path": "<ann@shop.example>"}, False),
        ({"X-Autorespond": "Spring"}, True),
        ({"From": "MAILER-DAEMON@mx.example"}, True),
        ({"Content-Type": "multipart/report; report-type=delivery-status"}, True),
        ({"Subject": "Out of office"}, True),
        ({"Subject": "Re: Spring", "From": "Ann <ann@shop.example>"}, False),
        ({}, False),
    ],
)
def test_who_must_not_be_answered(headers, expected):
    assert is_automatic(headers) is expected


def test_the_page_on_bounces_names_every_kind_and_reason():
    page = (Path(__file__).parents[3] / "docs/reference/bounces.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|(.+)\|$", page, re.MULTILINE))
    assert set(rows) == {*get_args(Kind), *get_args(Reason)}
    for reason in get_args(Reason):
        cells = [cell.strip() for cell in rows[reason].split("|")]
        if len(cells) == 3:
            assert cells[1:] == ["yes" if reason in DEAD else "", FAILURE.get(reason) or "none"]
