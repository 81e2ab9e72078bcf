"""The public links. A visit is on disk before it is answered; the pages need no script and set no cookie."""

from __future__ import annotations

import base64
from typing import Any

import structlog
from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from antiphon.content import CLICK, OPEN, SHOWN, UNSUBSCRIBE
from antiphon.kernel import i18n
from antiphon.kernel.db import LOST_CONNECTION
from antiphon.kernel.errors import Busy, NotFound
from antiphon.kernel.http import get, post
from antiphon.kernel.records import DeliveryId, Receipt
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.tokens import BadToken
from antiphon.pages import unsubscribe
from antiphon.pages.frame import page
from antiphon.pages.machines import is_machine, is_too_quick
from antiphon.pages.visits import close as close
from antiphon.pages.visits import visits

log = structlog.get_logger()
Anything = Request[Any, Any, Any]

"""The kinds of tokens, as `content` signs them."""

FORM_BYTES_MAX = 10_000
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_GONE = (*LOST_CONNECTION, Busy, TimeoutError)


def _bad_link(request: Anything, _error: Exception) -> Response[bytes]:
    return _notice(request, "bad_link", status=404)


def _failed(request: Anything, error: Exception) -> Response[bytes]:
    if not isinstance(error, _GONE):
        log.exception("pages.failed", exc_info=error)
    answer = _notice(request, "busy", status=503)
    answer.headers["Retry-After"] = "5"
    return answer


def _refused(request: Anything, error: HTTPException) -> Response[bytes]:
    """What the framework refuses, such as a body that is too large."""
    answer = _bad_link(request, error)
    answer.status_code = error.status_code
    return answer


def _notice(request: Anything, name: str, *, status: int) -> Response[bytes]:
    locale = _locale(request)
    title, text = (i18n.translate(locale, f"page.{name}.{part}") for part in ("title", "text"))
    return page("notice.html", locale=locale, status=status, title=title, text=text)


_FRIENDLY: dict[Any, Any] = {NotFound: _bad_link, HTTPException: _refused, Exception: _failed}
_LOOKS: dict[str, Any] = {
    "http_method": ["GET", "HEAD"],
    "opt": {"permission": "public"},
    "exception_handlers": _FRIENDLY,
    "include_in_schema": False,
    "status_code": 200,
}


@route("/c/{token:str}", **_LOOKS)
async def click(runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]) -> Response[bytes]:
    """To where the message says, and nowhere else."""
    delivery, link = _numbers(runtime, CLICK, token, count=2)
    held = visits(runtime.database)
    found = await held.lead(delivery, link)
    if found is None:
        raise NotFound()
    linked, url = found
    now = runtime.database.clock.now()
    quick = _time_runs(runtime) and is_too_quick(linked.channel, linked.handed_at, now)
    machine = quick or is_machine(request.method, request.headers)
    await held.record_soon(Receipt("clicked", now, delivery=DeliveryId(delivery), machine=machine, link=link))
    if not url:
        return _notice(request, "bad_link", status=404)
    return Response(b"", status_code=302, headers={"Location": url, **_PRIVATE})


@route("/o/{name:str}", **_LOOKS)
async def open(runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str]) -> Response[bytes]:
    """Always a picture; 503 with it when the open could not be put on record."""
    status = 200
    try:
        (delivery,) = _numbers(runtime, OPEN, name.removesuffix(".gif"), count=1)
        machine = is_machine(request.method, request.headers)
        now = runtime.database.clock.now()
        await visits(runtime.database).record(Receipt("opened", now, delivery=DeliveryId(delivery), machine=machine))
    except BadToken:
        pass
    except _GONE:
        status = 503
    return Response(PIXEL, status_code=status, media_type="image/gif", headers=_PRIVATE)


@get("/d/{token:str}", permission="public", exception_handlers=_FRIENDLY, include_in_schema=False)
async def shown(runtime: NamedDependency[Runtime], token: FromPath[str]) -> Response[None]:
    """Asked by a service worker, which may belong to another site."""
    (delivery,) = _numbers(runtime, SHOWN, token, count=1)
    now = runtime.database.clock.now()
    await visits(runtime.database).record(Receipt("delivered", now, delivery=DeliveryId(delivery)))
    return Response(None, status_code=204, headers={**_PRIVATE, "Access-Control-Allow-Origin": "*"})


@route("/u/{token:str}", **_LOOKS)
async def show_unsubscribe(
    runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]
) -> Response[bytes]:
    (delivery,) = _numbers(runtime, UNSUBSCRIBE, token, count=1)
    return await unsubscribe.show(runtime, delivery, locale=_locale(request))


@post(
    "/u/{token:str}",
    permission="public",
    status_code=200,
    exception_handlers=_FRIENDLY,
    include_in_schema=False,
    request_max_body_size=FORM_BYTES_MAX,
)
async def act_unsubscribe(
    runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]
) -> Response[bytes]:
    (delivery,) = _numbers(runtime, UNSUBSCRIBE, token, count=1)
    return await unsubscribe.act(runtime, delivery, await _choice(request), locale=_locale(request))


async def _choice(request: Anything) -> unsubscribe.Choice:
    """Whatever else a POST says, it says "stop". RFC 8058: `List-Unsubscribe=One-Click`, urlencoded or multipart."""
    body = await request.body()
    if not body:
        return "one_click"
    try:
        said = (await request.form()).get("choice")
    except (HTTPException, ValueError):
        return "one_click"
    return "topic" if said == "topic" else "all" if said == "all" else "one_click"


def _numbers(runtime: Runtime, kind: str, token: str, *, count: int) -> tuple[int, ...]:
    """Raises BadToken."""
    numbers = runtime.signer.read(kind, token)
    if len(numbers) != count:
        raise BadToken()
    return numbers


def _time_runs(runtime: Runtime) -> bool:
    return not runtime.sandbox and runtime.database.clock.state.held_at is None


def _locale(request: Anything) -> str:
    return i18n.choose(request.headers.get("accept-language", ""))


routes = [click, open, shown, show_unsubscribe, act_unsubscribe]
