"""Pages for customers: Jinja, no script, no cookie, no other host, in the reader's language.

The style stands in the page, allowed by its hash: one request, also inside the browsers of mail apps.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, partial
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup

from antiphon.kernel import i18n


def page(template: str, *, locale: str, status: int = 200, **values: Any) -> Response[bytes]:
    html = (
        _environment()
        .get_template(template)
        .render(
            locale=locale,
            t=partial(i18n.translate, locale),
            style=Markup(_style()),  # noqa: S704  # our own file
            **values,
        )
    )
    return Response(html.encode(), status_code=status, media_type="text/html; charset=utf-8", headers=_headers())


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("antiphon.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@cache
def _style() -> str:
    return resources.files("antiphon.pages").joinpath("templates/style.css").read_text("utf-8")


@cache
def _headers() -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'"
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
        "X-Robots-Tag": "noindex",
    }
