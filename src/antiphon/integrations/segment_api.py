"""`/v1/*` as Segment's clients call it: one bare ASGI callable.

| answer | when |
|---|---|
| 200 `{"success": true}` | every event is on disk, or was refused for its own flaws and stands in the debugger |
| 400 | no JSON, no gzip, more than 500 kB, or an event beyond 32 kB (the other events of its batch were kept) |
| 401, 403 | no key, a wrong one, or one that may not write |
| 404, 405 | no such address, not POST |
| 408, 503 | too slow; too busy or no database: clients try again, and the message id makes that harmless |

The key comes as the user name of Basic, as Bearer, or as `writeKey` in the body. There is no WWW-Authenticate
header: it would make a browser ask its visitor for a password.

A bare callable because a framework costs more than decoding twenty events; docs/decisions has the measurements.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog

from antiphon import access
from antiphon.integrations.body import Gone, Held, Receive, read_body
from antiphon.integrations.calls import EVENT_BYTES_MAX, Decoded, open_batch, open_single, read_events
from antiphon.integrations.intake import Intake
from antiphon.integrations.people import Remembered
from antiphon.integrations.times import Arrival
from antiphon.kernel.arrivals import Outcome, arrivals
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import LOST_CONNECTION
from antiphon.kernel.errors import Busy, Flaw, Invalid, NotFound, Problem, TooLarge, Unauthorised
from antiphon.kernel.runtime import Runtime

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ADDRESSES = {name: name for name in ("identify", "track", "page", "screen", "group", "alias", "batch")} | {
    "import": "batch",
    # The browser library calls the same by one letter.
    "i": "identify",
    "t": "track",
    "p": "page",
    "s": "screen",
    "g": "group",
    "a": "alias",
    "b": "batch",
}
_SUCCESS = b'{"success":true}'
_HEADERS = [(b"content-type", b"application/json"), (b"access-control-allow-origin", b"*")]
_PREFLIGHT = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding, x-retry-count"),
    (b"access-control-max-age", b"86400"),
]
_FOR_BROWSERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", access.NOTHING_RUNS.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
_RETRY = (b"retry-after", b"1")
_CLOSE = (b"connection", b"close")


class Seen:
    """What is known of a call so far."""

    __slots__ = ("body", "n", "source", "type")

    def __init__(self, type: str) -> None:
        self.type, self.source, self.body, self.n = type, "", b"", 0


class SegmentApi:
    """Mounted at `/v1` by the app, which calls `close` when it stops."""

    def __init__(self, runtime: Runtime, *, intake: Intake | None = None) -> None:
        self._runtime = runtime
        self._intake = intake or Intake(runtime.database)
        self._held = Held()
        self._remembered = Remembered()
        self._arrivals = arrivals(runtime.database)
        self._for_browsers = [*_FOR_BROWSERS]
        if runtime.is_https:
            self._for_browsers.append((b"strict-transport-security", access.HSTS.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def close(self) -> None:
        """Every request that was taken is on disk or was told to try again."""
        await self._intake.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, body, headers = await self._handle(scope, receive)
        except Gone:
            return
        except Problem as error:
            status, body, headers = _refusal(error)
        except LOST_CONNECTION:
            status, body, headers = _refusal(Busy("The database is restarting; try again shortly."))
        except Exception:
            log.exception("segment.failed", path=scope["path"])
            status, body, headers = _refusal(Problem())
        if body:  # without a length the server would send chunks, in several packets
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *self._for_browsers]})
        await send({"type": "http.response.body", "body": body})

    async def _handle(self, scope: Scope, receive: Receive) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        if scope["method"] == "OPTIONS":
            return 204, b"", _PREFLIGHT
        path = scope["path"].strip("/").removeprefix("v1/").split("/")
        if scope["method"] == "GET" and len(path) == 3 and (path[0], path[2]) == ("projects", "settings"):
            return 200, await self._settings(path[1]), _HEADERS
        if len(path) != 1 or path[0] not in ADDRESSES:
            raise NotFound("There is no such address under /v1.")
        if scope["method"] != "POST":
            raise _NotAllowed
        await self._take(ADDRESSES[path[0]], dict(scope["headers"]), receive)
        return 200, _SUCCESS, _HEADERS

    async def _take(self, type: str, headers: dict[bytes, bytes], receive: Receive) -> None:
        """Returns when it is on disk, or raises; either is noted for the debugger."""
        seen = Seen(type)
        try:
            await self._take_in(seen, headers, receive)
        except Problem as problem:
            self._note(seen, "refused", problem.flaws or (Flaw("", problem.message),))
            raise

    async def _take_in(self, seen: Seen, headers: dict[bytes, bytes], receive: Receive) -> None:
        key = key_of(headers.get(b"authorization", b""))
        if key is not None:  # before the body: who has no key holds no memory
            seen.source = f"api:{await self._check(key)}"
        encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        body = seen.body = await read_body(receive, self._held, encoding=encoding)
        envelope = open_batch(body) if seen.type == "batch" else open_single(body, type=seen.type)
        if key is None:
            seen.source = f"api:{await self._check(envelope.write_key)}"
        arrival = Arrival(product=self._runtime.database.clock.now(), wall=wall_datetime())
        decoded = read_events(envelope, arrival, source=seen.source, remembered=self._remembered)
        await self._intake.submit(decoded.facts, decoded.refusals, size=len(body))
        self._remembered.note(decoded.learnt)
        _tell_too_large(decoded)
        seen.n = len(decoded.facts)
        self._note(seen, "partly" if decoded.refusals else "accepted")

    def _note(self, seen: Seen, outcome: Outcome, errors: Sequence[Flaw] = ()) -> None:
        at = self._runtime.database.clock.now()
        self._arrivals.note(
            "event", outcome, at=at, source=seen.source, what=seen.type, body=seen.body, n=seen.n, errors=errors
        )

    async def _check(self, key: str) -> access.KeyId:
        return await access.check(self._runtime.database, key, "write")

    async def _settings(self, key: str) -> bytes:
        """What the browser library asks for before anything else: where to send to."""
        await self._check(key)
        base = urlsplit(self._runtime.base_url)
        host = f"{base.netloc}{base.path}/v1"
        return msgspec.json.encode(
            {"integrations": {"Segment.io": {"apiKey": key, "apiHost": host, "protocol": base.scheme}}}
        )


class _NotAllowed(Problem):
    """Events are sent with POST."""

    status = 405
    code = "method_not_allowed"


def key_of(authorization: bytes) -> str | None:
    """The write key of an Authorization header; None without one. Raises Unauthorised for a header that has none."""
    if not authorization:
        return None
    scheme, _, value = authorization.decode("latin-1").strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        raise Unauthorised("Authorization may be Basic with the write key as user name, or Bearer.")
    try:
        # Some clients leave the colon out.
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError) as error:
        raise Unauthorised("The Authorization header is not valid Basic.") from error


def _tell_too_large(decoded: Decoded) -> None:
    if decoded.too_large:
        rest = f" The other {len(decoded.facts)} were kept." if decoded.facts else ""
        raise TooLarge(f"{decoded.too_large} event(s) larger than {EVENT_BYTES_MAX // 1024} kB.{rest}")


def _refusal(error: Problem) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    # Segment says 400 where HTTP would say 413; either way its clients do not send it again.
    status = 400 if isinstance(error, (TooLarge, Invalid)) else error.status
    headers = [*_HEADERS, _RETRY] if status in (429, 503) else [*_HEADERS]
    if isinstance(error, TooLarge) or status in (401, 403, 408, 429, 503):
        headers.append(_CLOSE)  # the rest of the body may still be on its way
    return status, msgspec.json.encode({"success": False, "error": str(error)}), headers
