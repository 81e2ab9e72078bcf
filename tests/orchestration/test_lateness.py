"""More at once than leaves in time: the provider is not to blame, and nobody else's account pays for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from antiphon.kernel.records import NotSent, Outgoing, Result
from orchestration.stage import PaperAdapter, Stage

LATE = NotSent("its turn did not come", late=True)


def paced(monkeypatch: pytest.MonkeyPatch, per_s: float) -> list[int]:
    """One message after the other, over all batches. Returns what came too late, batch by batch."""
    turn, seen = asyncio.Lock(), []

    async def one(self: PaperAdapter, outgoing: Outgoing) -> Result:
        async with turn:
            if time.time() > outgoing.deadline_wall:
                return LATE
            await asyncio.sleep(1 / per_s)
            self.desk.left.append((time.time(), outgoing))
            return self.desk.answer(outgoing)

    async def send_many(self: PaperAdapter, batch: Sequence[Outgoing]) -> Sequence[Result]:
        results = await asyncio.gather(*(one(self, each) for each in batch))
        seen.append(sum(result == LATE for result in results))
        return results

    monkeypatch.setattr(PaperAdapter, "send_many", send_many)
    return seen


async def failures(stage: Stage) -> int:
    return sum(row["failures"] for row in await stage.sql("SELECT failures FROM provider_state"))


async def test_a_slow_provider_gets_fewer_at_once_and_stays_in_use(stage: Stage, worker: None, monkeypatch) -> None:
    late = paced(monkeypatch, 200)
    cheap, dear = await stage.account("email", "cheap"), await stage.account("email", "dear", rank=1)
    await stage.people(800, "email")
    view = await stage.until(await stage.campaign("email"), "done")
    assert view.notifications == {"sent": 800}
    assert sorted(cheap.to) == sorted(f"p{i}@example.org" for i in range(800))
    assert not dear.left
    assert await failures(stage) == 0
    assert max(late) > 0
    assert sum(late[-5:]) < 60, late


async def test_who_answers_nothing_in_time_is_down(stage: Stage, worker: None, monkeypatch) -> None:
    async def send_many(self: PaperAdapter, batch: Sequence[Outgoing]) -> Sequence[Result]:
        await asyncio.sleep(0.3)
        if self.desk is slow:
            return [LATE] * len(batch)
        self.desk.left += [(time.time(), each) for each in batch]
        return [self.desk.answer(each) for each in batch]

    monkeypatch.setattr(PaperAdapter, "send_many", send_many)
    slow, other = await stage.account("email", "slow"), await stage.account("email", "other", rank=1)
    await stage.people(20, "email")
    view = await stage.until(await stage.campaign("email"), "done")
    assert view.notifications == {"sent": 20}
    assert len(other.left) == 20
    assert await failures(stage) > 0
