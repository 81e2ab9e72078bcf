"""The public links. A visit is on disk before it is answered; the pages need no script and set no cookie."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import structlog
from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from antiphon.content import CLICK, CONFIRM, OPEN, PREFERENCES, SHOWN, UNSUBSCRIBE
from antiphon.kernel import i18n
from antiphon.kernel.db import LOST_CONNECTION
from antiphon.kernel.devices import device_of
from antiphon.kernel.errors import Busy, NotFound
from antiphon.kernel.http import get, post
from antiphon.kernel.records import DeliveryId, Receipt
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.tokens import BadToken
from antiphon.pages import api, optin, preferences, unsubscribe
from antiphon.pages.bearer import Visitor
from antiphon.pages.form import Form
from antiphon.pages.frame import page
from antiphon.pages.held import Visit
from antiphon.pages.machines import is_machine, is_proxy
from antiphon.pages.sessions import Seen
from antiphon.pages.visits import visits

log = structlog.get_logger()
Anything = Request[Any, Any, Any]

FORM_BYTES_MAX = 10_000
PREFERENCES_BYTES_MAX = 60_000
"""Every box of `sheet.TOPICS_MAX` topics, percent-encoded."""
AGENT_CHARS_MAX = 500
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_GONE = (*LOST_CONNECTION, Busy, TimeoutError)


def _bad_link(request: Anything, _error: Exception) -> Response[bytes]:
    return _notice(request, "bad_link", status=404)


def _failed(request: Anything, error: Exception) -> Response[bytes]:
    if not isinstance(error, _GONE):
        log.exception("pages.failed", exc_info=error)
    answer = _notice(request, "busy", status=503, kept=request.state.get(_ENTERED, ()))
    answer.headers["Retry-After"] = "5"
    return answer


def _refused(request: Anything, error: HTTPException) -> Response[bytes]:
    """What the framework refuses, such as a body that is too large."""
    answer = _bad_link(request, error)
    answer.status_code = error.status_code
    return answer


def _notice(request: Anything, name: str, *, status: int, kept: Sequence[tuple[str, str]] = ()) -> Response[bytes]:
    """`kept`: what was entered, to be sent again with one button."""
    locale = _locale(request)
    title, text = (i18n.translate(locale, f"page.{name}.{part}") for part in ("title", "text"))
    return page("notice.html", locale=locale, status=status, title=title, text=text, kept=kept)


_FRIENDLY: dict[Any, Any] = {NotFound: _bad_link, HTTPException: _refused, Exception: _failed}
_ACTS: dict[str, Any] = {
    "permission": "public",
    "status_code": 200,
    "exception_handlers": _FRIENDLY,
    "include_in_schema": False,
}
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
    now, device = runtime.database.clock.now(), device_of(request.headers)
    machine = is_machine(request.method, request.headers, clicks=True, sandbox=runtime.sandbox)
    if machine or linked.channel != "email" or not _time_runs(runtime):
        await held.record_soon(
            Receipt("clicked", now, delivery=linked.delivery, machine=machine, link=link, device=device)
        )
    else:
        swept = held.sweeps.note(_place(request), delivery, linked.address.rpartition("@")[2], now)
        await held.record_soon(Visit(linked.delivery, Seen(now, link, device), swept))
    if not url:
        return _notice(request, "bad_link", status=404)
    return Response(b"", status_code=302, headers={"Location": url, **_PRIVATE})


@route("/o/{name:str}", **_LOOKS)
async def open(runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str]) -> Response[bytes]:
    """Always a picture; 503 with it when the open could not be put on record."""
    status = 200
    try:
        (delivery,) = _numbers(runtime, OPEN, name.removesuffix(".gif"), count=1)
        machine = is_machine(request.method, request.headers, sandbox=runtime.sandbox)
        now, device = runtime.database.clock.now(), device_of(request.headers)
        heard: Receipt | Visit
        if machine or not _time_runs(runtime):
            heard = Receipt("opened", now, delivery=DeliveryId(delivery), machine=machine, device=device)
        else:
            heard = Visit(DeliveryId(delivery), Seen(now, None, device, proxy=is_proxy(request.headers)))
        await visits(runtime.database).record(heard)
    except BadToken:
        pass
    except _GONE:
        status = 503
    return Response(PIXEL, status_code=status, media_type="image/gif", headers=_PRIVATE)


@get("/d/{token:str}", permission="public", exception_handlers=_FRIENDLY, include_in_schema=False)
async def shown(runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]) -> Response[None]:
    """Asked by a service worker, which may belong to another site."""
    (delivery,) = _numbers(runtime, SHOWN, token, count=1)
    now = runtime.database.clock.now()
    device = device_of(request.headers)
    await visits(runtime.database).record(Receipt("delivered", now, delivery=DeliveryId(delivery), device=device))
    return Response(None, status_code=204, headers={**_PRIVATE, "Access-Control-Allow-Origin": "*"})


@route("/u/{token:str}", **_LOOKS)
async def show_unsubscribe(
    runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]
) -> Response[bytes]:
    (delivery,) = _numbers(runtime, UNSUBSCRIBE, token, count=1)
    return await unsubscribe.show(runtime, delivery, _visitor(request))


@post("/u/{token:str}", request_max_body_size=FORM_BYTES_MAX, **_ACTS)
async def act_unsubscribe(
    runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]
) -> Response[bytes]:
    """Whatever else a POST says, it says "stop". RFC 8058: `List-Unsubscribe=One-Click`, urlencoded or multipart."""
    (delivery,) = _numbers(runtime, UNSUBSCRIBE, token, count=1)
    said = await _entered(request)
    choice = _CHOICES.get(_first(said, "choice"), "one_click")
    return await unsubscribe.act(runtime, delivery, choice, _all(said, "was"), _visitor(request))


@route("/p/{token:str}", **_LOOKS)
async def show_preferences(
    runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]
) -> Response[bytes]:
    return await preferences.show(runtime, token, _visitor(request))


@post("/p/{token:str}", request_max_body_size=PREFERENCES_BYTES_MAX, **_ACTS)
async def act_preferences(
    runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]
) -> Response[bytes]:
    """The token is what allows it, and it stands in the address: so no other site can make a browser send it."""
    runtime.signer.read(PREFERENCES, token)
    said = await _entered(request)
    act = _ACTS_OF_PREFERENCES.get(_first(said, "act"))
    if act is None:
        return await preferences.show(runtime, token, _visitor(request))
    form = Form(
        topics=_all(said, "topic"),
        breaks=_all(said, "break"),
        on=frozenset(_all(said, "on")),
        again=frozenset(_all(said, "again")),
        often=_first(said, "often"),
        pause=_first(said, "pause"),
        day=_first(said, "day").strip(),
    )
    return await preferences.act(runtime, token, act, form, _all(said, "was"), _visitor(request))


@route("/y/{token:str}", **_LOOKS)
async def show_question(runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]) -> Response[bytes]:
    (number,) = _numbers(runtime, CONFIRM, token, count=1)
    return await optin.show(runtime, number, _visitor(request))


@post("/y/{token:str}", request_max_body_size=FORM_BYTES_MAX, **_ACTS)
async def answer_question(
    runtime: NamedDependency[Runtime], request: Anything, token: FromPath[str]
) -> Response[bytes]:
    (number,) = _numbers(runtime, CONFIRM, token, count=1)
    return await optin.confirm(runtime, number, _visitor(request))


_CHOICES: dict[str, unsubscribe.Choice] = {
    "all": "all", "topic": "topic", "everything": "everything", "undo": "undo",
}  # fmt: skip
_ACTS_OF_PREFERENCES: dict[str, preferences.Act] = {"save": "save", "stop": "stop", "undo": "undo"}
_ENTERED = "entered"

Entered = Sequence[tuple[str, str]]


async def _entered(request: Anything) -> Entered:
    """The fields of the form in their order; none for a body that is no form. Kept for the page that asks to retry."""
    body = await request.body()  # too large a body is refused, not read as "stop"
    try:
        form = await request.form() if body else None
    except (HTTPException, ValueError):
        form = None
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)] if form else []
    request.state[_ENTERED] = fields
    return fields


def _all(said: Entered, name: str) -> tuple[str, ...]:
    return tuple(value for field, value in said if field == name)


def _first(said: Entered, name: str) -> str:
    return next(iter(_all(said, name)), "")


def _numbers(runtime: Runtime, kind: str, token: str, *, count: int) -> tuple[int, ...]:
    """Raises BadToken."""
    numbers = runtime.signer.read(kind, token)
    if len(numbers) != count:
        raise BadToken()
    return numbers


def _time_runs(runtime: Runtime) -> bool:
    return not runtime.sandbox and runtime.database.clock.state.held_at is None


def _locale(request: Anything) -> str:
    """What was chosen on the page, else what the browser likes best."""
    chosen = request.query_params.get("lang", "")
    return chosen if chosen in i18n.LOCALES else i18n.choose(request.headers.get("accept-language", ""))


def _place(request: Anything) -> tuple[str, str]:
    """Address and program: who asks from there may be several."""
    return (request.client.host if request.client else ""), request.headers.get("user-agent", "")[:AGENT_CHARS_MAX]


def _visitor(request: Anything) -> Visitor:
    ip, agent = _place(request)
    return Visitor(locale=_locale(request), ip=ip, user_agent=agent)


routes = [
    click,
    open,
    shown,
    show_unsubscribe,
    act_unsubscribe,
    show_preferences,
    act_preferences,
    show_question,
    answer_question,
]
api_routes = api.routes
"""Below /api/v1."""
