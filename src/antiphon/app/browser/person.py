"""A person's page: who they are, where they can be reached, what they said, and why they got what they got."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from antiphon import orchestration, profiles, segments
from antiphon.app.browser import wishes
from antiphon.app.browser.frame import SHOWN, Anything, back_to, page
from antiphon.app.topics import queries
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound, Problem
from antiphon.kernel.http import get
from antiphon.kernel.paths import segment_after
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.kernel.runtime import Runtime

EVENTS = 50
TOLD = 50
FOUND = 50
STATEMENTS = 20
WHO_CHARS_MAX = 1_000


@get("/people", permission="staff", **SHOWN)
async def search(runtime: NamedDependency[Runtime], who: FromQuery[str] = "") -> Response[bytes]:
    """To the person whom it names; else whoever's name or identifiers begin so."""
    typed = who.strip()
    if not typed:
        return page("people.html", who="", problem="", found=[])
    try:
        async with runtime.database.transaction(read_only=True) as tx:
            await _find(tx, guess(typed))
    except Problem as problem:
        return await _begins(runtime, typed, problem)
    return back_to(f"/people/{quote(guess(typed), safe=':@+')}")


async def _begins(runtime: Runtime, typed: str, problem: Problem) -> Response[bytes]:
    """`problem`: nobody is known exactly so, or nobody can be."""
    try:
        async with runtime.database.transaction(read_only=True) as tx:
            found = (await profiles.find_people(tx, typed, limit=FOUND)).people
    except Problem:
        found = []
    if found:
        return page("people.html", who=typed, problem="", found=found)
    return page("people.html", status=problem.status, who=typed[:200], problem=str(problem), found=[])


@get("/people/{who:str}", permission="staff", **SHOWN)
async def show(runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str]) -> Response[bytes]:
    """`who` is `kind:value`, or the number of a profile."""
    async with runtime.database.transaction(read_only=True) as tx:
        profile = await _find(tx, segment_after(request, "people"))
        origin = await profiles.provenance_of(tx, profile)
        places = wishes.places(profile.addresses, origin.opt_outs)
        return page(
            "person.html",
            profile=profile,
            name=_name(profile),
            origin=origin,
            tellings=wishes.told(profile, origin.traits),
            places=places,
            told=await orchestration.why(tx, profile.id, limit=TOLD),
            belongs=await _segments(tx, profile.id),
            events=await profiles.events(tx, profile.id, limit=EVENTS),
            **await _said(tx, profile, places),
        )


async def _said(tx: Transaction, profile: profiles.Profile, places: list[wishes.Place]) -> dict[str, Any]:
    """What the person lets us send, what stands beside it, and the ledger behind it."""
    topics = await profiles.topics(tx)
    titles = {topic.name: topic.titles.get("en") or topic.name for topic in topics}
    rows = (await profiles.preferences(tx, [profile.id]))[profile.id]
    return {
        "grid": wishes.grid(await profiles.grid(tx, profile.id), topics, places),
        "standing": wishes.standing(rows, titles, now=tx.now),
        "ledger": wishes.said(await profiles.ledger(tx, profile.id, limit=STATEMENTS), titles),
    }


def guess(typed: str) -> str:
    """What a person types, as `kind:value`: +44… is a phone, a@b an e-mail, anything else the company's own id."""
    kind, colon, _ = typed.partition(":")
    if colon and kind in ("external_id", "email", "phone", "anonymous_id", "webpush", "id"):
        return typed
    if typed.startswith("+"):
        return f"phone:{typed}"
    return f"email:{typed}" if "@" in typed else f"external_id:{typed}"


async def _find(tx: Transaction, who: str) -> profiles.Profile:
    number = who.removeprefix("id:")
    if number.isascii() and number.isdigit() and len(number) <= 18:
        found = await profiles.led_to(tx, ProfileId(int(number)))
    else:
        identifier = profiles.parse(who[:WHO_CHARS_MAX])
        ids = list((await profiles.find(tx, [identifier])).values())
        found = next(iter(await profiles.read(tx, ids)), None)
    if found is None:
        raise NotFound(f"Nobody is known as {who[:200]}.")
    return found


async def _segments(tx: Transaction, profile: ProfileId) -> list[tuple[segments.Segment, datetime]]:
    known = {segment.id: segment for segment in await segments.list_all(tx)}
    rows = await queries.rows(
        tx, "read_segments_of", bucket=bucket_of(profile), profile=profile, segments=[int(id) for id in known]
    )
    found = [(known[row["segment_id"]], row["entered_at"]) for row in rows]
    return sorted(found, key=lambda pair: pair[0].name)


def _name(profile: profiles.Profile) -> str:
    """What to call them: a name, else the first identifier."""
    traits = profile.traits
    parts = [str(traits[key]) for key in ("first_name", "last_name") if traits.get(key)]
    full = str(traits.get("name") or " ".join(parts))
    return full or (profile.identifiers[0].value if profile.identifiers else f"Profile {profile.id}")


routes = [search, show]
