"""One's own account over HTTP: name and wishes, password, codes of an app, and where one is signed in."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from antiphon.access import passwords, second_factor, sessions, signing_in, store_staff, team, totp, views
from antiphon.access.asking import Anything, proved
from antiphon.access.browser import session_cookie
from antiphon.access.guard import signed_in
from antiphon.access.http import Code, Email, Name, Password
from antiphon.access.records import Colleague, Session, SessionId, Wishes
from antiphon.access.views import MeView, SessionView
from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import Invalid, NotFound, invalid
from antiphon.kernel.http import delete, get, patch, post, put
from antiphon.kernel.runtime import Runtime


class WishesChange(Struct, forbid_unknown_fields=True):
    """All of them: what is left out is as at the beginning."""

    locale: Literal["en", "es", "fr"] | None = None
    theme: Literal["light", "dark", "auto"] = "auto"
    keys: bool = True
    time_zone: Annotated[str, Meta(max_length=100)] | None = None


class MeChange(Struct, forbid_unknown_fields=True):
    """What is left out stays. A new `email` wants a fresh proof."""

    name: Name | None = None
    email: Email | None = None
    wishes: WishesChange | None = None


class PasswordChange(Struct, forbid_unknown_fields=True):
    """`current`: the one before, of who has one."""

    password: Password
    current: Password | None = None


class TotpBegun(Struct):
    """`qr`: an SVG as a data URI. `pending` goes back with the first code, within fifteen minutes."""

    secret: str
    uri: str
    qr: str
    pending: str


class TotpFirst(Struct, forbid_unknown_fields=True):
    pending: Annotated[str, Meta(max_length=1_000)]
    code: Code


class RecoveryCodes(Struct):
    """Shown this once; each works once in place of a code."""

    codes: list[str]


class Sessions(Struct):
    """The latest seen first."""

    sessions: list[SessionView]


class Ended(Struct):
    """How many."""

    ended: int


@get("/me", permission="self")
async def read_me(runtime: NamedDependency[Runtime], request: Anything) -> MeView:
    who, _ = signed_in(request)
    async with runtime.database.transaction(read_only=True) as tx:
        return await _me(tx, who)


@patch("/me", permission="self")
async def change_me(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[MeChange]) -> MeView:
    who, session = signed_in(request)
    if data.email is not None:
        sessions.demand_proof(session)
    wishes = _wishes(data.wishes) if data.wishes is not None else None

    async def work(tx: Transaction) -> MeView:
        return await _me(tx, await team.change_me(tx, who, name=data.name, email=data.email, wishes=wishes))

    return await runtime.database.repeat(work)


@put("/me/password", permission="self")
async def change_password(
    runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[PasswordChange]
) -> MeView:
    """Wants the one before; of who has none, a fresh proof. Every other session of yours ends."""
    who, session = signed_in(request)
    await _demand_current(runtime, who, session, data.current)
    async with runtime.database.transaction(read_only=True) as tx:
        about = [who.email, who.name, await signing_in.company(tx)]
    await passwords.check(data.password, about=about)
    hash = await passwords.make_hash(data.password)
    async with runtime.database.transaction() as tx:
        await signing_in.set_password(tx, who.id, hash, stays=session)
        return await _me(tx, await team.get(tx, who.id))


async def _demand_current(runtime: Runtime, who: Colleague, session: Session, current: str | None) -> None:
    """A proof of lately is no substitute: whoever sits down at an open browser has that. Counted as other guesses."""
    if not who.has_password:
        sessions.demand_proof(session)
        return
    if current is None:
        raise invalid("current", "Your password until now is needed.")
    try:
        await signing_in.prove(runtime.database, who, session, password=current, code=None)
    except Invalid as error:
        raise invalid("current", "This is not your password.") from error


@post("/me/totp", permission="enrol", status_code=200)
async def begin_totp(runtime: NamedDependency[Runtime], request: Anything) -> TotpBegun:
    """A secret for an app that makes codes. Wants a fresh proof; nothing is changed until the first code comes."""
    who, _ = proved(request)
    async with runtime.database.transaction(read_only=True) as tx:
        begun = await totp.begin(tx, who)
    return TotpBegun(begun.secret, begun.uri, begun.qr, begun.pending)


@put("/me/totp", permission="enrol")
async def confirm_totp(
    runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[TotpFirst]
) -> Response[RecoveryCodes]:
    """From now on a code is asked for after the password. Who had to set one up first is signed in now."""
    who, session = proved(request)
    async with runtime.database.transaction() as tx:
        await second_factor.demand_first(tx, who, session)
        codes = await totp.confirm(tx, who, pending=data.pending, code=data.code)
        opened = await second_factor.enrolled(tx, session, "totp")
    return Response(RecoveryCodes(codes), cookies=[session_cookie(opened, runtime)] if opened is not None else [])


@delete("/me/totp", permission="self")
async def turn_totp_off(runtime: NamedDependency[Runtime], request: Anything) -> None:
    """The recovery codes go too. Wants a fresh proof. 409 where a second factor is demanded and this is the last."""
    who, _ = proved(request)
    async with runtime.database.transaction() as tx:
        await second_factor.demand_another(tx, who.id, without="totp")
        await totp.turn_off(tx, who.id)


@post("/me/recovery-codes", permission="self", status_code=200)
async def renew_codes(runtime: NamedDependency[Runtime], request: Anything) -> RecoveryCodes:
    """Ten new ones; those before work no more. Wants a fresh proof."""
    who, _ = proved(request)
    async with runtime.database.transaction() as tx:
        return RecoveryCodes(await totp.renew_codes(tx, who.id))


@get("/me/sessions", permission="self")
async def list_sessions(runtime: NamedDependency[Runtime], request: Anything) -> Sessions:
    who, session = signed_in(request)
    async with runtime.database.transaction(read_only=True) as tx:
        found = await sessions.list_sessions(tx, who.id)
    return Sessions([views.session_view(one, current=session) for one in found])


@delete("/me/sessions/{session:str}", permission="self")
async def end_session(runtime: NamedDependency[Runtime], request: Anything, session: FromPath[str]) -> None:
    """Signed out there, from the next request on. Wants a fresh proof."""
    who, _ = proved(request)
    async with runtime.database.transaction() as tx:
        await sessions.end_one(tx, who.id, SessionId(number(session)))


@delete("/me/sessions", permission="self", status_code=200)
async def end_others(runtime: NamedDependency[Runtime], request: Anything) -> Ended:
    """All but this one. Wants a fresh proof: else who came by this browser could lock its owner out."""
    who, session = proved(request)
    async with runtime.database.transaction() as tx:
        return Ended(await sessions.end_all(tx, who.id, except_=session))


async def _me(tx: Transaction, who: Colleague) -> MeView:
    known = await store_staff.find(tx, who.id)
    left = known.ways.recovery_left if known is not None else 0
    demanded = await second_factor.demands_of(tx, who)
    return MeView(views.colleague_view(who), views.wishes_view(who.wishes), views.proofs_of(who), left, demanded)


def _wishes(given: WishesChange) -> Wishes:
    if given.time_zone is not None:
        try:
            ZoneInfo(given.time_zone)
        except (ValueError, OSError, LookupError) as error:
            raise invalid("wishes.time_zone", "This is no time zone; it looks like Europe/Madrid.") from error
    return Wishes(given.locale, given.theme, given.keys, given.time_zone)


def number(id: str) -> int:
    """Raises NotFound for what is no id."""
    if (found := number_in(id)) is None:
        raise NotFound("There is no {id!r} here; ids are numbers.", id=id[:40])
    return found


routes = [
    read_me,
    change_me,
    change_password,
    begin_totp,
    confirm_totp,
    turn_totp_off,
    renew_codes,
    list_sessions,
    end_session,
    end_others,
]
