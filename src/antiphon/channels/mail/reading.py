"""A mail that came in, as what it means: receipts of deliveries, or what somebody wrote.

In this order: does it name one of our deliveries (by the address that it came to, its envelope id, what came back with
it); is it a report; is it a request to stop; is it a machine's; else a person wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from antiphon.channels.mail import parts
from antiphon.channels.mail.addresses import all_in, tidy
from antiphon.channels.mail.automatic import is_automatic
from antiphon.channels.mail.records import Report, Reported
from antiphon.channels.mail.reply import Written, read_written
from antiphon.channels.mail.reports import read_report
from antiphon.kernel.records import Channel, DeliveryId, Inbound, ProviderId, Receipt, ReceiptKind

DeliveryOf = Callable[[str], DeliveryId | None]
Role = Literal["bounce", "reply", "unsubscribe"]

_ROLE = re.compile(r"(bounce|reply|unsubscribe)(?:\+([A-Za-z0-9_-]{1,64}))?@.+", re.IGNORECASE | re.DOTALL)
_KINDS: Final[dict[str, ReceiptKind]] = {"bounced": "failed", "delivered": "delivered", "opened": "opened"}
_VERDICT = re.compile(r"\b(dmarc|dkim|spf)\s*=\s*([a-z]{3,10})\b")
_RECIPIENT_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")


class Place(Struct, frozen=True):
    """An address of ours that means something: `bounce+TOKEN@…`. `delivery` is None where the token is not ours."""

    role: Role
    delivery: DeliveryId | None


def place_of(recipient: str, delivery_of: DeliveryOf) -> Place | None:
    """None for any other address, such as that of a person or a desk."""
    found = _ROLE.fullmatch(recipient)
    if found is None:
        return None
    role: Role = found[1].lower()  # type: ignore[assignment]  # the pattern has no others
    return Place(role, delivery_of(found[2]) if found[2] else None)


def authentication(raw: bytes, authserv: str) -> str:
    """What the server that receives for us found, such as `dmarc=pass spf=fail`. `authserv`: its authserv-id (RFC 8601
    2.5), empty where there is none; what others say proves nothing. It is for people to see: it makes nobody known."""
    for result in _headers(raw).get("authentication-results", ()) if authserv else ():
        server, _, said = result[:2_000].lower().partition(";")
        if server.split()[:1] == [authserv.lower()]:
            return " ".join(dict.fromkeys(f"{method}={verdict}" for method, verdict in _VERDICT.findall(said)))
    return ""


def recipients_in(raw: bytes) -> list[str]:
    """Where a mail was sent to, by its headers: for mailboxes that tell no envelope."""
    headers = _headers(raw)
    values = [value for name in _RECIPIENT_HEADERS for value in headers.get(name, ())]
    return list(dict.fromkeys(address for value in values for address in all_in(value[:4_000])))


def _headers(raw: bytes) -> parts.Headers:
    return parts.split(raw[: parts.HEADER_BYTES_MAX].replace(b"\r\n", b"\n"))[0]


def read_mail(
    raw: bytes,
    *,
    provider: ProviderId,
    recipients: Sequence[str],
    envelope_sender: str | None,
    delivery_of: DeliveryOf,
    now: datetime,
    own: Collection[str] = (),
) -> list[Receipt | Inbound]:
    """`envelope_sender`: empty is the null sender, None is not known. `own`: addresses of ours, whom nobody answers.

    Bounded whatever comes; raises on nothing that is in the mail.
    """
    mail = parts.take_apart(raw)
    told = [(recipient, place) for recipient in recipients if (place := place_of(recipient, delivery_of))]
    places = [place for recipient, place in told if place.delivery is not None or _is_at_ours(recipient, own)]
    named = next((place.delivery for place in places if place.delivery is not None), None)
    headers = {name: values[0] for name, values in mail.headers.items()}
    by_machine = envelope_sender == "" or is_automatic(headers) or _is_ours(headers, envelope_sender, own, delivery_of)
    report = read_report(raw)
    if report is not None and not _is_away(report):
        delivery = named or _named(report, delivery_of)
        if delivery is not None:
            return _receipts(report, delivery, mail, now)
        if by_machine:
            return []
    written = read_written(mail, raw)
    sender = written.sender or tidy(envelope_sender or "").lower()
    if not sender:
        return []
    asks_to_stop = any(place.role == "unsubscribe" for place in places)
    return [
        Inbound(
            provider=provider,
            channel=Channel.EMAIL,
            sender=sender,
            recipient=recipients[0] if recipients else "",
            text=written.text,
            at=now,
            reading="opt_out" if asks_to_stop else None,
            subject=written.subject,
            message_id=written.message_id,
            delivery=named or _answered(written, delivery_of),
            automatic=not asks_to_stop and (by_machine or report is not None),
        )
    ]


def _is_at_ours(recipient: str, own: Collection[str]) -> bool:
    """Where nothing proves that an address is ours: it is at a domain of ours or below it, as far as these are known.
    Somebody who copies a mail to `unsubscribe@` of another house asks nothing of us."""
    domain = f".{recipient.rpartition('@')[2].lower()}"
    return not own or any(domain.endswith(f".{address.rpartition('@')[2].lower()}") for address in own)


def _is_ours(
    headers: dict[str, str], envelope_sender: str | None, own: Collection[str], delivery_of: DeliveryOf
) -> bool:
    """Our own mail has come round, or one of our addresses writes to another."""
    if (token := headers.get("x-antiphon-delivery")) and delivery_of(token) is not None:
        return True
    senders = [*all_in(headers.get("from", "")[:2_000]), envelope_sender or ""]
    ours = {address.lower() for address in own}
    return any(sender.lower() in ours or _ROLE.fullmatch(sender) for sender in senders)


def _is_away(report: Report) -> bool:
    return all(reported.kind == "auto_reply" for reported in report.recipients)


def _named(report: Report, delivery_of: DeliveryOf) -> DeliveryId | None:
    """By what came back with it."""
    for token in (report.envelope_id, report.token, report.message_id.strip("<> ").partition("@")[0]):
        if token and (delivery := delivery_of(token)) is not None:
            return delivery
    return None


def _answered(written: Written, delivery_of: DeliveryOf) -> DeliveryId | None:
    """Our Message-ID is our token at the sender's domain."""
    found = (delivery_of(answered.partition("@")[0]) for answered in written.answered)
    return next((delivery for delivery in found if delivery is not None), None)


