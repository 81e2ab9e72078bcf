"""What can happen to people, done to the product through its front doors and to the oracle's world."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from antiphon import profiles
from antiphon.kernel import settings
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles.identity import move
from antiphon.profiles.identity import work as identity
from segments.oracle import Person, World, whole
from segments.oracle_values import same
from segments.oracle_wishes import Said, Topic

CHANNEL_OF = {"email": "email", "phone": "sms"}


@dataclass
class People:
    """`parts` is what was said in each name; whose they are, `ids` says. `leads`: numbers that lead to another."""

    database: Database
    world: World = field(default_factory=World)
    parts: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    leads: dict[int, int] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    @property
    def now(self) -> datetime:
        return self.database.clock.now()

    @property
    def said_at(self) -> datetime:
        """A little after whatever was said before: of two words of one instant nobody could tell which is the last."""
        return self.now - timedelta(hours=1) + timedelta(microseconds=next(self.numbers))

    def person(self, name: str) -> Person:
        return self.parts.setdefault(name, Person())

    def whole(self, id: int) -> Person:
        found = whole(id, [self.parts.get(name, Person()) for name, number in self.ids.items() if number == id])
        found.numbers = {id, *(number for number in self.leads if self._present(number) == id)}
        return found

    def _present(self, number: int) -> int:
        while number in self.leads:
            number = self.leads[number]
        return number

    async def identify(self, name: str, **traits: Any) -> int:
        """Known from now on; `email` and `phone` are addresses too."""
        addresses = {kind: traits.pop(kind) for kind in ("email", "phone") if kind in traits}
        who = (Identifier("external_id", name), *(Identifier(kind, value) for kind, value in addresses.items()))
        at = self.said_at
        id = await self._record(name, profiles.Fact("test", self._message, at, who=who, traits=traits or None))
        person, known = self.person(name), id in self.ids.values()
        before = self.whole(id).traits
        self.ids[name] = id
        person.told |= {trait: (at, value) for trait, value in traits.items()}
        after = self.whole(id).traits
        if known:
            changed = [trait for trait in traits if not same(before.get(trait), after.get(trait))]
            person.noted += [(self.now, trait, before.get(trait)) for trait in changed]
        person.addresses |= {(CHANNEL_OF[kind], value): True for kind, value in addresses.items()}
        return id

    async def arrive(self, people: dict[str, dict[str, Any]]) -> None:
        """People whom nobody knew, with their traits, at once."""
        at = self.said_at
        facts = [
            profiles.Fact("test", self._message, at, who=(Identifier("external_id", name),), traits=traits or None)
            for name, traits in people.items()
        ]
        recorded = await self.database.repeat(lambda tx: profiles.record(tx, facts))
        for (name, traits), id in zip(people.items(), recorded.profiles, strict=True):
            assert id is not None
            assert id not in self.ids.values(), name
            self.ids[name] = id
            self.person(name).told |= {trait: (at, value) for trait, value in traits.items()}

    @property
    def _message(self) -> str:
        return str(next(self.numbers))

    async def _record(self, name: str, fact: profiles.Fact) -> int:
        recorded = await self.database.repeat(lambda tx: profiles.record(tx, [fact]))
        assert recorded.profiles[0] is not None, name
        return recorded.profiles[0]

    async def track(self, name: str, event: str, *, at: datetime | None = None, **properties: Any) -> None:
        await self.track_many([(name, event, at or self.now, properties)])

    async def track_many(self, happened: Sequence[tuple[str, str, datetime, dict[str, Any]]]) -> None:
        facts = [
            profiles.Fact(
                "test",
                self._message,
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
        told = profiles.AccountFact(account, traits or None)
        who = (Identifier("external_id", name),)
        fact = profiles.Fact("test", self._message, self.said_at, who=who, account=told)
        self.ids[name] = await self._record(name, fact)
        self.person(name).accounts.add(account)
        known = self.world.accounts.setdefault(account, {})
        known.update(traits)

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

    async def erase(self, name: str) -> None:
        """Them and every name they had; addresses that opted out stay so."""
        id = self.ids[name]
        gone = self.whole(id).numbers
        await profiles.erase(self.database, Identifier("external_id", name))
        for other in [other for other, number in self.ids.items() if number == id]:
            del self.ids[other]
            self.parts.pop(other, None)
        for history in self.world.histories.values():
            for number in gone:
                history.stays.pop(number, None)
                history.moves.pop(number, None)
        for members in self.world.lists.values():
            members -= gone

    async def follow(self) -> int:
        """Work out who is who, and move their events; how much there was to do."""
        return await identity.work(self.database) + await move.work(self.database)

    async def opt_out(self, channel: str, value: str) -> None:
        await self.database.repeat(lambda tx: profiles.opt_out(tx, channel, [value], how="api"))
        self.world.opted_out.add((channel, value))

    async def opt_in(self, channel: str, value: str) -> None:
        await self.database.repeat(lambda tx: profiles.opt_in(tx, channel, [value]))
        self.world.opted_out.discard((channel, value))

    async def lose(self, name: str, channel: str, value: str) -> None:
        key = (ProfileId(self.ids[name]), channel, value)
        await self.database.repeat(lambda tx: profiles.mark_dead(tx, [key]))
        if (channel, value) in self.person(name).addresses:
            self.person(name).addresses[channel, value] = False

    async def read_on(self, name: str, channel: str, value: str, device: str) -> None:
        """A person opened or clicked, if they have the address."""
        seen = (ProfileId(self.ids[name]), channel, value, device)
        await self.database.repeat(lambda tx: profiles.saw_device(tx, [seen]))
        if (channel, value) in self.person(name).addresses:
            self.person(name).read_on.setdefault((channel, value), [0, 0])[device not in ("mobile", "tablet")] += 1

    async def prefer(self, name: str, topic: str, channel: str, state: Any) -> None:
        await self.say(name, topic, channel, state)

    async def say(
        self, name: str, topic: str, channel: str, state: Any, *, confirmed: bool = False, **more: Any
    ) -> None:
        """`until`, `expires_at`, `basis`, `address` (one of their own)."""
        id, at = ProfileId(self.ids[name]), self.now
        proof = profiles.Proof("form", confirmed_at=at if confirmed else None, who=Identifier("external_id", name))
        statement = profiles.Statement(topic, channel, state, **more)
        await self.database.repeat(lambda tx: profiles.state(tx, id, [statement], proof))
        said = Said(at, next(self.numbers), topic, channel, state, confirmed=confirmed, **more)
        self.person(name).said.append(said)

    async def topic(self, name: str, **more: Any) -> None:
        await self.database.repeat(lambda tx: profiles.write_topic(tx, profiles.Topic(name, **more)))
        self.world.topics[name] = Topic(**more)

    async def live_in(self, zone: str) -> None:
        """Where the company is."""
        await self.database.repeat(lambda tx: settings.write(tx, {"timezone": zone}))
        self.world.zone = zone
