"""One-time links over HTTP: what stands behind one, an invitation accepted, a forgotten password set anew."""

from __future__ import annotations

from typing import Literal

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from antiphon.access import http, links, signing_in, team, throttle
from antiphon.access.asking import Anything, browser_of
from antiphon.access.http import Code, Email, Name, Password, SessionState
from antiphon.kernel.http import post
from antiphon.kernel.runtime import Runtime


class LinkToken(Struct, forbid_unknown_fields=True):
    """What stands behind `#` in the link."""

    token: Code


class LinkTarget(Struct):
    """Whom the link is for: they choose a password next."""

    kind: Literal["invitation", "password"]
    email: str
    name: str
    company: str


class Acceptance(Struct, forbid_unknown_fields=True):
    """`name`: as they want to be called."""

    token: Code
    password: Password
    name: Name | None = None


class NewPassword(Struct, forbid_unknown_fields=True):
    token: Code
    password: Password


class Forgotten(Struct, forbid_unknown_fields=True):
    email: Email


class WayOut(Struct):
    """`mailed`: whether this installation sends such links by mail; the same for every address."""

    mailed: bool
    title: str


@post("/links/look", permission="public", status_code=200)
async def look(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[LinkToken]) -> LinkTarget:
    """It stays good. 404 `bad_link` for one that was used or is too old."""
    guess = await throttle.take_guess(runtime.database, about=None, address=browser_of(request).address)
    async with runtime.database.transaction() as tx:
        found = await links.find(tx, data.token)
        await throttle.was_right(tx, guess)
        return LinkTarget(found.kind, found.email, found.name, await signing_in.company(tx))


@post("/invitations/accept", permission="public", status_code=200)
async def accept(
    runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[Acceptance]
) -> Response[SessionState]:
    """A password is chosen, and they are signed in. The link works once."""
    opened = await signing_in.follow_link(
        runtime.database,
        data.token,
        "invitation",
        password=data.password,
        name=team.checked_name(data.name) if data.name is not None else None,
        browser=browser_of(request),
    )
    return await http.answer(runtime, request, opened)


@post("/password/reset", permission="public", status_code=200)
async def reset(
    runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[NewPassword]
) -> Response[SessionState]:
    """All their sessions end; a second factor is asked for all the same. The link works once."""
    opened = await signing_in.follow_link(
        runtime.database, data.token, "password", password=data.password, name=None, browser=browser_of(request)
    )
    return await http.answer(runtime, request, opened)


@post("/password/forgot", permission="public", status_code=200)
async def forgot(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[Forgotten]) -> WayOut:
    """The way out in words. Accounts are not looked at, so the answer tells nothing of them."""
    address = browser_of(request).address
    await throttle.take_guess(runtime.database, about=f"forgotten {data.email}", address=address)
    return WayOut(
        mailed=False,
        title="Ask a colleague who is a manager or an owner for a link; or on the server: antiphon staff link EMAIL.",
    )


routes = [look, accept, reset, forgot]