def _receipts(report: Report, delivery: DeliveryId, mail: parts.Mail, now: datetime) -> list[Receipt | Inbound]:
    """Each of our mails goes to one address: a report about others (a list that it was passed on to) is none of it."""
    to = _first_to(mail)
    about = [reported for reported in report.recipients if _is_about(reported, to)]
    return list(dict.fromkeys(receipt for reported in about for receipt in _receipt(reported, delivery, now)))


def _receipt(reported: Reported, delivery: DeliveryId, now: datetime) -> Iterator[Receipt]:
    code = f"{reported.status} {reported.reason}".strip()
    if reported.kind in _KINDS:
        yield Receipt(_KINDS[reported.kind], now, delivery=delivery, failure=reported.failure, code=code)
    elif reported.kind == "complaint" and reported.reason != "not_spam":
        yield Receipt("opted_out", now, delivery=delivery, failure="optout", code=code)


def _first_to(mail: parts.Mail) -> str:
    """Whom our mail went to, by its own header that came back; empty where it did not come back."""
    for part in mail.leaves:
        if part.kind in parts.RETURNED:
            headers = part.enclosed()[0]
        elif part.kind in parts.RETURNED_HEADERS:
            headers = parts.fields(part.text().lstrip("\n").partition("\n\n")[0])
        else:
            continue
        return next(iter(all_in(headers.first("to")[:2_000])), "").lower()
    return ""


def _is_about(reported: Reported, to: str) -> bool:
    """A mailbox may be called otherwise inside its house: the same name there is the same person."""
    if not to or not reported.recipient:
        return True
    who = reported.recipient.lower()
    return who == to or who.partition("@")[0] == to.partition("@")[0]
