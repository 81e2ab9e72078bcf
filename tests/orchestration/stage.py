"""A stage for tests of sending: accounts that do as they are told and remember what left, people, campaigns.

The accounts are adapters of the contract, so that results no real peer gives on demand can be played; the mail server
in test_campaign_to_the_end.py is a real one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from antiphon import campaigns, channels, content, orchestration, profiles, segments
from antiphon.app.worker import run
from antiphon.channels import registry
from antiphon.channels.adapter import Limits, OneWay, Sink, Unreachable
from antiphon.kernel.db import Database
from antiphon.kernel.records import (
    Accepted,
    Channel,
    Identifier,
    NotificationId,
    NotSent,
    Outgoing,
    ProfileId,
    ProviderId,
    Purpose,
    Receipt,
    Refused,
    Result,
)
from antiphon.kernel.runtime import Runtime

GONE = Refused("address", "5.1.1", "no such user")
FORMS = {
    "email": {"subject": "Hello", "blocks": [{"kind": "text", "text": "Twenty percent."}]},
    "sms": {"text": "Twenty percent."},
    "push": {"title": "Hello", "body": "Twenty percent."},
}


class Desk:
    """One account as the test sees it. `answer` decides; `down` lets nothing in; `slow_s` passes before the answer."""

    def __init__(self) -> None:
        self.left: list[tuple[float, Outgoing]] = []
        self.answer: Callable[[Outgoing], Result] = lambda _outgoing: Accepted()
        self.down = False
        self.slow_s = 0.0
        self.hold: asyncio.Event | None = None

    @property
    def to(self) -> list[str]:
        return [outgoing.to for _, outgoing in self.left]


class PaperSettings(Struct):
    desk: str


class PaperAdapter(OneWay):
    name: ClassVar[str] = "paper"
    channel: ClassVar[Channel] = Channel.EMAIL
    limits: ClassVar[Limits] = Limits(in_flight_max=200, size_max=10_000, source="a test")

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def connect(self) -> None:
        if self.desk.down:
            raise Unreachable("nobody is there")

    async def close(self) -> None: ...

    async def send_many(self, batch: Sequence[Outgoing]) -> Sequence[Result]:
        if self.desk.down:
            return [NotSent("nobody is there")] * len(batch)
        results: list[Result] = []
        for outgoing in batch:
            if time.time() > outgoing.deadline_wall:
                results.append(NotSent("too late"))
                continue
            self.desk.left.append((time.time(), outgoing))
            results.append(self.desk.answer(outgoing))
        if self.desk.hold is not None:
            await self.desk.hold.wait()
        await asyncio.sleep(self.desk.slow_s)
        return results

    async def listen(self, sink: Sink) -> None: ...


class Stage:
    """An installation with accounts of paper. `database` has its clock held."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.database = runtime, runtime.database
        self.desks: dict[str, Desk] = {}
        self.providers: dict[str, ProviderId] = {}
        self._messages = 0
        for channel in Channel:
            registry.ADAPTERS[f"paper_{channel}"] = registry.Entry(
                channel, PaperSettings, lambda settings, _around: PaperAdapter(self.desks[settings.desk])
            )

    async def account(self, channel: str, name: str | None = None, **options: Any) -> Desk:
        name = name or channel
        desk = self.desks[name] = Desk()
        async with self.database.transaction() as tx:
            self.providers[name] = await channels.create_provider(
                tx, self.runtime.secrets, name=name, adapter=f"paper_{channel}", settings={"desk": name}, **options
            )
        return desk

    async def people(
        self, n: int, *names: str, first: int = 0, traits: dict[str, Any] | None = None
    ) -> list[ProfileId]:
        """`names`: email, phone; p0@example.org and +441632960000 are the first's."""
        facts = []
        for i in range(first, first + n):
            who = [Identifier("external_id", f"p{i}")]
            who += [Identifier("email", f"p{i}@example.org")] if "email" in names else []
            who += [Identifier("phone", f"+4479{i:08}")] if "phone" in names else []
            facts.append(
                profiles.Fact("test", f"p{i}", self.database.clock.now(), tuple(who), traits={"n": i} | (traits or {}))
            )
        recorded = await self.database.repeat(lambda tx: profiles.record(tx, facts))
        return [profile for profile in recorded.profiles if profile is not None]

    async def message(self, *forms: str, **options: Any) -> str:
        self._messages += 1
        name = f"m{self._messages}"
        made = {"name": name, "topic": "coupons", "locales": {"en": {form: FORMS[form] for form in forms}}} | options
        async with self.database.transaction() as tx:
            await content.create(tx, content.parse(made))
        return name

    async def campaign(self, *forms: str, launched: bool = True, **options: Any) -> campaigns.Campaign:
        """For everybody."""
        message = options.pop("message", None) or await self.message(*forms)
        async with self.database.transaction() as tx:
            known = {segment.name for segment in await segments.list_all(tx)}
        if "all" not in known:
            rule = {"trait": "n", "op": "gte", "value": 0}
            await segments.create(self.database, "all", {"version": 1, "rule": rule})
        async with self.database.transaction() as tx:
            made = await campaigns.create(
                tx, name=f"of {message}", message=message, segment="all", channels=list(forms), **options
            )
        return await self.steer(campaigns.launch, made) if launched else made

    async def steer(self, act: Callable[..., Awaitable[campaigns.Campaign]], campaign: campaigns.Campaign, **how: Any):
        return await self.database.repeat(lambda tx: act(tx, campaign, **how))

    async def view(self, campaign: campaigns.Campaign) -> campaigns.CampaignView:
        async with self.database.transaction(read_only=True) as tx:
            return await campaigns.view(tx, await campaigns.find(tx, str(campaign.id)))

    async def until(self, campaign: campaigns.Campaign, state: str, *, seconds: float = 20) -> campaigns.CampaignView:
        async def reached() -> bool:
            return (await self.view(campaign)).state == state

        await self.eventually(reached, seconds=seconds, what=lambda: self.view(campaign))
        return await self.view(campaign)

    async def eventually(
        self,
        check: Callable[[], Awaitable[bool]],
        *,
        seconds: float = 15,
        what: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        end = time.monotonic() + seconds
        while not await check():
            assert time.monotonic() < end, await what() if what else "not in time"
            await asyncio.sleep(0.03)

    async def send(self, message: str, to: Identifier, **options: Any) -> NotificationId:
        call = orchestration.Call(
            message=message, to=to, purpose=options.pop("purpose", Purpose.ALERT),
            idempotency_key=options.pop("key", f"k{time.monotonic_ns()}"), **options,
        )  # fmt: skip
        return await self.database.repeat(lambda tx: orchestration.send(tx, call))

    async def show(self, number: NotificationId) -> orchestration.NotificationView:
        async with self.database.transaction(read_only=True) as tx:
            return await orchestration.show(tx, number)

    async def until_state(self, number: NotificationId, state: str) -> orchestration.NotificationView:
        async def reached() -> bool:
            return (await self.show(number)).state == state

        await self.eventually(reached, what=lambda: self.show(number))
        return await self.show(number)

    async def hear(self, *receipts: Receipt) -> None:
        await self.database.repeat(lambda tx: channels.take_receipts(tx, receipts))

    async def sql(self, text: str, *parameters: Any) -> list[Any]:
        async with self.database.transaction() as tx:
            return await tx.rows(text, *parameters)


@contextlib.asynccontextmanager
async def working(runtime: Runtime) -> AsyncIterator[None]:
    """All loops of a worker process."""
    task = asyncio.create_task(run(runtime))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def second_process(database: Database) -> Database:
    """Another pool, another view of everything: what a second worker process has."""
    from antiphon.app.wiring import wire
    from antiphon.kernel.db import open_database

    other = await open_database(database.dsn)
    wire(other)
    await other.start()
    return other
