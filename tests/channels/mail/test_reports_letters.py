"""Letters of failure of mail systems, each in the form its program gives them; people and places are made up."""

from __future__ import annotations

import pytest

from antiphon.channels.mail import read_report
from antiphon.channels.mail.phrases import plain

ANN, BEN = "ann@shop.example", "ben@shop.example"


def letter(subject: str, body: str, sender: str = "MAILER-DAEMON@mx.example", headers: str = "") -> bytes:
    return (
        f"From: {sender}\nTo: bounce+tok123@bounce.brand.example\nSubject: {subject}\n{headers}"
        f"Date: Thu, 5 Mar 2026 10:00:00 +0000\nContent-Type: text/plain; charset=utf-8\n\n{body}"
    ).encode()


OURS = """Received: from brand.example by mx.example; Thu, 5 Mar 2026 09:59:58 +0000
From: Brand <news@brand.example>
To: Ann <ann@shop.example>
Subject: Spring
Message-ID: <m1@brand.example>
X-Antiphon-Delivery: tok999

Hello user unknown mailbox full spam
"""

LETTERS = {
    "mdaemon": (
        letter(
            "Permanent Delivery Failure",
            "The attached message had PERMANENT fatal delivery errors!\n\nAfter one or more unsuccessful delivery "
            "attempts the attached message has been\nremoved from the mail queue on this server.\n\n"
            "Failed address: ann@shop.example\n\n--- Session Transcript ---\n Thu 2026-03-05 10:00:00: "
            "Parsing message\n --> RCPT To:<ann@shop.example>\n <-- 550 ann@shop.example, Recipient unknown\n"
            "--- End Transcript ---\n",
            "MDaemon at mx.example <MDaemon@mx.example>",
        ),
        [(ANN, "bounced", "no_such_user", True)],
    ),
    "communigate": (
        letter(
            "Undeliverable mail: Spring",
            "Failed to deliver to 'ann@shop.example'\nSMTP module(domain shop.example) reports:\n host "
            "mx.shop.example says:\n 550 5.2.2 over quota\n",
        ),
        [(ANN, "bounced", "mailbox_full", False)],
    ),
    "james": (
        letter(
            "Delivery failure",
            "Hi. This is the James mail server at mx.example.\nI'm afraid I wasn't able to deliver your message to the "
            "following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out. Below\nI "
            "include the list of recipients and the reason why I was unable to deliver\nyour message.\n\n"
            "Failed recipient(s):\nann@shop.example\nben@shop.example\n\nError message:\n"
            "550 5.1.1 no such user here\n",
            "postmaster@mx.example",
        ),
        [(ANN, "bounced", "unknown", False), (BEN, "bounced", "no_such_user", True)],
    ),
    "hmailserver": (
        letter(
            "Message undeliverable: Spring",
            "Your message did not reach some or all of the intended recipients.\n\n   Sent: Thu, 5 Mar 2026 09:59:58\n"
            "   Subject: Spring\n\nThe following recipient(s) could not be reached:\n\nann@shop.example\n   Error "
            "Type: SMTP\n   Remote server (192.0.2.7) issued an error.\n   hMailServer sent: RCPT TO:"
            "<ann@shop.example>\n   Remote server replied: 550 Mailbox unavailable\n\nhMailServer\n",
            "mailer-daemon@mx.example",
        ),
        [(ANN, "bounced", "no_such_user", True)],
    ),
    "groupwise": (
        letter(
            "Message status - undeliverable",
            "The message that you sent was undeliverable to the following:\n\tann@shop.example (user not found)\n"
            "\tben@shop.example (disk quota exceeded)\n\nPossibly truncated original message follows:\n\n" + OURS,
            "Mailer-Daemon@gw.example",
        ),
        [(ANN, "bounced", "no_such_user", True), (BEN, "bounced", "mailbox_full", False)],
    ),
    "courier delay": (
        letter(
            "NOTICE: mail delivery status.",
            "This is a delivery status notification from mx.example,\nrunning the Courier mail server.\n\nThe original "
            "message was received on Thu, 5 Mar 2026 09:59:58 +0000.\n\n                DELAYED MAIL\n\nYour message "
            "has not yet been delivered to the following recipients. This\nis only a warning; delivery attempts will "
            "continue.\n\n<ann@shop.example>:\n     mx.shop.example [192.0.2.9]:\n     Connection timed out\n",
            '"Courier mail server at mx.example" <@>',
            "Return-Path: <>\n",
        ),
        [(ANN, "delayed", "expired", False)],
    ),
    "smail": (
        letter(
            "mail failed, returning to sender",
            "|------------------------- Message log follows: -------------------------|\n no valid recipients were "
            "found for this message\n|------------------------- Failed addresses follow: ---------------------|\n "
            "<ann@shop.example> ... unknown host\n|------------------------- Message text follows: "
            "------------------------|\n" + OURS,
            "<MAILER-DAEMON@mx.example>",
        ),
        [(ANN, "bounced", "no_such_host", True)],
    ),
    "kddi": (
        letter(
            "Mail System Error - Returned Mail",
            "Your mail sent on: Thu, 5 Mar 2026 10:00:00 +0900\n  Could not be delivered to: <ann@shop.example>\n"
            "  As their mailbox is full.\n",
            "no-reply@app.carrier.example",
            "Return-Path: <>\n",
        ),
        [(ANN, "bounced", "mailbox_full", False)],
    ),
    "exchange in german": (
        letter(
            "Unzustellbar: Frühling",
            "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Verteilerlisten:\n\nann@shop.example\n"
            "Die E-Mail-Adresse des Empfängers wurde im E-Mail-System des Empfängers nicht gefunden.\n\n"
            "Diagnoseinformationen für Administratoren:\n\nGenerierender Server: ex.example\n\nann@shop.example\n"
            "#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\nUrsprüngliche Nachrichtenkopfzeilen:\n\n" + OURS,
            "postmaster@ex.example",
        ),
        [(ANN, "bounced", "no_such_user", True)],
    ),
    "firstclass": (
        letter(
            "NDN: Spring",
            "Sorry. Your message could not be delivered to:\n\nann@shop.example (The name was not found at the remote "
            "site. Check that the name has been entered correctly.)\n",
            "postmaster@fc.example",
        ),
        [(ANN, "bounced", "no_such_user", True)],
    ),
    "exim callout": (
        letter(
            "Mail delivery failed: returning message to sender",
            "This message was created automatically by mail delivery software.\n\nA message that you sent could not "
            "be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) "
            "failed:\n\n  ann@shop.example\n    host mx.shop.example [192.0.2.3]\n    SMTP error from remote mail "
            "server after MAIL FROM:<bounce+tok123@bounce.brand.example>:\n    550 Sender verify failed\n  "
            "ben@shop.example\n    all hosts for 'shop.example' have been failing for a long time: retry timeout "
            "exceeded\n\n------ This is a copy of the message, including all the headers. ------\n\n" + OURS,
            "Mail Delivery System <Mailer-Daemon@mx.example>",
            "X-Failed-Recipients: ann@shop.example, ben@shop.example\nAuto-Submitted: auto-replied\n",
        ),
        [(ANN, "bounced", "sender_rejected", False), (BEN, "bounced", "expired", False)],
    ),
    "qmail, disabled account": (
        letter(
            "failure notice",
            "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to "
            "the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
            "<ann@shop.example>:\n192.0.2.3 does not like recipient.\nRemote host said: 550 5.2.1 This account has "
            "been disabled\nGiving up on 192.0.2.3.\n\n--- Below this line is a copy of the message.\n\n" + OURS,
        ),
        [(ANN, "bounced", "disabled", False)],
    ),
    "sendmail, warning after hours": (
        letter(
            "Warning: could not send message for past 4 hours",
            "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      "
            "**\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    ********************************************"
            "**\n\nThe original message was received at Thu, 5 Mar 2026 05:59:58 GMT\nfrom brand.example "
            "[192.0.2.1]\n\n   ----- Transcript of session follows -----\n<ann@shop.example>... Deferred: Connection "
            "timed out with mx.shop.example.\nWarning: message still undelivered after 4 hours\nWill keep trying "
            "until message is 5 days old\n",
        ),
        [(ANN, "delayed", "expired", False)],
    ),
    "spam appliance": (
        letter(
            "Your message was rejected",
            "The following message could not be delivered:\n\n  Recipient: <ann@shop.example>\n  Reason: 554 5.7.1 "
            "Message identified as SPAM, score 9.4\n",
            "postmaster@gate.example",
        ),
        [(ANN, "bounced", "spam", False)],
    ),
    "mobile gateway": (
        letter(
            "Returned mail",
            "Message could not be delivered to the following recipient:\n<ann@shop.example>: 552 message size exceeds "
            "maximum message size\n",
        ),
        [(ANN, "bounced", "too_large", False)],
    ),
    "french": (
        letter(
            "Échec de la remise : Printemps",
            "Votre message n'a pas pu être remis au destinataire suivant :\n\nann@shop.example\n550 5.1.1 Adresse du "
            "destinataire inconnue. Unknown recipient.\n",
            "postmaster@fai.example",
        ),
        [(ANN, "bounced", "no_such_user", True)],
    ),
    "chinese": (
        letter(
            "系统退信/Systems bounce",
            "很抱歉，您发送的邮件被退回。\n无法发送到 ann@shop.example\n退信原因：\n"
            "收件人邮件地址(ann@shop.example)不存在。\n"
            "SMTP error, RCPT TO: 550 User not found\n",
            "Postmaster@mail.example",
        ),
        [(ANN, "bounced", "no_such_user", True)],
    ),
    "a relay that wants signatures": (
        letter(
            "Undelivered Mail Returned to Sender",
            "This is the mail system at host relay.example.\n\n<ann@shop.example>: host mx.shop.example[192.0.2.3] "
            "said: 550-5.7.26\n    Your email has been blocked because the sender is unauthenticated. 550-5.7.26\n    "
            "Authenticate with SPF or DKIM. (in reply to end of DATA command)\n",
        ),
        [(ANN, "bounced", "authentication", False)],
    ),
    "a network that is listed": (
        letter(
            "Undelivered Mail Returned to Sender",
            "<ann@shop.example>: host mx.shop.example[192.0.2.3] refused to talk to me: 554 Your IP is listed at "
            "dnsbl.example. Fix it.\n",
        ),
        [(ANN, "bounced", "blocked", False)],
    ),
    "a carrier's filter after the letter": (
        letter(
            "Undelivered Mail Returned to Sender",
            "<ann@shop.example>: host mx.shop.example[192.0.2.3] said: 550 Unknown user ann@shop.example (in reply "
            "to end of DATA command)\n",
        ),
        [(ANN, "bounced", "filtered", False)],
    ),
    "postfix, domain that is none": (
        letter(
            "Undelivered Mail Returned to Sender",
            "<ann@shop.example>: Host or domain name not found. Name service error for name=shop.example type=MX: "
            "Host not found\n",
        ),
        [(ANN, "bounced", "no_such_host", True)],
    ),
    "postfix, domain for now": (
        letter(
            "Undelivered Mail Returned to Sender",
            "<ann@shop.example>: Host or domain name not found. Name service error for name=shop.example type=MX: "
            "Host not found, try again\n",
        ),
        [(ANN, "bounced", "network", False)],
    ),
    "two answers to one letter": (
        letter(
            "failure notice",
            "Hi. This is the qmail-send program at mx.example.\n\n<ann@shop.example>:\nSorry, no mailbox here by that "
            "name. (#5.1.1)\n\n<ben@shop.example>:\nConnected to 192.0.2.3 but greeting failed.\nRemote host said: "
            "421 4.7.0 Too many connections\nI'm not going to try again; this message has been in the queue too "
            "long.\n",
        ),
        [(ANN, "bounced", "no_such_user", True), (BEN, "bounced", "rate_limited", False)],
    ),
    "domino in english": (
        letter(
            "DELIVERY FAILURE: User Ann Kay (ann@shop.example) not listed in Domino Directory",
            "Your message\n\n  Subject: Spring\n\nwas not delivered to:\n\n  ann@shop.example\n\nbecause:\n\n  User "
            "Ann Kay (ann@shop.example) not listed in Domino Directory\n",
            "Postmaster@shop.example",
        ),
        [(ANN, "bounced", "no_such_user", True)],
    ),
}


