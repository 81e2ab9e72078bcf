"""Who is who over HTTP: how a person was recognised, merges and un-merges, the rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import NotFound, invalid
from antiphon.kernel.http import get, post, put
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import asked, store
from antiphon.profiles.identifiers import parse
from antiphon.profiles.identity import apply, merging, rules
from antiphon.profiles.numbers import find_one, read_name

Anything = Request[Any, Any, Any]


class IdentifierView(Struct):
    """`seen_at` is to the day. `shared`: so many people have it that it says nothing about who somebody is."""

    kind: str
    value: str
    source: str
    first_at: datetime
    seen_at: datetime
    verified_at: datetime | None
    shared: bool


class NumberView(Struct):
    """A profile number that leads here. `because`: what joined them, and by whom."""

    id: str
    because: dict[str, Any]


class Identity(Struct):
    id: str
    identifiers: list[IdentifierView]
    numbers: list[NumberView]


class MergeWish(Struct, forbid_unknown_fields=True, rename={"other": "with"}):
    """`with`: the other person, as kind:value or id:number. `dry_run` shows what would be."""

    other: str
    dry_run: bool = False


class UnmergeWish(Struct, forbid_unknown_fields=True):
    """What is not this person: `identifiers` as kind:value, or `number`, a profile number that was merged in."""

    identifiers: list[str] = []
    number: str = ""
    dry_run: bool = False


class Wish(Struct):
    topic: str
    channel: str
    state: str | None
    address: str
    paused_until: datetime | None


class PersonView(Struct):
    """What a person would be. `id` is null for whoever gets a number then; `traits` are those that change."""

    id: str | None
    numbers: list[str]
    identifiers: list[Identifier]
    traits: dict[str, Any]
    preferences: list[Wish]
    addresses: list[list[str]]


class Outcome(Struct):
    """`profile`: the number that stands for the person now; null after a dry run, which alone has `people`.

    `number`: after a merge the number that leads there now; `unmerge` with it parts them again.
    """

    profile: str | None
    people: list[PersonView] = []
    number: str | None = None


class Rules(Struct, forbid_unknown_fields=True):
    """The rules of each kind of identifier, defaults among them."""

    rules: dict[str, Any]


class Applied(Struct):
    """How many identifiers are worked out anew."""

    identifiers: int


@get("/profiles/{who:str}/identity", permission="people.read")
async def show(runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str]) -> Identity:
    async with runtime.database.transaction(read_only=True) as tx:
        profile = await asked.person(tx, request)
        own = await store.identity.identifiers_of(tx, profile)
        numbers = await store.identity.becauses(tx, profile)
    return Identity(
        str(profile),
        [
            IdentifierView(
                one.identifier.kind,
                one.identifier.value,
                one.source,
                one.first_at,
                one.seen_at,
                one.verified_at,
                one.shared,
            )
            for one in own
        ],
        [NumberView(str(id), because) for id, because in numbers],
    )


@post("/profiles/{who:str}/merge", permission="people.write", status_code=200)
async def merge(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[MergeWish]
) -> Outcome:
    named = read_name(data.other)

    async def work(tx: Transaction) -> Outcome:
        profile = await asked.person(tx, request)
        try:
            other = await find_one(tx, named)
        except NotFound as error:
            raise invalid("with", "There is no such profile.") from error
        if data.dry_run:
            return _shown(await merging.preview_merge(tx, profile, other))
        whole = await merging.merge_people(tx, profile, other, by=asked.by(request))
        return Outcome(str(whole), number=str(other if whole == profile else profile))

    return await runtime.database.repeat(work)


@post("/profiles/{who:str}/unmerge", permission="people.write", status_code=200)
async def unmerge(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[UnmergeWish]
) -> Outcome:
    async def work(tx: Transaction) -> Outcome:
        profile = await asked.person(tx, request)
        part = [parse(text) for text in data.identifiers]
        if data.number:
            part += await merging.members_of_alias(tx, profile, _number(data.number))
        if data.dry_run:
            return _shown(await merging.preview_unmerge(tx, profile, part))
        return Outcome(str(await merging.unmerge(tx, profile, part, by=asked.by(request))))

    return await runtime.database.repeat(work)


@get("/identity", permission="settings.read")
async def show_rules(runtime: NamedDependency[Runtime]) -> Rules:
    async with runtime.database.transaction(read_only=True) as tx:
        return Rules(rules.dump(await apply.read_rules(tx)))


@put("/identity", permission="settings.write")
async def set_rules(runtime: NamedDependency[Runtime], data: JSONBody[Rules]) -> Rules:
    """What is not said stays as in the defaults. Counts for what is said from now on; see /identity/apply."""
    wished = rules.read(data.rules)
    async with runtime.database.transaction() as tx:
        await settings.write(tx, {"identity": rules.dump(wished)})
    return Rules(rules.dump(wished))


@post("/identity/apply", permission="settings.write", status_code=202)
async def apply_rules(runtime: NamedDependency[Runtime]) -> Applied:
    """Everybody is worked out anew in the background, by the rules as they are now."""
    async with runtime.database.transaction() as tx:
        count = await store.identity.touch_everybody(tx)
        tx.wake("identity")
    return Applied(count)


def _number(text: str) -> ProfileId:
    if (number := number_in(text)) is None:
        raise invalid("number", "A profile number is needed, as in `numbers`.")
    return ProfileId(number)


def _shown(preview: merging.Preview) -> Outcome:
    return Outcome(None, [_person(one) for one in preview.people])


def _person(one: merging.PersonAfter) -> PersonView:
    wishes = [Wish(w.topic, w.channel, w.state, w.address, w.paused_until) for w in one.preferences]
    return PersonView(
        id=str(one.id) if one.id is not None else None,
        numbers=[str(number) for number in one.numbers],
        identifiers=list(one.identifiers),
        traits=one.traits,
        preferences=wishes,
        addresses=[list(address) for address in one.addresses],
    )


routes = [show, merge, unmerge, show_rules, set_rules, apply_rules]
