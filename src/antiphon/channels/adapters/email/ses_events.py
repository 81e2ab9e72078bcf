"""What Amazon SES tells of a message: events of a configuration set, and the older notifications of an identity.

Source: Amazon SES Developer Guide, "Contents of event data that SES publishes to SNS" and "Notification contents"
(read 2026-11). They come in any order.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Any, Final

import msgspec

from antiphon.channels.adapter import Surroundings
from antiphon.channels.adapters.email.http_calls import Reader, failure_of, is_machine, mapping, text
from antiphon.channels.adapters.email.http_mail import HEADER, NAME
from antiphon.channels.adapters.email.received import received
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import FailureClass, Inbound, Receipt

# Bounce types and sub-types, as the guide's table has them. Undetermined is nobody's fault that we could know.
BOUNCES: dict[tuple[str, str], FailureClass] = {
    ("Permanent", "General"): "address",
    ("Permanent", "NoEmail"): "address",
    ("Permanent", "Suppressed"): "address",
    ("Permanent", "OnAccountSuppressionList"): "address",
    ("Permanent", "UnsubscribedRecipient"): "optout",
    ("Transient", "MailboxFull"): "temporary",
    ("Transient", "MessageTooLarge"): "message",
    ("Transient", "ContentRejected"): "message",
    ("Transient", "AttachmentRejected"): "message",
}
BOUNCE_TYPES: dict[str, FailureClass] = {
    "Permanent": "address",
    "Transient": "temporary",
    "Undetermined": "temporary",
}
# Nothing to fold: it is under way, or SES gives up later by a Bounce.
SILENT: Final = ("DeliveryDelay",)
GREETING: Final = "Successfully validated SNS topic for Amazon SES event publishing."

_TOPIC = re.compile(r"arn:aws(-[a-z-]+)?:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}")


def is_topic(arn: str) -> bool:
    return _TOPIC.fullmatch(arn) is not None


def items(message: str, reader: Reader, around: Surroundings) -> list[Receipt | Inbound]:
    if message.strip() == GREETING:
        return []
    try:
        said = mapping(msgspec.json.decode(message))
    except msgspec.DecodeError as error:
        raise Invalid("The notification is not JSON.") from error
    kind = text(said.get("eventType") or said.get("notificationType"))
    if kind == "Received":
        return _received(said, around)
    return [*_receipts(kind, said, reader)]


def _receipts(kind: str, said: dict[str, Any], reader: Reader) -> list[Receipt]:
    mail = mapping(said.get("mail"))
    named: dict[str, Any] = {"token": _token(mail), "message_id": mail.get("messageId")}
    about = mapping(said.get({"Rendering Failure": "failure", "Subscription": "subscription"}.get(kind, kind.lower())))
    at = about.get("timestamp") or mail.get("timestamp")
    if kind == "Send":
        return reader.receipt("accepted", **named, at=mail.get("timestamp"))
    if kind == "Delivery":
        return reader.receipt("delivered", **named, at=at)
    if kind == "Bounce":
        return _bounce(about, reader, named)
    if kind == "Complaint":
        if about.get("complaintFeedbackType") == "not-spam":
            return []
        # That an earlier complaint keeps SES from sending comes as a complaint too: it is an opt-out alike.
        return reader.receipt("opted_out", **named, at=at, failure="optout", code="complaint")
    if kind == "Subscription":
        is_out = mapping(mapping(about.get("newTopicPreferences"))).get("unsubscribeAll") is True
        return reader.receipt("opted_out", **named, at=at, failure="optout", code="unsubscribe") if is_out else []
    if kind in ("Open", "Click"):
        machine = is_machine(text(about.get("userAgent")))
        return reader.receipt("opened" if kind == "Open" else "clicked", **named, at=at, machine=machine)
    if kind == "Reject":  # SES found a virus
        return reader.receipt("failed", **named, at=at, failure="message", code=about.get("reason") or "rejected")
    if kind == "Rendering Failure":
        return reader.receipt("failed", **named, at=at, failure="message", code="rendering")
    return [] if kind in SILENT else reader.ignored(kind)


def _bounce(about: dict[str, Any], reader: Reader, named: dict[str, Any]) -> list[Receipt]:
    """A message of ours has one recipient; of several that bounced, the first is told."""
    kind, sort = text(about.get("bounceType")), text(about.get("bounceSubType"))
    bounced = about.get("bouncedRecipients")
    first = mapping(bounced[0]) if isinstance(bounced, list) and bounced else {}
    status = text(first.get("status"))
    failure = BOUNCES.get((kind, sort)) or BOUNCE_TYPES.get(kind, "temporary")
    if kind == "Permanent" and sort == "General":  # "General" says the least: 5.2.2 and 5.7.1 are in it too
        failure = failure_of(status) or failure
    code = f"{kind} {sort} {status}".strip()
    return reader.receipt("failed", **named, at=about.get("timestamp"), failure=failure, code=code)


def _token(mail: dict[str, Any]) -> str:
    """From the e-mail tags of an event, or from the headers of a notification."""
    tags = mapping(mail.get("tags")).get(NAME)
    if isinstance(tags, list) and tags:
        return text(tags[0])
    headers = mail.get("headers")
    for header in headers if isinstance(headers, list) else []:
        if text(mapping(header).get("name")).lower() == HEADER.lower():
            return text(mapping(header).get("value"))
    return ""


def _received(said: dict[str, Any], around: Surroundings) -> list[Receipt | Inbound]:
    """Mail that SES took for us, whole: at most 150 KB of it go through SNS."""
    content = said.get("content")
    if not isinstance(content, str):
        raise Invalid("The mail itself is not in the notification; let the rule's SNS action send it.")
    action = mapping(mapping(said.get("receipt")).get("action"))
    raw = content.encode("utf-8", "surrogateescape")
    if text(action.get("encoding")).upper() == "BASE64":
        try:
            raw = b64decode(content, validate=True)
        except ValueError as error:
            raise Invalid("The mail is not in base64.") from error
    told = mapping(said.get("receipt")).get("recipients")
    recipients = [text(each) for each in told] if isinstance(told, list) else []
    sender = mapping(said.get("mail")).get("source")
    return received(raw, around, recipients=recipients, envelope_sender=sender if isinstance(sender, str) else None)
