"""Rendering, headers and friendly errors of the staff pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.exceptions import HTTPException

from antiphon.app.browser import figures
from antiphon.app.staff import comes_from_our_pages
from antiphon.kernel.db import is_lost
from antiphon.kernel.errors import Busy, Forbidden, Problem
from antiphon.kernel.runtime import Runtime

log = structlog.get_logger()
Anything = Request[Any, Any, Any]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}


def page(
    template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Response[bytes]:
    html = _environment().get_template(template).render(**values)
    return Response(
        html.encode(), status_code=status, media_type="text/html; charset=utf-8", headers={**HEADERS, **(headers or {})}
    )


def back_to(path: str) -> Response[bytes]:
    """After a form: the page anew, so that a reload does nothing twice."""
    return Response(b"", status_code=303, headers={**HEADERS, "Location": path})


def check_origin(request: Anything, runtime: Runtime) -> None:
    """Raises Forbidden for a form that another site's page has sent."""
    if not comes_from_our_pages(request, runtime):
        raise Forbidden("This form was sent by a page that is not ours. Open the page here and try again.")


def on_problem(request: Anything, error: Problem) -> Response[bytes]:
    return page("error.html", status=error.status, title=_title(error.status), problem=error, path=request.url.path)


def on_http(request: Anything, error: HTTPException) -> Response[bytes]:
    problem = Problem(error.detail)
    return page("error.html", status=error.status_code, title=_title(error.status_code), problem=problem, path="")


def on_anything(request: Anything, error: Exception) -> Response[bytes]:
    if is_lost(error):
        return on_problem(request, Busy("The database is restarting. Reload the page in a moment; nothing is lost."))
    log.exception("http.failed", path=request.url.path, exc_info=error)
    return on_problem(request, Problem())


FRIENDLY: dict[Any, Any] = {Problem: on_problem, HTTPException: on_http, Exception: on_anything}
SHOWN: dict[str, Any] = {"exception_handlers": FRIENDLY, "include_in_schema": False}


def _title(status: int) -> str:
    return {
        401: "This page is for staff",
        403: "Not from there",
        404: "Not here",
        409: "Not now",
        503: "One moment",
    }.get(status, "That did not work")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("antiphon.app.browser"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": figures.number,
        "share": figures.share,
        "words": figures.words,
        "when": when,
        "iso": iso,
        "day": lambda at: f"{at.astimezone(UTC):%-d %b %Y}",
        "segment": lambda text: quote(str(text), safe=":@+"),
        "channel": figures.channel_label,
    }
    return environment


def when(at: datetime | None) -> str:
    return "–" if at is None else f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def iso(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
