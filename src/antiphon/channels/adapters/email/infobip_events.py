"""What Infobip tells of an e-mail: delivery reports in lists, events one by one.

Source: Infobip's API reference, "Receive email delivery reports" and "Receive user events", and its list of error codes
(read 2026-11). `permanent` there means that the same message fails again, not that the address is dead: so each code
is looked up.
"""

from __future__ import annotations

from typing import Any, Final

from antiphon.channels.adapters.email.http_calls import Reader, mapping, text
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import FailureClass, Receipt

ERRORS: dict[str, FailureClass] = {
    "6001": "policy",  # EC_EMAIL_BLACKLISTED
    "6002": "message",  # spam content
    "6003": "optout",  # unsubscribed
    "6004": "address",  # bounced before
    "6005": "policy",  # dropped
    "6006": "address",  # invalid address
    "6007": "temporary",  # mailbox unavailable for now
    "6008": "temporary",  # storage
    "6009": "address",  # mailbox unavailable
    "6010": "temporary",  # mailbox full
    "6012": "address",  # hard bounce
    "6013": "temporary",
    "6014": "message",
    "6015": "temporary",  # gateway
    "6016": "policy",  # our domain is blocked
    "6017": "policy",  # the IP is listed
    "6018": "message",
    "6021": "message",  # placeholders
    "6035": "optout",
    "6050": "temporary",  # sender warm-up
    "6058": "temporary",  # mailbox provider's rate
}
FAILED: Final = ("2", "4", "5")
"""Status groups UNDELIVERABLE, EXPIRED and REJECTED."""
OPTED_OUT: Final = {"COMPLAINED": "complaint", "UNSUBSCRIBED": "unsubscribe"}


def receipts(said: dict[str, Any], reader: Reader) -> list[Receipt]:
    if "notificationType" in said:
        return _event(said, reader)
    results = said.get("results")
    if not isinstance(results, list):
        raise Invalid("The call is neither a report nor an event.")
    return [receipt for each in results for receipt in _report(mapping(each), reader)]


def _report(said: dict[str, Any], reader: Reader) -> list[Receipt]:
    """DELIVERED_TO_OPERATOR (2) is on its way; only DELIVERED_TO_HANDSET (5) arrived."""
    named: dict[str, Any] = {
        "token": said.get("callbackData"),
        "message_id": said.get("messageId"),
        "at": said.get("doneAt"),
    }
    status, error = mapping(said.get("status")), mapping(said.get("error"))
    group, number, problem = text(status.get("groupId")), text(status.get("id")), text(error.get("id"))
    if group == "1":
        return reader.receipt("accepted", **named)
    if group == "3":
        return reader.receipt("sent" if number == "2" else "delivered", **named)
    if group not in FAILED:
        return reader.ignored(f"status group {group}")
    failure = ERRORS.get(problem, "temporary" if group == "4" else "message")
    return reader.receipt("failed", **named, failure=failure, code=f"{problem} {text(error.get('name'))}".strip())


def _event(said: dict[str, Any], reader: Reader) -> list[Receipt]:
    """An event bears no time of its own, only that of the sending: it is dated when it comes."""
    kind = text(said.get("notificationType"))
    named: dict[str, Any] = {"token": said.get("callbackData"), "message_id": said.get("messageId"), "at": None}
    if kind == "OPENED":
        return reader.receipt("opened", **named)
    if kind == "CLICKED":
        return reader.receipt("clicked", **named)
    if kind in OPTED_OUT:
        return reader.receipt("opted_out", **named, failure="optout", code=OPTED_OUT[kind])
    if kind == "LATE_BOUNCE":  # taken by the receiving server and returned later; why is not said
        return reader.receipt("failed", **named, failure="temporary", code="late_bounce")
    return reader.ignored(kind)
