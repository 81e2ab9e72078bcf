"""Delivery status parts: RFC 3464, in UTF-8 RFC 6533, and what is written like them."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from antiphon.channels.mail import addresses, parts
from antiphon.channels.mail.records import Kind

RECIPIENTS_MAX: Final = 200

_LIKE = re.compile(r"^(?:final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_FAILED = re.compile(r"^(?:status|action|diagnostic-code)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_START = re.compile(
    r"^(?:reporting-mta|final-recipient|original-recipient|action)[ \t]*:", re.IGNORECASE | re.MULTILINE
)


class Delivery(Struct, frozen=True):
    """One recipient as the report names it. `address` is the one we wrote to, where it is told."""

    address: str
    kind: Kind
    status: str
    diagnostic: str


class Status(Struct, frozen=True):
    """`reporter`: the mail system that writes the report."""

    envelope_id: str
    deliveries: tuple[Delivery, ...]
    reporter: str = ""


def is_status(part: parts.Part) -> bool:
    return part.kind in ("message/delivery-status", "message/global-delivery-status")


def read_status(text: str) -> Status:
    """Blocks of fields between blank lines: the first of the message, then one for each recipient.

    Some writers put no blank line between recipients, or one before each field; so a recipient begins where a field
    comes that he already has.
    """
    envelope_id = reporter = ""
    deliveries: list[Delivery] = []
    for block in _blocks(text):
        envelope_id = envelope_id or block.first("original-envelope-id")
        reporter = reporter or block.first("reporting-mta").partition(";")[2].strip().lower()
        if delivery := _delivery(block):
            deliveries.append(delivery)
        if len(deliveries) == RECIPIENTS_MAX:
            break
    return Status(envelope_id, tuple(deliveries), reporter)


def in_text(text: str) -> str:
    """The fields some write into the letter for people, or between broken boundaries; empty where there are none."""
    found = _LIKE.search(text)
    if not found or not _FAILED.search(text):
        return ""
    start = _START.search(text)
    return text[min(found.start(), start.start() if start else found.start()) :]


def _blocks(text: str) -> list[parts.Headers]:
    blocks: list[parts.Headers] = []
    for piece in re.split(r"\n[ \t]*\n", text, maxsplit=RECIPIENTS_MAX * 2):
        names = parts.fields(piece)
        several = max((len(names.get(name, ())) for name in ("final-recipient", "original-recipient")), default=0)
        if several > 1:
            blocks.extend(_parted(piece))
        elif blocks and _begins(blocks[-1]) and not _begins(names) and not names.keys() & blocks[-1].keys():
            blocks[-1].update(names)
        elif names:
            blocks.append(names)
    return blocks


def _begins(names: parts.Headers) -> bool:
    return "final-recipient" in names or "original-recipient" in names


def _parted(piece: str) -> list[parts.Headers]:
    found: list[parts.Headers] = []
    for line in re.sub(r"\n[ \t]+", " ", piece).split("\n"):
        for name, values in parts.fields(line).items():
            if not found or (name in found[-1] and name in ("final-recipient", "original-recipient", "action")):
                found.append(parts.Headers())
            found[-1].setdefault(name, []).extend(values)
    return found


def _delivery(block: parts.Headers) -> Delivery | None:
    action = block.first("action").lower()
    status = block.first("status")
    original = addresses.of_orcpt(block.first("original-recipient"))
    final = addresses.in_field(block.first("final-recipient")) or addresses.in_field(block.first("x-actual-recipient"))
    named = "final-recipient" in block or "original-recipient" in block
    if not named and not (action and status):
        return None
    return Delivery(original or final, _kind(action, status), status, parts.words(block.first("diagnostic-code")))


def _kind(action: str, status: str) -> Kind:
    if action.startswith(("deliver", "relay", "expand")) or (not action and status.startswith("2")):
        return "delivered"
    return "delayed" if action.startswith("delay") else "bounced"
