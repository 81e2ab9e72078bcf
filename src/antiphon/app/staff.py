"""Who may see the staff pages, until there are people with names: this machine, or who has the link.

| asked from | answered when |
|---|---|
| this machine | `base_url` is local, the peer is loopback, no proxy stands between, and `Host` names this machine |
| elsewhere | the cookie that `/?token=…` set holds the link token |

A proxy on this machine makes everybody look local: so any header by which a proxy says that it is one ends that rule.
`Host` is checked because a page in a browser here could be served under a name that its owner then points to 127.0.0.1
(DNS rebinding): the browser would send that name.
"""

from __future__ import annotations

import ipaddress
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from antiphon import access
from antiphon.kernel.errors import Forbidden, Unauthorised
from antiphon.kernel.runtime import Runtime

COOKIE = "antiphon_staff"
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

Connection = ASGIConnection[Any, Any, Any, Any]


def is_staff(connection: Connection, runtime: Runtime) -> bool:
    local = _is_private_installation(runtime) and _is_local(connection) and _names_us(connection, runtime)
    return local or _has_link(connection, runtime)


async def may_read(connection: Connection, runtime: Runtime) -> bool:
    """Staff, or a program with a key that may read."""
    if is_staff(connection, runtime):
        return True
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    try:
        await access.check(runtime.database, key.strip(), "read")
    except (Unauthorised, Forbidden):
        return False
    return True


def is_link_token(given: str, runtime: Runtime) -> bool:
    return compare_digest(given.encode("utf-8", "replace"), runtime.link_token.encode())


def comes_from_our_pages(connection: Connection, runtime: Runtime) -> bool:
    """Whether a browser says that one of our own pages asks; a program that is no browser says nothing and may.

    Sec-Fetch-Site (Fetch metadata) where the browser sends it, else Origin compared with Host and `base_url`.
    """
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = connection.headers.get("origin")
    ours = (connection.headers.get("host", ""), urlsplit(runtime.base_url).netloc)
    return origin is None or urlsplit(origin).netloc.lower() in {name.lower() for name in ours if name}


def _has_link(connection: Connection, runtime: Runtime) -> bool:
    return is_link_token(connection.cookies.get(COOKIE, ""), runtime)


def _is_private_installation(runtime: Runtime) -> bool:
    """Customers reach a public `base_url` through a proxy, which may be one that says nothing of itself."""
    return (urlsplit(runtime.base_url).hostname or "") in _LOCAL_NAMES


def _is_local(connection: Connection) -> bool:
    if connection.client is None or any(name in connection.headers for name in _PROXY_HEADERS):
        return False
    # nginx as it comes adds no header at all, but until 1.29.7 it speaks HTTP/1.0 to what stands behind it.
    if connection.scope.get("http_version") == "1.0":
        return False
    try:
        address = ipaddress.ip_address(connection.client.host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _names_us(connection: Connection, runtime: Runtime) -> bool:
    host = urlsplit(f"//{connection.headers.get('host', '')}")
    ours = urlsplit(runtime.base_url)
    try:
        name = (host.hostname or "").rstrip(".")
        return name in _LOCAL_NAMES or (bool(name) and name == (ours.hostname or "").rstrip("."))
    except ValueError:
        return False
