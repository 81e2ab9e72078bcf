"""Who receives for a domain, and how its pace is learned from what it answers."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon import channels
from antiphon.channels import answers, pacing, reserving, store_routes
from antiphon.channels.pacing import SLOT_AHEAD_S, Pace, Recent
from antiphon.channels.receivers import EVERYBODY, receiver_of
from antiphon.kernel.db import Database
from antiphon.kernel.records import Accepted, ProviderId, Refused
from channels.accounts import make, run, word_of

OK = Accepted()
SLOWER = Refused("temporary", "421 4.7.0", "too many from you", 60.0)


@pytest.mark.parametrize(
    ("address", "receiver"),
    [
        ("anna@gmail.com", "google"),
        ("Anna@GoogleMail.COM", "google"),
        ("anna@hotmail.co.uk", "microsoft"),
        ("anna@aol.com", "yahoo"),
        ("anna@me.com", "apple"),
        ("anna@web.de", "united-internet"),
        ("anna@ya.ru", "yandex"),
        ('"a@gmail.com"@shop.example', "shop.example"),
        ("anna@notgmail.com", "notgmail.com"),
        ("+4366412345", EVERYBODY),
    ],
)
def test_who_receives(address: str, receiver: str) -> None:
    assert receiver_of(address) == receiver


@given(
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 250), st.floats(0, 30)), max_size=60), st.floats(0.0, 1e7)
)
def test_a_pace_stays_within_its_bounds_and_only_deferrals_lower_it(story, recent) -> None:
    pace = pacing.first_pace(recent)
    for taken, deferred, backlog_s in story:
        before = pace
        pace = pacing.learn(pace, taken=taken, deferred=deferred, backlog_s=backlog_s)
        assert pacing.FLOOR <= pace.per_second <= pacing.TOP
        assert pace.per_second <= pace.ceiling * (1 + 1e-9)
        if deferred:
            assert before.per_second / 2 - 1e-9 <= pace.per_second <= before.per_second
        else:
            assert pace.per_second >= before.per_second
        held_s = max(0.0, pace.held_s - 1.0)
        pace = replace(pace, held_s=held_s, calm_s=pace.calm_s + 1.0)


def test_deferrals_of_what_was_under_way_cut_once() -> None:
    pace = pacing.learn(Pace(100.0, 100.0), taken=0, deferred=50, backlog_s=12.0)
    assert (pace.per_second, pace.held_s) == (50.0, 12.0)
    assert pacing.learn(pace, taken=0, deferred=50).per_second == 50.0


def test_what_was_taken_lately_is_forgotten_in_seconds() -> None:
    recent = Recent()
    recent.add(Counter(google=500), 100.0)
    assert recent.per_second("google", 101.0) == pytest.approx(500)
    recent.add(Counter(google=50), 106.0)
    assert recent.per_second("google", 110.0) == pytest.approx(55)
    recent.add(Counter(), 300.0)
    assert recent.per_second("google", 301.0) == 0.0


async def note(database: Database, provider: ProviderId, *results) -> None:
    async with database.transaction() as tx:
        await channels.note_results(tx, provider, results)


async def ask(database: Database, provider: ProviderId, addresses) -> list[float]:
    async with database.transaction() as tx:
        return await channels.slots(tx, provider, addresses)


async def test_nobody_waits_where_nobody_deferred(database: Database) -> None:
    provider = await make(database, "relay")
    await note(database, provider, *[("a@gmail.com", OK)] * 100)
    assert await ask(database, provider, ["a@gmail.com", "b@shop.example"]) == [0.0, 0.0]
    assert await word_of(database, "SELECT count(*) FROM receiver_pace") == 0


async def test_one_receiver_that_defers_slows_only_itself(database: Database) -> None:
    provider = await make(database, "relay")
    other = await make(database, "other")
    await note(database, provider, *[("a@gmail.com", OK)] * 40, *[("a@googlemail.com", SLOWER)] * 10)
    waits = await ask(database, provider, ["a@gmail.com"] * 100 + ["b@shop.example"] * 3)
    assert waits[-3:] == [0.0] * 3
    assert max(waits) > 2.0
    assert await ask(database, other, ["a@gmail.com"] * 100) == [0.0] * 100
    (found,) = await receivers(database, provider)
    assert (found["receiver"], found["deferred"], found["code"]) == ("google", 10, "421 4.7.0")
    assert found["per_second"] == pytest.approx(40.0)


async def receivers(database: Database, provider: ProviderId):
    async with database.transaction() as tx:
        return await channels.learned_paces(tx, provider)


async def test_deferrals_of_many_receivers_at_once_are_the_provider_s(database: Database) -> None:
    provider = await make(database, "relay")
    await note(database, provider, *[(f"a@shop{n % 5}.example", SLOWER) for n in range(25)])
    async with database.transaction() as tx:
        assert await channels.room(tx, provider, wanted=9) == 0


async def test_a_receiver_that_defers_all_by_itself_is_not_the_provider_s(database: Database) -> None:
    provider = await make(database, "relay")
    await note(database, provider, *[("a@gmail.com", SLOWER)] * 60, *[("a@shop.example", OK)] * 10)
    async with database.transaction() as tx:
        assert await channels.room(tx, provider, wanted=9) == 9


async def limited(database: Database, provider: ProviderId, per_second: float, receiver: str = "google") -> None:
    async with database.transaction() as tx:
        lesson = store_routes.Lesson(Pace(per_second, per_second), 1, 0.0, "421")
        await store_routes.write_paces(tx, provider, {receiver: lesson})
    reserving.forget_facts(database, provider)


async def test_slots_of_three_processes_are_one_row_of_slots(database: Database) -> None:
    provider = await make(database, "relay")
    await limited(database, provider, 50.0)
    found = await asyncio.gather(*(ask(database, provider, ["a@gmail.com"] * 100) for _ in range(3)))
    waits = sorted(wait for each in found for wait in each)
    assert waits[-1] == pytest.approx(299 / 50, abs=0.6)
    for second in range(5):
        assert sum(second <= wait < second + 1 for wait in waits[13:]) <= 50 + 50 * 0.2


async def test_who_is_far_behind_comes_again_and_slots_stay_near(database: Database) -> None:
    provider = await make(database, "relay")
    await limited(database, provider, 2.0)
    waits = await ask(database, provider, ["a@gmail.com"] * 400)
    near = [wait for wait in waits if wait <= SLOT_AHEAD_S]
    assert len(near) == pytest.approx(2 * SLOT_AHEAD_S, abs=2)
    assert max(waits) == pytest.approx(100, abs=5)
    later = await ask(database, provider, ["a@gmail.com"] * 100)
    assert min(later) > SLOT_AHEAD_S
    assert max(later) > max(waits)


async def test_a_rest_that_a_receiver_asks_for_is_kept(database: Database) -> None:
    provider = await make(database, "relay")
    await limited(database, provider, 1000.0)
    await run(database, "UPDATE receiver_pace SET paused_until = clock_timestamp() + interval '7 s'")
    waits = await ask(database, provider, ["a@gmail.com"] * 10)
    assert 6.5 < min(waits) <= max(waits) < 7.1  # an estimate: they ask again


async def test_receivers_are_forgotten_after_a_day_and_beyond_ten_thousand(database: Database) -> None:
    provider = await make(database, "relay")
    await run(
        database,
        "INSERT INTO receiver_pace (provider_id, receiver, per_second, ceiling, deferred_at)"
        " SELECT $1, n || '.example', 1, 1, clock_timestamp() - n * interval '8 s'"
        " FROM generate_series(0, 11000) AS n",
        provider,
    )
    assert max(await ask(database, provider, ["a@1.example"] * 9)) > 1.0
    async with database.transaction() as tx:
        await channels.keep_health(tx)
    assert await word_of(database, "SELECT count(*) FROM receiver_pace") == 10_000
    await run(database, "UPDATE receiver_pace SET deferred_at = deferred_at - interval '1 day'")
    async with database.transaction() as tx:
        await channels.keep_health(tx, every_s=0)
    assert await word_of(database, "SELECT count(*) FROM receiver_pace") == 0


class Receiver:
    """Admits so many a second, and half a second's worth at once."""

    def __init__(self, per_second: float) -> None:
        self.per_second, self.tokens, self.at = per_second, per_second / 2, 0.0

    def take(self, at: float) -> bool:
        self.tokens = min(self.per_second / 2, self.tokens + (at - self.at) * self.per_second)
        self.at = at
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Campaign:
    """A queue to one receiver, as deliveries are worked: claimed when due, asked for a slot, sent, noted. Wall time is
    played: what the database has of it is moved back by each step."""

    STEP_S = 0.25
    BATCHES = 2

    def __init__(self, database: Database, provider: ProviderId, receiver: Receiver, *, n: int) -> None:
        self.database, self.provider, self.receiver = database, provider, receiver
        self.at = 0.0
        self.queue = [(0.0, number, False) for number in range(n)]
        self.taken: Counter[int] = Counter()
        self.deferred: Counter[int] = Counter()
        self.asked: Counter[int] = Counter()
        heapq.heapify(self.queue)

    async def play(self, seconds: float) -> None:
        end = self.at + seconds
        while self.at < end:
            for _ in range(self.BATCHES):
                await self._batch()
            self.at += self.STEP_S
            await run(self.database, _BACK, self.STEP_S)
            reserving.forget_facts(self.database, self.provider)

    async def _batch(self) -> None:
        due = []
        while self.queue and self.queue[0][0] <= self.at and len(due) < 250:
            due.append(heapq.heappop(self.queue))
        asking = [number for _, number, has_slot in due if not has_slot]
        self.asked.update(asking)
        waits = dict(zip(asking, await ask(self.database, self.provider, ["a@gmail.com"] * len(asking)), strict=True))
        for number, wait_s in waits.items():
            if wait_s > 0:
                heapq.heappush(self.queue, (self.at + wait_s, number, wait_s <= SLOT_AHEAD_S))
        results = [(number, self._answer()) for _, number, _ in due if waits.get(number, 0.0) == 0.0]
        for number, result in results:
            if result is not OK:
                heapq.heappush(self.queue, (self.at + 60.0, number, False))
        if results:
            await note(self.database, self.provider, *[("a@gmail.com", result) for _, result in results])

    def _answer(self):
        is_taken = self.receiver.take(self.at)
        (self.taken if is_taken else self.deferred)[int(self.at)] += 1
        return OK if is_taken else SLOWER

    def pace(self, since: float) -> float:
        return sum(n for at, n in self.taken.items() if at >= since) / (self.at - since)

    def share_deferred(self) -> float:
        return self.deferred.total() / (self.deferred.total() + self.taken.total())


