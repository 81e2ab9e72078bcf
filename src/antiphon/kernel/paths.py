"""Slashes inside a path segment: `/profiles/external_id:a%2Fb/events` names the profile `a/b`.

Servers decode a path before it is routed (ASGI `path`), so an encoded slash would split its segment. `keep_slashes`
wraps the whole application and leaves it encoded while routes are matched; `segment_after` reads the true value.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from litestar import Request

from antiphon.kernel.errors import invalid

# Any: ASGI's own messages and scopes are plain dictionaries.
Application = Callable[[Any, Any, Any], Awaitable[None]]


def keep_slashes(application: Application) -> Application:
    """The same application, for which an encoded slash is part of its segment."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        raw: bytes = scope.get("raw_path") or b""
        if b"%2f" in raw.lower():
            segments = raw.partition(b"?")[0].decode("latin-1").split("/")
            path = "/".join(unquote(segment).replace("/", "%2F") for segment in segments)
            scope = {**scope, "path": path}
        await application(scope, receive, send)

    return wrapped


def segment_after(request: Request[Any, Any, Any], name: str) -> str:
    """The segment that follows the segment `name`, decoded once. Raises Invalid where it is not UTF-8."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    _, _, rest = raw.partition(b"?")[0].decode("latin-1").partition(f"/{name}/")
    try:
        return unquote(rest.partition("/")[0], errors="strict")
    except UnicodeDecodeError as error:
        raise invalid(name, "The path is not UTF-8.") from error
