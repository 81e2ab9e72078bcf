"""What servers say, and what it means."""

from __future__ import annotations

import pytest

from antiphon.channels.adapters.email.job import Step
from antiphon.channels.adapters.email.reply import Extensions, Reply, extensions
from antiphon.channels.adapters.email.status import refusal

SAID = [
    # (code, text, step, class, retry after)
    (550, "5.1.1 <a@b>: Recipient address rejected: User unknown", Step.RCPT, "address", None),
    (550, "5.1.10 Recipient address has null MX", Step.RCPT, "address", None),
    (550, "5.2.1 The email account that you tried to reach is disabled", Step.RCPT, "address", None),
    (550, "No such user here", Step.RCPT, "address", None),
    (553, "Mailbox name not allowed", Step.RCPT, "policy", None),
    (550, "Your host is blacklisted", Step.RCPT, "policy", None),
    (554, "Relay access denied", Step.RCPT, "policy", None),
    (550, "5.7.26 This message does not pass authentication checks", Step.CONTENT, "policy", None),
    (550, "5.7.515 Access denied, sending domain does not meet the required level", Step.CONTENT, "policy", None),
    (550, "5.7.1 The recipient has blocked this sender", Step.RCPT, "optout", None),
    (535, "5.7.8 Authentication credentials invalid", Step.COMMAND, "policy", None),
    (530, "Authentication required", Step.MAIL, "policy", None),
    (552, "5.2.2 Mailbox full", Step.RCPT, "temporary", 3600.0),
    (552, "Requested mail action aborted: exceeded storage allocation", Step.RCPT, "temporary", 300.0),
    (552, "5.3.4 Message size exceeds fixed limit", Step.CONTENT, "message", None),
    (554, "5.6.0 Malformed MIME", Step.CONTENT, "message", None),
    (571, "5.9.9 A code that nobody knows", Step.CONTENT, "message", None),
    (599, "what", Step.CONTENT, "message", None),
    (450, "4.2.0 Greylisted", Step.RCPT, "temporary", 300.0),
    (452, "4.2.2 Mailbox full", Step.RCPT, "temporary", 3600.0),
    (421, "4.7.0 Too many messages", Step.MAIL, "temporary", 300.0),
    (421, "Closing", Step.MAIL, "temporary", 60.0),
    (451, "Local error", Step.CONTENT, "temporary", 300.0),
]


@pytest.mark.parametrize(("code", "text", "step", "failure", "retry_after_s"), SAID)
def test_a_refusal_means(code, text, step, failure, retry_after_s):
    refused = refusal(Reply(code, text), step)
    assert (refused.failure, refused.retry_after_s) == (failure, retry_after_s)
    assert refused.code.startswith(str(code))


def test_a_long_reply_is_cut():
    assert len(refusal(Reply(550, "x" * 5000), Step.CONTENT).detail) == 300


@pytest.mark.parametrize(
    ("text", "queue_id"),
    [
        ("2.0.0 Ok: queued as 4B1FAC0021", "4B1FAC0021"),
        ("OK id=1sXyZ0-000abc-Qw", "1sXyZ0-000abc-Qw"),
        ("2.0.0 45LAxyz1012345 Message accepted for delivery", "45LAxyz1012345"),
        ("Ok 0102018f3a2b4c5d-1a2b3c4d-0000", "0102018f3a2b4c5d-1a2b3c4d-0000"),
        ("2.0.0 Ok", None),
        ("", None),
    ],
)
def test_the_queue_id_is_found_where_the_server_names_it(text, queue_id):
    assert Reply(250, text).queue_id == queue_id


def test_extensions_are_read_in_every_spelling():
    reply = Reply(250, "mx\npipelining\nSIZE 1000\n8BITMIME\nAUTH=LOGIN\nAUTH PLAIN XOAUTH2\nDSN\nSMTPUTF8\n\nSTARTTLS")
    assert extensions(reply) == Extensions(
        pipelining=True,
        eight_bit=True,
        utf8=True,
        dsn=True,
        size=True,
        size_max=1000,
        starttls=True,
        auth=frozenset({"LOGIN", "PLAIN", "XOAUTH2"}),
    )
    assert extensions(Reply(250, "mx\nSIZE")) == Extensions(size=True)
    assert extensions(Reply(250, "mx\nSIZE many")) == Extensions(size=True)
