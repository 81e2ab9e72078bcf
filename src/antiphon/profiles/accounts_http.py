"""Accounts over HTTP. A key may hold any character; it stands percent-encoded in the path."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import NotFound, invalid
from antiphon.kernel.http import delete, get, put
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import accounts, asked
from antiphon.profiles.accounts import Account

Anything = Request[Any, Any, Any]


class AccountMemberView(Struct):
    profile: str
    external_id: str | None
    since: datetime


class AccountMembers(Struct):
    """`cursor` is null on the last page."""

    members: list[AccountMemberView]
    cursor: str | None


class AccountTraits(Struct, forbid_unknown_fields=True):
    """Laid over those that are there; null removes one."""

    traits: dict[str, Any]


@get("/accounts/{key:str}", permission="people.read")
async def show_account(runtime: NamedDependency[Runtime], request: Anything, key: FromPath[str]) -> Account:
    async with runtime.database.transaction(read_only=True) as tx:
        return await _account(tx, segment_after(request, "accounts"))


@put("/accounts/{key:str}", permission="people.write")
async def tell_account(
    runtime: NamedDependency[Runtime], request: Anything, key: FromPath[str], data: JSONBody[AccountTraits]
) -> Account:
    """An unknown account is made."""

    async def work(tx: Transaction) -> Account:
        await accounts.tell_account(tx, segment_after(request, "accounts"), data.traits)
        return await _account(tx, segment_after(request, "accounts"))

    return await runtime.database.repeat(work)


@get("/accounts/{key:str}/members", permission="people.read")
async def show_account_members(
    runtime: NamedDependency[Runtime],
    request: Anything,
    key: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 100,
) -> AccountMembers:
    """By profile."""
    account = segment_after(request, "accounts")
    async with runtime.database.transaction(read_only=True) as tx:
        await _account(tx, account)
        found = await accounts.members_of_account(tx, account, after=_after(cursor), limit=limit)
    views = [AccountMemberView(str(one.profile), one.external_id, one.since) for one in found]
    return AccountMembers(views, views[-1].profile if len(views) == limit else None)


@delete("/profiles/{who:str}/accounts/{key:str}", permission="people.write", status_code=204)
async def leave_account(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], key: FromPath[str]
) -> None:
    """The person belongs there no longer. 404 where they did not."""

    async def work(tx: Transaction) -> None:
        profile = await asked.person(tx, request)
        if not await accounts.leave_account(tx, profile, segment_after(request, "accounts")):
            raise NotFound("They do not belong to this account.")

    await runtime.database.repeat(work)


async def _account(tx: Transaction, key: str) -> Account:
    found = await accounts.find_account(tx, key)
    if found is None:
        raise NotFound("There is no such account.")
    return found


def _after(cursor: str) -> int:
    if (after := number_in(cursor or "0")) is None:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return after


routes = [show_account, tell_account, show_account_members, leave_account]
