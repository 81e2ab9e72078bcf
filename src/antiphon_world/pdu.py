"""SMPP 3.4 protocol data units, as an SMSC reads and writes them (SMPP Protocol Specification v3.4, chapters 4, 5)."""

from __future__ import annotations

import struct

from msgspec import Struct

GENERIC_NACK = 0x80000000
BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER = 0x01, 0x02, 0x09
SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK = 0x04, 0x05, 0x06, 0x15
RESPONSE = 0x80000000

OK, INVALID_LENGTH, INVALID_COMMAND, NOT_BOUND, ALREADY_BOUND = 0x00, 0x02, 0x03, 0x04, 0x05
INVALID_DESTINATION, SUBMIT_FAILED, THROTTLED = 0x0B, 0x45, 0x58

TLV_RECEIPTED_ID, TLV_MESSAGE_STATE, TLV_PAYLOAD, TLV_INTERFACE = 0x001E, 0x0427, 0x0424, 0x0210
TLV_SAR_REFERENCE, TLV_SAR_TOTAL, TLV_SAR_NUMBER, TLV_USER_REFERENCE = 0x020C, 0x020E, 0x020F, 0x0204

HEADER = struct.Struct(">IIII")
PDU_MAX = 70_000
UDH_INDICATOR = 0x40
ESM_RECEIPT = 0x04


class Malformed(ValueError):
    """The body does not have the fields its command asks for."""


class Submit(Struct, frozen=True):
    source: str
    source_ton: int
    destination: str
    esm_class: int
    registered: int
    coding: int
    content: bytes
    tlvs: dict[int, bytes]


class _Body:
    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def text(self, size_max: int) -> str:
        end = self.body.find(b"\0", self.at, self.at + size_max)
        if end < 0:
            raise Malformed("a string is not ended")
        text = self.body[self.at : end].decode("latin-1")
        self.at = end + 1
        return text

    def octets(self, count: int) -> bytes:
        taken = self.body[self.at : self.at + count]
        if len(taken) < count:
            raise Malformed("the body is too short")
        self.at += count
        return taken

    def octet(self) -> int:
        return self.octets(1)[0]

    def tlvs(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while self.at < len(self.body):
            tag, length = struct.unpack(">HH", self.octets(4))
            found[tag] = self.octets(length)
        return found


def pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    return HEADER.pack(16 + len(body), command, status, sequence) + body


def read_bind(body: bytes) -> str:
    """The system id. Raises Malformed."""
    return _Body(body).text(16)


def read_submit(body: bytes) -> Submit:
    """Raises Malformed. A `message_payload` TLV takes the place of an empty short message."""
    fields = _Body(body)
    fields.text(6)
    source_ton, _ = fields.octets(2)
    source = fields.text(21)
    fields.octets(2)
    destination = fields.text(21)
    esm_class, _, _ = fields.octets(3)
    fields.text(17)
    fields.text(17)
    registered, _, coding, _ = fields.octets(4)
    content = fields.octets(fields.octet())
    tlvs = fields.tlvs()
    content = content or tlvs.get(TLV_PAYLOAD, b"")
    return Submit(source, source_ton, destination, esm_class, registered, coding, content, tlvs)


def deliver_body(
    source: str,
    destination: str,
    content: bytes,
    *,
    esm_class: int = 0,
    coding: int = 0,
    tlvs: tuple[tuple[int, bytes], ...] = (),
) -> bytes:
    """`source` is international; at most 254 octets of content."""
    to_ton, to_npi = (1, 1) if destination.isdigit() and len(destination) > 6 else (5, 0)
    parts = [
        b"\0",
        bytes((1, 1)) + source.lstrip("+").encode("latin-1", "replace")[:20] + b"\0",
        bytes((to_ton, to_npi)) + destination.lstrip("+").encode("latin-1", "replace")[:20] + b"\0",
        bytes((esm_class, 0, 0)) + b"\0\0",
        bytes((0, 0, coding, 0)),
        bytes((len(content[:254]),)) + content[:254],
    ]
    parts += [struct.pack(">HH", tag, len(value)) + value for tag, value in tlvs]
    return b"".join(parts)


class Part(Struct, frozen=True):
    """Which piece of which message: `reference` None for a message of one piece."""

    reference: int | None
    total: int
    number: int
    content: bytes


def read_part(submit: Submit) -> Part:
    """Concatenation by UDH (3GPP TS 23.040 9.2.3.24.1 and .8) or by `sar_*` TLVs. Raises Malformed."""
    if submit.esm_class & UDH_INDICATOR:
        return _read_udh(submit.content)
    if TLV_SAR_REFERENCE in submit.tlvs and TLV_SAR_TOTAL in submit.tlvs and TLV_SAR_NUMBER in submit.tlvs:
        values = (submit.tlvs[tag] for tag in (TLV_SAR_REFERENCE, TLV_SAR_TOTAL, TLV_SAR_NUMBER))
        reference, total, number = (int.from_bytes(value, "big") for value in values)
        return _checked(Part(reference, total, number, submit.content))
    return Part(None, 1, 1, submit.content)


def _read_udh(content: bytes) -> Part:
    fields = _Body(content)
    header = _Body(fields.octets(fields.octet()))
    rest = content[fields.at :]
    while header.at < len(header.body):
        element = header.octet()
        value = header.octets(header.octet())
        if (element, len(value)) in ((0x00, 3), (0x08, 4)):
            return _checked(Part(int.from_bytes(value[:-2], "big"), value[-2], value[-1], rest))
    return Part(None, 1, 1, rest)


def _checked(part: Part) -> Part:
    if not 1 <= part.number <= part.total:
        raise Malformed(f"part {part.number} of {part.total}")
    return part if part.total > 1 else Part(None, 1, 1, part.content)
