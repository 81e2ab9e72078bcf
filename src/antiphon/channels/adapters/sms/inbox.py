"""From deliver_sm to stored records, and only then to deliver_sm_resp.

| event | fields |
|---|---|
| `smpp.receipt_unreadable` | provider |
| `smpp.message_not_text` | provider, coding |
| `smpp.not_stored` | provider, count, error |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal

import structlog
from msgspec import Struct

from antiphon.channels.adapter import Sink
from antiphon.channels.adapters.sms import deliver, pdu
from antiphon.channels.adapters.sms.deliver import Part, Reassembly
from antiphon.channels.adapters.sms.pdu import Pdu
from antiphon.channels.adapters.sms.session import Session
from antiphon.kernel.records import Channel, FailureClass, Inbound, ProviderId, Receipt

QUEUE_MAX = 1_000
BATCH_MAX = 200
LOOK_S = 0.5
FAILURES_MAX = 3

IdForm = Literal["text", "decimal", "hex"]
log = structlog.get_logger()


class _Open(Struct, frozen=True):
    """A deliver_sm that waits for our answer."""

    session: Session
    request: Pdu


class _Entry(Struct, frozen=True):
    record: Receipt | Inbound | None
    open: list[_Open]


class Inbox:
    """`take` and `add` while `serve` runs; nothing is answered with success before the sink stored it.

    `ack_each_part`: parts of a longer message are answered at once and only then wait for the others. For an SMSC
    that hands over one message at a time; a crash loses such a part.
    """

    def __init__(
        self,
        *,
        provider: ProviderId,
        now: Callable[[], datetime],
        errors: Mapping[str, FailureClass],
        receipt_ids: IdForm,
        parts_wait_s: float,
        ack_each_part: bool,
    ) -> None:
        self._provider = provider
        self._now = now
        self._errors = {**deliver.ERRORS, **errors}
        self._receipt_ids = receipt_ids
        self._ack_each_part = ack_each_part
        self._parts: Reassembly[list[_Open]] = Reassembly(wait_s=parts_wait_s)
        self._queue: asyncio.Queue[_Open | Receipt] = asyncio.Queue(QUEUE_MAX)
        self._serving = False

    def take(self, session: Session, request: Pdu) -> None:
        """Without anybody who stores it, or with a full queue, the SMSC is asked to try again later."""
        if not self._serving:
            session.answer(request, status=pdu.RX_T_APPN)
        elif self._queue.full():
            session.answer(request, status=pdu.RMSGQFUL)
        else:
            self._queue.put_nowait(_Open(session, request))

    def add(self, receipt: Receipt) -> None:
        """A receipt of our own making (a late answer). Dropped where nobody stores: the lease will say in doubt."""
        if self._serving and not self._queue.full():
            self._queue.put_nowait(receipt)

    async def serve(self, sink: Sink) -> None:
        self._serving = True
        try:
            while True:
                entries = [entry for arrival in await self._arrivals() for entry in self._read(arrival)]
                await self._store([*entries, *self._given_up()], sink)
        finally:
            self._serving = False
            self._refuse_queued()

    async def _arrivals(self) -> list[_Open | Receipt]:
        """What is there, at most 200; empty after half a second of silence."""
        try:
            async with asyncio.timeout(LOOK_S):
                arrivals = [await self._queue.get()]
        except TimeoutError:
            return []
        while len(arrivals) < BATCH_MAX and not self._queue.empty():
            arrivals.append(self._queue.get_nowait())
        return arrivals

    def _read(self, arrival: _Open | Receipt) -> Iterable[_Entry]:
        if isinstance(arrival, Receipt):
            return [_Entry(arrival, [])]
        message = arrival.request.body
        assert isinstance(message, pdu.Message)
        report = deliver.report(message, errors=self._errors)
        if report is not None:
            return [_Entry(self._receipt(report), [arrival])]
        if deliver.is_receipt(message):
            log.warning("smpp.receipt_unreadable", provider=self._provider)
            return [_Entry(None, [arrival])]
        return self._piece(deliver.part(message), arrival)

    def _piece(self, piece: Part, arrival: _Open) -> Iterable[_Entry]:
        held = [arrival]
        if self._ack_each_part and piece.total > 1:
            arrival.session.answer(arrival.request)
            held = []
        whole = self._parts.add(piece, held, now_s=asyncio.get_running_loop().time())
        if whole is None:
            return []
        payload = b"".join(copies[-1][0].payload for copies in whole)
        answers = [opened for copies in whole for _, held_open in copies for opened in held_open]
        return [_Entry(self._inbound(piece, payload), answers)]

    def _given_up(self) -> list[_Entry]:
        alone = self._parts.given_up(now_s=asyncio.get_running_loop().time())
        return [_Entry(self._inbound(piece, piece.payload), held) for piece, held in alone]

    def _receipt(self, report: deliver.Report) -> Receipt:
        return Receipt(
            kind=report.kind,
            at=self._now(),
            provider=self._provider,
            provider_message_id=same_id(report.message_id, form=self._receipt_ids),
            failure=report.failure,
            code=report.code,
        )

    def _inbound(self, piece: Part, payload: bytes) -> Inbound | None:
        words = deliver.text(payload, coding=piece.coding)
        if words is None:
            log.warning("smpp.message_not_text", provider=self._provider, coding=piece.coding)
            return None
        return Inbound(
            provider=self._provider,
            channel=Channel.SMS,
            sender=piece.sender,
            recipient=piece.recipient,
            text=words,
            at=self._now(),
        )

    async def _store(self, entries: list[_Entry], sink: Sink) -> None:
        """All at once; where that fails one by one, so that one bad record does not hold up the others."""
        if not entries or await self._stored(entries, sink):
            return
        if len(entries) == 1:
            self._answer(entries, status=pdu.RX_T_APPN)
            return
        failures = 0
        for entry in entries:
            if failures < FAILURES_MAX and await self._stored([entry], sink):
                failures = 0
                continue
            failures += 1
            self._answer([entry], status=pdu.RX_T_APPN)

    async def _stored(self, entries: list[_Entry], sink: Sink) -> bool:
        records = [entry.record for entry in entries if entry.record is not None]
        try:
            if records:
                await sink(records)
        except Exception as error:  # whatever the store raises, the SMSC must be told to try again
            log.error("smpp.not_stored", provider=self._provider, count=len(records), error=type(error).__name__)
            return False
        self._answer(entries, status=pdu.ROK)
        return True

    def _answer(self, entries: Iterable[_Entry], *, status: int) -> None:
        for entry in entries:
            for opened in entry.open:
                opened.session.answer(opened.request, status=status)

    def _refuse_queued(self) -> None:
        while not self._queue.empty():
            arrival = self._queue.get_nowait()
            if isinstance(arrival, _Open):
                arrival.session.answer(arrival.request, status=pdu.RX_T_APPN)


def same_id(message_id: str, *, form: IdForm) -> str:
    """One form for ids that an SMSC writes in hexadecimal here and in decimal, padded, there."""
    if form == "text":
        return message_id
    try:
        return str(int(message_id, 10 if form == "decimal" else 16))
    except ValueError:
        return message_id
