"""One provider's HTTP API: a pooled client for an origin that the guard has seen, with bounds on room and time.

The connection is pinned to the address that was checked; no proxy, no redirects. What decides an outcome: nothing
left us only where there was no connection or no time; an exchange that broke off is in doubt.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PoolTimeoutError, PyreqwestError, RequestError

from antiphon.kernel import clock, urls
from antiphon.kernel.records import InDoubt, NotSent

CLIENTS_MAX: Final = 8
"""The origin may have so many addresses at a time before the client that was not used for longest is closed."""
IDLE_S: Final = 20.0
"""Load balancers close idle connections after a minute or so; we come before them, as a request that crosses with a
close is in doubt."""
ANSWER_OCTETS_MAX: Final = 1_000_000
RETRY_AFTER_MAX_S: Final = 86_400.0


class Answer(Struct, frozen=True):
    """`headers` in lower case. `retry_after_s` as the provider asks, at most a day."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    retry_after_s: float | None = None

    def json(self) -> Any:
        """None for anything that is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def said(self) -> str:
        return " ".join(self.body[:300].decode("utf-8", "replace").split())


class Room:
    """For so many at once; may grow and shrink while it is used. First come, first served."""

    def __init__(self, size: int) -> None:
        self._size, self._used = size, 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        if self._used < self._size and not self._waiting:
            self._used += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self.leave()  # it was let in as it gave up
            raise

    def leave(self) -> None:
        self._used -= 1
        self._let_in()

    def resize(self, size: int) -> int:
        """Returns how many are in: those beyond the new size stay until they leave."""
        self._size = size
        self._let_in()
        return self._used

    def _let_in(self) -> None:
        while self._waiting and self._used < self._size:
            place = self._waiting.popleft()
            if not place.done():
                self._used += 1
                place.set_result(None)


class _Pinned(Struct):
    client: Client
    users: int = 0


class HttpClient:
    """At most `room` requests at once. `private` (sandbox, tests) admits http and any address."""

    def __init__(self, *, private: bool, room: int, connect_timeout_s: float, answer_timeout_s: float) -> None:
        self._private = private
        self._guard = urls.Guard(allow_private=private)
        self.room = Room(room)
        self._connect_timeout_s, self._answer_timeout_s = connect_timeout_s, answer_timeout_s
        self._clients: OrderedDict[tuple[str, str, int, str], _Pinned] = OrderedDict()

    async def check(self, url: str) -> urls.Checked:
        """Raises `urls.Refused`."""
        checked = await self._guard.check(url)
        if checked.scheme != "https" and not self._private:
            raise urls.Refused("scheme", "Providers are called over https only.")
        return checked

    async def post(
        self, url: str, *, headers: Mapping[str, str], body: bytes, deadline_wall: float
    ) -> Answer | NotSent | InDoubt:
        """Nothing leaves after `deadline_wall`, but for the time that opening a connection takes."""
        try:
            async with asyncio.timeout(max(0.0, deadline_wall - clock.wall())):
                await self.room.enter()
        except TimeoutError:
            return NotSent("no room before the deadline", late=True)
        try:
            if clock.wall() >= deadline_wall:
                return NotSent("the deadline has passed", late=True)
            return await self._exchange("POST", url, headers=headers, body=body, deadline_wall=deadline_wall)
        finally:
            self.room.leave()

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer | NotSent | InDoubt:
        return await self._exchange("GET", url, headers=headers or {}, body=b"", deadline_wall=None)

    async def close(self) -> None:
        while self._clients:
            _, pinned = self._clients.popitem()
            await pinned.client.close()

    async def _exchange(
        self,
        method: Literal["GET", "POST"],
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        deadline_wall: float | None,
    ) -> Answer | NotSent | InDoubt:
        try:
            checked = await self.check(url)
        except urls.Refused as refused:
            return NotSent(str(refused))
        if deadline_wall is not None and clock.wall() >= deadline_wall:
            return NotSent("the deadline has passed", late=True)
        pinned = self._pinned(checked)
        pinned.users += 1
        try:
            await self._close_unused()
            building = pinned.client.post if method == "POST" else pinned.client.get
            request = building(checked.url).headers(dict(headers)).body_bytes(body).streamed_read_buffer_limit(65_536)
            async with request.build_streamed() as response:
                octets = await response.body_reader.read(ANSWER_OCTETS_MAX)
                kept = {name.lower(): value for name, value in response.headers.items()}
                wait_s = retry_after_s(kept.get("retry-after"))
                return Answer(response.status, kept, bytes(octets or b""), wait_s)
        except PyreqwestError as error:
            return _failure(error)
        finally:
            pinned.users -= 1

    def _pinned(self, checked: urls.Checked) -> _Pinned:
        key = (checked.scheme, checked.host, checked.port, checked.address)
        if key not in self._clients:
            self._clients[key] = _Pinned(client=self._client(checked))
        self._clients.move_to_end(key)
        return self._clients[key]

    async def _close_unused(self) -> None:
        spare = max(0, len(self._clients) - CLIENTS_MAX)
        unused = [key for key, pinned in self._clients.items() if pinned.users == 0][:spare]
        for pinned in [self._clients.pop(key) for key in unused]:
            await pinned.client.close()

    def _client(self, checked: urls.Checked) -> Client:
        builder = ClientBuilder().follow_redirects(False).no_proxy().referer(False).user_agent("antiphon")
        builder = builder.gzip(False).brotli(False).zstd(False).deflate(False)
        builder = builder.timeout(timedelta(seconds=self._answer_timeout_s))
        builder = builder.connect_timeout(timedelta(seconds=self._connect_timeout_s))
        builder = builder.pool_idle_timeout(timedelta(seconds=IDLE_S))
        return builder.resolve(checked.host, checked.address, checked.port).build()


def retry_after_s(value: str | None) -> float | None:
    """Seconds or a date (RFC 9110 10.2.3), at most a day; None where it says nothing readable."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(RETRY_AFTER_MAX_S, float(value))
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(RETRY_AFTER_MAX_S, max(1.0, at.timestamp() - clock.wall()))


def _failure(error: PyreqwestError) -> NotSent | InDoubt:
    """Nothing left us only where the connection itself failed.

    The type does not tell: pyreqwest 0.15 calls a broken or silent exchange a connect error too; its causes do.
    """
    causes = [cause["message"] for cause in (error.details["causes"] or [])] if isinstance(error, RequestError) else []
    words = causes[-1] if causes else error.message
    if isinstance(error, PoolTimeoutError) or "client error (Connect)" in causes:
        return NotSent(f"no connection to the provider: {words}")
    return InDoubt(f"no answer from the provider: {words}")
