"""Pages for customers: Jinja, no script, no cookie, in the reader's language; nothing of another host but a logo.

The style stands in the page, allowed by its hash: one request, also inside the browsers of mail apps.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, lru_cache, partial
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup

from antiphon.kernel import i18n
from antiphon.pages.brand import Brand, Shades

NOBODY = Brand("")
"""Where we cannot know whose page it is: a link that is not ours, a database that does not answer."""


def page(template: str, *, locale: str, status: int = 200, brand: Brand = NOBODY, **values: Any) -> Response[bytes]:
    """`here`: the page in another language is asked for with `?lang=`; empty where that leads nowhere."""
    style = _style(brand.shades)
    html = (
        _environment()
        .get_template(template)
        .render(
            locale=locale,
            locales=i18n.LOCALES,
            t=partial(i18n.translate, locale),
            style=Markup(style),  # noqa: S704  # our own file
            brand=brand,
            **values,
        )
    )
    headers = _headers(style, brand.logo_origin)
    return Response(html.encode(), status_code=status, media_type="text/html; charset=utf-8", headers=headers)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("antiphon.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=64)
def _style(shades: Shades) -> str:
    rules = resources.files("antiphon.pages").joinpath("templates/style.css").read_text("utf-8")
    return rules.replace("ACCENT_LIGHT", shades.light).replace("ACCENT_DARK", shades.dark)


@lru_cache(maxsize=64)
def _headers(style: str, logo_origin: str) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    images = f"data: {logo_origin}".rstrip()
    policy = f"default-src 'none'; img-src {images}; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'"
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
        "X-Robots-Tag": "noindex",
    }
