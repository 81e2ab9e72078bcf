"""The first page, the way in with a link, search, the sandbox clock, and the files of these pages."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Any

from litestar import Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from antiphon import campaigns, metrics, segments
from antiphon.app.browser import figures
from antiphon.app.browser.frame import HEADERS, SHOWN, Anything, back_to, check_origin, page
from antiphon.app.staff import cookie_name, is_link_token, is_staff
from antiphon.app.topics import queries
from antiphon.kernel import durations
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, NotFound, Unauthorised
from antiphon.kernel.http import get, post
from antiphon.kernel.runtime import Runtime

COUNTED_MAX = 100_000
CAMPAIGNS_MAX = 50
SEGMENTS_MAX = 100
STAY_S = 30 * 86_400
FILES = {"style.css": "text/css; charset=utf-8", "live.js": "text/javascript; charset=utf-8"}
ORDER = {"running": 0, "pilot_done": 1, "paused": 2, "draft": 3, "done": 4, "cancelled": 5}


class Line(Struct, frozen=True):
    """A campaign on the first page."""

    campaign: campaigns.Campaign
    sums: dict[str, int]


class Group(Struct, frozen=True):
    """A segment with how many are in it; `more` when counting stopped at the limit."""

    segment: segments.Segment
    count: int
    more: bool


# Public, because the link must be able to come in: the page itself is for staff.
@get("/", permission="public", **SHOWN)
async def home(
    runtime: NamedDependency[Runtime], request: Anything, token: FromQuery[str | None] = None
) -> Response[bytes]:
    if token is not None and is_link_token(token, runtime):
        return _come_in(runtime)
    if not is_staff(request, runtime):
        raise Unauthorised("Open it on the machine where Antiphon runs, or with the link printed when it started.")
    async with runtime.database.transaction(read_only=True) as tx:
        lines = await _lines(tx)
        groups = await _groups(tx)
        intake = await queries.row(tx, "read_intake")
        assert intake is not None
        clock = runtime.database.clock.state if runtime.sandbox else None
        return page("home.html", lines=lines, groups=groups, people=intake["people"], clock=clock, now=tx.now)


def _come_in(runtime: Runtime) -> Response[bytes]:
    """No redirect: a browser that came from elsewhere would not send a SameSite=Strict cookie along with it."""
    answer = page("welcome.html", headers={"Referrer-Policy": "no-referrer"})
    secure = runtime.base_url.startswith("https:")
    answer.set_cookie(
        Cookie(
            key=cookie_name(runtime),
            value=runtime.link_token,
            max_age=STAY_S,
            httponly=True,
            samesite="strict",
            secure=secure,
        )
    )
    return answer


async def _lines(tx: Transaction) -> list[Line]:
    found = sorted(await campaigns.list_all(tx), key=lambda one: (ORDER[one.state], -one.id))[:CAMPAIGNS_MAX]
    by_source: dict[int, list[metrics.Total]] = {one.source: [] for one in found if one.source is not None}
    for total in await metrics.totals(tx, [one.source for one in found if one.source is not None]):
        by_source[total.source].append(total)
    return [Line(one, figures.sums(by_source.get(one.source or 0, []))) for one in found]


async def _groups(tx: Transaction) -> list[Group]:
    found = (await segments.list_all(tx))[:SEGMENTS_MAX]
    counts = await count_members(tx, [int(one.id) for one in found])
    return [Group(one, min(counts[one.id], COUNTED_MAX), counts[one.id] > COUNTED_MAX) for one in found]


async def count_members(tx: Transaction, ids: list[int]) -> dict[int, int]:
    """One more than COUNTED_MAX stands for more than that."""
    rows = await queries.rows(tx, "count_members", segments=ids, most=COUNTED_MAX + 1)
    return {row["id"]: row["n"] for row in rows}


@post("/clock", permission="staff", status_code=303, **SHOWN)
async def move_clock(runtime: NamedDependency[Runtime], request: Anything) -> Response[bytes]:
    """The sandbox's product time, one jump ahead."""
    check_origin(request, runtime)
    if not runtime.sandbox:
        raise Conflict("There is no sandbox here; serve with --sandbox.")
    by = timedelta(seconds=durations.parse(str((await request.form()).get("advance", "")), at="advance"))
    await runtime.database.move_clock(lambda state: state.moved(state.now() + by))
    return back_to("/")


@get("/static/{name:str}", permission="public", **SHOWN)
async def static(name: FromPath[str]) -> Response[bytes]:
    """Our own files; there is nothing in them that only staff may know."""
    if name not in FILES:
        raise NotFound("There is no such file.")
    headers: dict[str, Any] = {**HEADERS, "Cache-Control": "no-cache"}
    return Response(_file(name), media_type=FILES[name], headers=headers)


@cache
def _file(name: str) -> bytes:
    return resources.files("antiphon.app.browser").joinpath("static", name).read_bytes()


routes = [home, move_clock, static]
