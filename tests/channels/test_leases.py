"""Connections and listening over processes: never more than the budget, never two listeners, nothing left idle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from antiphon.channels import Connections, connections, leases, registry, send_many
from antiphon.channels.adapter import Limits, OneWay
from antiphon.channels.leases import Shares, Wish, share
from antiphon.kernel.clock import wall
from antiphon.kernel.db import Database, open_database
from antiphon.kernel.records import Accepted, Channel, Cleared, ProviderId
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from channels.accounts import make, run, word_of
from channels.email_peer import Inbox, adapter_to, letter, served


@given(st.integers(0, 50), st.lists(st.integers(0, 50), max_size=6))
def test_shares_of_all_make_the_budget(budget: int, held: list[int]) -> None:
    n = len(held) + 1
    settled = [share(budget, [0] * (n - 1), place) for place in range(n)]
    assert sum(settled) == budget
    assert max(settled) - min(settled) <= 1
    assert 0 <= share(budget, held, len(held)) <= max(0, budget - sum(held))


class Pool:
    """Connections that end only when their work does."""

    def __init__(self, budget: int) -> None:
        self.connections, self.size, self.open = budget, 0, 0

    def resize(self, connections: int) -> int:
        self.size = connections
        return self.open

    def work(self) -> None:
        self.open = max(self.open, self.size)

    def rest(self) -> None:
        self.open = min(self.open, self.size)


class Process:
    def __init__(self, database: Database, provider: ProviderId, budget: int) -> None:
        self.shares, self.pool = Shares(database), Pool(budget)
        self.wishes = [Wish(provider, self.pool)]

    async def renew(self) -> None:
        await self.shares.renew(self.wishes)
        self.pool.resize(self.shares.connections(self.wishes[0].provider))


async def test_the_budget_holds_while_processes_come_work_and_go(database: Database) -> None:
    provider = await make(database, "relay")
    there: list[Process] = []
    for step in range(12):
        if step in (0, 1, 3, 5):
            there.append(Process(database, provider, 10))
        if step == 8:
            await there.pop(0).shares.release()
        for process in there:
            await process.renew()
            process.pool.work()
            assert sum(max(each.pool.open, each.pool.size) for each in there) <= 10
        if step % 2:
            for process in there:
                process.pool.rest()
    sizes = sorted(process.pool.size for process in there)
    assert sizes == [3, 3, 4]


async def test_what_a_process_still_has_open_is_nobody_else_s(database: Database) -> None:
    provider = await make(database, "relay")
    first, second = Process(database, provider, 10), Process(database, provider, 10)
    await first.renew()
    first.pool.work()
    await second.renew()
    assert second.pool.size == 0
    await first.renew()
    await second.renew()
    assert (first.pool.size, second.pool.size) == (5, 0), "its ten connections are at work"
    first.pool.rest()
    await first.renew()
    await second.renew()
    assert (first.pool.size, second.pool.size) == (5, 5)


async def test_leases_of_the_dead_are_taken_over_when_they_run_out(database: Database) -> None:
    provider = await make(database, "relay")
    dead, heir = Process(database, provider, 7), Process(database, provider, 7)
    await dead.renew()
    await heir.renew()
    assert heir.pool.size == 0
    assert (await word_of(database, "SELECT max(until - clock_timestamp()) FROM provider_lease")).total_seconds() <= 8
    await run(database, "UPDATE provider_lease SET until = clock_timestamp() WHERE holder = $1", dead.shares.holder)
    await heir.renew()
    assert heir.pool.size == 7


async def test_fewer_connections_than_processes_go_to_some(database: Database) -> None:
    provider = await make(database, "relay")
    there = [Process(database, provider, 2) for _ in range(3)]
    for _ in range(3):
        for process in there:
            await process.renew()
    assert sorted(process.pool.size for process in there) == [0, 1, 1]


async def test_who_cannot_renew_believes_in_nothing_before_others_do(database: Database, monkeypatch) -> None:
    provider = await make(database, "relay")
    process = Process(database, provider, 7)
    await process.renew()
    assert leases.SURE_S < leases.LEASE_S
    monkeypatch.setattr(leases, "SURE_S", 0.0)
    process.shares.give_up(process.wishes)
    assert process.shares.connections(provider) == process.pool.size == 0


async def test_a_pool_shrinks_when_its_letters_are_answered(database: Database) -> None:
    class Slow(Inbox):
        async def handle_DATA(self, server, session, envelope) -> str:
            await asyncio.sleep(0.3)
            return await super().handle_DATA(server, session, envelope)

    async with served(Slow()) as port, adapter_to(port, connections=4) as adapter:
        sending = asyncio.create_task(adapter.send_many([letter(n) for n in range(8)]))
        await asyncio.sleep(0.2)
        assert adapter.resize(1) == 4
        assert all(isinstance(result, Accepted) for result in await sending)
        await asyncio.sleep(0.05)
        assert adapter.resize(1) <= 1
        assert adapter.resize(0) <= 1
        await asyncio.sleep(0.05)
        assert adapter.resize(0) == 0
        adapter.resize(2)
        assert isinstance((await adapter.send_many([letter()]))[0], Accepted)


class Counting(Inbox):
    """How many sessions were open at once."""

    def __init__(self) -> None:
        super().__init__()
        self.open = self.most = 0

    async def handle_DATA(self, server, session, envelope) -> str:
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(0.05)
        self.open -= 1
        return await super().handle_DATA(server, session, envelope)


@pytest_asyncio.fixture
async def process(database: Database) -> AsyncIterator[Callable[[], Awaitable[Connections]]]:
    """Makes the connections of one more process, with a pool of its own."""
    running: list[tuple[Connections, Database]] = []

    async def one_more() -> Connections:
        own = await open_database(database.dsn)
        made = Connections(Runtime(own, await read_secrets(own), "http://127.0.0.1:1", sandbox=True))
        running.append((made, own))
        return made

    yield one_more
    for made, own in running:
        await made.close()
        await own.close()


async def hand_over(made: Connections, provider: ProviderId, numbers: range) -> list:
    outgoing = [letter(n) for n in numbers]
    cleared = [Cleared(each.delivery, 1, provider, wall()) for each in outgoing]
    return list(await send_many(made, provider, cleared, outgoing, within_s=20.0))


async def until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    for _ in range(round(within_s / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to that")


async def test_three_processes_send_over_one_budget_of_connections(database, process, monkeypatch) -> None:
    monkeypatch.setattr(connections, "RENEW_S", 0.05)
    inbox = Counting()
    async with served(inbox) as port:
        provider = await make(database, "relay", settings={"port": port, "connections": 3})
        there = [await process() for _ in range(3)]
        for made in there:
            await made.refresh()
        await until(lambda: all(made.batch(provider) for made in there))
        assert [await made.ready(provider) for made in there] == [True] * 3
        found = await asyncio.gather(
            *(hand_over(made, provider, range(100 * n, 100 * n + 10)) for n, made in enumerate(there))
        )
        assert all(isinstance(result, Accepted) for results in found for result in results)
        assert inbox.most <= 3
        await there[0].close()
        await there[1].close()
        await until(lambda: there[2]._shares.connections(provider) == 3)
        inbox.most = 0
        await hand_over(there[2], provider, range(900, 920))
        assert inbox.most == 3


async def test_a_process_without_a_connection_takes_nothing_and_breaks_nothing(database, process) -> None:
    async with served(Inbox()) as port:
        provider = await make(database, "relay", settings={"port": port, "connections": 1})
        first, second = await process(), await process()
        await first.refresh()
        await second.refresh()
        assert first.batch(provider) > 0
        assert second.batch(provider) == 0
        assert await second.ready(provider)
    assert await word_of(database, "SELECT failures FROM provider_state") == 0


class MailboxSettings(Struct):
    name: str = "m"


class Mailbox(OneWay):
    """Only one may listen to it."""

    name, channel, limits = "mailbox", Channel.EMAIL, Limits(1, 1, "")
    listening: list[Mailbox] = []  # noqa: RUF012
    most = 0

    async def connect(self) -> None: ...

    async def close(self) -> None: ...

    async def send_many(self, batch):
        raise AssertionError

    async def listen(self, sink) -> None:
        Mailbox.listening.append(self)
        Mailbox.most = max(Mailbox.most, len(Mailbox.listening))
        try:
            await asyncio.sleep(3600)
        finally:
            Mailbox.listening.remove(self)


@pytest.fixture
def mailbox(monkeypatch) -> None:
    entry = registry.Entry(
        Channel.EMAIL, MailboxSettings, lambda _settings, _around: Mailbox(), sends=False, listens_alone=True
    )
    monkeypatch.setitem(registry.ADAPTERS, "mailbox", entry)
    monkeypatch.setitem(leases.__dict__, "SURE_S", 0.6)
    monkeypatch.setitem(leases.__dict__, "LEASE_S", 1.0)
    monkeypatch.setattr(connections, "RENEW_S", 0.1)
    Mailbox.listening, Mailbox.most = [], 0


async def make_mailbox(database: Database) -> ProviderId:
    from antiphon import channels

    async with database.transaction() as tx:
        return await channels.create_provider(
            tx, await read_secrets(database), name="mailbox", adapter="mailbox", settings={}
        )


async def test_one_listens_and_hands_on_when_it_ends(database, process, mailbox) -> None:
    provider = await make_mailbox(database)
    there = [await process() for _ in range(3)]
    for made in there:
        assert provider not in await made.refresh(), "it only receives"
    await until(lambda: len(Mailbox.listening) == 1)
    await asyncio.sleep(0.3)
    for made in there[:2]:
        await made.close()
        await until(lambda: len(Mailbox.listening) == 1)
    assert Mailbox.most == 1


async def test_another_listens_soon_after_a_process_died(database, process, mailbox) -> None:
    await make_mailbox(database)
    first, second = await process(), await process()
    await first.refresh()
    await until(lambda: len(Mailbox.listening) == 1)
    await second.refresh()
    (before,) = Mailbox.listening
    kill(first)
    await until(lambda: bool(Mailbox.listening) and Mailbox.listening != [before], within_s=3.0)
    assert Mailbox.most == 1


def kill(made: Connections) -> None:
    """It does nothing more, and says so to nobody."""
    for task in (made._keeper, *(opened.listener for opened in made._open.values())):
        if task is not None:
            task.cancel()


async def test_who_lost_the_database_stops_before_another_begins(database, process, mailbox, monkeypatch) -> None:
    await make_mailbox(database)
    first, second = await process(), await process()
    await first.refresh()
    await until(lambda: len(Mailbox.listening) == 1)
    await second.refresh()
    (before,) = Mailbox.listening

    async def lost(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(first._shares, "renew", lost)
    await until(lambda: bool(Mailbox.listening) and Mailbox.listening != [before], within_s=3.0)
    assert Mailbox.most == 1
    with suppress(ConnectionError):
        await first._share_out()
    assert len(Mailbox.listening) == 1
