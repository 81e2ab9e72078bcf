"""The page of a person: everything but the timeline, in one answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath

from antiphon import profiles
from antiphon.app import people, person_figures, person_story
from antiphon.app.person_views import (
    AddressView,
    CellView,
    Claim,
    DeviceView,
    IdentifierView,
    MergedNumber,
    Mobile,
    OptOut,
    PersonPage,
    StageView,
)
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.http import get
from antiphon.kernel.records import ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import asked, kinds, traits_told, words
from antiphon.profiles.addresses import mobile_share
from antiphon.segments import of_person

Anything = Request[Any, Any, Any]
STATEMENTS = 1_000
_DEVICES = frozenset({"webpush", "fcm_fid", "fcm_token", "apns_token", "device", "anonymous_id"})


@get("/people/{who:str}/page", permission="people.read")
async def show_page(runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str]) -> PersonPage:
    """`who`: `kind:value`, `id:number` or the number by itself; one that was merged leads to whoever it is now."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await page(tx, await asked.person(tx, request))


async def page(tx: Transaction, id: ProfileId) -> PersonPage:
    """Raises NotFound."""
    profile = await profiles.led_to(tx, id)
    if profile is None:
        raise NotFound("There is no such profile.")
    origin = await profiles.provenance_of(tx, profile)
    addresses = [_address(one, origin.opt_outs.get((one.channel, one.value))) for one in profile.addresses]
    belongs = await of_person.belongings(tx, id)
    seen_at = max((one.seen_at for one in origin.identifiers), default=None)
    return PersonPage(
        id=str(id),
        name=words.full_name(profile.traits),
        country=people.country_of(str(profile.traits.get("country") or ""), profile.identifiers),
        created_at=profile.created_at,
        numbers=[MergedNumber(str(one.number), one.at, one.by) for one in origin.numbers],
        identifiers=[_identifier(one) for one in origin.identifiers],
        addresses=addresses,
        devices=[_device(one) for one in origin.identifiers if kinds.base(one.identifier.kind) in _DEVICES],
        mobile=_mobile(profile),
        grid=await _grid(tx, id, addresses),
        segments=[one for one in belongs if one.stage_of is None],
        stages=[_stage(one) for one in belongs if one.stage_of is not None],
        traits=traits_told.views(profile.traits, origin.traits),
        accounts=profile.accounts,
        best_channels=await person_figures.best_channels(tx, id, addresses),
        lifecycle=await person_figures.lifecycle(tx, id, profile.created_at, seen_at),
        duplicates=len(await profiles.duplicates_of(tx, id)),
        quiet=await person_figures.quiet(tx, id, profile),
    )


def _identifier(one: profiles.KnownAs) -> IdentifierView:
    who = one.identifier
    claim: Claim = "verified" if one.verified_at is not None else "claimed"
    return IdentifierView(
        who.kind, who.value, one.source, one.first_at, one.seen_at, claim, one.verified_at, shared=one.shared
    )


def _device(one: profiles.KnownAs) -> DeviceView:
    who = one.identifier
    return DeviceView(who.kind, who.value, one.first_at, one.seen_at)


def _address(one: profiles.Address, out: profiles.OptedOut | None) -> AddressView:
    opt_out = OptOut(out.scope, out.how, out.at) if out is not None else None
    return AddressView(
        one.channel,
        one.value,
        one.state,
        opt_out,
        one.succeeded_at,
        one.failed_at,
        mobile_share=mobile_share([one]),
    )


def _mobile(profile: profiles.Profile) -> Mobile:
    on_mobile = sum(one.on_mobile for one in profile.addresses)
    on_other = sum(one.on_other for one in profile.addresses)
    return Mobile(mobile_share(profile.addresses), on_mobile, on_other)


def _stage(one: of_person.InSegment) -> StageView:
    assert one.stage_of is not None
    stage = one.name.removeprefix(f"{one.stage_of}: ")
    return StageView(one.stage_of, stage, one.id, one.since, one.why, one.time_ends_at)


async def _grid(tx: Transaction, id: ProfileId, addresses: list[AddressView]) -> list[CellView]:
    """Who said it stands in the ledger, beside when and how."""
    known = {topic.name: topic for topic in await profiles.topics(tx)}
    said: dict[tuple[datetime, str], str] = {}
    for row in await profiles.ledger(tx, id, limit=STATEMENTS):
        said.setdefault((row.at, row.method), row.source)
    cells = []
    for cell in await profiles.grid(tx, id):
        topic = known.get(cell.topic) or profiles.Topic(cell.topic)
        source = said.get((cell.said_at, cell.method), "") if cell.said_at and cell.method else ""
        cells.append(_cell(cell, topic, source, [one for one in addresses if one.channel == cell.channel]))
    return cells


def _cell(cell: profiles.Cell, topic: profiles.Topic, source: str, places: list[AddressView]) -> CellView:
    blocked = _blocked(places, topic)
    paused = cell.paused_until is not None and not topic.critical
    if not cell.allowed:
        answer = "not_yet" if cell.reason == "no_consent" else "no"
    else:
        answer = "no" if blocked else "paused" if paused else "yes"
    same = ("topic", "channel", "allowed", "reason", "why", "needs", "said_at", "address", "basis", "expires_at")
    more = ("paused_until", "limit_count", "limit_s")
    return CellView(
        **{name: getattr(cell, name) for name in (*same, *more)},
        titles=topic.titles,
        answer=answer,
        blocked=blocked,
        said_how=cell.method,
        said_by=source,
    )


def _blocked(places: list[AddressView], topic: profiles.Topic) -> str | None:
    """What stands between a yes and an arrival; None where somebody can be reached."""
    if not places:
        return "no_address"
    alive = [one for one in places if one.state != "dead"]
    if not alive:
        return "dead"
    outs = [one.opt_out for one in alive if one.opt_out is not None]
    if len(outs) < len(alive):
        return None
    return "opted_out_of_marketing" if any(out.scope == "marketing" for out in outs) else "opted_out"


routes = [show_page, *person_story.routes]
