"""From one message to its submit_sm, part by part.

Sources: SMPP 3.4 sections 4.4 and 5.2; 3GPP TS 23.040 9.2.3.24.1 for the header that joins parts.
"""

from __future__ import annotations

import re
import zlib
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from antiphon.channels.adapters.sms import pdu
from antiphon.kernel import gsm7
from antiphon.kernel.records import Outgoing, Refused, SmsBody

INTERNATIONAL, NATIONAL_SHORT, ALPHANUMERIC = (1, 1), (3, 0), (5, 0)
"""(type of number, numbering plan), SMPP 3.4 sections 5.2.5 and 5.2.6."""
CODING_UCS2: Final = 0x08
REGISTERED: Final = 0x01
JOINED: Final = 0x40
VALIDITY_DAYS_MAX: Final = 30
_NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")


def plan(
    outgoing: Outgoing, *, now: datetime, sender: str = "", gsm_data_coding: int = 0, parts_max: int = 10
) -> list[pdu.Message] | Refused:
    """The submit_sm of one message, in order; or why there can be none.

    `sender` stands in where the message has none.
    """
    if not isinstance(outgoing.body, SmsBody):
        return Refused("message", "wrong_body", "this provider sends text messages only")
    number = _NUMBER.fullmatch(outgoing.to)
    if number is None:
        return Refused("address", "not_e164", "a phone number is + and 7 to 15 digits")
    sender = outgoing.body.sender or sender
    if not (sender.isascii() and len(sender) <= 20):
        return Refused("policy", "bad_sender", "a sender is at most 20 ASCII characters")
    validity = _validity(outgoing.expires_at, now=now)
    if validity is None:
        return Refused("message", "expired", "its time has passed")
    pieces = gsm7.parts(outgoing.body.text)
    if len(pieces) > parts_max:
        return Refused("message", "too_long", f"{len(pieces)} parts; at most {parts_max} are sent")
    coding = CODING_UCS2 if gsm7.encoding(outgoing.body.text) == "UCS-2" else gsm_data_coding
    (ton, npi), address = sender_kind(sender)
    whole = pdu.Message(
        source_addr=address,
        source_addr_ton=ton,
        source_addr_npi=npi,
        destination_addr=number[1],
        dest_addr_ton=INTERNATIONAL[0],
        dest_addr_npi=INTERNATIONAL[1],
        validity_period=validity,
        data_coding=coding,
    )
    return _parts(whole, pieces, reference=zlib.crc32(str(outgoing.delivery).encode()) & 0xFF)


def _parts(whole: pdu.Message, pieces: list[bytes], *, reference: int) -> list[pdu.Message]:
    if len(pieces) == 1:
        return [replace(whole, short_message=pieces[0], registered_delivery=REGISTERED)]
    total = len(pieces)
    return [
        replace(
            whole,
            short_message=bytes((5, 0, 3, reference, total, number)) + piece,
            esm_class=JOINED,
            registered_delivery=REGISTERED if number == total else 0,
        )
        for number, piece in enumerate(pieces, 1)
    ]


def sender_kind(sender: str) -> tuple[tuple[int, int], str]:
    if not sender:
        return (0, 0), ""  # the SMSC puts its default
    if _NUMBER.fullmatch(sender):
        return INTERNATIONAL, sender.removeprefix("+")
    return (NATIONAL_SHORT if sender.isdecimal() else ALPHANUMERIC), sender


def _validity(expires_at: datetime | None, *, now: datetime) -> str | None:
    """Relative validity_period (SMPP 3.4 section 7.1.1.2), at most 30 days; None once it has passed."""
    if expires_at is None:
        return ""
    seconds = int((expires_at - now).total_seconds())
    if seconds <= 0:
        return None
    days, rest = divmod(min(seconds, VALIDITY_DAYS_MAX * 86_400), 86_400)
    return f"0000{days:02}{rest // 3600:02}{rest % 3600 // 60:02}{rest % 60:02}000R"
