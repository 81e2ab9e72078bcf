"""What a request says of the browser that sends it: where from, on which machine, in whose cookie.

A request is local when `base_url` is local, the peer is loopback, no proxy stands between, and `Host` names this
machine. A proxy on this machine makes everybody look local: so any header by which a proxy says that it is one ends
that rule. `Host` is checked because a page in a browser here could be served under a name that its owner then points
to 127.0.0.1 (DNS rebinding): the browser would send that name.
"""

from __future__ import annotations

import ipaddress
import re
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from antiphon.access.records import Opened
from antiphon.kernel.runtime import LOCAL_NAMES, Runtime

NOTHING_RUNS = "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'"
"""The content security policy of what is no page: opened by itself it does nothing, and nobody frames it."""
HSTS = "max-age=31536000"
"""Without includeSubDomains: what else lives below that name we do not know."""

Connection = ASGIConnection[Any, Any, Any, Any]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
"""The first that stands in the header: every Chrome also says Safari, every Edge also Chrome."""


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


def is_local(connection: Connection, runtime: Runtime) -> bool:
    """Asked on the machine where this runs, and nobody from elsewhere can look as if."""
    return _is_private_installation(runtime) and _is_direct(connection) and _names_us(connection, runtime)


def is_link_token(given: str, runtime: Runtime) -> bool:
    """The token of the link that is printed at the start."""
    return compare_digest(given.encode("utf-8", "replace"), runtime.link_token.encode())


def cookie_name(runtime: Runtime) -> str:
    """`__Host-` (RFC 6265bis 4.1.3.2): no neighbour of the domain can set it; browsers want HTTPS for it."""
    return "__Host-antiphon" if runtime.is_https else "antiphon"


def session_token(connection: Connection, runtime: Runtime) -> str:
    """What the session cookie holds; empty without one."""
    return connection.cookies.get(cookie_name(runtime), "")


def session_cookie(opened: Opened, runtime: Runtime) -> Cookie:
    """For `Response.set_cookie`. Not readable by scripts; Lax, so that a link in a mail leads into the app."""
    lasts = opened.session.ends_at - opened.session.created_at
    return _cookie(opened.token, runtime, lasts_s=int(lasts.total_seconds()))


def no_cookie(runtime: Runtime) -> Cookie:
    """Takes the session cookie away."""
    return _cookie("", runtime, lasts_s=0)


def _cookie(token: str, runtime: Runtime, *, lasts_s: int) -> Cookie:
    return Cookie(
        key=cookie_name(runtime),
        value=token,
        max_age=lasts_s,
        path="/",
        secure=runtime.is_https,
        httponly=True,
        samesite="lax",
    )


def client_address(connection: Connection) -> str:
    """Of who asks. Behind a proxy that the operator trusts, what that proxy saw: the server puts it there."""
    peer = _address(connection.client.host) if connection.client is not None else None
    return str(peer) if peer is not None else ""


def client_words(connection: Connection) -> str:
    """Such as `Firefox on Linux`: enough for people to tell their devices apart."""
    agent = connection.headers.get("user-agent", "")[:500]
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if not browser:
        browser = re.sub(r"[^A-Za-z0-9._-].*", "", agent)[:40] or "Unknown browser"
    return f"{browser} on {system}" if system else browser


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_private_installation(runtime: Runtime) -> bool:
    """Customers reach a public `base_url` through a proxy, which may be one that says nothing of itself."""
    return (urlsplit(runtime.base_url).hostname or "") in LOCAL_NAMES


def _is_direct(connection: Connection) -> bool:
    if connection.client is None or any(name in connection.headers for name in _PROXY_HEADERS):
        return False
    # nginx as it comes adds no header at all, but until 1.29.7 it speaks HTTP/1.0 to what stands behind it.
    if connection.scope.get("http_version") == "1.0":
        return False
    address = _address(connection.client.host)
    return address is not None and address.is_loopback


def _names_us(connection: Connection, runtime: Runtime) -> bool:
    host = urlsplit(f"//{connection.headers.get('host', '')}")
    ours = urlsplit(runtime.base_url)
    try:
        name = (host.hostname or "").rstrip(".")
        return name in LOCAL_NAMES or (bool(name) and name == (ours.hostname or "").rstrip("."))
    except ValueError:
        return False
