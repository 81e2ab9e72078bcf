"""What servers answer, and which reason that is: one line for each way of saying it."""

from __future__ import annotations

import pytest

from antiphon.channels.mail.reasons import Evidence, judge

REPLIES = [
    # Nobody there.
    ("550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking", "no_such_user"),
    ("550-5.1.1 The email account that you tried to reach does not exist.", "no_such_user"),
    ("550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). (in reply to RCPT TO)", "no_such_user"),
    ("550 #5.1.0 Address rejected. (in reply to RCPT TO command)", "no_such_user"),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "no_such_user"),
    ("550 Requested action not taken: mailbox unavailable (in reply to RCPT TO command)", "no_such_user"),
    ("554 5.7.1 <ann@shop.example>: Recipient address rejected: user ann@shop.example does not exist", "no_such_user"),
    ("550 Invalid Recipient - https://community.example/docs/DOC-1369#550 (in reply to RCPT TO)", "no_such_user"),
    ("550 5.1.1 <ann@shop.example> Recipient not found. <http://x.example/irbounce>", "no_such_user"),
    ("553 5.3.0 <ann@shop.example>... Addressee unknown, relay=[192.0.2.1] after RCPT TO", "no_such_user"),
    ("550 non-local recipient verification failed: no such user (after RCPT TO)", "no_such_user"),
    ("511 sorry, no mailbox here by that name (#5.1.1 - chkuser)", "no_such_user"),
    ("550 5.1.1 unknown or illegal alias: ann@shop.example", "no_such_user"),
    ("551 not our customer (after RCPT TO)", "no_such_user"),
    ("550 Benutzer hier unbekannt (after RCPT TO)", "no_such_user"),
    ("550 5.1.1 Utilisateur inconnu", "no_such_user"),
    # No such place.
    ("5.1.2 Bad destination host 'DNS Hard Error looking up shop.example (MX): NXDomain'", "no_such_host"),
    ("550 5.4.310 DNS domain shop.example does not exist", "no_such_host"),
    ("550 5.1.2 Host unknown (Name server: shop.example: host not found)", "no_such_host"),
    ("556 5.1.10 Domain shop.example does not accept mail (nullMX)", "no_mail_host"),
    # Full, or too much.
    ("552-5.2.2 The email account that you tried to reach is over quota. Please direct", "mailbox_full"),
    ("552 5.2.2 The recipient's inbox is out of storage space. OverQuotaPerm", "mailbox_full"),
    ("452 4.2.2 The email account that you tried to reach is over quota", "mailbox_full"),
    ("554 5.2.2 mailbox full; STOREDRV.Deliver; QuotaExceededException", "mailbox_full"),
    ("452 4.1.1 <ann@shop.example> requested mail action aborted: mailbox not found or quota exceeded", "mailbox_full"),
    ("422 4.2.2 Recipient overquota", "mailbox_full"),
    ("552 Requested mail action aborted: exceeded storage allocation", "mailbox_full"),
    ("552 5.3.4 Message size exceeds fixed limit", "too_large"),
    ("552-5.2.3 Your message exceeded Google's message size limits.", "too_large"),
    ("550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", "too_large"),
    ("523 the message size exceeds the recipient's size limit", "too_large"),
    # Who we are.
    ("550-5.7.26 This mail has been blocked because the sender is unauthenticated.", "authentication"),
    ("550 5.7.23 The message was rejected because of Sender Policy Framework violation", "authentication"),
    ("550 5.7.1 Message rejected due to DMARC policy of brand.example", "authentication"),
    ("550 SPF check failed", "authentication"),
    ("554 5.7.5 permanent error evaluating DMARC policy", "authentication"),
    ("550 5.7.1 DKIM signature verification failed", "authentication"),
    ("550-5.7.25 The IP address sending this message does not have a PTR record setup", "no_reverse_dns"),
    ("554 5.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", "no_reverse_dns"),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "blocked"),
    ("550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Your network is on our block list", "blocked"),
    ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints", "reputation"),
    (
        "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list",
        "blocked",
    ),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using b.barracudacentral.org", "blocked"),
    ("550 5.7.1 Mail from 192.0.2.1 was rejected due to listing in an RBL", "blocked"),
    ("421 4.7.1 <mx>: Helo command rejected: Host not found", "blocked"),
    ("550 5.7.1 Your IP has a poor reputation", "reputation"),
    ("550 5.7.64 TenantAttribution; Relay Access Denied", "relay"),
    ("550 relay not permitted", "relay"),
    ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "relay"),
    ("550 5.1.8 Sender address rejected: Domain not found", "sender_rejected"),
    ("553 5.1.8 <news@brand.example>... Domain of sender address does not exist", "sender_rejected"),
    ("550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required", "sender_rejected"),
    ("550 Verification failed for <news@brand.example> Sender verify failed", "sender_rejected"),
    ("550 5.7.1 Access denied (in reply to MAIL FROM command)", "sender_rejected"),
    ("530 5.7.0 Must issue a STARTTLS command first", "encryption"),
    # How much, how fast.
    ("450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents", "rate_limited"),
    ("421 4.7.0 Try again later, too many connections from your host", "rate_limited"),
    ("452 4.5.3 Too many recipients", "rate_limited"),
    ("421 Too many concurrent SMTP connections; please try again later.", "rate_limited"),
    ("451 4.7.500 Server busy. Please try again later (throttled)", "rate_limited"),
    # What it says.
    ("550 5.7.1 Message rejected as spam by Content Filtering", "spam"),
    ("554 5.7.1 Message considered spam", "spam"),
    ("554 5.7.1 This message has been detected as spam", "spam"),
    ("550 High probability of spam", "spam"),
    ("550 5.7.1 Our system has detected that this message is likely unsolicited mail", "spam"),
    ("554 5.7.1 virus Eicar-Test-Signature detected by ClamAV", "virus"),
    ("550 5.7.1 This message contains malware (Win.Test)", "virus"),
    ("552-5.7.0 This message was blocked because its content presents a potential security issue", "policy"),
    ("554 5.7.1 Message not accepted for policy reasons", "policy"),
    ("550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy", "policy"),
    ("550-5.7.1 This message is not RFC 5322 compliant, the issue is: duplicate From headers", "malformed"),
    ("554 5.6.0 Message contains bare CR and is violating 822.bis section 2.3", "malformed"),
    # The account.
    ("550 5.2.1 The email account that you tried to reach is disabled.", "disabled"),
    ("554 delivery error: dd This user doesn't have a mail account here", "no_such_user"),
    ("554 delivery error: dd Sorry, your message cannot be delivered. This mailbox is disabled (554.30).", "disabled"),
    ("550 5.2.1 account temporarily suspended", "disabled"),
    ("551 5.1.6 Recipient no longer on server", "moved"),
    # Machines in trouble.
    ("451 4.3.0 Temporary server error. Please try again later", "system"),
    ("451 4.3.5 Server configuration error", "system"),
    ("452 4.3.1 Insufficient system storage", "system_full"),
    ("550 5.4.6 Routing loop detected", "network"),
    ("554 5.4.14 Hop count exceeded - possible mail loop ATTR34", "network"),
    ("550 5.4.300 Message expired -> 451 4.7.0 temporary failure", "expired"),
    ("4.4.7 Delivery time expired", "expired"),
    ("smtp; 400 4.4.7 Message delayed", "expired"),
]


