"""Why it came back: from words, status and reply code to one of our reasons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from antiphon.channels.mail.phrases import plain, said
from antiphon.channels.mail.records import DEAD, DIAGNOSTIC_CHARS_MAX, FAILURE, Kind, Reason, Reported

Stage = Literal["", "connect", "mail", "rcpt", "data"]

# Codes so exact that no wording beside them is asked (RFC 3463, 7372, 7505; Google's and Microsoft's lists).
EXACT: Final[dict[str, Reason]] = {
    "1.6": "moved",
    "1.7": "sender_rejected",
    "1.8": "sender_rejected",
    "2.2": "mailbox_full",
    "2.3": "too_large",
    "3.4": "too_large",
    "4.6": "network",
    "4.7": "expired",
    "7.13": "disabled",
    "7.20": "authentication",
    "7.21": "authentication",
    "7.22": "authentication",
    "7.23": "authentication",
    "7.24": "authentication",
    "7.25": "blocked",
    "7.26": "authentication",
    "7.28": "rate_limited",
    "7.29": "encryption",
    "7.30": "authentication",
    "7.64": "relay",
    "7.509": "authentication",
    "7.515": "authentication",
    "1.90": "rate_limited",
    "2.122": "rate_limited",
    "4.14": "network",
    "4.300": "expired",
    "4.310": "no_such_host",
    "4.312": "network",
    "4.316": "expired",
    "4.317": "expired",
    "7.124": "sender_rejected",
    "7.129": "sender_rejected",
    "7.133": "sender_rejected",
    "7.134": "sender_rejected",
    "7.136": "sender_rejected",
    "7.508": "rate_limited",
    "7.511": "blocked",
}

BY_STATUS: Final[dict[str, Reason]] = {
    "1.1": "no_such_user",
    "1.2": "no_such_host",
    "1.3": "no_such_user",
    "1.10": "no_such_user",
    "2.1": "disabled",
    "2": "filtered",
    "3": "system",
    "4.1": "expired",
    "4.2": "expired",
    "4.3": "network",
    "4.4": "no_such_host",
    "4.5": "rate_limited",
    "4.7": "expired",
    "4": "network",
    "5.3": "rate_limited",
    "6": "content",
    "7.10": "encryption",
    "7.11": "encryption",
    "7": "policy",
}

BY_REPLY: Final[dict[str, Reason]] = {
    "connect": "blocked",
    "mail": "sender_rejected",
    "rcpt 550": "no_such_user",
    "rcpt 551": "no_such_user",
    "rcpt 553": "no_such_user",
    "552": "mailbox_full",
    "556": "no_mail_host",
    "571": "policy",
}

# What says little: a more exact word farther off is preferred.
_VAGUE: Final[frozenset[Reason]] = frozenset({"system", "expired", "filtered", "no_such_host", "network"})

_STATUS = re.compile(r"(?<![\w.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_REPLY = re.compile(r"(?<![\w.@+/=-])([45][0-57]\d)(?=[ \-:<,;)]|$)")
_FOR_NOW = re.compile(r"not found, try again|try again later|temporar")
# The bare word; who says that an account does not exist has looked.
_BARE = re.compile(
    r"unknown user|user unknown|no such user|user not found|mailbox unavailable|invalid (?:recipient|address)"
)
_ABOUT_ADDRESS = re.compile(r"5\.1\.[1-9]")
_STAGES: Final[tuple[tuple[Stage, re.Pattern[str]], ...]] = (
    (
        "rcpt",
        re.compile(
            r"need rcpt|no valid (?:recipients|rcpt)|all rcpt commands|rcpt[ _]?to|rcpt command|smtp:rcpt|\brcpt\b"
            r"|does not like recipient|rejected address"
            r"|recipient address rejected"
        ),
    ),
    (
        "data",
        re.compile(
            r"end of data|final data|data command|\(data\)|smtp command data|after i sent the message|text command"
            r"|>>> data|transmission failure"
        ),
    ),
    ("mail", re.compile(r"mail[ _]from[:\]<]|mail[ _]from(?: command)?\b|sender was rejected|sender address rejected")),
    ("connect", re.compile(r"initial connection|after (?:ehlo|helo)|refused to talk to me|in reply to (?:ehlo|helo)")),
)


class Evidence(Struct, frozen=True):
    """`texts`: what was said, from the surest to the vaguest. `status`: the field of that name in a report.

    `told`: the first text is an answer told in the form of a report, not retold in a letter.
    """

    texts: Sequence[str]
    status: str = ""
    told: bool = False


def judge(recipient: str, evidence: Evidence, *, delayed: bool = False) -> Reported:
    texts = [text for text in evidence.texts if text.strip()]
    words = [plain(text) for text in texts]
    status = _status(texts, evidence.status)
    reply = _reply(texts)
    stage = _stage(texts)
    reason = _reason(words, status, reply, stage) or ("expired" if delayed else "unknown")
    reason = _proven(reason, words, status=status, stage=stage, quoted=bool(reply) and not evidence.told)
    hard = reason in DEAD and not delayed and not status.startswith("4")
    kind: Kind = "delayed" if delayed else "bounced"
    return Reported(
        recipient=recipient,
        kind=kind,
        reason=reason,
        hard=hard,
        failure=FAILURE[reason] if hard or reason not in DEAD else "temporary",
        status=status,
        reply_code=reply,
        diagnostic=" ".join(texts[0].split())[:DIAGNOSTIC_CHARS_MAX] if texts else "",
    )


def _reason(words: Sequence[str], status: str, reply: str, stage: Stage) -> Reason | None:
    detail = status.partition(".")[2]
    if detail in EXACT:
        return EXACT[detail]
    if detail.startswith("7.6") and len(detail) == 5:  # Microsoft's 5.7.606 to 5.7.699: sending addresses banned
        return "blocked"
    vague: Reason | None = None
    for nth, text in enumerate(words):
        found = said(text)
        if found == "no_such_user" and any(said(farther) == "disabled" for farther in words[nth + 1 :]):
            return "disabled"  # the one word is the server's, the other that of the mail system that knows why
        if found and found not in _VAGUE:
            return found
        vague = vague or found
        if nth == 0 and not found and _is_exact(detail):
            vague = _by_code(detail, reply, stage)
        if vague and _is_exact(detail):
            return vague
    return vague or _by_code(detail, reply, stage)


def _is_exact(detail: str) -> bool:
    return detail not in ("", "0.0", "1.0", "3.0", "5.0")


def _by_code(detail: str, reply: str, stage: Stage) -> Reason | None:
    family = detail.partition(".")[0]
    if stage in ("mail", "connect") and family in ("", "0", "1", "7"):
        return BY_REPLY[stage]
    by_status = BY_STATUS.get(detail) or BY_STATUS.get(family)
    by_reply = next((BY_REPLY[key] for key in (f"{stage} {reply}", reply) if reply and key in BY_REPLY), None)
    return by_status or by_reply if _is_exact(detail) else by_reply or by_status


def _proven(reason: Reason, words: Sequence[str], *, status: str, stage: Stage, quoted: bool) -> Reason:
    """An address is given up on proof only.

    Servers say "user unknown" after the letter itself when the recipient's own filter refuses it (the Japanese
    carriers do), and gateways retell such an answer without its circumstances. Proof is a status about addresses
    (X.1.X), an answer to RCPT, a report that is no answer to DATA, or a system that quotes nobody.
    """
    if stage == "mail" and reason in ("no_such_user", "no_such_host"):
        return "sender_rejected"
    if reason == "no_such_host" and (status.startswith("4") or any(_FOR_NOW.search(text) for text in words[:1])):
        return "network"
    if reason != "no_such_user" or (status[:1] != "4" and _ABOUT_ADDRESS.match(status)) or stage == "rcpt":
        return reason
    doubtful = (stage == "data" or quoted) and any(_BARE.search(text) for text in words)
    return "filtered" if status.startswith("4") or doubtful else reason


def _status(texts: Sequence[str], field: str) -> str:
    said_there = [found[1] for text in texts[:2] for found in _STATUS.finditer(text[:2_000]) if found[1][0] in "45"]
    exact = [found for found in said_there if not found.endswith((".0.0", ".1.0"))]
    in_field = [found[1] for found in _STATUS.finditer(field[:100])]
    return next(iter([*exact, *in_field, *said_there]), "")


def _reply(texts: Sequence[str]) -> str:
    return next((found[1] for text in texts if (found := _REPLY.search(text[:4_000]))), "")


def _stage(texts: Sequence[str]) -> Stage:
    """The farthest is not the surest: who was refused at RCPT is also told what DATA was answered."""
    for text in texts:
        lower = " ".join(text[:4_000].lower().split())
        if found := next((stage for stage, marks in _STAGES if marks.search(lower)), None):
            return found
    return ""
