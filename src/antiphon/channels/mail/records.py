"""What a machine said about one of our mails."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from antiphon.kernel.records import FailureClass

Kind = Literal["bounced", "delayed", "complaint", "auto_reply", "delivered", "opened"]

Reason = Literal[
    "no_such_user",
    "no_such_host",
    "no_mail_host",
    "moved",
    "disabled",
    "filtered",
    "mailbox_full",
    "too_large",
    "expired",
    "network",
    "rate_limited",
    "system",
    "system_full",
    "mailer",
    "blocked",
    "reputation",
    "no_reverse_dns",
    "authentication",
    "relay",
    "sender_rejected",
    "policy",
    "security",
    "encryption",
    "spam",
    "virus",
    "content",
    "malformed",
    "protocol",
    "suppressed",
    "unclear",
    "unknown",
    "complaint",
    "not_spam",
    "vacation",
    "delivered",
    "opened",
    "deleted_unread",
]
"""docs/reference/bounces.md says what each means and what follows."""

DEAD: Final[frozenset[Reason]] = frozenset({"no_such_user", "no_such_host", "no_mail_host", "moved"})
"""Only these say that the address itself is gone."""

FAILURE: Final[dict[Reason, FailureClass]] = {
    "no_such_user": "address",
    "no_such_host": "address",
    "no_mail_host": "address",
    "moved": "address",
    "disabled": "address",
    "filtered": "message",
    "mailbox_full": "temporary",
    "too_large": "message",
    "expired": "temporary",
    "network": "temporary",
    "rate_limited": "temporary",
    "system": "temporary",
    "system_full": "temporary",
    "mailer": "temporary",
    "blocked": "policy",
    "reputation": "policy",
    "no_reverse_dns": "policy",
    "authentication": "policy",
    "relay": "policy",
    "sender_rejected": "policy",
    "policy": "policy",
    "security": "policy",
    "encryption": "policy",
    "spam": "policy",
    "virus": "message",
    "content": "message",
    "malformed": "message",
    "protocol": "message",
    "suppressed": "policy",
    "unclear": "message",
    "unknown": "message",
    "complaint": "optout",
}

DIAGNOSTIC_CHARS_MAX: Final = 500


class Reported(Struct, frozen=True):
    """One recipient. `recipient` is as found, its domain in lower case; empty where none is named.

    `hard`: the address itself is dead and is mailed no more. `status` is RFC 3463 (`5.1.1`), `reply_code` SMTP's three
    digits; both empty where nobody said them.
    """

    recipient: str
    kind: Kind
    reason: Reason
    hard: bool
    failure: FailureClass | None
    status: str = ""
    reply_code: str = ""
    diagnostic: str = ""


class Report(Struct, frozen=True):
    """`envelope_id` (Original-Envelope-Id), `message_id` and `token` (X-Antiphon-Delivery, or what follows `bounce+`)
    name our mail. `feedback_type` is that of RFC 5965: abuse, fraud, virus, opt-out, not-spam."""

    recipients: tuple[Reported, ...]
    envelope_id: str = ""
    message_id: str = ""
    token: str = ""
    feedback_type: str = ""
