"""A product database beside the oracle's world: whatever is done is done to both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from antiphon import profiles, segments
from antiphon.kernel import outlet
from antiphon.kernel.db import Database
from antiphon.kernel.records import (
    AccountChange,
    Event,
    Identifier,
    Merged,
    ProfileChange,
    ProfileId,
    SegmentChange,
    TopicChange,
    Unmerged,
)
from antiphon.profiles.identity import move
from antiphon.profiles.identity import work as identity
from segments.oracle import Person, World, whole

CHANNEL_OF = {"email": "email", "phone": "sms"}


@dataclass
class Stage:
    """`parts` is what was said in each name; whose they are, `ids` says."""

    database: Database
    world: World = field(default_factory=World)
    parts: dict[str, Person] = field(default_factory=dict)
    changes: list[SegmentChange] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.database.takers.clear()
        outlet.take(self.database, Event, segments.on_events)
        outlet.take(self.database, ProfileChange, segments.on_profile_changes)
        outlet.take(self.database, Merged, segments.on_merged)
        outlet.take(self.database, Unmerged, segments.on_unmerged)
        outlet.take(self.database, AccountChange, segments.on_account_changes)
        outlet.take(self.database, TopicChange, segments.on_topic_changes)
        outlet.take(self.database, SegmentChange, self._note)

    async def _note(self, _tx: Any, changes: Sequence[SegmentChange]) -> None:
        self.changes += changes

    @property
    def now(self) -> datetime:
        return self.database.clock.now()

    @property
    def said_at(self) -> datetime:
        """A little after whatever was said before: of two words of one instant nobody could tell which is the last."""
        return self.now - timedelta(hours=1) + timedelta(microseconds=next(self.numbers))

    def person(self, name: str) -> Person:
        return self.parts.setdefault(name, Person())

    async def identify(self, name: str, **traits: Any) -> int:
        """Known from now on; `email` and `phone` are addresses too."""
        addresses = {kind: traits.pop(kind) for kind in ("email", "phone") if kind in traits}
        who = (Identifier("external_id", name), *(Identifier(kind, value) for kind, value in addresses.items()))
        at = self.said_at
        fact = profiles.Fact("test", str(next(self.numbers)), at, who=who, traits=traits or None)
        recorded = await self.database.repeat(lambda tx: profiles.record(tx, [fact]))
        assert recorded.profiles[0] is not None
        self.ids[name] = recorded.profiles[0]
        person = self.person(name)
        person.told |= {trait: (at, value) for trait, value in traits.items()}
        person.addresses |= {(CHANNEL_OF[kind], value): True for kind, value in addresses.items()}
        return self.ids[name]

    async def track(self, name: str, event: str, *, at: datetime | None = None, **properties: Any) -> None:
        await self.track_many([(name, event, at or self.now, properties)])

    async def track_many(self, happened: Sequence[tuple[str, str, datetime, dict[str, Any]]]) -> None:
        facts = [
            profiles.Fact(
                "test",
                str(next(self.numbers)),
                at,
                who=(Identifier("external_id", name),),
                event=event,
                properties=json.dumps(properties) if properties else None,
            )
            for name, event, at, properties in happened
        ]
        recorded = await self.database.repeat(lambda tx: profiles.record(tx, facts))
        for (name, event, at, properties), id in zip(happened, recorded.profiles, strict=True):
            assert id is not None
            self.ids[name] = id
            self.person(name).events.append((event, at, properties))

    async def group(self, name: str, account: str, **traits: Any) -> None:
        at = self.said_at
        who = (Identifier("external_id", name),)
        told = profiles.AccountFact(account, traits or None)
        fact = profiles.Fact("test", str(next(self.numbers)), at, who=who, account=told)
        recorded = await self.database.repeat(lambda tx: profiles.record(tx, [fact]))
        assert recorded.profiles[0] is not None
        self.ids[name] = recorded.profiles[0]
        self.person(name).accounts.add(account)
        self.world.accounts.setdefault(account, {}).update(traits)

    async def leave(self, name: str, account: str) -> None:
        """Whoever they are, in whatever name it was said."""
        id = ProfileId(self.ids[name])
        await self.database.repeat(lambda tx: profiles.leave_account(tx, id, account))
        for other, number in self.ids.items():
            if number == id:
                self.person(other).accounts.discard(account)

    async def merge(self, name: str, other: str) -> None:
        """They are one person. Their events follow in `follow` or `drain`."""
        one, two = ProfileId(self.ids[name]), ProfileId(self.ids[other])
        if one != two:
            stays = await self.database.repeat(lambda tx: profiles.merge_people(tx, one, two, by="test"))
            self.ids = {each: stays if id in (one, two) else id for each, id in self.ids.items()}

    async def part(self, name: str) -> None:
        """This name, with its addresses, is somebody of its own again."""
        id = ProfileId(self.ids[name])
        if sum(number == id for number in self.ids.values()) > 1:
            own = [Identifier("external_id", name)]
            kinds = {channel: kind for kind, channel in CHANNEL_OF.items()}
            own += [Identifier(kinds[channel], value) for channel, value in self.person(name).addresses]
            await self.database.repeat(lambda tx: profiles.unmerge(tx, id, own, by="test"))
            wanted = [Identifier("external_id", each) for each in self.ids]
            async with self.database.transaction() as tx:
                self.ids = {who.value: number for who, number in (await profiles.find(tx, wanted)).items()}

    async def follow(self) -> int:
        """Work out who is who, and move their events; how much there was to do."""
        return await identity.work(self.database) + await move.work(self.database)

    async def opt_out(self, channel: str, value: str) -> None:
        await self.database.repeat(lambda tx: profiles.opt_out(tx, channel, [value], how="api"))
        self.world.opted_out.add((channel, value))

    async def lose(self, name: str, channel: str, value: str) -> None:
        key = (ProfileId(self.ids[name]), channel, value)
        await self.database.repeat(lambda tx: profiles.mark_dead(tx, [key]))
        if (channel, value) in self.person(name).addresses:
            self.person(name).addresses[channel, value] = False

    async def prefer(self, name: str, topic: str, channel: str, state: Any) -> None:
        id = ProfileId(self.ids[name])
        await self.database.repeat(lambda tx: profiles.set_preferences(tx, id, [(topic, channel, state)]))
        self.person(name).preferences[topic, channel] = (next(self.numbers), state)

    async def make(self, name: str, rule: Any) -> segments.Segment:
        document = rule if "version" in rule else {"version": 1, "rule": rule}
        made = await segments.create(self.database, name, document)
        self.world.segments[name] = document
        return made

    async def move(self, by: timedelta) -> None:
        await self.database.move_clock(lambda state: state.moved(state.now() + by))

    async def drain(self) -> int:
        """Until nothing is due; bounded, so that a timer that never moves on is a failure."""
        rounds = 0
        while await self.follow() + await segments.work(self.database) or await self.due():
            rounds += 1
            assert rounds < 1000, "there is always something due"
        assert await self.due() == 0
        return rounds

    async def due(self) -> int:
        async with self.database.transaction() as tx:
            return await segments.due(tx) + await profiles.count_due(tx)

    async def members(self, name: str) -> set[int]:
        async with self.database.transaction() as tx:
            found = await segments.members(tx, name, limit=segments.PAGE_MAX)
        return {member.profile for member in found}

    async def count(self, rule: Any, as_of: datetime | None = None) -> int:
        async with self.database.transaction() as tx:
            return await segments.count(tx, rule if "version" in rule else {"version": 1, "rule": rule}, as_of)

    def expected(self, name: str, as_of: datetime | None = None) -> set[int]:
        self.world.people = {
            id: whole([self.parts.get(name, Person()) for name, number in self.ids.items() if number == id])
            for id in set(self.ids.values())
        }
        return self.world.satisfying(self.world.segments[name], as_of or self.now)

    async def check(self) -> None:
        """Memberships and counts are what the oracle says."""
        for name, document in self.world.segments.items():
            assert await self.members(name) == self.expected(name), (name, document)
            assert await self.count(document) == len(self.expected(name)), (name, document)

    def replayed(self, segment: segments.Segment, first: set[int]) -> set[int]:
        """Who is in after the first members and every entry and exit that was told."""
        inside = set(first)
        for change in self.changes:
            if change.segment == segment.id:
                assert (change.profile in inside) != change.entered, "an entry or exit was told twice"
                inside ^= {change.profile}
        return inside
