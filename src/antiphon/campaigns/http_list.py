"""The list of campaigns over HTTP, and who of one was told."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from antiphon import orchestration, profiles
from antiphon.campaigns import listing, steer
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Forbidden, invalid
from antiphon.kernel.http import get, principal_of
from antiphon.kernel.records import ProfileId
from antiphon.kernel.runtime import Runtime

OUTCOMES = ("open", "waiting", "sent", "delivered", "failed", "dropped", "cancelled")
FOUND_MAX = 50
NAME_CHARS_MAX = 200


class Recipients(Struct):
    """`names` by `person`; who has none is not in it."""

    recipients: list[orchestration.Recipient]
    cursor: str | None
    names: dict[str, str] = {}


@get("/campaigns", permission="campaigns.read")
async def list_all(
    runtime: NamedDependency[Runtime],
    q: FromQuery[str] = "",
    states: Annotated[list[str] | None, QueryParameter(name="state")] = None,
    sort: FromQuery[listing.Sort] = "newest",
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 50,
) -> listing.Page:
    """With how far each is and its key rates. `state` may be given several times."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await listing.page(tx, q=q, states=states or (), sort=sort, cursor=cursor, limit=limit)


@get("/campaigns/{campaign:str}/recipients", permission="campaigns.read")
async def recipients(
    runtime: NamedDependency[Runtime],
    request: Request[Any, Any, Any],
    campaign: FromPath[str],
    outcome: FromQuery[str | None] = None,
    reason: FromQuery[str | None] = None,
    who: FromQuery[str | None] = None,
    cursor: FromQuery[int] = 0,
    limit: FromQuery[int] = 100,
) -> Recipients:
    """Who got it and who did not, and why. `reason`: a word such as capped. `who`: a name or an identifier, as people
    search for it, or `kind:value`. Addresses, names and looking for somebody want people.read."""
    if outcome is not None and outcome not in OUTCOMES:
        raise invalid(
            "outcome",
            "There is no outcome {outcome}; there are {known}.",
            outcome=outcome[:40],
            known=", ".join(OUTCOMES),
        )
    limit, who = max(1, min(limit, 1_000)), (who or "").strip()
    sees_people = "people.read" in principal_of(request).may
    if who and not sees_people:
        raise Forbidden("Looking for somebody needs the permission to see people.")
    async with runtime.database.transaction(read_only=True) as tx:
        found = await steer.find(tx, campaign)
        people = await _people(tx, who) if who else None
        if found.source is None or people == []:
            return Recipients([], None)
        rows = await orchestration.recipients(
            tx, found.source, outcome=outcome, after=max(0, cursor), limit=limit, reason=reason, people=people
        )
        names = await _names(tx, rows) if sees_people else {}
    if not sees_people:
        rows = [replace(row, address=None) for row in rows]
    return Recipients(rows, rows[-1].profile if len(rows) == limit else None, names)


async def _names(tx: Transaction, rows: list[orchestration.Recipient]) -> dict[str, str]:
    called = await profiles.names(tx, {ProfileId(int(row.person)) for row in rows})
    return {str(person): name[:NAME_CHARS_MAX] for person, name in called.items()}


async def _people(tx: Transaction, who: str) -> list[ProfileId]:
    kind, colon, value = who.partition(":")
    if colon and profiles.is_kind(kind):
        identifier = profiles.normalise(kind, value)
        return list((await profiles.find(tx, [identifier])).values())
    return [person.id for person in (await profiles.find_people(tx, who, limit=FOUND_MAX)).people]


routes = [list_all, recipients]