@pytest.mark.parametrize("name", LETTERS)
def test_what_a_letter_of_failure_says_is_understood(name):
    raw, expected = LETTERS[name]
    report = read_report(raw)
    assert report is not None
    assert [(one.recipient, one.kind, one.reason, one.hard) for one in report.recipients] == expected


@pytest.mark.parametrize("name", LETTERS)
def test_line_ends_do_not_matter(name):
    raw, _ = LETTERS[name]
    assert read_report(raw.replace(b"\n", b"\r\n")) == read_report(raw) == read_report(raw.replace(b"\n", b"\r"))


def test_a_letter_names_our_mail_by_what_came_back():
    report = read_report(LETTERS["smail"][0])
    assert (report.token, report.message_id) == ("tok999", "<m1@brand.example>")


def test_a_letter_without_our_mail_names_it_by_where_it_went():
    assert read_report(LETTERS["mdaemon"][0]).token == "tok123"


def test_a_letter_without_an_address_is_a_bounce_of_nobody():
    report = read_report(
        letter("Mail delivery failed", "A message that you sent could not be delivered. It was not a valid user.\n")
    )
    assert [one.recipient for one in report.recipients] == [""]
    assert report.token == "tok123"


def test_an_address_that_was_cut_short_is_none():
    body = "<david...@shop.example>: host mx.shop.example said: 550 5.1.1 User unknown (in reply to RCPT TO command)\n"
    report = read_report(letter("Undelivered Mail Returned to Sender", body))
    assert [one.recipient for one in report.recipients] == [""]