@pytest.mark.parametrize(("reply", "reason"), REPLIES)
def test_an_answer_is_understood(reply, reason):
    assert judge("ann@shop.example", Evidence((f"smtp; {reply}",), told=True)).reason == reason


@pytest.mark.parametrize(
    ("reply", "told", "hard"),
    [
        ("550 5.1.1 user unknown", True, True),
        ("550 5.1.1 user unknown", False, True),
        ("450 4.1.1 user unknown", True, False),
        ("550 user unknown (in reply to RCPT TO command)", False, True),
        ("550 user unknown (in reply to end of DATA command)", True, False),
        ("550 user unknown", True, True),
        ("550 user unknown", False, False),
        ("user unknown", False, True),
        ("551 no longer here: mailbox does not exist", False, True),
    ],
)
def test_an_address_is_given_up_on_proof_only(reply, told, hard):
    assert judge("ann@shop.example", Evidence((reply,), told=told)).hard is hard


def test_a_delay_gives_up_nobody():
    one = judge("ann@shop.example", Evidence(("550 5.1.1 user unknown",), told=True), delayed=True)
    assert (one.kind, one.hard, one.failure) == ("delayed", False, "temporary")


def test_numbers_of_the_network_are_no_status():
    one = judge("ann@shop.example", Evidence(("connect to mx[5.1.1.9]:25: Connection timed out 15:50:12",)))
    assert (one.status, one.reply_code, one.reason) == ("", "", "expired")
