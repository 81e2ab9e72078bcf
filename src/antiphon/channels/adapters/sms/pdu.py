"""SMPP 3.4 on the wire: the PDUs of a messaging client, to octets and back.

Source: SMPP Protocol Specification v3.4 Issue 1.2, sections 4 (PDUs) and 5 (parameters). Commands without a body
of their own here keep their octets as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER: Final = 0x00000001
BIND_TRANSMITTER: Final = 0x00000002
SUBMIT_SM: Final = 0x00000004
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
BIND_TRANSCEIVER: Final = 0x00000009
ENQUIRE_LINK: Final = 0x00000015
RESPONSE: Final = 0x80000000
"""A response is its request's command with this bit."""

ROK: Final = 0x00
RINVMSGLEN: Final = 0x01
RINVCMDLEN: Final = 0x02
RINVCMDID: Final = 0x03
RMSGQFUL: Final = 0x14
RX_T_APPN: Final = 0x64
RINVOPTPARSTREAM: Final = 0xC0

TAG_INFO_TEXT: Final = 0x001D
TAG_RECEIPTED_MESSAGE_ID: Final = 0x001E
TAG_SAR_REF: Final = 0x020C
TAG_SAR_TOTAL: Final = 0x020E
TAG_SAR_SEQUENCE: Final = 0x020F
TAG_NETWORK_ERROR: Final = 0x0423
TAG_PAYLOAD: Final = 0x0424
TAG_MESSAGE_STATE: Final = 0x0427

HEADER_OCTETS: Final = 16
PDU_OCTETS_MAX: Final = 70_000
"""A message_payload of 64 KiB and its surroundings; whoever announces more has lost the frame."""

_HEADER = struct.Struct(">IIII")
_TAG_LENGTH = struct.Struct(">HH")
_TWO, _THREE, _FIVE = struct.Struct("BB"), struct.Struct("BBB"), struct.Struct("BBBBB")
_BINDS = (BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER)
_BODYLESS = (ENQUIRE_LINK, ENQUIRE_LINK | RESPONSE, UNBIND, UNBIND | RESPONSE, GENERIC_NACK)

Tlvs = tuple[tuple[int, bytes], ...]


class Malformed(ValueError):
    """Octets that are no PDU. `status` is what SMPP calls the fault; `sequence` is 0 where it could not be read."""

    def __init__(self, status: int, why: str, *, sequence: int = 0, command: int = 0) -> None:
        self.status = status
        self.sequence = sequence
        self.command = command
        super().__init__(why)


class Bind(Struct, frozen=True):
    system_id: str
    password: str
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""

    def __repr__(self) -> str:
        return f"Bind({self.system_id})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Any: as the base class has it
        return [("system_id", self.system_id)]


class BindResponse(Struct, frozen=True):
    system_id: str = ""
    tlvs: Tlvs = ()


class Message(Struct, frozen=True):
    """The body of submit_sm and deliver_sm. `short_message` holds at most 254 octets, user data header included."""

    source_addr: str = ""
    destination_addr: str = ""
    short_message: bytes = b""
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    tlvs: Tlvs = ()

    def tlv(self, tag: int) -> bytes | None:
        return next((value for known, value in self.tlvs if known == tag), None)


class MessageResponse(Struct, frozen=True):
    message_id: str = ""
    tlvs: Tlvs = ()


Body = Bind | BindResponse | Message | MessageResponse | bytes | None


class Pdu(Struct, frozen=True):
    command: int
    sequence: int
    status: int = ROK
    body: Body = None


def encode(pdu: Pdu) -> bytes:
    """ValueError where a field does not fit its place."""
    body = _encode_body(pdu.body)
    return _HEADER.pack(HEADER_OCTETS + len(body), pdu.command, pdu.status, pdu.sequence) + body


def decode(data: bytes) -> Pdu:
    """One whole PDU. Raises `Malformed`."""
    if len(data) < HEADER_OCTETS:
        raise Malformed(RINVCMDLEN, f"a PDU has at least {HEADER_OCTETS} octets, not {len(data)}")
    length, command, status, sequence = _HEADER.unpack_from(data)
    try:
        _check_length(length, len(data))
        return Pdu(command=command, status=status, sequence=sequence, body=_decode_body(command, data))
    except Malformed as fault:
        raise Malformed(fault.status, str(fault), sequence=sequence, command=command) from None


def frames(buffer: bytearray) -> Iterator[bytes]:
    """Takes the whole PDUs off the front of `buffer`. Raises `Malformed` when the stream cannot be followed on."""
    while len(buffer) >= HEADER_OCTETS:
        length, command, _, sequence = _HEADER.unpack_from(buffer)
        if not HEADER_OCTETS <= length <= PDU_OCTETS_MAX:
            raise Malformed(RINVCMDLEN, f"command_length {length}", sequence=sequence, command=command)
        if len(buffer) < length:
            return
        frame = bytes(buffer[:length])
        del buffer[:length]
        yield frame


def _check_length(length: int, octets: int) -> None:
    if not HEADER_OCTETS <= length <= PDU_OCTETS_MAX:
        raise Malformed(RINVCMDLEN, f"command_length {length}")
    if length > octets:
        raise Malformed(RINVMSGLEN, f"command_length says {length}, there are {octets} octets")
    if length < octets:
        raise Malformed(RINVCMDLEN, f"command_length says {length}, there are {octets} octets")


