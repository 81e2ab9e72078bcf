"""What Mailgun tells of a message. Source: its user manual, "Webhook Payloads" and "Routes" (read 2026-11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from antiphon.channels.adapter import Surroundings
from antiphon.channels.adapters.email.http_calls import Reader, failure_of, is_machine, mapping, text
from antiphon.channels.adapters.email.http_mail import NAME
from antiphon.channels.adapters.email.received import received
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import FailureClass, Inbound, Receipt

# `reason` of what failed for good.
REASONS: dict[str, FailureClass] = {
    "suppress-bounce": "address",
    "suppress-unsubscribe": "optout",
    "suppress-complaint": "optout",
    "espblock": "policy",
    "old": "temporary",  # tried for as long as it tries
}
# `delivery-status.code` where no enhanced code is given: SMTP's, and Mailgun's own beyond.
CODES: dict[str, FailureClass] = {
    "421": "temporary",
    "450": "temporary",
    "451": "temporary",
    "452": "temporary",
    "498": "temporary",
    "499": "temporary",
    "550": "address",
    "551": "address",
    "552": "temporary",
    "553": "address",
    "554": "policy",
    "602": "temporary",
    "605": "address",  # bounced before
    "606": "optout",  # unsubscribed before
    "607": "optout",  # complained before
}
OPTED_OUT: Final = {"complained": "complaint", "unsubscribed": "unsubscribe"}


def receipts(event: dict[str, Any], reader: Reader) -> list[Receipt]:
    kind = text(event.get("event"))
    named: dict[str, Any] = {
        "token": mapping(event.get("user-variables")).get(NAME),
        "message_id": text(mapping(mapping(event.get("message")).get("headers")).get("message-id")).strip("<>"),
        "at": event.get("timestamp"),
    }
    client = mapping(event.get("client-info"))
    if kind == "delivered":
        return reader.receipt("delivered", **named)
    if kind in ("opened", "clicked"):  # `bot` names whose machine it was: apple, gmail, generic
        machine = bool(text(client.get("bot"))) or is_machine(text(client.get("user-agent")))
        return reader.receipt("opened" if kind == "opened" else "clicked", **named, machine=machine)
    if kind == "accepted":
        return reader.receipt("accepted", **named)
    if kind == "failed":
        return _failed(event, reader, named)
    if kind == "rejected":
        reason = text(mapping(event.get("reject")).get("reason"))
        return reader.receipt("failed", **named, failure="policy", code=f"rejected {reason}".strip())
    if kind in OPTED_OUT:
        return reader.receipt("opted_out", **named, failure="optout", code=OPTED_OUT[kind])
    return reader.ignored(kind)


def _failed(event: dict[str, Any], reader: Reader, named: dict[str, Any]) -> list[Receipt]:
    if event.get("severity") != "permanent":  # it goes on trying
        return []
    said = mapping(event.get("delivery-status"))
    status, code, reason = text(said.get("enhanced-code")), text(said.get("code")), text(event.get("reason"))
    failure = REASONS.get(reason) or failure_of(status) or CODES.get(code, "message")
    return reader.receipt("failed", **named, failure=failure, code=" ".join(filter(None, (reason, code, status))))


def mail(fields: Mapping[str, bytes], around: Surroundings) -> list[Receipt | Inbound]:
    """A route that forwards to an address ending in `mime` has the whole mail in `body-mime`."""
    raw = fields.get("body-mime")
    if not raw:
        raise Invalid("The mail itself is not in the call; let the route forward to our address followed by /mime.")
    recipients = [each.strip() for each in fields.get("recipient", b"").decode("utf-8", "replace").split(",")]
    sender = fields.get("sender")
    told = None if sender is None else sender.decode("utf-8", "replace")
    return received(raw, around, recipients=[each for each in recipients if each], envelope_sender=told)
