"""What codes say where words say less: RFC 5321 4.2, RFC 3463 with the IANA registry, lists of large providers."""

from __future__ import annotations

import re
from typing import Final, Literal

from antiphon.channels.mail.records import Reason

Stage = Literal["", "connect", "mail", "rcpt", "data"]

# Codes so exact that no wording beside them is asked (Google's and Microsoft's lists beside the registry).
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
    "7.17": "moved",
    "7.18": "moved",
    "7.20": "authentication",
    "7.21": "authentication",
    "7.22": "authentication",
    "7.24": "authentication",
    "7.26": "authentication",
    "7.28": "rate_limited",
    "7.32": "authentication",
    "7.509": "authentication",
    "7.515": "authentication",
    "1.90": "rate_limited",
    "2.121": "rate_limited",
    "2.122": "rate_limited",
    "4.14": "network",
    "4.300": "expired",
    "4.310": "no_such_host",
    "4.312": "network",
    "4.316": "expired",
    "4.317": "expired",
    "7.64": "relay",
    "7.124": "sender_rejected",
    "7.129": "sender_rejected",
    "7.133": "sender_rejected",
    "7.134": "sender_rejected",
    "7.136": "sender_rejected",
    "6.11": "malformed",
    "7.57": "security",
    "7.60": "sender_rejected",
    "7.501": "spam",
    "7.502": "spam",
    "7.503": "spam",
    "7.504": "no_such_user",
    "7.506": "blocked",
    "7.508": "rate_limited",
    "7.511": "blocked",
    "7.512": "malformed",
    "7.513": "blocked",
    "7.650": "reputation",
    "7.651": "reputation",
    "7.652": "rate_limited",
    "7.705": "rate_limited",
    "7.708": "blocked",
}

# By the whole detail, else by its family.
BY_STATUS: Final[dict[str, Reason]] = {
    "1.1": "no_such_user",
    "1.2": "no_such_host",
    "1.3": "no_such_user",
    "1.4": "filtered",
    "1.9": "system",
    "1.10": "no_such_user",
    "2.1": "disabled",
    "2": "filtered",
    "3.1": "system_full",
    "3": "system",
    "4.1": "expired",
    "4.3": "system",
    "4.4": "no_such_host",
    "4.5": "system",
    "4": "network",
    "5.1": "protocol",
    "5.2": "protocol",
    "5.3": "rate_limited",
    "5.4": "protocol",
    "5.5": "protocol",
    "5.6": "protocol",
    "6": "content",
    "7.10": "encryption",
    "7.11": "encryption",
    "7.16": "too_large",
    "7.19": "moved",
    "7.23": "authentication",
    "7.25": "no_reverse_dns",
    "7.27": "authentication",
    "7.29": "encryption",
    "7.30": "authentication",
    "7": "security",
}

# By the step at which it was given, by both, or alone. A bare 550 gives nobody up: RFC 5321 has it for policy too.
BY_REPLY: Final[dict[str, Reason]] = {
    "connect": "blocked",
    "mail": "sender_rejected",
    "rcpt 551": "no_such_user",
    "452": "system_full",
    "500": "protocol",
    "501": "protocol",
    "502": "protocol",
    "503": "protocol",
    "504": "protocol",
    "521": "no_mail_host",
    "523": "too_large",
    "525": "disabled",
    "530": "security",
    "534": "security",
    "535": "security",
    "538": "encryption",
    "552": "mailbox_full",
    "556": "no_mail_host",
    "571": "policy",
}

_BANNED = re.compile(r"7\.6(?:0[6-9]|[1-4]\d)")
_STAGES: Final[tuple[tuple[Stage, re.Pattern[str]], ...]] = (
    (
        "rcpt",
        re.compile(
            r"need rcpt|no valid (?:recipients|rcpt)|all rcpt commands|rcpt(?: to)? (?:command|response)"
            r"|(?:in reply to|after|>>>|response to|like our|during|client|most progress was|smtp:|\[) ?rcpt"
            r"|rcpt to:? ?(?:<[^>]{0,100}>)?.{0,60}?\b5\d\d[ -]|does not like recipient|rejected address"
            r"|recipient address rejected|\(state 1[34]\)"
        ),
    ),
    (
        "data",
        re.compile(
            r"end of data|final data|data command|\(data\)|\[data\]|smtp command data|after i sent the message"
            r"|text command|>>> data|transmission failure|after data|response to data|\(state 1[5-9]\)"
        ),
    ),
    (
        "mail",
        re.compile(
            r"mail from (?:command|response)"
            r"|(?:in reply to|after|>>>|response to|like our|during|client|most progress was|smtp:|\[) ?mail[ _]from"
            r"|sender was rejected|sender address rejected|\(state (?:9|1[0-2])\)"
        ),
    ),
    (
        "connect",
        re.compile(
            r"initial connection|after (?:ehlo|helo)|refused to talk to me"
            r"|my name was rejected|greeting failed|(?:initial|client|server) greeting|in reply to (?:ehlo|helo)"
            r"|\[ehlo\]|\[helo\]"
        ),
    ),
)


def by_exact(detail: str) -> Reason | None:
    """`detail` is what follows the class: `7.26` of 5.7.26. Microsoft bans addresses with 5.7.606 to 5.7.649."""
    return EXACT.get(detail) or ("blocked" if _BANNED.fullmatch(detail) else None)


def by_code(detail: str, reply: str, stage: Stage) -> Reason | None:
    family = detail.partition(".")[0]
    if stage in ("mail", "connect") and family in ("", "0", "1", "7"):
        return BY_REPLY[stage]
    if detail == "1.0" and stage == "rcpt":
        return "no_such_user"
    by_status = BY_STATUS.get(detail) or (BY_STATUS.get(family) if detail != "3.0" else None)
    by_reply = next((BY_REPLY[key] for key in (f"{stage} {reply}", reply) if reply and key in BY_REPLY), None)
    return by_status or by_reply if is_exact(detail) else by_reply or by_status


def is_exact(detail: str) -> bool:
    return detail not in ("", "0.0", "1.0", "3.0", "5.0")


def stage_of(texts: list[str]) -> Stage:
    """The farthest is not the surest: who was refused at RCPT is also told what DATA was answered."""
    for text in texts:
        lower = " ".join(text[:4_000].lower().split())
        if found := next((stage for stage, marks in _STAGES if marks.search(lower)), None):
            return found
    return ""
