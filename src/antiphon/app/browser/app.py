"""The browser app under `/app/`: files that `web/build.py` made, and one page for every address within the app.

`/` leads there. What is named by its content (`assets/`) may be kept for a year, the few other files for a day; the
page itself is asked for each time. Everything is public: whoever is not signed in gets the page that asks who they are,
and no data.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from litestar import Request, Response, route
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from antiphon.kernel.errors import NotFound

CONTENT_SECURITY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Mantine sets sizes and colours as style attributes
        "img-src 'self' data: https:",  # pictures in previews of messages
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}
KINDS = {  # Litestar says UTF-8 of what is text
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".md": "text/plain",
    ".woff2": "font/woff2",
}
YEAR = "public, max-age=31536000, immutable"
DAY = "public, max-age=86400"
ASK = "no-cache"
NOT_BUILT = (
    b"<!doctype html><html lang=en><title>Antiphon</title><p>The app is not built. Run <code>make run</code>, or "
    b"<code>python web/build.py</code>."
)


OPEN: dict[str, Any] = {
    "http_method": ["GET", "HEAD"],  # the server leaves out the body of what is asked by HEAD (RFC 9110 9.3.2)
    "opt": {"permission": "public"},
    "include_in_schema": False,
}


class File(Struct, frozen=True):
    kind: str
    plain: bytes
    gzipped: bytes | None


@route("/", **OPEN)
async def home() -> Redirect:
    return Redirect("/app/", status_code=307)


@route("/app", **OPEN)
async def front(request: Request[Any, Any, Any]) -> Response[bytes]:
    return _answer(request, "")


@route("/app/{path:path}", **OPEN)
async def app(request: Request[Any, Any, Any], path: FromPath[str]) -> Response[bytes]:
    return _answer(request, path)


def _answer(request: Request[Any, Any, Any], path: str) -> Response[bytes]:
    """A file by its name; any other address without a dot is one of the app's own."""
    name = path.strip("/")
    if "." in name.rpartition("/")[2] and (file := _file(name)) is None:
        raise NotFound("There is no such file.")
    if "." not in name.rpartition("/")[2]:
        name, file = "index.html", _file("index.html") or File(KINDS[".html"], NOT_BUILT, None)
    assert file is not None
    kept = ASK if name == "index.html" else YEAR if name.startswith("assets/") else DAY
    headers = {**HEADERS, "Cache-Control": kept, "Vary": "Accept-Encoding"}
    if file.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.gzipped, media_type=file.kind, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.plain, media_type=file.kind, headers=headers)


def _file(name: str) -> File | None:
    return _files().get(name)


@cache
def _files() -> dict[str, File]:
    """All there are, by their path: nothing of a request ever becomes a path on disk."""
    root = resources.files("antiphon.app.browser").joinpath("built")
    found: dict[str, bytes] = {}
    waiting = [("", root)] if root.is_dir() else []
    while waiting:
        prefix, folder = waiting.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                waiting.append((f"{prefix}{entry.name}/", entry))
            else:
                found[f"{prefix}{entry.name}"] = entry.read_bytes()
    return {
        name: File(KINDS[suffix], body, found.get(f"{name}.gz"))
        for name, body in found.items()
        if (suffix := f".{name.rpartition('.')[2]}") in KINDS and not name.startswith(".")
    }


routes = [home, front, app]