_BACK = """
UPDATE receiver_pace
   SET next_at = next_at - $1::float8 * interval '1 s', tail_at = tail_at - $1 * interval '1 s',
       held_until = held_until - $1 * interval '1 s', deferred_at = deferred_at - $1 * interval '1 s'"""


async def test_the_pace_of_a_receiver_is_found_with_few_deferrals(database: Database, monkeypatch) -> None:
    """It admits 50 a second; two processes work 12,000 messages to it off, and never knew."""
    provider = await make(database, "relay")
    campaign = Campaign(database, provider, Receiver(50.0), n=12_000)
    monkeypatch.setattr(answers, "wall", lambda: campaign.at)
    await campaign.play(60.0)
    settled = campaign.at
    await campaign.play(60.0)
    print(f"\n{campaign.pace(settled):.1f}/s of 50, {campaign.share_deferred():.1%} deferred")
    assert 0.6 * 50 <= campaign.pace(settled) <= 50 * 1.01
    assert campaign.share_deferred() <= 0.1


async def test_a_receiver_that_takes_less_all_at_once_is_followed(database: Database, monkeypatch) -> None:
    provider = await make(database, "relay")
    campaign = Campaign(database, provider, Receiver(50.0), n=8_000)
    monkeypatch.setattr(answers, "wall", lambda: campaign.at)
    await campaign.play(30.0)
    campaign.receiver.per_second = 10.0
    await campaign.play(60.0)
    settled = campaign.at
    await campaign.play(60.0)
    print(f"\n{campaign.pace(settled):.1f}/s of 10")
    assert 0.6 * 10 <= campaign.pace(settled) <= 10 * 1.05
    late = sum(n for at, n in campaign.deferred.items() if at >= settled)
    assert late <= 0.1 * sum(n for at, n in campaign.taken.items() if at >= settled)


async def test_a_message_whose_slot_is_near_asks_once(database: Database, monkeypatch) -> None:
    """What has a slot goes when it comes, and is not touched on every round; who is far behind, a few times."""
    provider = await make(database, "relay")
    await limited(database, provider, 50.0)
    campaign = Campaign(database, provider, Receiver(1e6), n=900)
    monkeypatch.setattr(answers, "wall", lambda: campaign.at)
    near = [number for _, number, _ in campaign.queue[:200]]
    await campaign.play(20.0)
    assert campaign.taken.total() == 900
    assert {campaign.asked[number] for number in near} == {1}
    assert max(campaign.asked.values()) <= 4
    assert max(campaign.taken.values()) <= 50 * 1.6  # it rises: nobody defers
