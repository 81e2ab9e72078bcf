"""What an SMSC hands us: delivery receipts, and messages of customers in one part or several.

Sources: SMPP 3.4 section 5.2.12 (esm_class), 5.2.28 (message_state), appendix B (receipt text); 3GPP TS 23.040
9.2.3.24.1 and .8 (joined messages); SMPP 3.4 section 5.2.19 and GSM 03.38 (data_coding).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from msgspec import Struct

from antiphon.channels.adapters.sms import pdu
from antiphon.kernel import gsm7
from antiphon.kernel.records import FailureClass, ReceiptKind

KIND_BITS: Final = 0x3C
RECEIPT, ACKNOWLEDGED, ANSWERED, INTERMEDIATE = 0x04, 0x08, 0x10, 0x20
USER_DATA_HEADER: Final = 0x40

STATES: dict[str, tuple[ReceiptKind, FailureClass | None]] = {
    "ENROUTE": ("sent", None),
    "ACCEPTD": ("accepted", None),
    "DELIVRD": ("delivered", None),
    "EXPIRED": ("expired", "temporary"),
    "DELETED": ("failed", "policy"),
    "UNDELIV": ("failed", "temporary"),  # the error code may say more
    "REJECTD": ("failed", "policy"),
    # The SMSC lost sight of it. Not `failed`: that would be proof that it did not arrive, and this proves nothing.
    "UNKNOWN": ("sent", None),
}
MESSAGE_STATES = ("", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD")
"""Index = message_state."""

ERRORS: dict[str, FailureClass] = {
    "1": "address",  # unknown subscriber
    "5": "address",  # unidentified subscriber
    "9": "address",  # illegal subscriber
    "11": "address",  # teleservice not provisioned: this line takes no SMS
    "12": "address",  # illegal equipment
    "13": "policy",  # call barred
    "6": "temporary",  # absent subscriber
    "27": "temporary",  # absent subscriber
    "31": "temporary",  # busy for SMS
    "32": "temporary",  # delivery failure: memory full
    "34": "temporary",  # system failure
}
"""MAP user errors (3GPP TS 29.002 17.5), which most SMSCs repeat in `err:`; a provider's own go into its settings."""

_NOT_IA5 = re.compile(rb"[^\n\r\x20-\x7e]")
"""IA5 text has no control characters: some SMSCs send GSM-7 under this name."""

CODINGS: dict[int, str] = {0x01: "ascii", 0x03: "latin-1", 0x06: "iso8859-5", 0x07: "iso8859-8", 0x08: "utf-16-be"}
_ID, _STAT, _ERR = (re.compile(rb"\b%s:\s*([^\s]+)" % key, re.IGNORECASE) for key in (b"id", b"stat", b"err"))


class Report(Struct, frozen=True):
    """A delivery receipt as the SMSC means it. `code` is `STAT` or `STAT:err`."""

    message_id: str
    kind: ReceiptKind
    failure: FailureClass | None
    code: str


class Part(Struct, frozen=True):
    """One part of a customer's message; `total` is 1 where it stands alone."""

    sender: str
    recipient: str
    coding: int
    payload: bytes
    reference: int = 0
    total: int = 1
    number: int = 1


def report(message: pdu.Message, *, errors: Mapping[str, FailureClass] = ERRORS) -> Report | None:
    """The receipt in a deliver_sm, from its optional parameters first, else its text. None where it holds none."""
    kind_bits = message.esm_class & KIND_BITS
    named = message.tlv(pdu.TAG_RECEIPTED_MESSAGE_ID)
    if named is None and kind_bits not in (RECEIPT, ACKNOWLEDGED, ANSWERED, INTERMEDIATE):
        return None
    text = message.short_message or message.tlv(pdu.TAG_PAYLOAD) or b""
    message_id = named.rstrip(b"\0").decode("latin-1") if named else _field(_ID, text)
    stat = _state(message.tlv(pdu.TAG_MESSAGE_STATE)) or _field(_STAT, text).upper()[:7]
    if not message_id or not stat:
        return None
    kind, failure = STATES.get(stat, STATES["UNKNOWN"])
    if kind_bits == INTERMEDIATE and kind != "delivered":
        kind, failure = "sent", None
    err = _field(_ERR, text) or _network_error(message.tlv(pdu.TAG_NETWORK_ERROR))
    if stat == "UNDELIV":
        failure = errors.get(err) or errors.get(err.lstrip("0"), failure)
    return Report(message_id=message_id, kind=kind, failure=failure, code=f"{stat}:{err}" if err.strip("0") else stat)


def is_receipt(message: pdu.Message) -> bool:
    """Says the SMSC of itself; such a message is never a customer's words, even where nothing in it can be read."""
    return message.esm_class & KIND_BITS in (RECEIPT, INTERMEDIATE)


