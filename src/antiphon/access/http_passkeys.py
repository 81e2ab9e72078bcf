"""Passkeys over HTTP: under /me they are made and named, at /session/passkey they sign in."""

from __future__ import annotations

from typing import Literal

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.access import passkeys, sessions
from antiphon.access.asking import Anything, browser_of, found_in, proved
from antiphon.access.browser import session_cookie
from antiphon.access.guard import signed_in
from antiphon.access.passkey_shapes import Attested, CreationOptions, Passkey, RequestOptions, Signed
from antiphon.access.records import Opened, Session
from antiphon.kernel.http import delete, get, patch, post
from antiphon.kernel.runtime import Runtime


class NewPasskey(Struct, forbid_unknown_fields=True):
    """`credential`: what the `toJSON()` of the credential gives that the browser made."""

    name: str
    credential: Attested


class PasskeyName(Struct, forbid_unknown_fields=True):
    name: str


class PasskeySignIn(Struct, forbid_unknown_fields=True):
    credential: Signed


class Making(Struct):
    options: CreationOptions


class Asking(Struct):
    options: RequestOptions


class Recognised(Struct):
    """`signed_in`: a new session. `proved`: the session that there was may do what is grave."""

    state: Literal["signed_in", "proved"]
    name: str


@get("/me/passkeys", permission="self")
async def list_mine(runtime: NamedDependency[Runtime], request: Anything) -> list[Passkey]:
    """The oldest first."""
    who, _ = signed_in(request)
    async with runtime.database.transaction(read_only=True) as tx:
        return await passkeys.list_of(tx, who.id)


@post("/me/passkeys/options", permission="enrol", status_code=200)
async def begin(runtime: NamedDependency[Runtime], request: Anything) -> Making:
    """For `navigator.credentials.create`; good for five minutes, once."""
    who, session = proved(request)
    site = _site(runtime, request)
    async with runtime.database.transaction() as tx:
        return Making(await passkeys.registration_options(tx, site, who, session))


@post("/me/passkeys", permission="enrol")
async def make(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[NewPasskey]) -> Response[Passkey]:
    """Who had to set up a second factor first is signed in now."""
    who, session = proved(request)
    site = _site(runtime, request)
    made = await passkeys.register(runtime.database, site, data.credential, name=data.name, who=who, session=session)
    cookies = [session_cookie(made.opened, runtime)] if made.opened is not None else []
    return Response(made.passkey, status_code=201, cookies=cookies)


@patch("/me/passkeys/{passkey:str}", permission="self")
async def rename(
    runtime: NamedDependency[Runtime], request: Anything, passkey: FromPath[str], data: JSONBody[PasskeyName]
) -> Passkey:
    who, _ = signed_in(request)
    async with runtime.database.transaction() as tx:
        return await passkeys.rename(tx, who.id, passkey, name=data.name)


@delete("/me/passkeys/{passkey:str}", permission="self")
async def remove(runtime: NamedDependency[Runtime], request: Anything, passkey: FromPath[str]) -> None:
    """Not the only way to sign in, nor the last second factor where one is demanded."""
    who, _ = proved(request)
    async with runtime.database.transaction() as tx:
        await passkeys.remove(tx, who.id, passkey)


@post("/session/passkey/options", permission="public", status_code=200)
async def begin_sign_in(runtime: NamedDependency[Runtime], request: Anything) -> Asking:
    """For `navigator.credentials.get`. After a password, and for who is signed in, it names their own passkeys."""
    site = _site(runtime, request)
    found = await found_in(request, runtime)
    async with runtime.database.transaction() as tx:
        return Asking(await passkeys.sign_in_options(tx, site, found[0].id if found is not None else None))


@post("/session/passkey", permission="public", status_code=200)
async def sign_in(
    runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[PasskeySignIn]
) -> Response[Recognised]:
    """A session with two factors: by passkey alone, or after a password. Whoever is signed in has proved it anew."""
    recognised = await passkeys.recognise(runtime.database, _site(runtime, request), data.credential)
    found = await found_in(request, runtime)
    if found is not None and found[0].id == recognised.staff and not found[1].waiting:
        async with runtime.database.transaction() as tx:
            await sessions.prove(tx, found[1], "passkey")
        return Response(Recognised("proved", recognised.name))
    opened = await _open(runtime, request, recognised, before=found[1] if found is not None else None)
    return Response(Recognised("signed_in", recognised.name), cookies=[session_cookie(opened, runtime)])


async def _open(
    runtime: Runtime, request: Anything, recognised: passkeys.Recognised, *, before: Session | None
) -> Opened:
    """`before`: whose place it takes, such as the session that waits for a second factor."""
    browser = browser_of(request)
    after_password = before is not None and before.waiting and before.staff == recognised.staff
    async with runtime.database.transaction() as tx:
        if before is not None:
            await sessions.end(tx, before)
        return await sessions.open_session(
            tx,
            recognised.staff,
            [*(before.factors if before is not None and after_password else ()), "passkey"],
            client=browser.client,
            address=browser.address,
        )


def _site(runtime: Runtime, request: Anything) -> passkeys.Site:
    return passkeys.site_of(runtime.base_url, host=request.headers.get("host", ""))


routes = [list_mine, begin, make, rename, remove, begin_sign_in, sign_in]
