"""One bound SMPP connection: framing, sequence numbers, the window, keep-alive, and the end of all that.

TCP_NODELAY matters here (44 ms a receipt otherwise); asyncio sets it on its own sockets.

| event | fields |
|---|---|
| `smpp.malformed` | fault, status |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import structlog
from msgspec import Struct

from antiphon.channels.adapter import Unreachable
from antiphon.channels.adapters.sms import pdu
from antiphon.channels.adapters.sms.pdu import Malformed, Pdu
from antiphon.kernel import clock

SEQUENCE_MAX = 0x7FFFFFFF
LATE_MAX = 1_000
UNBIND_TIMEOUT_S = 2.0

log = structlog.get_logger()


class NotBound(Exception):
    """The connection is gone; nothing more leaves on it."""


class Unanswered(Struct, frozen=True):
    """The request left and its answer did not come."""

    detail: str


Answer = Pdu | Unanswered


class _Waiting(Struct):
    future: asyncio.Future[Answer]
    sent_s: float
    tag: object


class Session(asyncio.Protocol):
    """`on_request` takes deliver_sm, to be answered by `answer`; `on_late` takes an answer that came after its
    time-out, with the tag of its request."""

    def __init__(
        self, *, window: int, on_request: Callable[[Session, Pdu], None], on_late: Callable[[Pdu, Any], None]
    ) -> None:
        self._on_request = on_request
        self._on_late = on_late
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._sequence = 0
        self._free = window
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._writable = True
        self._waiting: dict[int, _Waiting] = {}
        self._late: dict[int, object] = {}
        self.lost = asyncio.Event()

    # ---- asking

    async def reserve(self, count: int, *, deadline_wall: float) -> None:
        """Takes `count` places of the window at once. Raises NotBound, or TimeoutError at the deadline."""
        if not self._turn.locked() and self._room_for(count):
            return
        async with asyncio.timeout(max(0.0, deadline_wall - clock.wall())), self._turn:
            while not self._room_for(count):
                self._changed.clear()
                await self._changed.wait()

    def release(self, count: int) -> None:
        """Gives reserved places back unused."""
        self._free += count
        self._changed.set()

    def submit(self, body: pdu.Message, *, tag: object) -> asyncio.Future[Answer]:
        """Writes a submit_sm in a place of the window that was reserved; the place is free once it is answered."""
        return self._request(pdu.SUBMIT_SM, body, tag=tag)

    async def ask(self, command: int, body: pdu.Body = None) -> Answer:
        """A request outside the window."""
        self._free -= 1
        return await self._request(command, body, tag=None)

    def answer(self, request: Pdu, *, status: int = pdu.ROK) -> None:
        """Nothing happens once the connection is lost: the SMSC will ask again on another."""
        body = pdu.MessageResponse() if request.command == pdu.DELIVER_SM else None
        self._write(Pdu(command=request.command | pdu.RESPONSE, sequence=request.sequence, status=status, body=body))

    async def keep(self, *, enquire_link_s: float, answer_timeout_s: float) -> None:
        """Ends requests that wait too long and asks for life signs, until the connection is lost."""
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        asked: asyncio.Future[Answer] | None = None
        while not self.lost.is_set():
            await self._wait_until_lost(min(1.0, answer_timeout_s / 4))
            now_s = loop.time()
            self._expire(before_s=now_s - answer_timeout_s)
            if asked is not None and not asked.done():
                continue
            if asked is not None and isinstance(asked.result(), Unanswered):
                self.abort("no answer to enquire_link")
            elif now_s - asked_s >= enquire_link_s:
                self._free -= 1
                asked_s, asked = now_s, self._request(pdu.ENQUIRE_LINK, None, tag=None)

    async def close(self) -> None:
        """Unbinds, waiting at most 2 s for the answer."""
        if not self.lost.is_set():
            try:
                async with asyncio.timeout(UNBIND_TIMEOUT_S):
                    await self.ask(pdu.UNBIND)
            except TimeoutError:
                pass
        self.abort("closed")

    def abort(self, why: str) -> None:
        """Closes; what is already written gets 2 s to leave."""
        if self._transport is not None:
            self._transport.close()
            asyncio.get_running_loop().call_later(UNBIND_TIMEOUT_S, self._transport.abort)
        self._lose(why)

    # ---- the protocol of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own does not inherit from it

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            for frame in pdu.frames(self._buffer):
                self._take(frame)
        except Malformed as fault:
            self._nack(fault)
            self.abort(f"the stream cannot be followed: {fault}")

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._lose(f"the connection was lost: {error}" if error else "the connection was closed by the other side")

    # ---- inside

    def _room_for(self, count: int) -> bool:
        if self.lost.is_set():
            raise NotBound
        if not self._writable or self._free < count:
            return False
        self._free -= count
        return True

    def _request(self, command: int, body: pdu.Body, *, tag: object) -> asyncio.Future[Answer]:
        loop = asyncio.get_running_loop()
        self._sequence = self._sequence % SEQUENCE_MAX + 1
        waiting = _Waiting(future=loop.create_future(), sent_s=loop.time(), tag=tag)
        self._waiting[self._sequence] = waiting
        self._write(Pdu(command=command, sequence=self._sequence, body=body))
        if self.lost.is_set():
            self._settle(self._sequence, Unanswered("the connection is lost"))
        return waiting.future

    def _write(self, what: Pdu) -> None:
        if self._transport is not None and not self.lost.is_set():
            self._transport.write(pdu.encode(what))

    def _take(self, frame: bytes) -> None:
        try:
            received = pdu.decode(frame)
        except Malformed as fault:
            self._unreadable(fault)
            return
        if received.command & pdu.RESPONSE:
            self._settle(received.sequence, received)
        elif received.command == pdu.DELIVER_SM:
            self._on_request(self, received)
        elif received.command == pdu.ENQUIRE_LINK:
            self.answer(received)
        elif received.command == pdu.UNBIND:
            self.answer(received)
            self.abort("the SMSC unbound us")
        else:
            self._nack(Malformed(pdu.RINVCMDID, "unknown command", sequence=received.sequence))

    def _unreadable(self, fault: Malformed) -> None:
        if fault.command & pdu.RESPONSE:
            self._settle(fault.sequence, Unanswered(f"the answer cannot be read: {fault}"))
        elif fault.command == pdu.DELIVER_SM:
            self.answer(Pdu(command=fault.command, sequence=fault.sequence), status=fault.status)
        else:
            self._nack(fault)

    def _nack(self, fault: Malformed) -> None:
        log.warning("smpp.malformed", fault=str(fault), status=fault.status)
        self._write(Pdu(command=pdu.GENERIC_NACK, sequence=fault.sequence, status=fault.status))

    def _settle(self, sequence: int, answer: Answer) -> None:
        waiting = self._waiting.pop(sequence, None)
        if waiting is None:
            tag = self._late.pop(sequence, None)
            if tag is not None and isinstance(answer, Pdu):
                self._on_late(answer, tag)
            return
        self.release(1)
        if not waiting.future.done():
            waiting.future.set_result(answer)

    def _expire(self, *, before_s: float) -> None:
        overdue = []
        for sequence, waiting in self._waiting.items():  # in the order of sending: the first young one ends it
            if waiting.sent_s > before_s:
                break
            overdue.append(sequence)
        for sequence in overdue:
            self._late[sequence] = self._waiting[sequence].tag
            self._settle(sequence, Unanswered("no answer in time"))
        while len(self._late) > LATE_MAX:
            del self._late[next(iter(self._late))]

    async def _wait_until_lost(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self.lost.wait()
        except TimeoutError:
            pass

    def _lose(self, why: str) -> None:
        if self.lost.is_set():
            return
        self.lost.set()
        for sequence in list(self._waiting):
            self._settle(sequence, Unanswered(why))
        self._changed.set()


async def open_session(
    session: Session, *, host: str, port: int, tls: bool, bind: pdu.Bind, timeout_s: float
) -> Session:
    """Connects and binds as a transceiver. Raises `Unreachable`, with what the SMSC said."""
    where = f"The SMSC at {host}:{port}"
    bound = False
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.get_running_loop().create_connection(lambda: session, host, port, ssl=tls or None)
            answer = await session.ask(pdu.BIND_TRANSCEIVER, bind)
        if isinstance(answer, Unanswered):
            raise Unreachable(f"{where} ended the connection at the bind: {answer.detail}.")
        if answer.status != pdu.ROK:
            raise Unreachable(f"{where} refused the bind with status {answer.status:#04x}.")
        bound = True
    except (OSError, TimeoutError) as error:
        raise Unreachable(f"{where} does not answer: {str(error) or 'time-out'}.") from error
    finally:
        if not bound:
            session.abort("never bound")
    return session