def _encode_body(body: Body) -> bytes:
    match body:
        case None:
            return b""
        case bytes():
            return body
        case Message():
            return _encode_message(body)
        case MessageResponse():
            return text(body.message_id, 65) + _encode_tlvs(body.tlvs)
        case BindResponse():
            return text(body.system_id, 16) + _encode_tlvs(body.tlvs)
    names = text(body.system_id, 16) + text(body.password, 9) + text(body.system_type, 13)
    return names + _THREE.pack(body.interface_version, body.addr_ton, body.addr_npi) + text(body.address_range, 41)


def _encode_message(body: Message) -> bytes:
    if len(body.short_message) > 254:
        raise ValueError(f"short_message holds 254 octets at most, not {len(body.short_message)}")
    return b"".join(
        (
            text(body.service_type, 6),
            bytes((body.source_addr_ton, body.source_addr_npi)),
            text(body.source_addr, 21),
            bytes((body.dest_addr_ton, body.dest_addr_npi)),
            text(body.destination_addr, 21),
            _THREE.pack(body.esm_class, body.protocol_id, body.priority_flag),
            text(body.schedule_delivery_time, 17),
            text(body.validity_period, 17),
            _FIVE.pack(
                body.registered_delivery,
                body.replace_if_present_flag,
                body.data_coding,
                body.sm_default_msg_id,
                len(body.short_message),
            ),
            body.short_message,
            _encode_tlvs(body.tlvs),
        )
    )


def text(value: str, octets_max: int) -> bytes:
    """A C-octet string; `octets_max` counts the closing zero."""
    data = value.encode("latin-1")
    if len(data) >= octets_max or b"\0" in data:
        raise ValueError(f"at most {octets_max - 1} octets without a zero fit here, not {value!r}")
    return data + b"\0"


def _encode_tlvs(tlvs: Tlvs) -> bytes:
    return b"".join(_TAG_LENGTH.pack(tag, len(value)) + value for tag, value in tlvs)


def _decode_body(command: int, data: bytes) -> Body:
    empty = len(data) == HEADER_OCTETS
    if command in _BODYLESS:
        if not empty:
            raise Malformed(RINVCMDLEN, f"command {command:#010x} has no body")
        return None
    request = command & ~RESPONSE
    if request not in (*_BINDS, SUBMIT_SM, DELIVER_SM):
        return data[HEADER_OCTETS:]
    if command & RESPONSE:
        return None if empty else _decode_response(request, data)
    return _decode_bind(data) if request in _BINDS else _decode_message(data)


def _decode_response(request: int, data: bytes) -> BindResponse | MessageResponse:
    name, at = _take_text(data, HEADER_OCTETS)
    tlvs = _decode_tlvs(data, at)
    return BindResponse(name, tlvs) if request in _BINDS else MessageResponse(name, tlvs)


def _decode_bind(data: bytes) -> Bind:
    system_id, at = _take_text(data, HEADER_OCTETS)
    password, at = _take_text(data, at)
    system_type, at = _take_text(data, at)
    version, ton, npi = _take(_THREE, data, at)
    address_range, _ = _take_text(data, at + 3)
    return Bind(system_id, password, system_type, version, ton, npi, address_range)


def _decode_message(data: bytes) -> Message:
    service_type, at = _take_text(data, HEADER_OCTETS)
    source_ton, source_npi = _take(_TWO, data, at)
    source, at = _take_text(data, at + 2)
    dest_ton, dest_npi = _take(_TWO, data, at)
    destination, at = _take_text(data, at + 2)
    esm_class, protocol_id, priority = _take(_THREE, data, at)
    schedule, at = _take_text(data, at + 3)
    validity, at = _take_text(data, at)
    registered, replace, coding, default_id, length = _take(_FIVE, data, at)
    at += 5
    if at + length > len(data):
        raise Malformed(RINVMSGLEN, f"sm_length {length} goes beyond the end")
    return Message(
        source_addr=source,
        destination_addr=destination,
        short_message=data[at : at + length],
        service_type=service_type,
        source_addr_ton=source_ton,
        source_addr_npi=source_npi,
        dest_addr_ton=dest_ton,
        dest_addr_npi=dest_npi,
        esm_class=esm_class,
        protocol_id=protocol_id,
        priority_flag=priority,
        schedule_delivery_time=schedule,
        validity_period=validity,
        registered_delivery=registered,
        replace_if_present_flag=replace,
        data_coding=coding,
        sm_default_msg_id=default_id,
        tlvs=_decode_tlvs(data, at + length),
    )


def _take(form: struct.Struct, data: bytes, at: int) -> tuple[int, ...]:
    if at + form.size > len(data):
        raise Malformed(RINVMSGLEN, "the body ends too early")
    return form.unpack_from(data, at)


def _take_text(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at)
    if end < 0:
        raise Malformed(RINVMSGLEN, f"a text at octet {at} has no end")
    return data[at:end].decode("latin-1"), end + 1


def _decode_tlvs(data: bytes, at: int) -> Tlvs:
    tlvs = []
    while at < len(data):
        if at + 4 > len(data):
            raise Malformed(RINVOPTPARSTREAM, "an optional parameter is cut off")
        tag, length = _TAG_LENGTH.unpack_from(data, at)
        at += 4
        if at + length > len(data):
            raise Malformed(RINVOPTPARSTREAM, f"optional parameter {tag:#06x} goes beyond the end")
        tlvs.append((tag, data[at : at + length]))
        at += length
    return tuple(tlvs)
