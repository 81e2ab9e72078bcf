"""Profiles over HTTP. `who` is `kind:value`, percent-encoded; the value may hold any character."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, Parameter
from msgspec import Struct

from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound, invalid
from antiphon.kernel.http import get
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import (
    accounts_http,
    asked,
    consent_http,
    erasure_http,
    http_editing,
    http_merging,
    identity_http,
    search_http,
    timeline,
    topics_http,
    trait_schema_http,
)
from antiphon.profiles.addresses import mobile_share
from antiphon.profiles.records import Address, Belonging, Preference, Profile, RecordedEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
Anything = Request[Any, Any, Any]


class AddressView(Struct):
    """Without the keys of a push subscription.

    `state`: unknown, active, soft or dead, as the world taught us. `mobile_share`: of the opens and clicks there, how
    many were made on a telephone or tablet; null where nothing is known.
    """

    channel: str
    value: str
    state: str
    opted_out: bool
    succeeded_at: datetime | None
    failed_at: datetime | None
    mobile_share: float | None


class ProfileView(Struct):
    id: str
    created_at: datetime
    traits: dict[str, Any]
    identifiers: list[Identifier]
    addresses: list[AddressView]
    preferences: list[Preference]
    accounts: list[Belonging]
    mobile_share: float | None


class Events(Struct):
    """The latest first. `cursor` is null on the last page."""

    events: list[RecordedEvent]
    cursor: str | None


@get("/profiles/{who:str}", permission="people.read")
async def show(runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str]) -> ProfileView:
    async with runtime.database.transaction(read_only=True) as tx:
        profile = await _profile(tx, await asked.person(tx, request))
    return ProfileView(
        str(profile.id),
        profile.created_at,
        profile.traits,
        profile.identifiers,
        [_address(one) for one in profile.addresses],
        profile.preferences,
        profile.accounts,
        mobile_share(profile.addresses),
    )


@get("/profiles/{who:str}/events", permission="people.read")
async def show_events(
    runtime: NamedDependency[Runtime],
    request: Anything,
    who: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, Parameter(ge=1, le=timeline.EVENTS_MAX)] = 50,
) -> Events:
    upto, skip = _place(cursor) if cursor else (FOREVER, 0)
    async with runtime.database.transaction(read_only=True) as tx:
        found = await timeline.page(tx, await asked.person(tx, request), upto=upto, skip=skip, limit=limit + 1)
    shown = found[:limit]
    return Events(shown, _cursor(shown, upto, skip) if len(found) > limit else None)


def _address(one: Address) -> AddressView:
    share = mobile_share([one])
    return AddressView(
        one.channel, one.value, one.state, one.opted_out, one.succeeded_at, one.failed_at, mobile_share=share
    )


async def _profile(tx: Transaction, id: ProfileId) -> Profile:
    found = await timeline.read(tx, [id])
    if not found:
        raise NotFound("There is no such profile.")
    return found[0]


def _cursor(shown: list[RecordedEvent], upto: datetime, skip: int) -> str:
    """Microseconds since 1970 of the last event shown, and how many of that instant were shown."""
    last = shown[-1].at
    same = sum(event.at == last for event in shown) + (skip if last == upto else 0)
    return f"{(last - _EPOCH) // _MICROSECOND}.{same}"


def _place(cursor: str) -> tuple[datetime, int]:
    try:
        at, _, skip = cursor.partition(".")
        place = _EPOCH + int(at) * _MICROSECOND, int(skip)
    except (ValueError, OverflowError) as error:
        raise invalid("cursor", "It is not a cursor that we gave.") from error
    if not 0 <= place[1] < 2**31:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return place


routes = [
    show,
    show_events,
    *accounts_http.routes,
    *consent_http.routes,
    *erasure_http.routes,
    *http_editing.routes,
    *http_merging.routes,
    *identity_http.routes,
    *search_http.routes,
    *topics_http.routes,
    *trait_schema_http.routes,
]
