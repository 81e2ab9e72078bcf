"""SMPP 3.4 client of one operator: submit_sm out, receipts and customers' messages in.

A long text leaves as joined parts (user data header, 8-bit reference made from the delivery id, so a repeat
completes itself on the phone instead of mixing). It is accepted when every part is. **Only the last part asks for a
receipt**, and its id is the message's: receipts of other parts could not be told apart from strangers' without
keeping state, and as parts leave in order, the last one on the phone is the best proof there is of all. A part
that is refused refuses the message: what arrived of it is no message.

| event | fields |
|---|---|
| `smpp.bound` | provider |
| `smpp.lost` | provider |
| `smpp.unreachable` | provider, error, retry_in_s |
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

import structlog
from msgspec import Struct

from antiphon.channels.adapter import Limits, OneWay, Recalled, Sent, Sink, Unreachable
from antiphon.channels.adapters.sms import cancel, pdu
from antiphon.channels.adapters.sms.inbox import IdForm, Inbox, same_id
from antiphon.channels.adapters.sms.pdu import Pdu
from antiphon.channels.adapters.sms.session import Answer, NotBound, Session, Unanswered, open_session
from antiphon.channels.adapters.sms.submit import plan
from antiphon.kernel import clock
from antiphon.kernel.records import (
    Accepted,
    Channel,
    DeliveryId,
    FailureClass,
    InDoubt,
    NotSent,
    Outgoing,
    ProviderId,
    Receipt,
    Refused,
    Result,
    SmsBody,
)

log = structlog.get_logger()

BACKOFF_FIRST_S, BACKOFF_MAX_S = 0.5, 60.0


class SmppSettings(Struct, frozen=True, kw_only=True):
    """`gsm_data_coding` is what this operator calls GSM-7 with an octet a septet (mostly 0). `submit_ids` and
    `receipt_ids` say how the SMSC writes message ids where its answers and its receipts differ. `errors` maps the
    operator's own `err:` codes. `parts_wait_s` is how long a customer's part waits, unanswered, for the next one: below
    the SMSC's own time-out for answers. See `inbox.Inbox` for `ack_each_part`.
    """

    host: str
    port: int
    system_id: str
    password: str
    sender: str = ""
    system_type: str = ""
    tls: bool = False
    window: int = 50
    gsm_data_coding: int = 0
    enquire_link_s: float = 30.0
    answer_timeout_s: float = 10.0
    connect_timeout_s: float = 10.0
    parts_max: int = 10
    parts_wait_s: float = 10.0
    ack_each_part: bool = False
    submit_ids: IdForm = "text"
    receipt_ids: IdForm = "text"
    errors: dict[str, FailureClass] = {}

    def __post_init__(self) -> None:
        if not 1 <= self.parts_max <= min(255, self.window):
            raise ValueError("parts_max: from 1 to the window, and at most 255 (one octet counts the parts)")
        if not 0 <= self.gsm_data_coding <= 255:
            raise ValueError("gsm_data_coding: one octet, 0 to 255")
        pdu.encode(Pdu(command=pdu.BIND_TRANSCEIVER, sequence=1, body=self.bind()))

    def __repr__(self) -> str:
        return f"SmppSettings({self.system_id}@{self.host}:{self.port})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Any: as the base class has it
        return [("system_id", self.system_id), ("host", self.host), ("port", self.port)]

    def bind(self) -> pdu.Bind:
        return pdu.Bind(system_id=self.system_id, password=self.password, system_type=self.system_type)


# SMPP 3.4 section 5.1.3. What is not here (operators' own codes among it) is `policy`: not the address's fault, and
# no reason to believe that the same message will pass later.
STATUSES: dict[int, tuple[FailureClass, str, float | None]] = {
    0x01: ("message", "ESME_RINVMSGLEN", None),
    0x02: ("message", "ESME_RINVCMDLEN", None),
    0x03: ("policy", "ESME_RINVCMDID", None),
    0x04: ("temporary", "ESME_RINVBNDSTS", 5.0),
    0x06: ("message", "ESME_RINVPRTFLG", None),
    0x07: ("policy", "ESME_RINVREGDLVFLG", None),
    0x08: ("temporary", "ESME_RSYSERR", 10.0),
    0x0A: ("policy", "ESME_RINVSRCADR", None),
    0x0B: ("address", "ESME_RINVDSTADR", None),
    0x14: ("temporary", "ESME_RMSGQFUL", 5.0),
    0x15: ("policy", "ESME_RINVSERTYP", None),
    0x43: ("message", "ESME_RINVESMCLASS", None),
    0x45: ("policy", "ESME_RSUBMITFAIL", None),
    0x48: ("policy", "ESME_RINVSRCTON", None),
    0x49: ("policy", "ESME_RINVSRCNPI", None),
    0x50: ("address", "ESME_RINVDSTTON", None),
    0x51: ("address", "ESME_RINVDSTNPI", None),
    0x53: ("policy", "ESME_RINVSYSTYP", None),
    0x58: ("temporary", "ESME_RTHROTTLED", 1.0),
    0x61: ("message", "ESME_RINVSCHED", None),
    0x62: ("message", "ESME_RINVEXPIRY", None),
    0x64: ("temporary", "ESME_RX_T_APPN", 10.0),
    0x65: ("policy", "ESME_RX_P_APPN", None),
    0x66: ("policy", "ESME_RX_R_APPN", None),
    0xC0: ("message", "ESME_RINVOPTPARSTREAM", None),
    0xC1: ("message", "ESME_ROPTPARNOTALLWD", None),
    0xC2: ("message", "ESME_RINVPARLEN", None),
    0xC3: ("message", "ESME_RMISSINGOPTPARAM", None),
    0xC4: ("message", "ESME_RINVOPTPARAMVAL", None),
    0xFE: ("temporary", "ESME_RDELIVERYFAILURE", 10.0),
    0xFF: ("temporary", "ESME_RUNKNOWNERR", 10.0),
}


class SmppAdapter(OneWay):
    name: ClassVar[str] = "smpp"
    channel: ClassVar[Channel] = Channel.SMS
    limits: ClassVar[Limits] = Limits(
        in_flight_max=50, size_max=1_530, source="ten joined GSM-7 parts; operators allow windows of 10 to 100"
    )

    def __init__(self, provider_id: ProviderId, settings: SmppSettings, *, now: Callable[[], datetime]) -> None:
        self._provider = provider_id
        self._settings = settings
        self._now = now
        self._sender = settings.sender
        self._session: Session | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._inbox = Inbox(
            provider=provider_id,
            now=now,
            errors=settings.errors,
            receipt_ids=settings.receipt_ids,
            parts_wait_s=settings.parts_wait_s,
            ack_each_part=settings.ack_each_part,
        )

    async def connect(self) -> None:
        """Binds, and stays bound until `close`: a lost connection is opened again with growing, jittered pauses."""
        if self._keeper is None:
            self._session = await self._open()
            self._keeper = asyncio.create_task(self._stay_bound())

    async def close(self) -> None:
        keeper, self._keeper = self._keeper, None
        session, self._session = self._session, None
        if keeper is not None:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        if session is not None:
            await session.close()

    async def send_many(self, batch: Sequence[Outgoing]) -> Sequence[Result]:
        left = [await self._submit(outgoing) for outgoing in batch]
        return [outgoing if not isinstance(outgoing, list) else await self._result(outgoing) for outgoing in left]

    async def listen(self, sink: Sink) -> None:
        await self._inbox.serve(sink)

    async def recall(self, sent: Sequence[Sent]) -> Sequence[Recalled]:
        """By the id that the SMSC gave. The source address must be the message's own: the one used last here stands for
        it. Where ids had to be rewritten, the SMSC's own form of them is not known any more."""
        if self._settings.submit_ids != "text":
            return [Recalled.CANNOT] * len(sent)
        return await asyncio.gather(*[self._recall(each.provider_message_id) for each in sent])

    async def _recall(self, message_id: str | None) -> Recalled:
        session = self._session
        if not message_id:
            return Recalled.CANNOT
        if session is None:
            return Recalled.TOO_LATE
        request = cancel.body(message_id, sender=self._sender)
        return cancel.outcome(await session.ask(cancel.CANCEL_SM, request))

    async def _submit(self, outgoing: Outgoing) -> list[asyncio.Future[Answer]] | Result:
        """Answers to come, or the result where nothing left."""
        settings = self._settings
        messages = plan(
            outgoing,
            now=self._now(),
            sender=settings.sender,
            gsm_data_coding=settings.gsm_data_coding,
            parts_max=settings.parts_max,
        )
        if isinstance(messages, Refused):
            return messages
        session = self._session
        if session is None:
            return NotSent("not bound to the SMSC")
        try:
            await session.reserve(len(messages), deadline_wall=outgoing.deadline_wall)
        except NotBound:
            return NotSent("the connection to the SMSC is lost; it is being opened again")
        except TimeoutError:
            return NotSent("no room in the window before the deadline", late=True)
        if clock.wall() >= outgoing.deadline_wall:
            session.release(len(messages))
            return NotSent("the deadline has passed", late=True)
        last = messages[-1]
        self._sender = outgoing.body.sender or settings.sender if isinstance(outgoing.body, SmsBody) else self._sender
        return [session.submit(message, tag=(outgoing.delivery, message is last)) for message in messages]

    async def _result(self, answers: list[asyncio.Future[Answer]]) -> Result:
        return outcome([await answer for answer in answers], submit_ids=self._settings.submit_ids)

    async def _open(self) -> Session:
        settings = self._settings
        session = Session(window=settings.window, on_request=self._inbox.take, on_late=self._late)
        await open_session(
            session,
            host=settings.host,
            port=settings.port,
            tls=settings.tls,
            bind=settings.bind(),
            timeout_s=settings.connect_timeout_s,
        )
        log.info("smpp.bound", provider=self._provider)
        return session

    async def _stay_bound(self) -> None:
        settings = self._settings
        while self._session is not None:
            await self._session.keep(enquire_link_s=settings.enquire_link_s, answer_timeout_s=settings.answer_timeout_s)
            log.warning("smpp.lost", provider=self._provider)
            self._session = await self._reopen()

    async def _reopen(self) -> Session:
        pause_s = BACKOFF_FIRST_S
        while True:
            wait_s = pause_s * random.uniform(0.5, 1.5)
            await asyncio.sleep(wait_s)
            try:
                return await self._open()
            except Unreachable as error:
                pause_s = min(BACKOFF_MAX_S, pause_s * 2)
                log.warning("smpp.unreachable", provider=self._provider, error=str(error), retry_in_s=pause_s)

    def _late(self, answer: Pdu, tag: tuple[DeliveryId, bool]) -> None:
        """An answer after its time-out resolves the doubt: as a receipt."""
        delivery, last = tag
        found = outcome([answer], submit_ids=self._settings.submit_ids)
        match found:
            case Refused(failure, code):
                receipt = Receipt("failed", self._now(), delivery, self._provider, failure=failure, code=code)
                self._inbox.add(receipt)
            case Accepted(message_id) if last:
                self._inbox.add(Receipt("accepted", self._now(), delivery, self._provider, message_id))


def outcome(answers: Sequence[Answer], *, submit_ids: IdForm = "text") -> Result:
    """One message's result from the answers to its parts: a refusal of one outweighs a doubt about another."""
    refused = [_refusal(answer) for answer in answers if isinstance(answer, Pdu) and answer.status != pdu.ROK]
    if refused:
        return min(refused, key=lambda refusal: refusal.failure == "temporary")
    for answer in answers:
        if isinstance(answer, Unanswered):
            return InDoubt(answer.detail)
    last = answers[-1]
    assert isinstance(last, Pdu)
    message_id = last.body.message_id if isinstance(last.body, pdu.MessageResponse) else ""
    return Accepted(same_id(message_id, form=submit_ids) or None)


def _refusal(answer: Pdu) -> Refused:
    failure, code, retry_after_s = STATUSES.get(answer.status, ("policy", f"0x{answer.status:08X}", None))
    tlvs = dict(answer.body.tlvs) if isinstance(answer.body, pdu.MessageResponse) else {}
    said = tlvs.get(pdu.TAG_INFO_TEXT, b"").rstrip(b"\0").decode("latin-1")
    return Refused(failure, code, said or "refused by the SMSC", retry_after_s)