def part(message: pdu.Message) -> Part:
    """What a customer sent, with its place in a longer message (user data header or sar_* parameters)."""
    payload = message.short_message or message.tlv(pdu.TAG_PAYLOAD) or b""
    place = _sar(message)
    if message.esm_class & USER_DATA_HEADER and payload:
        header, payload = payload[1 : 1 + payload[0]], payload[1 + payload[0] :]
        place = _joined(header) or place
    reference, total, number = place or (0, 1, 1)
    return Part(
        sender=e164(message.source_addr, message.source_addr_ton),
        recipient=e164(message.destination_addr, message.dest_addr_ton),
        coding=message.data_coding,
        payload=payload,
        reference=reference,
        total=total,
        number=number,
    )


def text(payload: bytes, *, coding: int) -> str | None:
    """None where `coding` says that these octets are no text."""
    if coding == 0x00 or (coding == 0x01 and _NOT_IA5.search(payload)):
        return gsm7.decode(payload)
    if coding in CODINGS:
        return payload.decode(CODINGS[coding], "replace")
    if coding & 0xF0 == 0xF0:  # message class: bit 2 tells 8-bit data
        return None if coding & 0x04 else gsm7.decode(payload)
    if coding & 0xCC == 0x08:
        return payload.decode("utf-16-be", "replace")
    return gsm7.decode(payload) if coding & 0xC0 == 0x00 and coding > 0x0F and not coding & 0x0C else None


def e164(address: str, ton: int) -> str:
    """`+` and digits for an international number, also where the SMSC left its type open; else as it came.

    Short codes stay short, even where the SMSC calls them international (some put 1 everywhere).
    """
    if not address.isdecimal() or not 7 <= len(address) <= 15:
        return address
    international = ton == 1 or (ton == 0 and len(address) > 7 and not address.startswith("0"))
    return f"+{address}" if international else address


Token = TypeVar("Token")


class Reassembly(Generic[Token]):
    """Parts that wait for the others of their message, each with a token of the caller (its open answer).

    At most `parts_max` wait; a message gives up waiting `wait_s` after its last part. What gave up comes back as it is:
    the caller hands it on in pieces, so that nothing is lost.
    """

    def __init__(self, *, wait_s: float, parts_max: int = 1_000) -> None:
        self._wait_s = wait_s
        self._parts_max = parts_max
        self._waiting: dict[tuple[str, str, int, int], tuple[float, dict[int, list[tuple[Part, Token]]]]] = {}
        self._held = 0

    def add(self, piece: Part, token: Token, *, now_s: float) -> list[list[tuple[Part, Token]]] | None:
        """The parts in order (repeats of a part together) once all are here, else None."""
        if piece.total == 1:
            return [[(piece, token)]]
        key = (piece.sender, piece.recipient, piece.reference, piece.total)
        _, parts = self._waiting.pop(key, (0.0, {}))
        parts.setdefault(piece.number, []).append((piece, token))
        self._held += 1
        if len(parts) == piece.total:
            self._held -= sum(map(len, parts.values()))
            return [parts[number] for number in sorted(parts)]
        self._waiting[key] = (now_s, parts)
        return None

    def given_up(self, *, now_s: float) -> list[tuple[Part, Token]]:
        """Every part of the messages that waited too long, or of the oldest where too many wait."""
        out: list[tuple[Part, Token]] = []
        while self._waiting:
            key, (since_s, parts) = next(iter(self._waiting.items()))
            if now_s - since_s < self._wait_s and self._held <= self._parts_max:
                break
            del self._waiting[key]
            pieces = [entry for number in sorted(parts) for entry in parts[number]]
            self._held -= len(pieces)
            out += pieces
        return out


def _field(pattern: re.Pattern[bytes], octets: bytes) -> str:
    found = pattern.search(octets)
    return found[1].decode("latin-1") if found else ""


def _state(value: bytes | None) -> str:
    return MESSAGE_STATES[value[0]] if value and value[0] < len(MESSAGE_STATES) else ""


def _network_error(value: bytes | None) -> str:
    return str(int.from_bytes(value[1:3], "big")) if value and len(value) == 3 else ""


def _sar(message: pdu.Message) -> tuple[int, int, int] | None:
    values = [message.tlv(tag) for tag in (pdu.TAG_SAR_REF, pdu.TAG_SAR_TOTAL, pdu.TAG_SAR_SEQUENCE)]
    numbers = [int.from_bytes(value, "big") for value in values if value is not None]
    return _place(*numbers) if len(numbers) == 3 else None


def _joined(header: bytes) -> tuple[int, int, int] | None:
    """The joining element of a user data header, whose reference has 8 or 16 bits."""
    while len(header) >= 2:
        kind, length = header[0], header[1]
        value, header = header[2 : 2 + length], header[2 + length :]
        if kind == 0x00 and len(value) == 3:
            return _place(value[0], value[1], value[2])
        if kind == 0x08 and len(value) == 4:
            return _place(int.from_bytes(value[:2], "big"), value[2], value[3])
    return None


def _place(reference: int, total: int, number: int) -> tuple[int, int, int] | None:
    """None for a place that cannot be: such a part is read as a message of its own (TS 23.040 9.2.3.24.1)."""
    return (reference, total, number) if 1 <= number <= total <= 255 else None
