"""One mail provider: the SMTP server's decisions, with the fault script applied."""

from __future__ import annotations

from collections import Counter, OrderedDict

from antiphon_world.addresses import canonical
from antiphon_world.mail import Mail, read_mail
from antiphon_world.returned import Original
from antiphon_world.smtp import Verdict
from antiphon_world.world import TEXT_MAX, Seen, World

ACCEPTED = b"250 2.0.0 Taken\r\n"
GREYLISTED_MAX = 200_000


class Mailbox:
    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self._world = world
        self._greylisted: OrderedDict[str, float] = OrderedDict()

    def is_down(self) -> bool:
        return self._world.faults.down(self.name)

    def refuses_connection(self) -> bool:
        return self._world.faults.outage(self.name)

    def address_verdict(self, address: str) -> bytes | None:
        fault = self._world.faults.strikes(self.name, "reject_addresses", address=address)
        if fault is None and self._world.habits.person(address).email != "unknown":
            return self._come_again(address)
        code = (fault and fault.code) or 550
        self._refused(address, code, None)
        return f"{code} {code // 100}.1.1 No such mailbox here\r\n".encode()

    def _come_again(self, address: str) -> bytes | None:
        """Greylisting (RFC 6647), by address: who comes again after `delay_s` of product time is let in for good."""
        fault = self._world.faults.strikes(self.name, "greylist", address=address)
        if fault is None:
            return None
        now = self._world.clock.now()
        first = self._greylisted.setdefault(canonical(address), now)
        if len(self._greylisted) > GREYLISTED_MAX:
            self._greylisted.popitem(last=False)
        if now - first >= fault.delay_s:
            return None
        self._refused(address, 450, None)
        return b"450 4.7.1 Greylisted, come again later\r\n"

    def take(self, sender: str, recipients: list[str], envid: str | None, data: bytes) -> Verdict:
        first = recipients[0]
        nth = self._world.tried(first)
        mail = read_mail(data)
        delivery = mail.delivery or envid
        if reply := self._refusal(first, nth):
            self._refused(first, int(reply[:3]), delivery)
            return Verdict(reply)
        faults = self._world.faults
        if faults.strikes(self.name, "swallow", address=first, nth=nth):
            self._world.log("swallowed", self.name, first, channel="email", delivery=delivery)
            return Verdict(ACCEPTED)
        dropped = faults.strikes(self.name, "drop_after_data", address=first, nth=nth)
        if dropped and not dropped.taken:
            self._world.log("dropped", self.name, first, delivery=delivery)
            return Verdict(None)
        for address in recipients:
            self.counts["received"] += 1
            logged = {"subject": mail.subject[:TEXT_MAX], "text": mail.text[:TEXT_MAX], "size": len(data)}
            seen = seen_of(mail, sender, delivery)
            self._world.received("email", self.name, address, seen, **logged, envelope_from=sender, envid=envid)
        if dropped:
            self._world.log("dropped", self.name, first, delivery=delivery)
            return Verdict(None)
        slow = faults.strikes(self.name, "slow", address=first, nth=nth)
        return Verdict(ACCEPTED, slow.delay_s if slow else 0.0)

    def _refusal(self, address: str, nth: int) -> bytes | None:
        if throttle := self._world.faults.strikes(self.name, "throttle", address=address, nth=nth):
            code, status = throttle.code or 451, "4.7.28" if throttle.domains else "4.7.1"
            return f"{code} {status} Too fast, try again later\r\n".encode()
        if refuse := self._world.faults.strikes(self.name, "refuse", address=address, nth=nth):
            code = refuse.code or 554
            return f"{code} {code // 100}.7.1 Refused by policy\r\n".encode()
        return None

    def _refused(self, address: str, code: int, delivery: str | None) -> None:
        self.counts["refused"] += 1
        self._world.log("refused", self.name, address, channel="email", code=code, delivery=delivery)


def seen_of(mail: Mail, envelope_from: str, delivery: str | None) -> Seen:
    original = Original(
        envelope_from, mail.answer_to, mail.subject[:TEXT_MAX], mail.message_id, mail.head, mail.text[:400]
    )
    return Seen(delivery, mail.links, mail.pixel, mail.unsubscribe, None, mail.sender, mail.preferences, original)
