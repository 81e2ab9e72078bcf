"""Preferences and consents over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter
from msgspec import Struct

from antiphon.kernel import durations
from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import get, post, put
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import asked, consent, optin, store
from antiphon.profiles.consent_check import checked
from antiphon.profiles.consent_fold import RESUMED, ConsentState, Standing, Wish
from antiphon.profiles.consent_records import Cell, Consent, Proof, Scope, Statement

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
Anything = Request[Any, Any, Any]


class Limit(Struct, forbid_unknown_fields=True):
    """At most `count` in any period of `within`, such as `7d`."""

    count: int
    within: str


class Choice(Struct, forbid_unknown_fields=True, kw_only=True):
    """`*` is every topic or channel. A pause needs `until`; a limit without `limit` is lifted."""

    topic: str
    channel: str
    state: ConsentState
    until: datetime | None = None
    limit: Limit | None = None
    address: str | None = None
    expires_at: datetime | None = None


class Said(Choice, forbid_unknown_fields=True, kw_only=True):
    """A statement with its proof. `confirmed_at` makes a consent one of double opt-in; `pending` asks for one."""

    basis: str = ""
    at: datetime | None = None
    method: str = "api"
    source: str = ""
    wording: str = ""
    wording_version: str = ""
    language: str = ""
    ip: str = ""
    user_agent: str = ""
    asked_at: datetime | None = None
    confirmed_at: datetime | None = None


class StandingView(Struct, omit_defaults=True):
    """What stands for one topic and channel. Without a state nothing is said but a pause or a limit."""

    topic: str
    channel: str
    state: Wish | None = None
    address: str | None = None
    expires_at: datetime | None = None
    paused_until: datetime | None = None
    limit: Limit | None = None


class Preferences(Struct):
    preferences: list[StandingView]


class Grid(Struct):
    """One cell for each topic and channel."""

    cells: list[Cell]


class Entry(Struct, omit_defaults=True):
    """A row of the ledger. `scope` is set where it is an opt-out or opt-in of the address itself."""

    id: str
    at: datetime
    recorded_at: datetime
    topic: str
    channel: str
    state: ConsentState
    method: str
    address: str | None = None
    scope: Scope | None = None
    until: datetime | None = None
    expires_at: datetime | None = None
    limit: Limit | None = None
    basis: str = ""
    source: str = ""
    wording: str = ""
    wording_version: str = ""
    language: str = ""
    ip: str = ""
    user_agent: str = ""
    asked_at: datetime | None = None
    confirmed_at: datetime | None = None
    asked_id: str | None = None


class Ledger(Struct):
    """The latest first. `cursor` is null on the last page."""

    consents: list[Entry]
    cursor: str | None


class Appended(Struct):
    id: str


@get("/profiles/{who:str}/preferences", permission="people.read")
async def show_preferences(runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str]) -> Grid:
    """Every known topic and every topic that the person spoke about, on every channel, and why."""
    async with runtime.database.transaction(read_only=True) as tx:
        profile = await asked.person(tx, request)
        return Grid(await consent.grid(tx, profile))


@put("/profiles/{who:str}/preferences", permission="people.write")
async def prefer(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[Choice]
) -> Preferences:
    if data.state == "pending":
        raise invalid("state", "A double opt-in is asked by POST …/consents.")

    async def work(tx: Transaction) -> Preferences:
        profile = await asked.person(tx, request)
        await consent.state(tx, profile, [_statement(data)], _proof_of(request))
        standing = (await consent.preferences(tx, [profile]))[profile]
        return Preferences([_standing(row) for row in standing])

    return await runtime.database.repeat(work)


@get("/profiles/{who:str}/consents", permission="people.read")
async def show_consents(
    runtime: NamedDependency[Runtime],
    request: Anything,
    who: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, Parameter(ge=1, le=consent.LEDGER_MAX)] = 50,
) -> Ledger:
    before = _place(cursor) if cursor else (FOREVER, 0)
    async with runtime.database.transaction(read_only=True) as tx:
        profile = await asked.person(tx, request)
        found = await store.consent.ledger(tx, profile, before=before, limit=limit + 1)
    shown = found[:limit]
    return Ledger([_entry(row) for row in shown], _cursor(shown[-1]) if len(found) > limit else None)


@post("/profiles/{who:str}/consents", permission="people.write")
async def add_consent(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[Said]
) -> Appended:
    async def work(tx: Transaction) -> Appended:
        profile, named = await asked.person(tx, request), asked.named(request)
        proof = Proof(**{name: getattr(data, name) for name in Proof.__struct_fields__ if name != "who"}, who=named)
        if data.state == "pending":
            if data.address is None:
                raise invalid("address", "A double opt-in is asked at one address; name it.")
            return Appended(str(await optin.ask(tx, profile, data.topic, data.channel, data.address, proof)))
        statement = _statement(data, basis=data.basis, at=data.at)
        (number,) = await consent.append(tx, profile, checked([statement], proof, now=tx.now), proof)
        return Appended(str(number))

    return await runtime.database.repeat(work)


def _proof_of(request: Anything) -> Proof:
    """A colleague writes down what the person told them."""
    by = asked.by(request)
    if by.startswith("staff:"):
        return Proof("agent", source=by, who=asked.named(request))
    return Proof("api", who=asked.named(request))


def _statement(data: Choice, *, basis: str = "", at: datetime | None = None) -> Statement:
    return Statement(
        data.topic,
        data.channel,
        data.state,
        until=data.until,
        expires_at=data.expires_at,
        limit_count=data.limit.count if data.limit else None,
        limit_s=durations.parse(data.limit.within, at="limit.within") if data.limit else None,
        address=data.address,
        basis=basis,
        at=at,
    )


def _standing(row: Standing) -> StandingView:
    return StandingView(
        row.topic,
        row.channel,
        row.state,
        address=row.address or None,
        expires_at=row.expires_at,
        paused_until=row.paused_until if row.paused_until != RESUMED else None,
        limit=_limit(row.limit_count, row.limit_s),
    )


def _limit(count: int | None, within_s: float | None) -> Limit | None:
    return None if count is None or within_s is None else Limit(count, f"{within_s:g}s")


def _entry(row: Consent) -> Entry:
    same = {name: getattr(row, name) for name in Entry.__struct_fields__ if name not in ("id", "limit", "asked_id")}
    asked = str(row.asked_id) if row.asked_id is not None else None
    return Entry(id=str(row.id), limit=_limit(row.limit_count, row.limit_s), asked_id=asked, **same)


def _cursor(last: Consent) -> str:
    """Microseconds since 1970 and the number of the last row shown."""
    return f"{(last.at - _EPOCH) // _MICROSECOND}.{last.id}"


def _place(cursor: str) -> tuple[datetime, int]:
    try:
        at, _, id = cursor.partition(".")
        place = _EPOCH + int(at) * _MICROSECOND, int(id)
    except (ValueError, OverflowError) as error:
        raise invalid("cursor", "It is not a cursor that we gave.") from error
    if not 0 <= place[1] < 2**63:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return place


routes = [show_preferences, prefer, show_consents, add_consent]
