"""What a refusal means: the table of statuses as a literal, and how it is read."""

from __future__ import annotations

import re

from antiphon.channels.adapters.email.job import Step
from antiphon.channels.adapters.email.reply import Reply
from antiphon.kernel.records import FailureClass, Refused

STATUS: dict[str, FailureClass] = {
    # Enhanced codes (RFC 3463, RFC 7505, IANA "SMTP Enhanced Status Codes").
    "5.1.1": "address",  # no such mailbox
    "5.1.2": "address",  # no such domain
    "5.1.3": "address",  # bad syntax
    "5.1.6": "address",  # moved, no forwarding
    "5.1.7": "policy",  # our envelope sender
    "5.1.8": "policy",
    "5.1.10": "address",  # null MX
    "5.1": "address",
    "5.2.1": "address",  # disabled
    "5.2.2": "temporary",  # mailbox full: some say it with a 5, and the next week it is not
    "5.2.3": "message",  # too large for this mailbox
    "5.3.4": "message",  # too large for the system
    "5.4.1": "address",  # no answer from the recipient's host, said for good
    "5.4.4": "address",  # no route: the domain has no host
    "5.5.3": "temporary",  # too many recipients
    "5.6.7": "address",  # SMTPUTF8 needed and not there
    "5.6": "message",
    "5.7": "policy",  # authentication, alignment, reputation: pause the sender, not the recipient
    # Basic codes without an enhanced one, by what was asked (RFC 5321 4.2.3, RFC 4954 6).
    "rcpt 501": "address",
    "rcpt 550": "address",
    "rcpt 551": "address",
    "rcpt 552": "temporary",  # mailbox full
    "rcpt 553": "address",
    "rcpt 556": "address",  # RFC 7504
    "mail 550": "policy",
    "mail 553": "policy",
    "mail 554": "policy",
    "command 550": "policy",
    "command 554": "policy",  # the greeting: we are not welcome
    "521": "policy",  # RFC 7504
    "530": "policy",
    "534": "policy",
    "535": "policy",
    "538": "policy",
    "552": "message",
    "554": "policy",
}

RETRY_AFTER_S: dict[str, float] = {
    "4.2.2": 3600.0,  # mailbox full
    "5.2.2": 3600.0,
    "452": 900.0,
    "4.3.1": 900.0,  # the server's disk
    "4.7": 300.0,  # throttled or greylisted (RFC 6647: 5 minutes are common)
    "450": 300.0,
    "421": 60.0,
}
RETRY_AFTER_DEFAULT_S = 300.0

_OPTED_OUT = re.compile(r"unsubscribed|opted[ -]out|recipient (?:has )?blocked (?:the |this )?sender", re.IGNORECASE)
_POLICY = re.compile(
    r"spam|black ?list|block ?list|blocked|listed|reputation|polic(?:y|ies)|relay|\bspf\b|dkim|dmarc|\brbl\b"
    r"|authenticat|not allowed|denied",
    re.IGNORECASE,
)
_DETAIL_CHARS_MAX = 300


def refusal(reply: Reply, step: Step) -> Refused:
    """By the enhanced code, then its family, then the basic code at this step. An unknown 5xx concerns the message."""
    enhanced = reply.enhanced
    failure = _failure(reply, enhanced, step)
    code = f"{reply.code} {enhanced}".rstrip()
    detail = " ".join(reply.text.split())[:_DETAIL_CHARS_MAX]
    if failure != "temporary":
        return Refused(failure, code, detail)
    keys = (enhanced, _family(enhanced), str(reply.code))
    waits = [RETRY_AFTER_S[key] for key in keys if key in RETRY_AFTER_S]
    return Refused(failure, code, detail, retry_after_s=waits[0] if waits else RETRY_AFTER_DEFAULT_S)


def _failure(reply: Reply, enhanced: str, step: Step) -> FailureClass:
    if reply.code < 500:
        return "temporary"
    if _OPTED_OUT.search(reply.text) and enhanced in ("", "5.7.1"):
        return "optout"
    # Without an enhanced code 550 says "no such user" and "your network is listed" alike: an address is only
    # given up when the text does not blame the sender.
    if not enhanced and reply.code in (550, 551, 553, 554) and _POLICY.search(reply.text):
        return "policy"
    for key in (enhanced, _family(enhanced), f"{step.value} {reply.code}", str(reply.code)):
        if key in STATUS:
            return STATUS[key]
    return "message"


def _family(enhanced: str) -> str:
    return enhanced.rpartition(".")[0]