def test_our_own_words_in_the_returned_mail_are_no_reason():
    body = "The following addresses failed:\n\n<ann@shop.example>\n\n----- Original message -----\n" + OURS
    (one,) = read_report(letter("Mail delivery failed", body)).recipients
    assert (one.reason, one.hard) == ("unknown", False)


@pytest.mark.parametrize(
    ("subject", "sender"),
    [
        ("Fwd: Undelivered Mail Returned to Sender", "Kim <kim@people.example>"),
        ("Re: failure notice", "Kim <kim@people.example>"),
        ("Where is my parcel", "Kim <kim@people.example>"),
        ("My mail to you", "Kim <kim@people.example>"),
    ],
)
def test_what_a_person_passes_on_is_no_bounce(subject, sender):
    body = LETTERS["smail"][0].decode().partition("\n\n")[2]
    assert read_report(letter(subject, "Look what I got:\n\n" + body, sender)) is None


@pytest.mark.parametrize(
    "mark",
    [
        "--- Below this line is a copy of the message.",
        "------ This is a copy of the message's headers. ------",
        "What you wrote:",
    ],
)
def test_what_the_names_of_our_own_mail_spell_by_chance_is_no_reason(mark):
    mine = "From: <a@brand.example>\nFeedback-ID: eDtWcrBL:spring:brand\nX-Id: 77spamtrap\n"
    body = f"<{ANN}>:\n550 The account does not exist here. (#5.1.1)\n\n{mark}\n\n{mine}"
    (one,) = read_report(letter("failure notice", body)).recipients
    assert (one.recipient, one.reason, one.hard) == (ANN, "no_such_user", True)


@pytest.mark.parametrize("key", ["9YvSpamtrapMKpOQXB77", "Srbl+q1KVDsh/DBLgrdCktwoo==", "2-wlCxMj-sorbs_Qb0"])
def test_no_words_are_read_out_of_keys(key):
    assert plain(f"Sorry, {key} was refused <bounce+{key}@brand.example>") == "sorry, was refused < >"
