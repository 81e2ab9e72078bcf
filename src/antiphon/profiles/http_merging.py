"""A merge before it is made, side by side: what both have, what comes out, where they contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import post
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import asked, timeline, words
from antiphon.profiles.identity import merging
from antiphon.profiles.numbers import find_one, read_name
from antiphon.profiles.records import Preference, Profile
from antiphon.profiles.traits import same

Anything = Request[Any, Any, Any]


class With(Struct, forbid_unknown_fields=True, rename={"other": "with"}):
    """`with`: the other person, as kind:value or id:number."""

    other: str


class Place(Struct, frozen=True):
    channel: str
    value: str


class Side(Struct, frozen=True):
    """One of the two as they are now."""

    id: str
    name: str
    created_at: datetime
    identifiers: list[Identifier]
    traits: dict[str, Any]  # Any: JSON
    addresses: list[Place]
    accounts: list[str]


class Merged(Struct, frozen=True):
    """Who they would be. `id` is the number that stays."""

    id: str
    identifiers: list[Identifier]
    traits: dict[str, Any]  # Any: JSON
    addresses: list[Place]
    preferences: list[Preference]


class Contradiction(Struct, frozen=True):
    """`what` is `trait` or `preference`, `name` the trait, or `topic × channel`; `result` is what would hold."""

    what: str
    name: str
    one: Any  # Any: JSON
    other: Any  # Any: JSON
    result: Any  # Any: JSON


class MergePreview(Struct, frozen=True):
    """`undo_number` would lead to whoever stays: `POST /profiles/{who}/unmerge` with it parts the two again."""

    one: Side
    other: Side
    result: Merged
    conflicts: list[Contradiction]
    undo_number: str


@post("/people/{who:str}/merge-preview", permission="people.write", status_code=200)
async def preview_merge(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[With]
) -> MergePreview:
    """Nothing is changed. 409 where they have more identifiers than one person can have."""
    other = read_name(data.other)

    async def work(tx: Transaction) -> MergePreview:
        one = await asked.person(tx, request)
        another = await find_one(tx, other)
        if one == another:
            raise invalid("with", "It is the same person already.")
        preview = await merging.preview_merge(tx, one, another)
        mine, theirs = await timeline.read(tx, [one, another])
        return _compare(mine, theirs, preview.people[0])

    return await runtime.database.repeat(work)


def _compare(one: Profile, other: Profile, after: merging.PersonAfter) -> MergePreview:
    stays = one if after.id == one.id else other
    traits = {name: value for name, value in {**stays.traits, **after.traits}.items() if value is not None}
    wishes = [Preference(w.topic, w.channel, w.state, w.address or None) for w in after.preferences if w.state]
    result = Merged(
        str(after.id or one.id), list(after.identifiers), traits, [Place(*each) for each in after.addresses], wishes
    )
    conflicts = [*_traits(one, other, traits), *_wishes(one, other, wishes)]
    gone: ProfileId = other.id if stays is one else one.id
    return MergePreview(_side(one), _side(other), result, conflicts, str(gone))


def _side(profile: Profile) -> Side:
    return Side(
        str(profile.id),
        words.full_name(profile.traits),
        profile.created_at,
        profile.identifiers,
        profile.traits,
        [Place(each.channel, each.value) for each in profile.addresses],
        [each.key for each in profile.accounts],
    )


def _traits(one: Profile, other: Profile, result: dict[str, Any]) -> Iterator[Contradiction]:
    for name in sorted(one.traits.keys() & other.traits.keys()):
        if not same(one.traits[name], other.traits[name]):
            yield Contradiction("trait", name, one.traits[name], other.traits[name], result.get(name))


def _wishes(one: Profile, other: Profile, result: list[Preference]) -> Iterator[Contradiction]:
    mine, theirs, after = (
        {_key(each): each.state for each in of} for of in (one.preferences, other.preferences, result)
    )
    for key in sorted(mine.keys() & theirs.keys()):
        if mine[key] != theirs[key]:
            yield Contradiction("preference", key, mine[key], theirs[key], after.get(key))


def _key(wish: Preference) -> str:
    return f"{wish.topic} × {wish.channel}" + (f" at {wish.address}" if wish.address else "")


routes = [preview_merge]
