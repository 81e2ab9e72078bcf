"""A product database beside the oracle's world: whatever is done is done to both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from antiphon import profiles, segments
from antiphon.kernel import outlet
from antiphon.kernel.records import (
    AccountChange,
    Erased,
    Event,
    Merged,
    ProfileChange,
    ProfileId,
    SegmentChange,
    TopicChange,
    Unmerged,
)
from antiphon.profiles.identity import move
from segments.oracle import History
from segments.stage_people import People


@dataclass
class Stage(People):
    """`changes` is what was told of entries and exits."""

    changes: list[SegmentChange] = field(default_factory=list)
    histories: dict[int, History] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database.takers.clear()
        outlet.take(self.database, Event, segments.on_events)
        outlet.take(self.database, ProfileChange, segments.on_profile_changes)
        outlet.take(self.database, Merged, segments.on_merged)
        outlet.take(self.database, Unmerged, segments.on_unmerged)
        outlet.take(self.database, AccountChange, segments.on_account_changes)
        outlet.take(self.database, TopicChange, segments.on_topic_changes)
        outlet.take(self.database, Erased, segments.on_erased)
        outlet.take(self.database, SegmentChange, self._note)
        outlet.take(self.database, Merged, self._note_merged)
        outlet.take(self.database, Unmerged, self._note_unmerged)

    async def _note(self, _tx: Any, changes: Sequence[SegmentChange]) -> None:
        self.changes += changes
        for change in changes:
            history = self.histories.setdefault(change.segment, History())
            history.move(change.profile, change.at, entered=change.entered)

    async def _note_merged(self, _tx: Any, merges: Sequence[Merged]) -> None:
        for merge in merges:
            self.leads[merge.alias] = merge.profile
            for history in self.histories.values():
                history.inherit(merge.alias, merge.profile)
                history.end(merge.alias, self.now)
            for members in self.world.lists.values():
                if merge.alias in members:
                    members.remove(merge.alias)
                    members.add(merge.profile)

    async def _note_unmerged(self, _tx: Any, parted: Sequence[Unmerged]) -> None:
        for each in parted:
            self.leads.pop(each.restored, None)
            for history in self.histories.values():
                history.inherit(each.profile, each.restored)
            for members in self.world.lists.values():
                if each.profile in members:
                    members.add(each.restored)

    async def make(self, name: str, rule: Any) -> segments.Segment:
        document = rule if "version" in rule else {"version": 1, "rule": rule}
        made = await segments.create(self.database, name, document)
        self.world.segments[name] = document
        await self._remember(name, made)
        return made

    async def _remember(self, name: str, made: segments.Segment) -> None:
        """First members are in since the first build, and did not enter."""
        history = self.world.histories[name] = self.histories.setdefault(made.id, History())
        async with self.database.transaction() as tx:
            for member in await segments.members(tx, name, limit=segments.PAGE_MAX):
                assert member.entered_at is not None
                history.begin(member.profile, member.entered_at)

    async def edit(self, name: str, rule: Any) -> None:
        """A new version of its rule goes live."""
        document = rule if "version" in rule else {"version": 1, "rule": rule}
        await self.database.repeat(lambda tx: segments.save_draft(tx, name, document))
        await segments.publish(self.database, name)
        self.world.segments[name] = document

    async def compute(self, name: str, definition: Any) -> None:
        await self.database.repeat(lambda tx: segments.set_computed(tx, name, definition))
        self.world.computed[name] = definition

    async def make_list(self, name: str) -> None:
        made = await self.database.repeat(lambda tx: segments.make_list(tx, name))
        self.world.lists[name] = set()
        await self._remember(name, made)

    async def put(self, name: str, people: Sequence[str], *, there: bool = True) -> None:
        """On the list, or off it."""
        ids = {ProfileId(self.ids[each]) for each in people}
        change = segments.add_to_list if there else segments.remove_from_list
        await self.database.repeat(lambda tx: change(tx, name, sorted(ids)))
        members = self.world.lists[name]
        members |= ids
        if not there:
            members -= ids

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

    async def work_beside(self, story: Awaitable[None], *, workers: int) -> None:
        """So many at it, and one who moves events, while the story goes on."""
        telling = asyncio.ensure_future(story)

        async def work() -> None:
            while not telling.done():
                await segments.work(self.database)
                await asyncio.sleep(0)

        async def follow() -> None:
            while not telling.done():
                await move.work(self.database)
                await asyncio.sleep(0.01)

        await asyncio.gather(telling, *(work() for _ in range(workers)), follow())

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

    def satisfying(self, rule: Any, as_of: datetime | None = None) -> set[int]:
        self.world.people = {id: self.whole(id) for id in set(self.ids.values())}
        return self.world.satisfying(rule if "version" in rule else {"rule": rule}, as_of or self.now)

    def expected(self, name: str, as_of: datetime | None = None) -> set[int]:
        if name in self.world.lists:
            return set(self.world.lists[name])
        return self.satisfying(self.world.segments[name], as_of)

    async def check(self) -> None:
        """Memberships and counts are what the oracle says."""
        await self.check_members()
        for name, document in self.world.segments.items():
            assert await self.count(document) == len(self.expected(name)), (name, document)

    async def check_members(self) -> None:
        for name in [*self.world.segments, *self.world.lists]:
            assert await self.members(name) == self.expected(name), (name, self.world.segments.get(name))

    async def verify(self) -> None:
        """The product finds no fault with itself, and members are in since when the changes that were told say so."""
        for name in self.world.segments:
            async with self.database.transaction() as tx:
                found = await segments.verify(tx, name)
                since = {one.profile: one.entered_at for one in await segments.members(tx, name, limit=100)}
            assert (found.missing, found.surplus) == (0, 0), name
            noted = {id: self.world.history(name).since(id, self.now) for id in since}
            assert since == noted, (name, self.world.segments[name])

    def replayed(self, segment: segments.Segment, first: set[int]) -> set[int]:
        """Who is in after the first members and every entry and exit that was told."""
        inside = set(first)
        for change in self.changes:
            if change.segment == segment.id:
                assert (change.profile in inside) != change.entered, "an entry or exit was told twice"
                inside ^= {change.profile}
        return inside
