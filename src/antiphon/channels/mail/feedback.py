"""Complaints: reports of abuse (RFC 5965), Hotmail's older form, and Amazon's notifications by mail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from antiphon.channels.mail import addresses, parts
from antiphon.channels.mail.reasons import Evidence, judge
from antiphon.channels.mail.records import Report, Reported

RECIPIENTS_MAX: Final = 200
# Nobody complained: one says it is no spam, the others are about who may use our domain (RFC 6591, RFC 9477).
_NO_COMPLAINT: Final = ("not-spam", "auth-failure", "dkim", "dmarc", "dkim-failure")


def is_feedback(part: parts.Part) -> bool:
    return part.kind == "message/feedback-report"


def read_feedback(part: parts.Part, returned: parts.Headers) -> Report:
    """A complaint is an opt-out and no bounce: the address works."""
    names = parts.fields(part.text().replace("\n\n", "\n"))
    kind = names.first("feedback-type").lower()
    if not kind:
        kind = "abuse" if names.first("abuse-type") else ""
    if kind in _NO_COMPLAINT:
        return Report((), feedback_type=kind)
    named = _addresses([*names.get("original-rcpt-to", ()), *names.get("removal-recipient", ())])
    named = named or _addresses(returned.get("x-hmxmroriginalrecipient", ())) or _addresses(returned.get("to", ()))[:1]
    return Report(complaints(named), feedback_type=kind or "abuse")


def of_hotmail(mail: parts.Mail, returned: parts.Headers) -> Report | None:
    """Hotmail's programme before RFC 5965: our mail with a header that names its recipient."""
    if "x-hmxmroriginalrecipient" not in returned:
        return None
    return Report(complaints(_addresses(returned["x-hmxmroriginalrecipient"])), feedback_type="abuse")


def of_amazon(text: str) -> Report | None:
    """What SES says through SNS to a mail box, as JSON, wrapped in a notification or bare."""
    try:
        said, _ = json.JSONDecoder().raw_decode(text.replace("\n ", " ").lstrip())
        if isinstance(said, dict) and isinstance(said.get("Message"), str):
            said = json.loads(said["Message"])
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    kind = said.get("notificationType") or said.get("eventType")
    mail = _of(said, "mail")
    headers = _of(mail, "commonHeaders")
    message_id = str(headers.get("messageId") or mail.get("messageId") or "")
    if kind == "Complaint":
        complaint = _of(said, "complaint")
        named = [str(one.get("emailAddress", "")) for one in _all(complaint, "complainedRecipients")]
        feedback = str(complaint.get("complaintFeedbackType") or "abuse")
        return Report(
            complaints(_addresses(named)) if feedback not in _NO_COMPLAINT else (),
            message_id=message_id,
            feedback_type=feedback,
        )
    if kind == "Bounce":
        return Report(tuple(_bounces(_of(said, "bounce"))), message_id=message_id)
    if kind == "Delivery":
        named = [str(one) for one in _of(said, "delivery").get("recipients") or ()]
        return Report(tuple(delivered(address) for address in _addresses(named)), message_id=message_id)
    return None


def complaints(named: Iterable[str]) -> tuple[Reported, ...]:
    found = list(dict.fromkeys(named))[:RECIPIENTS_MAX] or [""]
    return tuple(Reported(address, "complaint", "complaint", hard=False, failure="optout") for address in found)


def delivered(address: str, *, status: str = "", diagnostic: str = "") -> Reported:
    reply = diagnostic.partition(";")[2].strip()[:3]
    return Reported(
        address,
        "delivered",
        "delivered",
        hard=False,
        failure=None,
        status=status[:9].strip(),
        reply_code=reply if reply.isdigit() else "",
        diagnostic=diagnostic[:500],
    )


def _bounces(bounce: dict[str, Any]) -> Iterable[Reported]:
    """Amazon's kinds: Permanent is told apart from Transient by it, not by the server that refused."""
    permanent = bounce.get("bounceType") == "Permanent"
    subtype = str(bounce.get("bounceSubType", ""))
    for one in _all(bounce, "bouncedRecipients"):
        if not (address := addresses.tidy(str(one.get("emailAddress", "")))):
            continue
        said = str(one.get("diagnosticCode") or "")
        texts = [said, {"MailboxFull": "mailbox full", "MessageTooLarge": "message too large"}.get(subtype, "")]
        if subtype in ("Suppressed", "OnAccountSuppressionList"):
            texts = ["suppression list", said]
        elif permanent and subtype == "NoEmail":
            texts = ["no such user", *texts]
        yield judge(address, Evidence(texts, status=str(one.get("status") or "")))


def _addresses(values: Iterable[str]) -> list[str]:
    return [address for value in values for address in addresses.all_in(parts.words(value)[:2_000])]


def _of(said: dict[str, Any], name: str) -> dict[str, Any]:
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def _all(said: dict[str, Any], name: str) -> list[dict[str, Any]]:
    values = said.get(name)
    return [one for one in values if isinstance(one, dict)][:RECIPIENTS_MAX] if isinstance(values, list) else []
