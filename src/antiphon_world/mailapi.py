"""A mail provider with an HTTP API: `POST /mail/<n>/v3/mail/send`, and events by signed calls to a webhook.

It speaks the dialect of SendGrid's v3 API, as one that is documented in public and spoken by others too: a message in
JSON, 202 with `X-Message-Id`; events as a JSON list, signed with ECDSA (P-256, SHA-256) over time stamp and body.
Source: SendGrid's API reference, "Mail Send", "Event Webhook Reference" and "Event Webhook Security Features".
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections import Counter
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from antiphon_world.draw import draw
from antiphon_world.habits import is_dead
from antiphon_world.letter import Letter
from antiphon_world.mail import read_parts
from antiphon_world.returned import WHY, Original
from antiphon_world.web import Answer, Request, as_json
from antiphon_world.webhooks import Webhook
from antiphon_world.world import TEXT_MAX, Seen, World

PATH = re.compile(r"/mail/(\d)/v3/mail/send")
NOTIFIED_S = (0.02, 0.2)
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Json = dict[str, Any]  # Any: foreign JSON


class MailApi:
    """`outbox` calls the platform back, once `POST /world/webhooks` has said where."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self._world = world
        self.outbox = Webhook(lambda stamp, body: sign(world.seed, stamp, body), self._called)

    def is_down(self) -> bool:
        return self._world.faults.down(self.name)

    async def handle(self, request: Request) -> Answer:
        if self._world.faults.outage(self.name):
            return Answer(0)
        try:
            said: Json = msgspec.json.decode(request.body)
            address = str(said["personalizations"][0]["to"][0]["email"])
        except (msgspec.DecodeError, KeyError, IndexError, TypeError):
            return _error(400, "The message is not understood.")
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return _error(401, "The provided authorization grant is invalid.")
        return await self._take(said, address)

    async def _take(self, said: Json, address: str) -> Answer:
        nth, faults = self._world.tried(address), self._world.faults
        if refused := self._refusal(address, nth):
            self.counts["refused"] += 1
            self._world.log("refused", self.name, address, channel="email", code=refused.status)
            return refused
        self.counts["taken"] += 1
        message_id = f"{self.name.partition(':')[2]}w{draw(self._world.seed, address, nth, self.counts['taken']):.16f}"
        swallowed = faults.strikes(self.name, "swallow", address=address, nth=nth)
        dropped = faults.strikes(self.name, "drop_after_data", address=address, nth=nth)
        if swallowed:
            self._world.log("swallowed", self.name, address, channel="email", message_id=message_id)
        elif dropped is None or dropped.taken:
            self._receive(said, address, message_id, nth)
        if dropped:
            self._world.log("dropped", self.name, address, channel="email", message_id=message_id)
            return Answer(0)
        if slow := faults.strikes(self.name, "slow", address=address, nth=nth):
            await asyncio.sleep(slow.delay_s)
        return Answer(202, b"", (("X-Message-Id", message_id),))

    def _refusal(self, address: str, nth: int) -> Answer | None:
        faults = self._world.faults
        if throttle := faults.strikes(self.name, "throttle", address=address, nth=nth):
            return _error(throttle.code or 429, "too many requests")
        if refuse := faults.strikes(self.name, "refuse", address=address, nth=nth):
            return _error(refuse.code or 400, "The message is refused.")
        return None

    def _receive(self, said: Json, address: str, message_id: str, nth: int) -> None:
        """A mailbox that does not exist is told by an event: the API takes everything."""
        custom = said["personalizations"][0].get("custom_args") or {}
        about = {"email": address, "sg_message_id": f"{message_id}.world", **custom}
        unknown = self._world.faults.strikes(self.name, "reject_addresses", address=address)
        events = [{"event": "processed", **about}]
        if unknown or self._world.habits.person(address).email == "unknown":
            self._world.log("refused", self.name, address, channel="email", code=550, message_id=message_id)
            events.append(_bounced(about, "dead"))
        else:
            self.counts["received"] += 1
            letter = self._deliver(said, address, message_id)
            if not letter.returns:
                events.append({"event": "delivered", "response": "250 2.0.0 Taken", **about})
        self._tell(events, address, nth)

    def _deliver(self, said: Json, address: str, message_id: str) -> _Delivered:
        bodies = {str(part.get("type")): str(part.get("value", "")) for part in said.get("content", ())}
        headers = {str(name).lower(): str(value) for name, value in (said.get("headers") or {}).items()}
        html, text, subject = bodies.get("text/html", ""), bodies.get("text/plain", ""), str(said.get("subject", ""))
        read = read_parts(html, text, headers)
        sender = str((said.get("reply_to") or said.get("from") or {}).get("email", ""))
        delivery = headers.get("x-antiphon-delivery")
        custom = said["personalizations"][0].get("custom_args") or {}
        original = Original("", sender, subject, message_id, "", read.text[:400], msgspec.json.encode(custom).decode())
        seen = Seen(delivery, read.links, read.pixel, read.unsubscribe, None, sender, read.preferences, original)
        logged = {"subject": subject[:TEXT_MAX], "text": read.text[:TEXT_MAX], "size": len(html) + len(text)}
        letter = self._world.received("email", self.name, address, seen, **logged, message_id=message_id)
        return _Delivered(letter, is_dead(self._world.habits, self._world.seed, address))

    def _tell(self, events: list[Json], address: str, nth: int) -> None:
        """Each event once, or as the script has it: late, twice, never, in the wrong order."""
        faults, stamp = self._world.faults, int(time.time())  # whoever is outside has no clock of the platform
        if faults.strikes(self.name, "lost_receipts", address=address, nth=nth):
            self._world.log("receipt_withheld", self.name, address, state=events[-1]["event"])
            return
        late = faults.strikes(self.name, "late_receipts", address=address, nth=nth)
        twice = faults.strikes(self.name, "duplicate_receipts", address=address, nth=nth)
        if faults.strikes(self.name, "reordered_receipts", address=address, nth=nth):
            events = events[::-1]
        low, high = NOTIFIED_S
        for place, event in enumerate(events):
            named = {"sg_event_id": f"{event['sg_message_id']}-{event['event']}", "timestamp": stamp, **event}
            for n in range(twice.times if twice else 1):
                wait_s = (low + (high - low) * draw(self._world.seed, address, nth, "event", n)) * (place + 1)
                self.outbox.put(named, after_s=wait_s + (late.delay_s if late else 0.0))

    def tell_later(self, letter: Letter, do: str, why: str = "") -> None:
        """That it came back after all, or that the person complained."""
        if letter.original is None:
            return
        about = {"email": letter.address, "sg_message_id": f"{letter.original.message_id}.world"}
        about |= msgspec.json.decode(letter.original.arguments)
        event = _bounced(about, why) if do == "bounce" else {"event": "spamreport", **about}
        self._tell([event], letter.address, letter.nth)

    def _called(self, events: list[Json], taken: bool) -> None:
        for event in events:
            kind = "receipt_sent" if taken else "receipt_lost"
            self._world.log(kind, self.name, event["email"], message_id=event["sg_message_id"], state=event["event"])


class _Delivered(msgspec.Struct):
    letter: Letter
    returns: bool


def _bounced(about: Json, why: str) -> Json:
    status, code, words = WHY[why]
    return {"event": "bounce", "type": "bounce", "status": status, "reason": f"{code} {status} {words}", **about}


def _error(status: int, message: str) -> Answer:
    return as_json({"errors": [{"message": message, "field": None, "help": None}]}, status)


@lru_cache(maxsize=4)
def _key(seed: int) -> ec.EllipticCurvePrivateKey:
    secret = int(draw(seed, "webhook") * 2**52) * 2**180 + int(draw(seed, "webhook", 2) * 2**52)
    return ec.derive_private_key(secret % (_ORDER - 1) + 1, ec.SECP256R1())


def sign(seed: int, stamp: str, body: bytes) -> str:
    return base64.b64encode(_key(seed).sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()


def verification_key(seed: int) -> str:
    """As the provider's page shows it: DER in base64."""
    public = _key(seed).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(public).decode()
