"""One operator: an SMPP 3.4 server whose subscribers are the customers.

A message stands in the log before its submit_sm_resp leaves; the parts of a long one are logged once, with the last
of them. Receipts come as deliver_sm with text and TLVs over a session of the same system_id that can receive.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from antiphon_world.pdu import (
    ALREADY_BOUND,
    BIND_RECEIVER,
    BIND_TRANSCEIVER,
    BIND_TRANSMITTER,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    HEADER,
    INVALID_COMMAND,
    INVALID_LENGTH,
    NOT_BOUND,
    OK,
    PDU_MAX,
    RESPONSE,
    SUBMIT_SM,
    TLV_INTERFACE,
    UNBIND,
    Malformed,
    Submit,
    pdu,
    read_bind,
    read_submit,
)

WINDOW = 50
SESSIONS_MAX = 200
UNACKNOWLEDGED_S = 10.0


class Answered:
    """What becomes of a submit_sm: `status` None cuts the connection; the answer waits `delay_s`."""

    __slots__ = ("delay_s", "message_id", "status")

    def __init__(self, status: int | None, message_id: str = "", delay_s: float = 0.0) -> None:
        self.status = status
        self.message_id = message_id
        self.delay_s = delay_s


class SmsTaker(Protocol):
    def is_down(self) -> bool: ...
    def refuses_connection(self) -> bool: ...
    def take(self, submit: Submit, session: SmppSession) -> Answered: ...
    def bound(self, session: SmppSession) -> None:
        """A session that can receive is there."""


class SmppSession(asyncio.Protocol):
    def __init__(self, taker: SmsTaker, sessions: set[SmppSession]) -> None:
        self._taker = taker
        self._sessions = sessions
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._sequence = 0
        self._open: dict[int, asyncio.Future[bool]] = {}
        self.system_id: str | None = None
        self.receives = False
        self.busy = 0  # deliver_sm under way, kept by the outbox

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one by duck typing only
        if self._taker.refuses_connection() or len(self._sessions) >= SESSIONS_MAX:
            self.transport.abort()
        else:
            self._sessions.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._sessions.discard(self)
        self.receives = False
        for waiting in self._open.values():
            if not waiting.done():
                waiting.set_result(False)
        self._open.clear()

    def data_received(self, data: bytes) -> None:
        if self._taker.is_down():
            self.transport.abort()
            return
        self._buffer += data
        while len(self._buffer) >= 16 and not self.transport.is_closing():
            length, command, status, sequence = HEADER.unpack_from(self._buffer)
            if not 16 <= length <= PDU_MAX:
                self._send(pdu(GENERIC_NACK, INVALID_LENGTH, sequence))
                self._flush()
                self.transport.close()
                return
            if len(self._buffer) < length:
                break
            body = bytes(self._buffer[16:length])
            del self._buffer[:length]
            self._pdu(command, status, sequence, body)
        self._flush()

    def _pdu(self, command: int, status: int, sequence: int, body: bytes) -> None:
        try:
            match command:
                case c if c & RESPONSE:
                    if (waiting := self._open.pop(sequence, None)) and not waiting.done():
                        waiting.set_result(status == OK)
                case c if c in (BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER):
                    self._bind(command, sequence, body)
                case c if c == SUBMIT_SM:
                    self._submit(sequence, body)
                case c if c == ENQUIRE_LINK:
                    self._send(pdu(ENQUIRE_LINK | RESPONSE, OK, sequence))
                case c if c == UNBIND:
                    self.receives = False
                    self._send(pdu(UNBIND | RESPONSE, OK, sequence))
                    self._flush()
                    self.transport.close()
                case _:
                    self._send(pdu(GENERIC_NACK, INVALID_COMMAND, sequence))
        except Malformed:
            self._send(pdu(command | RESPONSE, INVALID_LENGTH, sequence))

    def _bind(self, command: int, sequence: int, body: bytes) -> None:
        """Any system_id and password will do."""
        if self.system_id is not None:
            self._send(pdu(command | RESPONSE, ALREADY_BOUND, sequence, b"\0"))
            return
        self.system_id = read_bind(body)
        self._can_submit = command != BIND_RECEIVER
        self.receives = command != BIND_TRANSMITTER
        version = TLV_INTERFACE.to_bytes(2, "big") + b"\0\x01\x34"
        self._send(pdu(command | RESPONSE, OK, sequence, b"world\0" + version))
        if self.receives:
            self._taker.bound(self)

    def _submit(self, sequence: int, body: bytes) -> None:
        if self.system_id is None or not self._can_submit:
            self._send(pdu(SUBMIT_SM | RESPONSE, NOT_BOUND, sequence))
            return
        answered = self._taker.take(read_submit(body), self)
        if answered.status is None:
            self.transport.abort()
            return
        answer = answered.message_id.encode() + b"\0" if answered.status == OK else b""
        response = pdu(SUBMIT_SM | RESPONSE, answered.status, sequence, answer)
        if answered.delay_s > 0:
            asyncio.get_running_loop().call_later(answered.delay_s, self._write, response)
        else:
            self._send(response)

    async def deliver(self, body: bytes) -> bool:
        """True once the other side acknowledged; False after 10 s, a refusal or a lost connection."""
        if not self.receives or self.transport.is_closing():
            return False
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        sequence = self._sequence
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._open[sequence] = waiting
        self._write(pdu(DELIVER_SM, OK, sequence, body))
        try:
            async with asyncio.timeout(UNACKNOWLEDGED_S):
                return await waiting
        except TimeoutError:
            return False
        finally:
            self._open.pop(sequence, None)

    @property
    def has_room(self) -> bool:
        return self.receives and self.busy < WINDOW

    def _send(self, data: bytes) -> None:
        self._out.append(data)

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def _flush(self) -> None:
        if self._out and not self.transport.is_closing():
            self.transport.write(b"".join(self._out))
        self._out.clear()

    def cut(self) -> None:
        self.transport.abort()
