"""The push service (RFC 8030) and the device behind it, which decrypts and shows."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec

from antiphon_world.addresses import canonical, person_of
from antiphon_world.letter import is_tracked
from antiphon_world.web import Answer, Request
from antiphon_world.webpush import Undecryptable, VapidRefused, check_vapid, subscription
from antiphon_world.world import TEXT_MAX, Seen, World

SIZE_MAX = 4096
NAME = "push"


class PushService:
    """`POST /push/<name>`: 201 and a Location; 404 or 410 for a subscription that is gone."""

    def __init__(self, world: World) -> None:
        self.name = NAME
        self.counts: Counter[str] = Counter()
        self._world = world
        self._number = 0

    async def handle(self, request: Request) -> Answer:
        host = request.headers.get("host", "127.0.0.1")
        address = f"http://{host}{request.path}"
        nth = self._world.tried(address)
        if fault := self._refusal(request, address, nth):
            status, why = fault
            self.counts["refused"] += 1
            if status:
                self._world.log("refused", NAME, address, channel="push", code=status, reason=why)
            return Answer(status, why.encode(), (("Retry-After", "1"),) if status == 429 else ())
        faults = self._world.faults
        swallowed = faults.strikes(NAME, "swallow", address=address, nth=nth)
        dropped = faults.strikes(NAME, "drop_after_data", address=address, nth=nth)
        if swallowed:
            self._world.log("swallowed", NAME, address, channel="push")
        elif dropped is None or dropped.taken:
            self._take(request, address)
        if dropped:
            self._world.log("dropped", NAME, address)
            return Answer(0)
        if slow := faults.strikes(NAME, "slow", address=address, nth=nth):
            await asyncio.sleep(slow.delay_s)
        self._number += 1
        return Answer(
            201, b"", (("Location", f"http://{host}/message/{self._number}"), ("TTL", request.headers["ttl"]))
        )

    def _refusal(self, request: Request, address: str, nth: int) -> tuple[int, str] | None:
        faults = self._world.faults
        if faults.outage(NAME):
            return 0, "outage"
        if request.method != "POST":
            return 405, "POST only"
        if len(request.body) > SIZE_MAX:
            return 413, "larger than 4096 octets"
        if not request.headers.get("ttl", "").isdigit():
            return 400, "TTL is needed (RFC 8030 5.2)"
        if request.body and request.headers.get("content-encoding") != "aes128gcm":
            return 415, "Content-Encoding must be aes128gcm (RFC 8291)"
        if why := _bad_vapid(request):
            return 403, why
        if throttle := faults.strikes(NAME, "throttle", address=address, nth=nth):
            return throttle.code or 429, "too many"
        if refuse := faults.strikes(NAME, "refuse", address=address, nth=nth):
            return refuse.code or 400, "refused"
        return self._gone(address)

    def _gone(self, address: str) -> tuple[int, str] | None:
        faults = self._world.faults
        if reject := faults.strikes(NAME, "reject_addresses", address=address):
            return reject.code or 404, "no such subscription"
        gone = faults.strikes(NAME, "gone", address=address)
        names = {canonical(address), person_of(address)}
        if gone or names & self._world.gone or self._world.habits.person(address).push == "gone":
            return (gone and gone.code) or 410, "the subscription is gone"
        return None

    def _take(self, request: Request, address: str) -> None:
        name = canonical(address).rpartition("/")[2]
        try:
            payload = subscription(self._world.seed, name).decrypt(request.body) if request.body else b""
        except Undecryptable:
            payload = None
        fields = _fields(payload)
        url = fields.get("url")
        shown = fields.get("shown") or fields.get("shown_url")
        delivery = fields.get("delivery")
        seen = Seen(
            delivery=None if delivery is None else str(delivery)[:200],
            links=(url,) if isinstance(url, str) and is_tracked(url) else (),
            shown=shown if isinstance(shown, str) else None,
        )
        self.counts["received"] += 1
        headers = {name: request.headers.get(name) for name in ("ttl", "urgency", "topic")}
        self._world.received(
            "push", NAME, address, seen,
            subject=str(fields.get("title", ""))[:TEXT_MAX], text=str(fields.get("body", ""))[:TEXT_MAX],
            decrypted=payload is not None, vapid="authorization" in request.headers, **headers,
        )  # fmt: skip


def _bad_vapid(request: Request) -> str | None:
    """A service accepts a push without VAPID where the subscription asks for none; ours ask for none."""
    if (authorization := request.headers.get("authorization")) is None:
        return None
    try:
        check_vapid(authorization, origin=f"http://{request.headers.get('host', '')}")
    except VapidRefused as refused:
        return str(refused)
    return None


def _fields(payload: bytes | None) -> dict[str, Any]:  # Any: foreign JSON
    """A payload that is not a JSON object is shown as text."""
    if not payload:
        return {}
    try:
        decoded = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        decoded = None
    return decoded if isinstance(decoded, dict) else {"body": payload.decode("utf-8", "replace")}
