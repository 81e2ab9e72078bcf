"""Web Push (RFC 8030): one POST to the browser maker's push service, encrypted for the browser.

`Outgoing.to` is the subscription's endpoint, `details` its keys: `{"p256dh": …, "auth": …}` in base64url. What our
service worker gets is JSON: `title`, `body`, `url`, `shown`. Endpoints come from customers, so each passes the URL
guard, and the connection is pinned to the address that was checked; no proxy, no redirects. Nothing comes back
here: who saw and clicked is told by our own pages.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Final, Literal

import msgspec
from msgspec import Struct
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PoolTimeoutError, PyreqwestError, RequestError
from pyreqwest.response import Response

from antiphon.channels.adapter import Limits, OneWay, Sink
from antiphon.channels.adapters.push import encryption
from antiphon.channels.adapters.push.encryption import PLAINTEXT_OCTETS_MAX, Vapid
from antiphon.kernel import clock, urls
from antiphon.kernel.records import (
    Accepted,
    Channel,
    FailureClass,
    InDoubt,
    NotSent,
    Outgoing,
    PushBody,
    Refused,
    Result,
)

TTL_MAX_S: Final = 28 * 86_400
"""What FCM and Mozilla keep at most; longer is cut."""
RETRY_AFTER_S: Final = 30.0
RETRY_AFTER_MAX_S: Final = 86_400.0
CLIENTS_MAX: Final = 64
SAID_OCTETS_MAX: Final = 200


class WebPushSettings(Struct, frozen=True, kw_only=True):
    """`private_key` is the VAPID key (32 octets, base64url), `subject` a mailto: or https: address of ours."""

    private_key: str
    subject: str
    urgency: Literal["very-low", "low", "normal", "high"] = "normal"
    ttl_s: int = 86_400
    connect_timeout_s: float = 5.0
    answer_timeout_s: float = 10.0

    def __post_init__(self) -> None:
        Vapid(encryption.private_key_of(self.private_key), subject=self.subject)
        if not 0 <= self.ttl_s <= TTL_MAX_S:
            raise ValueError(f"ttl_s: from 0 to {TTL_MAX_S} (28 days)")
        if not 0 < self.connect_timeout_s < self.answer_timeout_s:
            # The other way round, a connection that did not come about could not be told from a lost answer.
            raise ValueError("connect_timeout_s: above 0 and below answer_timeout_s")

    def __repr__(self) -> str:
        return f"WebPushSettings({self.subject})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Any: as the base class has it
        return [("subject", self.subject)]


# RFC 8030 5 and 7.3, RFC 8292 4.2; the rest is told by its hundred.
STATUSES: dict[int, tuple[FailureClass, str]] = {
    400: ("policy", "bad_request"),
    401: ("policy", "vapid_missing"),
    403: ("policy", "vapid_refused"),
    404: ("address", "gone"),
    408: ("temporary", "time_out"),
    410: ("address", "gone"),
    413: ("message", "too_large"),
    429: ("temporary", "throttled"),
    503: ("temporary", "unavailable"),
}
HUNDREDS: dict[int, tuple[FailureClass, str]] = {
    3: ("policy", "redirect"),  # never followed: the guard has not seen where it leads
    4: ("policy", "refused"),
    5: ("temporary", "server_error"),
}


class _Request(Struct, frozen=True):
    body: bytes
    ttl_s: int


class _Pinned(Struct):
    """A client for one checked address. Its first request goes alone: a cold HTTP/2 client opens one connection
    for each request that it gets before the first has agreed on the protocol."""

    client: Client
    first: asyncio.Lock
    warm: bool = False
    users: int = 0


class WebPushAdapter(OneWay):
    name: ClassVar[str] = "webpush"
    channel: ClassVar[Channel] = Channel.PUSH
    limits: ClassVar[Limits] = Limits(
        in_flight_max=100, size_max=PLAINTEXT_OCTETS_MAX, source="RFC 8030 7.2 and RFC 8291 4 (4,096 octets sealed)"
    )

    def __init__(
        self,
        settings: WebPushSettings,
        *,
        allow_private: bool = False,
        now: Callable[[], datetime] = clock.wall_datetime,
    ) -> None:
        """`allow_private` (sandbox, tests) admits http and any address; `now` is product time, for what expires."""
        self._settings = settings
        self._allow_private = allow_private
        self._now = now
        self._vapid = Vapid(encryption.private_key_of(settings.private_key), subject=settings.subject)
        self._guard = urls.Guard(allow_private=allow_private)
        self._room = asyncio.Semaphore(self.limits.in_flight_max)
        self._clients: OrderedDict[tuple[str, str, int, str], _Pinned] = OrderedDict()

    @property
    def public_key(self) -> str:
        """What browsers need as `applicationServerKey`."""
        return self._vapid.public_key

    async def connect(self) -> None:
        """Nothing to open: every push service is met with the first message for it."""

    async def close(self) -> None:
        while self._clients:
            _, pinned = self._clients.popitem()
            await pinned.client.close()

    async def send_many(self, batch: Sequence[Outgoing]) -> Sequence[Result]:
        return await asyncio.gather(*(self._send(outgoing) for outgoing in batch))

    async def listen(self, sink: Sink) -> None:
        """Push services report nothing."""

    async def _send(self, outgoing: Outgoing) -> Result:
        request = prepare(outgoing, ttl_s=self._settings.ttl_s, now=self._now())
        if isinstance(request, Refused):
            return request
        try:
            async with asyncio.timeout(max(0.0, outgoing.deadline_wall - clock.wall())):
                await self._room.acquire()
        except TimeoutError:
            return NotSent("no room before the deadline", late=True)
        try:
            return await self._send_guarded(outgoing, request)
        finally:
            self._room.release()

    async def _send_guarded(self, outgoing: Outgoing, request: _Request) -> Result:
        try:
            checked = await self._guard.check(outgoing.to)
        except urls.Refused as refused:
            if refused.reason == "dns":
                return Refused("temporary", "dns", str(refused), RETRY_AFTER_S)
            return Refused("address", "endpoint", str(refused))
        if checked.scheme != "https" and not self._allow_private:
            return Refused("address", "endpoint", "An endpoint is https.")
        pinned = self._pinned(checked)
        pinned.users += 1
        try:
            await self._close_unused()
            if pinned.warm or checked.scheme != "https":
                return await self._post(pinned, checked, outgoing, request)
            async with pinned.first:
                return await self._post(pinned, checked, outgoing, request)
        finally:
            pinned.users -= 1

    async def _post(self, pinned: _Pinned, checked: urls.Checked, outgoing: Outgoing, request: _Request) -> Result:
        now_s = clock.wall()
        if now_s >= outgoing.deadline_wall:
            return NotSent("the deadline has passed", late=True)
        headers = {
            "TTL": str(request.ttl_s),
            "Urgency": self._settings.urgency,
            # The same for every attempt: while the browser is away, a repeat replaces what it repeats (RFC 8030 5.4).
            "Topic": f"d{outgoing.delivery}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "Authorization": self._vapid.authorization(checked.origin, now_s=now_s),
        }
        building = (
            pinned.client.post(checked.url).headers(headers).body_bytes(request.body).streamed_read_buffer_limit(0)
        )
        try:
            async with building.build_streamed() as response:
                pinned.warm = True
                return await _result(response)
        except PyreqwestError as error:
            return _failure(error)

    def _pinned(self, checked: urls.Checked) -> _Pinned:
        key = (checked.scheme, checked.host, checked.port, checked.address)
        if key not in self._clients:
            self._clients[key] = _Pinned(client=self._client(checked), first=asyncio.Lock())
        self._clients.move_to_end(key)
        return self._clients[key]

    async def _close_unused(self) -> None:
        """The clients that were not used for longest, above 64."""
        spare = max(0, len(self._clients) - CLIENTS_MAX)
        unused = [key for key, pinned in self._clients.items() if pinned.users == 0][:spare]
        for pinned in [self._clients.pop(key) for key in unused]:
            await pinned.client.close()

    def _client(self, checked: urls.Checked) -> Client:
        settings = self._settings
        builder = ClientBuilder().http2(True).follow_redirects(False).no_proxy().referer(False)
        builder = builder.gzip(False).brotli(False).zstd(False).deflate(False).user_agent("antiphon")
        builder = builder.timeout(timedelta(seconds=settings.answer_timeout_s))
        builder = builder.connect_timeout(timedelta(seconds=settings.connect_timeout_s))
        return builder.resolve(checked.host, checked.address, checked.port).build()


def prepare(outgoing: Outgoing, *, ttl_s: int, now: datetime) -> _Request | Refused:
    """The sealed body and how long it may wait for the browser."""
    if not isinstance(outgoing.body, PushBody):
        return Refused("message", "wrong_body", "this provider sends push notifications only")
    if outgoing.expires_at is not None:
        ttl_s = min(TTL_MAX_S, int((outgoing.expires_at - now).total_seconds()))
        if ttl_s <= 0:
            return Refused("message", "expired", "its time has passed")
    shown = outgoing.body
    content = {"title": shown.title, "body": shown.body, "url": shown.url, "shown": shown.shown_url}
    plaintext = msgspec.json.encode(content)
    if len(plaintext) > PLAINTEXT_OCTETS_MAX:
        return Refused("message", "too_large", f"{len(plaintext)} octets; at most {PLAINTEXT_OCTETS_MAX} fit")
    try:
        p256dh, auth = (encryption.decode64(str(outgoing.details.get(name, ""))) for name in ("p256dh", "auth"))
        return _Request(body=encryption.encrypt(plaintext, p256dh=p256dh, auth=auth), ttl_s=ttl_s)
    except ValueError as error:
        return Refused("address", "keys", f"the subscription's keys cannot be used: {error}")


async def _result(response: Response) -> Result:
    if 200 <= response.status < 300:
        return Accepted(response.get_header("Location"))
    failure, code = STATUSES.get(response.status) or HUNDREDS.get(response.status // 100, ("policy", "refused"))
    detail = f"{response.status} {await _said(response)}".strip()
    wait_s = _retry_after_s(response.get_header("Retry-After")) if failure == "temporary" else None
    return Refused(failure, f"{response.status} {code}", detail, wait_s)


async def _said(response: Response) -> str:
    """The beginning of the body; the status counts even where the body breaks off."""
    with suppress(PyreqwestError):
        octets = await response.body_reader.read(SAID_OCTETS_MAX)
        return bytes(octets or b"").decode("utf-8", "replace")
    return ""


def _retry_after_s(value: str | None) -> float:
    """Seconds or a date (RFC 9110 10.2.3), at most a day; 30 s where it says nothing readable."""
    if value is None:
        return RETRY_AFTER_S
    if value.isdecimal():
        return min(RETRY_AFTER_MAX_S, float(value))
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return RETRY_AFTER_S
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(RETRY_AFTER_MAX_S, max(1.0, at.timestamp() - clock.wall()))


def _failure(error: PyreqwestError) -> Result:
    """Nothing left us only where the connection itself failed.

    The type does not tell: pyreqwest 0.15 calls a broken or silent exchange a connect error too; its causes do.
    """
    causes = [cause["message"] for cause in (error.details["causes"] or [])] if isinstance(error, RequestError) else []
    words = causes[-1] if causes else error.message
    if isinstance(error, PoolTimeoutError) or "client error (Connect)" in causes:
        return NotSent(f"no connection to the push service: {words}")
    return InDoubt(f"no answer from the push service: {words}")
