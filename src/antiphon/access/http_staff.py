"""Colleagues over HTTP: who there is, inviting, roles, leaving, links for who is locked out."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from antiphon.access import http_second_factor, team, views
from antiphon.access.asking import Anything, giver
from antiphon.access.http import Email, Name
from antiphon.access.http_me import Ended, number
from antiphon.access.records import StaffId
from antiphon.access.roles import MAY, ROLES, Role, may_give
from antiphon.access.views import ColleagueView, LinkView
from antiphon.kernel.db import Transaction
from antiphon.kernel.http import delete, get, patch, post
from antiphon.kernel.permissions import Permission
from antiphon.kernel.runtime import Runtime

Limit = Annotated[int, QueryParameter(ge=1, le=200)]


class Staff(Struct):
    """The first who came first; who left stays in the list. `cursor` is null on the last page."""

    staff: list[ColleagueView]
    cursor: str | None


class RoleView(Struct):
    """What a role may do; `gives`: the roles that somebody with it may give to others."""

    role: Role
    permissions: list[Permission]
    gives: list[Role]


class RoleList(Struct):
    roles: list[RoleView]


class Invitation(Struct, forbid_unknown_fields=True):
    """`name`: else what stands before the `@`; they may change it."""

    email: Email
    role: Role
    name: Name = ""


class InvitationMade(Struct):
    colleague: ColleagueView
    link: LinkView


class ColleagueChange(Struct, forbid_unknown_fields=True):
    """What is left out stays. `left` signs them out everywhere; `invited` lets somebody back who left."""

    role: Role | None = None
    state: Literal["left", "invited"] | None = None


@get("/staff", permission="team.read")
async def list_staff(
    runtime: NamedDependency[Runtime], cursor: FromQuery[str | None] = None, limit: Limit = 100
) -> Staff:
    after = StaffId(number(cursor) if cursor is not None else 0)
    async with runtime.database.transaction(read_only=True) as tx:
        found = await team.list_staff(tx, after=after, limit=limit + 1)
    page = found[:limit]
    return Staff([views.colleague_view(one) for one in page], str(page[-1].id) if len(found) > limit else None)


@get("/roles", permission="team.read")
async def list_roles(runtime: NamedDependency[Runtime]) -> RoleList:
    """What each role may do here."""
    return RoleList([_role(role, sandbox=runtime.sandbox) for role in ROLES])


@post("/staff", permission="team.write")
async def invite(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[Invitation]) -> InvitationMade:
    """The link is shown this once: hand it over yourself. An owner is made by an owner, after a fresh proof."""
    by = giver(request)
    async with runtime.database.transaction() as tx:
        made = await team.invite(
            tx, email=data.email, name=data.name, role=data.role, giver=by, base_url=runtime.base_url
        )
    return InvitationMade(views.colleague_view(made.colleague), views.link_view(made.link))


@patch("/staff/{staff:str}", permission="team.write")
async def change(
    runtime: NamedDependency[Runtime], request: Anything, staff: FromPath[str], data: JSONBody[ColleagueChange]
) -> ColleagueView:
    """409 where no owner would stay."""
    by, who = giver(request), StaffId(number(staff))

    async def work(tx: Transaction) -> ColleagueView:
        return views.colleague_view(await team.change(tx, who, role=data.role, state=data.state, giver=by))

    return await runtime.database.repeat(work)


@post("/staff/{staff:str}/link", permission="team.write")
async def make_link(runtime: NamedDependency[Runtime], request: Anything, staff: FromPath[str]) -> LinkView:
    """With it they choose a password; those made before end. Wants a fresh proof."""
    by, who = giver(request), StaffId(number(staff))
    async with runtime.database.transaction() as tx:
        return views.link_view(await team.renew_link(tx, who, giver=by, base_url=runtime.base_url))


@delete("/staff/{staff:str}/sessions", permission="team.write", status_code=200)
async def end_sessions(runtime: NamedDependency[Runtime], request: Anything, staff: FromPath[str]) -> Ended:
    """Signed out everywhere, from the next request on."""
    by, who = giver(request), StaffId(number(staff))
    async with runtime.database.transaction() as tx:
        return Ended(await team.end_sessions(tx, who, giver=by))


@delete("/staff/{staff:str}/second-factor", permission="team.write")
async def drop_second_factor(runtime: NamedDependency[Runtime], request: Anything, staff: FromPath[str]) -> None:
    """For who has lost phone and recovery codes: codes and passkeys are gone, and they are signed out. Wants a fresh
    proof."""
    by, who = giver(request), StaffId(number(staff))
    async with runtime.database.transaction() as tx:
        await team.drop_second_factor(tx, who, giver=by)


def _role(role: Role, *, sandbox: bool) -> RoleView:
    manages = "team.write" in MAY[role]
    gives: list[Role] = [one for one in ROLES if manages and may_give(role, before=None, after=one)]
    return RoleView(role, views.permissions_of(role, sandbox=sandbox), gives)


routes = [
    list_staff,
    list_roles,
    invite,
    change,
    make_link,
    end_sessions,
    drop_second_factor,
    *http_second_factor.routes,
]
