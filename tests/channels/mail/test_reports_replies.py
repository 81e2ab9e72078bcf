"""What systems say, each in its own form: answers (`replies.tsv`: reason, hard or soft, whose form, answer) and letters
(`letters.toml`)."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from antiphon.channels.mail import read_report
from antiphon.channels.mail.reasons import Evidence, judge

REPLIES = [line.split("\t") for line in Path(__file__).with_name("replies.tsv").read_text("utf-8").splitlines() if line]
LETTERS = tomllib.loads(Path(__file__).with_name("letters.toml").read_text("utf-8"))["letter"]


@pytest.mark.parametrize("letter", LETTERS, ids=[letter["system"] for letter in LETTERS])
def test_a_letter_of_this_system_is_understood(letter):
    report = read_report(letter["mail"].encode())
    assert [[one.recipient, one.reason, one.hard] for one in report.recipients] == letter["said"]


@pytest.mark.parametrize(
    ("reason", "strength", "system", "reply"), REPLIES, ids=[f"{one[2]}-{nth}" for nth, one in enumerate(REPLIES)]
)
def test_an_answer_of_this_system_is_understood(reason, strength, system, reply):
    reply = reply.replace("\\n", "\n")
    quoted = reply.startswith("192.0.2.")  # qmail tells in a letter what a server said
    one = judge("ann@shop.example", Evidence((reply,), told=not quoted))
    assert (one.reason, "hard" if one.hard else "soft") == (reason, strength)


@pytest.mark.parametrize(
    "reply",
    [
        "550 unknown error",
        "550 Erreur inconnue",
        "554 5.0.0 Unbekannter Fehler",
        "550 5.7.1 Unknown problem, message not delivered",
        "550 Rejected",
        "550 5.7.1 No",
        "553 Denied",
        "550 Message rejected by our server",
        "550 Not accepted here, see https://mail.example/user-unknown.html",
        "550 5.7.1 host unknown-user.shop.example[192.0.2.7] refused your mail",
        "550 user not willing to talk",
        "550 recipient does not accept mail from you",
        "550 The account is not authorised for this",
        "550 5.2.2 user unknown or over quota",
        "451 4.3.0 user unknown: directory not available, try again later",
        "450 4.1.1 Recipient address rejected: unverified address",
        "452 4.1.1 mailbox not found or quota exceeded",
        "550 no such file or directory",
        "550 mailbox temporarily unavailable for you (in reply to end of DATA command)",
        "550 5.7.1 address rejected, sender not found (in reply to MAIL FROM command)",
        "550 : User unknown",
        "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 : User unknown",
        "",
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_no_answer_of_doubt_gives_an_address_up(reply, told):
    assert not judge("ann@shop.example", Evidence((reply,), told=told)).hard


def test_a_host_by_a_telling_name_says_nothing_about_us():
    reply = "host antispam-virus.shop.example[192.0.2.7] said: 550 5.1.1 no such user (in reply to RCPT TO command)"
    assert judge("ann@shop.example", Evidence((reply,))).reason == "no_such_user"


def test_what_is_said_of_an_address_is_said_of_the_recipient():
    assert judge("ann@shop.example", Evidence(("smtp; 542 ann@shop.example Rejected",), told=True)).hard
    assert not judge("ann@shop.example", Evidence(("smtp; 542 news@brand.example Rejected",), told=True)).hard


def test_words_that_a_customer_of_amazon_wrote_into_a_rule_prove_nothing():
    report = read_report(
        b"From: postmaster@shop.example\nTo: bounce+T1@brand.example\n"
        b"Subject: Delivery Status Notification (Failure)\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\nContent-Type: text/plain\n\nThis message could not be delivered.\n"
        b"--b\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; inbound-smtp.eu-west-1.amazonaws.com\n\n"
        b"Action: failed\nFinal-Recipient: rfc822; ann@shop.example\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 Mailbox does not exist\nStatus: 5.1.1\n\n--b--\n"
    )
    assert [(one.reason, one.hard) for one in report.recipients] == [("filtered", False)]


def test_a_message_id_in_a_letter_is_nobodys_address():
    report = read_report(
        b"From: Internet Mail Delivery <postmaster@mx.example>\nSubject: Delivery Notification: Delivery has failed\n\n"
        b"This report relates to a message you sent with the following header fields:\n\n"
        b"  Message-id: <1@brand.example>\n  From: News <news@brand.example>\n  To: ann@shop.example\n\n"
        b"Your message cannot be delivered to the following recipients:\n\n  Recipient address: ann@shop.example\n"
        b"  Reason: Remote SMTP server has rejected address\n"
        b"  Diagnostic code: smtp;550 5.1.1 <ann@shop.example>... User Unknown\n"
    )
    assert [(one.recipient, one.reason) for one in report.recipients] == [("ann@shop.example", "no_such_user")]
