"""What SendGrid tells of a message. Source: its "Event Webhook Reference" and "Inbound Parse" (read 2026-11)."""

from __future__ import annotations

from typing import Any, Final

from antiphon.channels.adapter import Callback, Surroundings
from antiphon.channels.adapters.email.forms import form
from antiphon.channels.adapters.email.http_calls import Reader, decoded, failure_of, is_machine, mapping, text
from antiphon.channels.adapters.email.http_mail import NAME
from antiphon.channels.adapters.email.received import received
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import FailureClass, Inbound, Receipt

# `bounce_classification`, where the enhanced status says nothing.
CLASSES: dict[str, FailureClass] = {
    "invalid address": "address",
    "mailbox unavailable": "temporary",
    "technical failure": "temporary",
    "technical": "temporary",
    "frequency or volume too high": "temporary",
    "frequency/volume": "temporary",
    "content": "message",
    "reputation": "policy",
}
BOUNCE_TYPES: dict[str, FailureClass] = {"bounce": "address", "blocked": "policy"}
# `dropped`: SendGrid did not even try.
DROPPED: dict[str, FailureClass] = {
    "bounced address": "address",
    "invalid": "address",
    "unsubscribed address": "optout",
    "spam reporting address": "optout",
    "spam content": "message",
    "invalid smtpapi header": "message",
    "recipient list over package quota": "policy",
}
OPTED_OUT: Final = {"spamreport": "complaint", "unsubscribe": "unsubscribe", "group_unsubscribe": "unsubscribe"}
SILENT: Final = ("deferred", "group_resubscribe")
"""It is still trying; a return to a group of theirs is not a consent given to us."""


def receipts(event: dict[str, Any], reader: Reader) -> list[Receipt]:
    kind = text(event.get("event"))
    # `sg_message_id` begins with the X-Message-Id of the answer to the request.
    known_as = text(event.get("sg_message_id")).split(".")[0]
    named: dict[str, Any] = {"token": event.get(NAME), "message_id": known_as, "at": event.get("timestamp")}
    if kind == "delivered":
        return reader.receipt("delivered", **named)
    if kind == "open":
        machine = event.get("sg_machine_open") is True or is_machine(text(event.get("useragent")))
        return reader.receipt("opened", **named, machine=machine)
    if kind == "click":
        return reader.receipt("clicked", **named, machine=is_machine(text(event.get("useragent"))))
    if kind == "processed":
        return reader.receipt("accepted", **named)
    if kind == "bounce":
        return _bounce(event, reader, named)
    if kind == "dropped":
        reason = text(event.get("reason"))
        failure = DROPPED.get(reason.lower(), "message")
        return reader.receipt("failed", **named, failure=failure, code=f"dropped {reason}".strip())
    if kind in OPTED_OUT:
        return reader.receipt("opted_out", **named, failure="optout", code=OPTED_OUT[kind])
    return [] if kind in SILENT else reader.ignored(kind)


def _bounce(event: dict[str, Any], reader: Reader, named: dict[str, Any]) -> list[Receipt]:
    """By the enhanced status, by SendGrid's own class, by its type; `blocked` came to nobody's address being wrong."""
    sort, status = text(event.get("type")) or "bounce", text(event.get("status"))
    if sort == "expired":
        return reader.receipt("failed", **named, failure="temporary", code="expired")
    by_class = CLASSES.get(text(event.get("bounce_classification")).lower())
    failure = failure_of(status) or by_class or BOUNCE_TYPES.get(sort, "temporary")
    if sort == "blocked" and failure == "address":
        failure = "policy"
    return reader.receipt("failed", **named, failure=failure, code=f"{sort} {status}".strip())


def mail(request: Callback, around: Surroundings) -> list[Receipt | Inbound]:
    """Inbound Parse with "POST the raw, full MIME message" on: the field `email`."""
    fields = form(request)
    raw = fields.get("email")
    if not raw:
        raise Invalid("The mail itself is not in the call; let Inbound Parse send the raw, full MIME message.")
    envelope = mapping(decoded(fields.get("envelope", b"{}")))
    told = envelope.get("to")
    recipients = [text(each) for each in told] if isinstance(told, list) else []
    sender = envelope.get("from")
    return received(raw, around, recipients=recipients, envelope_sender=sender if isinstance(sender, str) else None)
