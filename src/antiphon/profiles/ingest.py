"""Facts become people, traits, addresses and events: one transaction, set-wise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from weakref import WeakKeyDictionary

import msgspec

from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import Event, Identifier, ProfileChange, ProfileId
from antiphon.profiles import store
from antiphon.profiles.accounts import keep_accounts
from antiphon.profiles.check import check
from antiphon.profiles.identifiers import channel_of, plain, strength
from antiphon.profiles.kinds import base
from antiphon.profiles.naming import Named, People, keep_links, resolve_people
from antiphon.profiles.records import Fact, Mode, Recorded, Subscription
from antiphon.profiles.suppression import on_new_addresses
from antiphon.profiles.traits import keep_traits

EVENT_NAMES_MAX = 10_000
# The driver writes the two outermost instants as infinities, which come back without a time zone.
_FIRST = datetime.min.replace(tzinfo=UTC, microsecond=1)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(microseconds=1)

_event_names: WeakKeyDictionary[Database, dict[str, int]] = WeakKeyDictionary()


async def record(tx: Transaction, facts: Sequence[Fact], *, mode: Mode = "upsert") -> Recorded:
    """Take in a micro-batch of 1 to 5,000 facts. Raises Invalid that names every flaw; nothing is written then.

    `create` passes over facts about people known before the batch, `update` over those about unknown ones.
    Run it in `database.repeat`: rivals that name the same people in two ways may deadlock, which costs a second.
    """
    check(facts)
    fit = [True] * len(facts) if mode == "upsert" else await _fit(tx, facts, mode)
    fresh = await _admit(tx, facts, fit)
    taken = [facts[n] for n in fresh]
    times = [_at(fact) for fact in taken]
    people = await resolve_people(tx, [Named(fact.who, at, fact.source) for fact, at in zip(taken, times, strict=True)])
    changes = [ProfileChange(id, "created") for id in people.created]
    changes += await keep_traits(tx, taken, people)
    changes += await _keep_addresses(tx, taken, people.profiles)
    events = await _add_events(tx, taken, times, people)
    await _keep_accounts(tx, taken, people)
    await keep_links(tx, people)
    await outlet.publish(tx, changes)
    await outlet.publish(tx, events)
    skipped = fit.count(False)
    return Recorded(
        new=len(taken),
        repeated=len(facts) - len(taken) - skipped,
        profiles=await _answer(tx, facts, dict(zip(fresh, people.profiles, strict=True))),
        skipped=skipped,
        conflicts=people.conflicts,
    )


async def _fit(tx: Transaction, facts: Sequence[Fact], mode: Mode) -> list[bool]:
    known = await find(tx, [identifier for fact in facts for identifier in fact.who])
    update = mode == "update"
    return [any(i in known for i in fact.who) == update for fact in facts]


async def _admit(tx: Transaction, facts: Sequence[Fact], fit: Sequence[bool]) -> list[int]:
    """The places of facts whose message id was never seen, the first of each."""
    first: dict[str, int] = {}
    for n, fact in enumerate(facts):
        if fit[n]:
            first.setdefault(message_key(fact.source, fact.message_id), n)
    if not first:
        return []
    repeated = await store.ingest.admit(tx, list(first))
    places = list(first.values())
    return [n for place, n in enumerate(places) if place not in repeated] if repeated else places


def message_key(source: str, message_id: str) -> str:
    """16 bytes in hexadecimal; its first byte is the bucket."""
    return blake2b(f"{source}\0{message_id}".encode(), digest_size=16).hexdigest()


async def _keep_addresses(tx: Transaction, facts: Sequence[Fact], profiles: Sequence[ProfileId]) -> list[ProfileChange]:
    rows: dict[tuple[ProfileId, str, str], store.ingest.AddressRow] = {}
    for fact, profile in zip(facts, profiles, strict=True):
        for identifier in fact.who:
            if (channel := channel_of(identifier.kind)) and (details := _details(identifier)) is not None:
                key = (profile, str(channel), identifier.value)
                registered = fact.event is None or (key in rows and rows[key][4])
                rows[key] = (*key, details, registered)
    if not rows:
        return []
    changed, fresh = await store.ingest.keep_addresses(tx, list(rows.values()))
    await on_new_addresses(tx, fresh)
    return [ProfileChange(id, "address", (channel,)) for id, channel in sorted(changed)]


def _details(identifier: Identifier) -> str | None:
    """None: nobody can be reached there (an endpoint without its keys)."""
    if isinstance(identifier, Subscription):
        return msgspec.json.encode({"p256dh": identifier.p256dh, "auth": identifier.auth}).decode()
    return None if base(identifier.kind) == "webpush" else "{}"


async def _keep_accounts(tx: Transaction, facts: Sequence[Fact], people: People) -> None:
    if any(fact.account is not None for fact in facts):
        told = zip(facts, people.profiles, people.whos, strict=True)
        await keep_accounts(
            tx,
            [(id, who, f.account.key, _at(f), f.account.traits) for f, id, who in told if f.account is not None],
        )


async def _add_events(tx: Transaction, facts: Sequence[Fact], times: Sequence[datetime], people: People) -> list[Event]:
    names = await event_names(tx, [fact.event for fact in facts if fact.event is not None], make=True)
    events: list[Event] = []
    rows: list[store.ingest.EventRow] = []
    for fact, at, profile, who in zip(facts, times, people.profiles, people.whos, strict=True):
        if fact.event is not None:
            name_id = names[fact.event]
            rows.append((profile, name_id, at, who, fact.properties))
            events.append(Event(profile, fact.event, name_id, at))
    await store.ingest.add_events(tx, rows)
    return events


def _at(fact: Fact) -> datetime:
    return min(max(fact.at if fact.at.tzinfo is UTC else fact.at.astimezone(UTC), _FIRST), _LAST)


async def event_names(tx: Transaction, names: Collection[str], *, make: bool) -> dict[str, int]:
    """The numbers of these names; unknown ones are made, or left out. Numbers never change, so they are cached."""
    cache = _event_names.setdefault(tx.database, {})
    wanted = set(names)
    missing = wanted - cache.keys()
    found = {name: cache[name] for name in wanted - missing}
    if missing:
        found |= await _look_up(tx, missing, cache)
    if make and (unknown := wanted - found.keys()):
        await store.ingest.add_event_names(tx, unknown)
        found |= await _look_up(tx, unknown, cache)
    return found


async def _look_up(tx: Transaction, names: Collection[str], cache: dict[str, int]) -> dict[str, int]:
    rows = await store.ingest.find_event_names(tx, names)
    if len(cache) + len(rows) > EVENT_NAMES_MAX:
        cache.clear()
    cache.update({name: number for name, number, settled in rows if settled})
    return {name: number for name, number, _ in rows}


async def _answer(
    tx: Transaction, facts: Sequence[Fact], recorded: Mapping[int, ProfileId]
) -> tuple[ProfileId | None, ...]:
    """Repeated and skipped facts get the profile that their strongest known identifier leads to."""
    if len(recorded) == len(facts):
        return tuple(recorded[n] for n in range(len(facts)))
    known = await find(tx, [i for n, fact in enumerate(facts) if n not in recorded for i in fact.who])
    return tuple(recorded[n] if n in recorded else _owner(fact, known) for n, fact in enumerate(facts))


def _owner(fact: Fact, known: Mapping[Identifier, ProfileId]) -> ProfileId | None:
    return next((known[i] for i in sorted(fact.who, key=strength) if i in known), None)


async def find(tx: Transaction, identifiers: Sequence[Identifier]) -> dict[Identifier, ProfileId]:
    """The profiles of those identifiers that are known."""
    known = await store.ingest.find(tx, list(dict.fromkeys(map(plain, identifiers))))
    return {identifier: known[plain(identifier)].profile for identifier in identifiers if plain(identifier) in known}


async def find_or_make(tx: Transaction, identifier: Identifier) -> ProfileId:
    """The profile of this identifier; an unknown one gets a new profile that can be reached there."""
    fact = Fact(source="antiphon", message_id="-", at=tx.now, who=(identifier,))
    check([fact])
    people = await resolve_people(tx, [Named(fact.who, fact.at, fact.source)])
    if people.created:
        changes = [ProfileChange(people.profiles[0], "created")]
        await outlet.publish(tx, changes + await _keep_addresses(tx, [fact], people.profiles))
    return people.profiles[0]
