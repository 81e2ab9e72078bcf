"""Signing in and out over HTTP, the first owner, and the sandbox's open door.

What answers at these paths is one document, `SessionState`: what the app must know before it shows anything.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, JSONBody
from msgspec import Meta, Struct

from antiphon import __version__
from antiphon.access import sessions, setting_up, signing_in, store_staff, views
from antiphon.access.asking import Anything, browser_of, found_in
from antiphon.access.browser import is_link_token, is_local, no_cookie, session_cookie
from antiphon.access.guard import signed_in
from antiphon.access.records import Colleague, Factor, Opened, Session
from antiphon.access.roles import Role
from antiphon.access.store_staff import SsoButton
from antiphon.access.views import ColleagueView, WishesView
from antiphon.kernel import i18n, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Forbidden, NotFound, Unauthorised
from antiphon.kernel.http import delete, get, post
from antiphon.kernel.permissions import Permission
from antiphon.kernel.runtime import Runtime

Email = Annotated[str, Meta(max_length=254)]
Password = Annotated[str, Meta(max_length=1_000)]
Code = Annotated[str, Meta(max_length=100)]
Name = Annotated[str, Meta(max_length=200)]
Found = tuple[Colleague, Session] | None
NO_STORE = {"Cache-Control": "no-store"}


class ProductTime(Struct):
    """`held`: it stands at `now` until it is moved or let go."""

    now: datetime
    held: bool


class SessionState(Struct):
    """Who is signed in with this cookie.

    `setup`: there is nobody yet, and `may_set_up` says whether this browser may be the first. `second_factor`: the
    password was right, one of `second_factors` is to come. `enrol`: one is demanded of `colleague`, who has none: it is
    set up now, and nothing else can be done. `proofs`: with what a 403 `prove_again` is answered.
    `may_enter`: the sandbox lets this browser in as a sample colleague. `product_time`: in the sandbox, whose clock is
    not this machine's. `currency`: of all money, ISO 4217.
    """

    state: Literal["setup", "signed_out", "second_factor", "enrol", "signed_in"]
    may_set_up: bool
    may_enter: bool
    sso: list[SsoButton]
    second_factors: list[Factor]
    proofs: list[Factor]
    permissions: list[Permission]
    sandbox: bool
    locale: Literal["en", "es", "fr"]
    version: str
    company: str
    currency: str
    product_time: ProductTime | None = None
    colleague: ColleagueView | None = None
    wishes: WishesView | None = None
    role: Role | None = None


class SignIn(Struct, forbid_unknown_fields=True):
    email: Email
    password: Password


class SecondFactor(Struct, forbid_unknown_fields=True):
    """`code`: six digits of the app, or a recovery code."""

    code: Code


class Proof(Struct, forbid_unknown_fields=True):
    """The password; a code of the app where there is none."""

    password: Password | None = None
    code: Code | None = None


class SetUp(Struct, forbid_unknown_fields=True):
    """`company`: the name that customers read, if it is known already. `token`: of the link printed at the start."""

    name: Name
    email: Email
    password: Password
    company: Name | None = None
    token: Code | None = None


class Enter(Struct, forbid_unknown_fields=True):
    role: Role


@get("/session", permission="public")
async def read_session(
    runtime: NamedDependency[Runtime], request: Anything, token: FromQuery[str | None] = None
) -> Response[SessionState]:
    """What the app asks first. `token`: of the link printed at the start, until there is a first owner."""
    found = await found_in(request, runtime)
    return Response(await _state(runtime, request, found, token=token or ""), headers=NO_STORE)


@post("/session", permission="public", status_code=200)
async def sign_in(
    runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[SignIn]
) -> Response[SessionState]:
    """401 `wrong_sign_in`, whatever was wrong; 429 after five that were."""
    opened = await signing_in.sign_in(runtime.database, data.email, data.password, browser=browser_of(request))
    return await _signed_in(runtime, request, opened)


@post("/session/second-factor", permission="public", status_code=200)
async def give_code(
    runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[SecondFactor]
) -> Response[SessionState]:
    """Within ten minutes of the password. 401 `wrong_code`; a code works once."""
    found = await found_in(request, runtime)
    if found is None or not found[1].waiting or found[1].enrolling:
        raise Unauthorised("No sign-in waits for a code in this browser: begin with the password.")
    who, session = found
    opened = await signing_in.give_code(runtime.database, who, session, data.code, browser=browser_of(request))
    return await _signed_in(runtime, request, opened)


@post("/session/prove", permission="self", status_code=200)
async def prove(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[Proof]) -> SessionState:
    """For fifteen minutes what is grave may be done; then it is asked for again."""
    who, session = signed_in(request)
    await signing_in.prove(runtime.database, who, session, password=data.password, code=data.code)
    return await _state(runtime, request, (who, session))


@delete("/session", permission="public", also={204: ResponseSpec(None, description="Signed out")})
async def sign_out(runtime: NamedDependency[Runtime], request: Anything) -> Response[None]:
    """In this browser. Whoever is signed in nowhere is signed out all the same."""
    found = await found_in(request, runtime)
    if found is not None:
        async with runtime.database.transaction() as tx:
            await sessions.end(tx, found[1])
    return Response(None, status_code=204, cookies=[no_cookie(runtime)])


@post("/setup", permission="public", status_code=200)
async def set_up(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[SetUp]) -> Response[SessionState]:
    """The first owner, signed in at once. 409 once there is somebody."""
    if not _may_set_up(runtime, request, data.token or ""):
        raise Forbidden("Open it on the machine where Antiphon runs, or with the link printed when it started.")
    opened = await setting_up.set_up(
        runtime.database,
        name=data.name,
        email=data.email,
        password=data.password,
        company=data.company,
        browser=browser_of(request),
    )
    return await _signed_in(runtime, request, opened)


@post("/sandbox/enter", permission="public", status_code=200)
async def enter(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[Enter]) -> Response[SessionState]:
    """A sample colleague of this role, on this machine alone."""
    if not runtime.sandbox:
        raise NotFound("There is no sandbox here; serve with --sandbox.")
    if not is_local(request, runtime):
        raise Forbidden("The sandbox lets in only who opens it on the machine where it runs.")
    browser = browser_of(request)
    opened = await runtime.database.repeat(lambda tx: setting_up.enter_as(tx, data.role, browser=browser))
    return await _signed_in(runtime, request, opened)


async def _signed_in(runtime: Runtime, request: Anything, opened: Opened) -> Response[SessionState]:
    """What there was in this browser before has ended."""
    before = await found_in(request, runtime)
    if before is not None:
        async with runtime.database.transaction() as tx:
            await sessions.end(tx, before[1])
    found = await sessions.find_session(runtime.database, opened.token, even_waiting=True)
    state = await _state(runtime, request, found)
    return Response(state, cookies=[session_cookie(opened, runtime)], headers=NO_STORE)


answer = _signed_in
"""For the other ways in, such as a link."""


async def _state(runtime: Runtime, request: Anything, found: Found, *, token: str = "") -> SessionState:
    async with runtime.database.transaction(read_only=True) as tx:
        empty = found is None and await setting_up.needs_setup(tx)
        state = SessionState(
            state="setup" if empty else "signed_out",
            may_set_up=empty and _may_set_up(runtime, request, token),
            may_enter=runtime.sandbox and is_local(request, runtime),
            sso=await store_staff.sso_buttons(tx),
            second_factors=[],
            proofs=[],
            permissions=[],
            sandbox=runtime.sandbox,
            locale=_locale(request, found),
            version=__version__,
            company=await signing_in.company(tx),
            currency=(await settings.read(tx)).currency,
            product_time=_product_time(tx) if runtime.sandbox else None,
        )
    if found is not None and found[1].enrolling:
        state.state, state.colleague = "enrol", views.colleague_view(found[0])
    elif found is not None and found[1].waiting:
        state.state, state.second_factors = "second_factor", views.second_factors_of(found[0])
    elif found is not None:
        _add_colleague(state, found[0])
    return state


def _product_time(tx: Transaction) -> ProductTime:
    return ProductTime(tx.now, held=tx.database.clock.state.held_at is not None)


def _add_colleague(state: SessionState, who: Colleague) -> None:
    state.state, state.role = "signed_in", who.role
    state.colleague, state.wishes = views.colleague_view(who), views.wishes_view(who.wishes)
    state.permissions = views.permissions_of(who.role, sandbox=state.sandbox)
    state.proofs = views.proofs_of(who)


def _may_set_up(runtime: Runtime, request: Anything, token: str) -> bool:
    return is_local(request, runtime) or is_link_token(token, runtime)


def _locale(request: Anything, found: Found) -> Literal["en", "es", "fr"]:
    """As they wish, else as their browser says."""
    wished = found[0].wishes.locale if found is not None and not found[1].waiting else None
    chosen = wished or i18n.choose(request.headers.get("accept-language", ""))
    return "es" if chosen == "es" else "fr" if chosen == "fr" else "en"


routes = [read_session, sign_in, give_code, prove, sign_out, set_up, enter]
