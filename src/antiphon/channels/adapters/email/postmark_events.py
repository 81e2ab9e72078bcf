"""What Postmark tells of a message. Source: its developer documentation, "Webhooks" and "Bounce API" (read 2026-11)."""

from __future__ import annotations

from typing import Any, Final

from antiphon.channels.adapter import Surroundings
from antiphon.channels.adapters.email.http_calls import Reader, is_machine, mapping, text
from antiphon.channels.adapters.email.http_mail import NAME
from antiphon.channels.adapters.email.received import received
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import FailureClass, Inbound, Receipt

# `Type` of a bounce. Postmark tries on after a Transient or DnsError; a SoftBounce is the end of this message.
BOUNCES: dict[str, FailureClass] = {
    "HardBounce": "address",
    "BadEmailAddress": "address",
    "ManuallyDeactivated": "address",
    "AddressChange": "address",
    "SoftBounce": "temporary",
    "Undeliverable": "temporary",
    "Blocked": "policy",
    "DMARCPolicy": "policy",
    "SpamNotification": "policy",  # a filter's verdict, no person's
    "VirusNotification": "message",
    "TemplateRenderingFailed": "message",
    "SMTPApiError": "message",
    "Unknown": "temporary",
}
BOUNCES_OPTED_OUT: Final = {"SpamComplaint": "complaint", "Unsubscribe": "unsubscribe"}
BOUNCES_SILENT: Final = (
    "Transient",
    "DnsError",
    "AutoResponder",
    "Subscribe",
    "OpenRelayTest",
    "ChallengeVerification",
    "Unconfirmed",
    "InboundError",
)
# `SuppressionReason` of a change of subscription.
SUPPRESSED: Final = {"ManualSuppression": "unsubscribe", "SpamComplaint": "complaint"}


def receipts(event: dict[str, Any], reader: Reader) -> list[Receipt]:
    kind = text(event.get("RecordType"))
    named: dict[str, Any] = {"token": mapping(event.get("Metadata")).get(NAME), "message_id": event.get("MessageID")}
    if kind == "Delivery":
        return reader.receipt("delivered", **named, at=event.get("DeliveredAt"))
    if kind in ("Open", "Click"):
        machine = is_machine(text(event.get("UserAgent")))
        what = "opened" if kind == "Open" else "clicked"
        return reader.receipt(what, **named, at=event.get("ReceivedAt"), machine=machine)  # type: ignore[arg-type]  # one of two kinds
    if kind == "Bounce":
        return _bounce(event, reader, named)
    if kind == "SpamComplaint":
        return reader.receipt("opted_out", **named, at=event.get("BouncedAt"), failure="optout", code="complaint")
    if kind == "SubscriptionChange":
        # HardBounce is a reason too: it has come as a bounce.
        code = SUPPRESSED.get(text(event.get("SuppressionReason")))
        if event.get("SuppressSending") is not True or code is None:
            return []
        return reader.receipt("opted_out", **named, at=event.get("ChangedAt"), failure="optout", code=code)
    return reader.ignored(kind)


def _bounce(event: dict[str, Any], reader: Reader, named: dict[str, Any]) -> list[Receipt]:
    sort, at = text(event.get("Type")), event.get("BouncedAt")
    if sort in BOUNCES_OPTED_OUT:
        return reader.receipt("opted_out", **named, at=at, failure="optout", code=BOUNCES_OPTED_OUT[sort])
    if sort in BOUNCES_SILENT:
        return []
    if sort not in BOUNCES:
        return reader.ignored(f"Bounce {sort}")
    return reader.receipt("failed", **named, at=at, failure=BOUNCES[sort], code=sort)


def mail(said: dict[str, Any], around: Surroundings) -> list[Receipt | Inbound]:
    """Mail of the inbound stream, with "Include raw email content in JSON payload" on."""
    raw = said.get("RawEmail")
    if not isinstance(raw, str) or not raw:
        raise Invalid("The mail itself is not in the call; let the inbound stream include the raw email content.")
    recipient = text(said.get("OriginalRecipient"))
    raw_octets = raw.encode("utf-8", "replace")
    return received(raw_octets, around, recipients=[recipient] if recipient else [], envelope_sender=None)
