"""One mail provider: the SMTP server's decisions, with the fault script applied."""

from __future__ import annotations

from collections import Counter

from antiphon_world.mail import read_mail
from antiphon_world.smtp import Verdict
from antiphon_world.world import TEXT_MAX, Seen, World

ACCEPTED = b"250 2.0.0 Taken\r\n"


class Mailbox:
    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self._world = world

    def is_down(self) -> bool:
        return self._world.faults.down(self.name)

    def refuses_connection(self) -> bool:
        return self._world.faults.outage(self.name)

    def address_verdict(self, address: str) -> bytes | None:
        fault = self._world.faults.strikes(self.name, "reject_addresses", address=address)
        if fault is None and self._world.habits.person(address).email != "unknown":
            return None
        code = (fault and fault.code) or 550
        self._refused(address, code, None)
        return f"{code} {code // 100}.1.1 No such mailbox here\r\n".encode()

    def take(self, sender: str, recipients: list[str], envid: str | None, data: bytes) -> Verdict:
        first = recipients[0]
        nth = self._world.tried(first)
        mail = read_mail(data)
        delivery = mail.delivery or envid
        if reply := self._refusal(first, nth):
            self._refused(first, int(reply[:3]), delivery)
            return Verdict(reply)
        faults = self._world.faults
        dropped = faults.strikes(self.name, "drop_after_data", address=first, nth=nth)
        if dropped and not dropped.taken:
            self._world.log("dropped", self.name, first, delivery=delivery)
            return Verdict(None)
        seen = Seen(delivery, mail.links, mail.pixel, mail.unsubscribe, None, mail.sender, mail.preferences)
        for address in recipients:
            self.counts["received"] += 1
            logged = {"subject": mail.subject[:TEXT_MAX], "text": mail.text[:TEXT_MAX], "size": len(data)}
            self._world.received("email", self.name, address, seen, **logged, envelope_from=sender, envid=envid)
        if dropped:
            self._world.log("dropped", self.name, first, delivery=delivery)
            return Verdict(None)
        slow = faults.strikes(self.name, "slow", address=first, nth=nth)
        return Verdict(ACCEPTED, slow.delay_s if slow else 0.0)

    def _refusal(self, address: str, nth: int) -> bytes | None:
        if throttle := self._world.faults.strikes(self.name, "throttle", address=address, nth=nth):
            return f"{throttle.code or 451} 4.7.1 Too fast, try again later\r\n".encode()
        if refuse := self._world.faults.strikes(self.name, "refuse", address=address, nth=nth):
            code = refuse.code or 554
            return f"{code} {code // 100}.7.1 Refused by policy\r\n".encode()
        return None

    def _refused(self, address: str, code: int, delivery: str | None) -> None:
        self.counts["refused"] += 1
        self._world.log("refused", self.name, address, channel="email", code=code, delivery=delivery)
