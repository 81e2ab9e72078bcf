"""The rule about second factors over HTTP: of whom one is demanded, and how many of them have none yet."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from antiphon.access import second_factor
from antiphon.access.asking import Anything, proved
from antiphon.access.roles import ADMINS, Role
from antiphon.access.store_second import Demanded
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Forbidden
from antiphon.kernel.http import get, put
from antiphon.kernel.runtime import Runtime


class LackingView(Struct):
    """How many come in with a password and have neither codes nor a passkey: of `admins`, and in all."""

    admins: int
    everybody: int


class SignInRule(Struct):
    """Of whom a second factor is demanded at each sign-in with a password. `admins`: the roles that this word means."""

    second_factor: Demanded
    admins: list[Role]
    lacking: LackingView


class SignInRuleChange(Struct, forbid_unknown_fields=True):
    second_factor: Demanded


@get("/sign-in-rule", permission="team.read")
async def show(runtime: NamedDependency[Runtime]) -> SignInRule:
    async with runtime.database.transaction(read_only=True) as tx:
        return await _view(tx)


@put("/sign-in-rule", permission="team.write")
async def change(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[SignInRuleChange]) -> SignInRule:
    """In force with each next sign-in. Owners only; wants a fresh proof."""
    who, _ = proved(request)
    if who.role != "owner":
        raise Forbidden("Only an owner says of whom a second factor is demanded.")
    async with runtime.database.transaction() as tx:
        await second_factor.write(tx, data.second_factor)
        return await _view(tx)


async def _view(tx: Transaction) -> SignInRule:
    lacking = await second_factor.lacking(tx)
    demanded = await second_factor.read(tx)
    return SignInRule(demanded, list(ADMINS), LackingView(lacking.admins, lacking.everybody))


routes = [show, change]
