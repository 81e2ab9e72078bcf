"""One operator's decisions: what it takes, what it reports, and how its subscribers' phones answer."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

from msgspec import Struct

from antiphon_world import gsm7
from antiphon_world.addresses import canonical
from antiphon_world.draw import draw
from antiphon_world.faults import Fault
from antiphon_world.letter import tracked_links
from antiphon_world.outbox import Outbox, Parcel
from antiphon_world.pdu import (
    ESM_RECEIPT,
    INVALID_DESTINATION,
    OK,
    SUBMIT_FAILED,
    THROTTLED,
    TLV_MESSAGE_STATE,
    TLV_RECEIPTED_ID,
    TLV_USER_REFERENCE,
    Part,
    Submit,
    deliver_body,
    read_part,
)
from antiphon_world.smsc import Answered, SmppSession
from antiphon_world.world import TEXT_MAX, Seen, World

PARTIAL_MAX = 10_000
PARTIAL_S = 60.0
RECEIPT_S = (0.02, 0.2)
STATES = {"ACCEPTD": 6, "DELIVRD": 2, "EXPIRED": 3, "UNDELIV": 5, "REJECTD": 8}


class _Partial(Struct):
    since: float
    parts: dict[int, bytes] = {}
    ids: dict[int, str] = {}


class Operator:
    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self.sessions: set[SmppSession] = set()
        self.outbox = Outbox(self.sessions)
        self._world = world
        self._partial: dict[tuple[str, str, int | None, int], _Partial] = {}
        # Ids differ from run to run, as an operator's do: a client may keep them for days.
        self._id_prefix = f"{name.partition(':')[2]}{int(time.time() * 1000):x}"

    def is_down(self) -> bool:
        return self._world.faults.down(self.name)

    def refuses_connection(self) -> bool:
        return self._world.faults.outage(self.name)

    def bound(self, session: SmppSession) -> None:
        if session.system_id is not None:
            self.outbox.pump(session.system_id)

    def take(self, submit: Submit, session: SmppSession) -> Answered:
        address = canonical(submit.destination)
        part = read_part(submit)
        nth = self._world.tried(address)
        faults = self._world.faults
        unknown = faults.strikes(self.name, "reject_addresses", address=address)
        if (status := self._refusal(address, nth, unknown)) != OK:
            self.counts["refused"] += 1
            self._world.log("refused", self.name, address, channel="sms", code=status)
            return Answered(status)
        self.counts["submitted"] += 1
        message_id = f"{self._id_prefix}{self.counts['submitted']:06x}"
        if faults.strikes(self.name, "swallow", address=address, nth=nth):
            self._world.log("swallowed", self.name, address, channel="sms", message_id=message_id)
            return Answered(OK, message_id)
        dropped = faults.strikes(self.name, "drop_after_data", address=address, nth=nth)
        if dropped is None or dropped.taken:
            self._keep(submit, address, part, message_id)
            state = "UNDELIV" if unknown or self._world.is_undelivered(address) else "DELIVRD"
            self._report(submit, address, session, message_id=message_id, state=state, nth=nth)
        if dropped:
            self._world.log("dropped", self.name, address, message_id=message_id)
            return Answered(None)
        slow = faults.strikes(self.name, "slow", address=address, nth=nth)
        return Answered(OK, message_id, slow.delay_s if slow else 0.0)

    def _refusal(self, address: str, nth: int, unknown: Fault | None) -> int:
        faults = self._world.faults
        if self._world.habits.person(address).sms == "unknown":
            return INVALID_DESTINATION
        if unknown and not unknown.by_receipt:
            return unknown.code or INVALID_DESTINATION
        if throttle := faults.strikes(self.name, "throttle", address=address, nth=nth):
            return throttle.code or THROTTLED
        if refuse := faults.strikes(self.name, "refuse", address=address, nth=nth):
            return refuse.code or SUBMIT_FAILED
        return OK

    def _keep(self, submit: Submit, address: str, part: Part, message_id: str) -> None:
        """Hand a whole message to the customer; keep a piece until the others are here."""
        partial = _Partial(time.monotonic(), {part.number: part.content}, {part.number: message_id})
        if part.reference is not None:
            self._forget_old()
            key = (submit.source, address, part.reference, part.total)
            partial = self._partial.setdefault(key, partial)
            partial.parts[part.number], partial.ids[part.number] = part.content, message_id
            if len(partial.parts) < part.total:
                return
            del self._partial[key]
        text = _text(b"".join(partial.parts[n] for n in sorted(partial.parts)), submit.coding)
        self.counts["received"] += 1
        reference = submit.tlvs.get(TLV_USER_REFERENCE)
        self._world.received(
            "sms", self.name, address, Seen(links=tracked_links(text), sender=submit.source),
            text=text[:TEXT_MAX], parts=part.total, sender=submit.source, coding=submit.coding,
            message_ids=[partial.ids[n] for n in sorted(partial.ids)],
            reference=None if reference is None else int.from_bytes(reference, "big"),
        )  # fmt: skip

    def _forget_old(self) -> None:
        """Oldest first, as a dict keeps them."""
        before = time.monotonic() - PARTIAL_S
        while self._partial:
            key, partial = next(iter(self._partial.items()))
            if partial.since > before and len(self._partial) < PARTIAL_MAX:
                return
            del self._partial[key]
            self._world.log("sms_incomplete", self.name, key[1], parts=len(partial.parts), of=key[3])

    def _report(
        self, submit: Submit, address: str, session: SmppSession, *, message_id: str, state: str, nth: int
    ) -> None:
        wanted = submit.registered & 0x03
        silent = self._world.habits.person(address).sms == "silent"
        if wanted not in (1, 2) or (wanted == 2 and state == "DELIVRD") or silent or session.system_id is None:
            return
        faults = self._world.faults
        if faults.strikes(self.name, "lost_receipts", address=address, nth=nth):
            self._world.log("receipt_withheld", self.name, address, message_id=message_id)
            return
        late = faults.strikes(self.name, "late_receipts", address=address, nth=nth)
        twice = faults.strikes(self.name, "duplicate_receipts", address=address, nth=nth)
        body = _receipt(submit, address, message_id, state)
        for n in range(twice.times if twice else 1):
            low, high = RECEIPT_S
            wait_s = low + (high - low) * draw(self._world.seed, address, nth, "receipt", n)
            parcel = Parcel(session.system_id, body, lambda taken: self._reported(address, message_id, state, taken))
            self.outbox.put(parcel, after_s=wait_s + (late.delay_s if late else 0.0))
        if faults.strikes(self.name, "reordered_receipts", address=address, nth=nth):
            self._report_late(submit, address, session.system_id, message_id, after_s=wait_s + RECEIPT_S[1])

    def _report_late(self, submit: Submit, address: str, system_id: str, message_id: str, *, after_s: float) -> None:
        """That the operator has taken it, told after what became of it."""
        body = _receipt(submit, address, message_id, "ACCEPTD")
        done = lambda taken: self._reported(address, message_id, "ACCEPTD", taken)  # noqa: E731
        self.outbox.put(Parcel(system_id, body, done), after_s=after_s)

    def _reported(self, address: str, message_id: str, state: str, taken: bool) -> None:
        kind = "receipt_sent" if taken else "receipt_lost"
        self._world.log(kind, self.name, address, message_id=message_id, state=state)

    async def text_out(self, number: str, to: str, text: str) -> bool:
        """An SMS from a phone. False while no client can take it."""
        session = self.outbox.session_of(None)
        if session is None:
            return False
        octets = gsm7.encode(text)
        coding = 0 if octets is not None else 8
        session.busy += 1
        try:
            content = octets if octets is not None else text.encode("utf-16-be")
            return await session.deliver(deliver_body(number, to, content, coding=coding))
        finally:
            session.busy -= 1
            if session.system_id is not None:
                self.outbox.pump(session.system_id)


def _text(content: bytes, coding: int) -> str:
    if coding == 8:
        return content.decode("utf-16-be", "replace")
    if coding in (1, 3):
        return content.decode("latin-1")
    return content.hex() if coding in (2, 4) else gsm7.decode(content)


def _receipt(submit: Submit, address: str, message_id: str, state: str) -> bytes:
    """The customary text (SMPP 3.4 appendix B) and the TLVs of 5.3.2.12 and 5.3.2.35."""
    now = datetime.now(UTC).strftime("%y%m%d%H%M")
    done = state == "DELIVRD"
    text = (
        f"id:{message_id} sub:001 dlvrd:{'001' if done else '000'} submit date:{now} done date:{now} "
        f"stat:{state} err:{'000' if done else '001'} text:"
    )
    tlvs = ((TLV_RECEIPTED_ID, message_id.encode() + b"\0"), (TLV_MESSAGE_STATE, bytes((STATES[state],))))
    return deliver_body(address, submit.source, text.encode(), esm_class=ESM_RECEIPT, tlvs=tlvs)
