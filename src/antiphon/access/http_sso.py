"""Single sign-on over HTTP: out to the provider, back from it, told by it.

Whatever goes wrong on the way leads to `/app/sign-in?problem=…` (`sso_records.SignInProblem`); the log says more.
The state is bound to the browser by a cookie: else somebody could send their own way back to others, who would then
work in a stranger's account without noticing.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import structlog
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct, json

from antiphon.access import begun, calling, http_sso_settings, oidc, sessions, signing_in, sso, strength, team
from antiphon.access import store_sso as store
from antiphon.access.asking import browser_of, found_in
from antiphon.access.browser import comes_from_our_pages, session_cookie
from antiphon.access.records import Opened
from antiphon.access.sso_records import Claims, Provider, Refused
from antiphon.kernel.db import Transaction
from antiphon.kernel.http import get, post
from antiphon.kernel.runtime import LOCAL_NAMES, Runtime

log = structlog.get_logger()

Anything = Request[Any, Any, Any]  # Litestar's three type parameters say nothing here

LASTS = timedelta(minutes=15)
"""Longer than a passkey takes: people look for their phone, or are let in by somebody at the provider."""
HOME = "/app/"
NEXT_CHARS_MAX = 1000
LOGOUT_BYTES_MAX = 60_000


class _Begun(Struct, frozen=True):
    provider: str
    flow: oidc.Flow
    next: str
    browser: str


@get("/sso/{name:str}/start", permission="public", status_code=302, include_in_schema=False)
async def start(
    runtime: NamedDependency[Runtime],
    request: Anything,
    name: FromPath[str],
    next: FromQuery[str] = HOME,
    again: FromQuery[bool] = False,
) -> Response[None]:
    """To the provider. `next`: a path under /app/ to come back to. `again`: who was asked there longer ago than a grave
    act allows is asked once more. A page of others leads to the sign-in page alone: people press the button themselves.
    """
    if not is_local_name(runtime.base_url) and not comes_from_our_pages(request, runtime):
        return _to(f"{HOME}sign-in?{urlencode({'next': checked_next(next)})}")
    elsewhere = _our_own_name(runtime, request)
    if elsewhere is not None:
        return _to(elsewhere)
    try:
        async with runtime.database.transaction(read_only=True) as tx:
            provider = await _enabled(tx, name)
        discovered = await oidc.known(provider.issuer, private=runtime.sandbox)
    except calling.NoAnswer as error:
        return _refused(name, Refused("provider", str(error)))
    except Refused as refused:
        return _refused(name, refused)
    flow, browser = oidc.new_flow(), _browser_of(request, runtime) or secrets.token_urlsafe(32)
    holds = json.encode(_Begun(name, flow, checked_next(next), browser))
    async with runtime.database.transaction() as tx:
        await begun.begin(tx, "sso", flow.state.encode(), holds=holds, lasts=LASTS)
    callback = sso.callback_url(runtime.base_url, name)
    age_max_s = int(sessions.FRESH.total_seconds()) if again else None
    url = oidc.authorization_url(discovered, provider, flow, callback=callback, age_max_s=age_max_s)
    return _to(url, _cookie(browser, runtime))


@get("/sso/{name:str}/callback", permission="public", status_code=302, include_in_schema=False)
async def come_back(
    runtime: NamedDependency[Runtime],
    request: Anything,
    name: FromPath[str],
    code: FromQuery[str] = "",
    error: FromQuery[str] = "",
    iss: FromQuery[str | None] = None,
) -> Response[None]:
    """From the provider, with a code that we change for an ID token."""
    try:
        held = await _take(runtime, request, name, request.query_params.get("state", ""))
        if error or not code:
            raise Refused("denied" if error == "access_denied" else "provider", error[:100])
        async with runtime.database.transaction(read_only=True) as tx:
            provider = await _enabled(tx, name)
        if iss not in (None, provider.issuer):  # RFC 9207: an answer of another provider
            raise Refused("provider", "the answer is of another issuer")
        callback = sso.callback_url(runtime.base_url, name)
        claims = await oidc.claims_for_code(provider, code, held.flow, callback=callback, private=runtime.sandbox)
        opened = await _admit(runtime, request, provider, claims)
    except Refused as refused:
        return _refused(name, refused)
    return _to(held.next, session_cookie(opened, runtime))


@post(
    "/sso/{name:str}/logout",
    permission="public",
    status_code=200,
    include_in_schema=False,
    request_max_body_size=LOGOUT_BYTES_MAX,
)
async def log_out(
    runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str]
) -> Response[dict[str, str]]:
    """The provider ends what it opened (OpenID Connect Back-Channel Logout 1.0)."""
    token = (await request.form()).get("logout_token")
    headers = {"Cache-Control": "no-store"}
    try:
        async with runtime.database.transaction(read_only=True) as tx:
            provider = await store.find(tx, name)
        if provider is None or not isinstance(token, str):
            raise Refused("unknown_provider")
        subject = await oidc.logout_subject(provider, token, private=runtime.sandbox)
    except (Refused, calling.NoAnswer) as error:
        log.info("sso.logout_refused", provider=name[:40], detail=str(error)[:300])
        return Response({"error": "invalid_request"}, status_code=400, headers=headers)
    async with runtime.database.transaction() as tx:
        ended = await store.end_sessions(tx, issuer=provider.issuer, subject=subject)
    log.info("sso.logged_out", provider=name, ended=ended)
    return Response({}, headers=headers)


def checked_next(wanted: str) -> str:
    """A path under /app/, or /app/ itself: nobody is sent elsewhere with our help."""
    clear = unquote(wanted)
    plain = wanted.startswith(HOME) and len(wanted) <= NEXT_CHARS_MAX and wanted.isascii() and wanted.isprintable()
    return wanted if plain and "\\" not in clear and not re.search(r"/\.{1,2}(/|$|[?#])", clear) else HOME


async def _take(runtime: Runtime, request: Anything, name: str, state: str) -> _Begun:
    held = await begun.take(runtime.database, "sso", state.encode("utf-8", "replace")) if state else None
    if held is None:
        raise Refused("expired")
    found = json.decode(held, type=_Begun)
    if found.provider != name:
        raise Refused("expired", "it was begun at another provider")
    if not compare_digest(found.browser.encode(), _browser_of(request, runtime).encode()):
        raise Refused("other_browser")
    return found


async def _enabled(tx: Transaction, name: str) -> Provider:
    found = await store.find(tx, name)
    if found is None or not found.enabled:
        raise Refused("unknown_provider")
    return found


async def _admit(runtime: Runtime, request: Anything, provider: Provider, claims: Claims) -> Opened:
    """In place of whoever was signed in in this browser. Where it counts as one factor, a second of ours is next."""
    before = await found_in(request, runtime)

    async def work(tx: Transaction) -> Opened:
        who = await team.get(tx, await sso.admit(tx, provider, claims))
        if before is not None:
            await sessions.end(tx, before[1])
        strong = strength.is_strong(provider, claims.told)
        return await signing_in.open_after(
            tx, who, ["sso"], browser_of(request), strong=strong, proved_at=claims.told.at
        )

    return await runtime.database.repeat(work)


def is_local_name(base_url: str) -> bool:
    """`localhost` and 127.0.0.1 are one machine and two sites: on it, whoever leads here is not asked."""
    return urlsplit(base_url).hostname in LOCAL_NAMES


def _our_own_name(runtime: Runtime, request: Anything) -> str | None:
    """The same question under the name that `base_url` has, where this machine was called by another of its names:
    the provider sends people back to `base_url`, and the cookie of `localhost` is not that of 127.0.0.1."""
    base = urlsplit(runtime.base_url)
    name = request.headers.get("host", "").partition(":")[0].lower()
    if name == base.hostname or name not in LOCAL_NAMES or base.hostname not in LOCAL_NAMES:
        return None
    return f"{runtime.base_url}{request.url.path}?{request.url.query}"


def _cookie_name(runtime: Runtime) -> str:
    return "__Host-antiphon-sso" if runtime.is_https else "antiphon-sso"


def _cookie(browser: str, runtime: Runtime) -> Cookie:
    """Lax: it comes along when the provider sends the browser back."""
    return Cookie(
        key=_cookie_name(runtime),
        value=browser,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=runtime.is_https,
        httponly=True,
        samesite="lax",
    )


def _browser_of(request: Anything, runtime: Runtime) -> str:
    """The same for several tabs; empty where there is none of ours."""
    value = request.cookies.get(_cookie_name(runtime), "")
    return value if re.fullmatch(r"[A-Za-z0-9_-]{43}", value) else ""


def _refused(name: str, refused: Refused) -> Response[None]:
    log.info("sso.refused", provider=name[:40], why=refused.why, detail=refused.detail[:300])
    return _to(f"{HOME}sign-in?{urlencode({'problem': refused.why})}")


def _to(url: str, *cookies: Cookie) -> Response[None]:
    headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(None, status_code=302, headers=headers, cookies=cookies)


routes = [*http_sso_settings.routes, start]
public_routes = [come_back, log_out]
"""Outside of /api/v1: these addresses are typed in at providers."""
