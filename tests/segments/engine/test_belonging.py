"""Accounts and segments that people belong to, now and as it was noted."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from antiphon.kernel.records import bucket_of
from antiphon.segments.language.rules import AccountTrait, Condition, InAccount, InSegment, Moved
from conftest import START
from segments.engine.asking import Town

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
VIP = 7
BEGUN = START - 20 * DAY
"""When the segment was published."""


async def test_one_account_of_several_is_enough(town: Town) -> None:
    for n, (key, traits) in enumerate({"acme": '{"plan": "pro"}', "bolt": "{}", "core": '{"plan": "pro"}'}.items()):
        await town.insert("account", bucket=n, key=key, created_at=START, traits=traits)
    for name, keys in {"ada": ["acme", "bolt", "core"], "ben": ["bolt"], "cleo": []}.items():
        await town.person(name)
        for key in keys:
            for who in (1, 2):
                await town.about("belonging", name, account=key, who=who, since=START)
    assert await town.holds(InAccount("bolt")) == {"ada", "ben"}
    assert await town.holds(AccountTrait(Condition("plan", "eq", "pro"))) == {"ada"}
    assert await town.holds(AccountTrait(Condition("plan", "ne", "pro"))) == {"ada", "ben"}
    assert await town.turns(InAccount("bolt")) == {}


# ---- segments ----


@pytest.fixture
async def vip(town: Town) -> Town:
    await town.database.pool.execute(
        "INSERT INTO segment (id, name, created_at) OVERRIDING SYSTEM VALUE VALUES ($1, 'vip', $2)",
        VIP,
        BEGUN - 9 * DAY,
    )
    await town.insert(
        "segment_version", segment_id=VIP, version=1, rule="{}", state="live", kinds=[], needs=[],
        created_at=BEGUN - 9 * DAY, changed_at=BEGUN, published_at=BEGUN,
    )  # fmt: skip
    return town


async def member(town: Town, name: str, since: datetime, *, segment: int = VIP) -> None:
    await town.about("member", name, segment_id=segment, entered_at=since)


async def moved(town: Town, name: str, at: datetime, *, entered: bool, cause: str = "happened") -> None:
    await town.about("segment_change", name, segment_id=VIP, at=at, entered=entered, cause=cause)


async def test_a_member_counts_from_when_it_has_been_in_for_so_long(vip: Town) -> None:
    for name in ("old", "exactly", "young", "out"):
        await vip.person(name)
    await member(vip, "old", START - 9 * DAY)
    await member(vip, "exactly", START - 3 * DAY)
    await member(vip, "young", START - 3 * DAY + TICK)
    await member(vip, "out", START - 9 * DAY, segment=VIP + 1)
    assert await vip.holds(InSegment("vip")) == {"old", "exactly", "young"}
    assert await vip.turns(InSegment("vip")) == {}
    assert await vip.holds(InSegment("vip", 3 * DAY)) == {"old", "exactly"}
    assert await vip.turns(InSegment("vip", 3 * DAY)) == {"young": TICK}
    assert await vip.holds(InSegment("vip"), START - 9 * DAY, present=False) == {"old", "exactly", "young"}


async def live(town: Town, name: str, turns: Sequence[datetime], *, first: bool) -> list[tuple[datetime, datetime]]:
    """Entries and exits by turns; `first`: in from the beginning, without an entry. Answers when they were in."""
    await town.person(name)
    edges = [BEGUN, *turns] if first else list(turns)
    for n, at in enumerate(edges):
        if n or not first:
            await moved(town, name, at, entered=n % 2 == 0)
    if len(edges) % 2:
        await member(town, name, edges[-1])
    ends = [*edges, START + 99 * DAY]
    return list(zip(ends[:-1:2], ends[1::2], strict=False))


@pytest.mark.parametrize("seed", range(3))
async def test_the_history_says_who_was_in_at_any_instant_and_for_how_long(vip: Town, seed: int) -> None:
    chance = random.Random(seed)
    spans = {}
    for n in range(30):
        turns = sorted(chance.sample(range(1, 38), chance.randrange(6)))
        at = [BEGUN + turn * DAY / 2 for turn in turns]
        spans[f"p{n}"] = await live(vip, f"p{n}", at, first=chance.random() < 0.4)
    for _ in range(8):
        at = BEGUN + chance.randrange(-2, 41) * DAY / 2
        for since in (TICK, DAY / 2, 3 * DAY):
            edge = at - since
            expected = {
                name for name, inside in spans.items() if any(begin <= edge and at < end for begin, end in inside)
            }
            assert await vip.holds(InSegment("vip", since), at, present=False) == expected, (at, since)


async def test_a_merge_is_neither_an_entry_nor_a_break(vip: Town) -> None:
    """Two numbers of one person: one was in since long ago, and turned out to be the other."""
    await vip.person("heir")
    await member(vip, "heir", START - 9 * DAY)
    await moved(vip, "heir", START - DAY, entered=True, cause="merge")
    await vip.person("restored")
    await moved(vip, "restored", START - 9 * DAY, entered=True)
    await moved(vip, "restored", START - 3 * DAY, entered=False, cause="merge")
    await moved(vip, "restored", START - 2 * DAY, entered=True, cause="merge")
    await moved(vip, "restored", START - DAY / 2, entered=False)
    both = {"heir", "restored"}
    assert await vip.holds(InSegment("vip", 7 * DAY), START - DAY, present=False) == both
    assert await vip.holds(InSegment("vip", 5 * DAY)) == {"heir"}
    assert await vip.holds(Moved("vip", entered=True, within=7 * DAY)) == set()
    assert await vip.holds(Moved("vip", entered=True, within=None)) == {"restored"}
    assert await vip.holds(Moved("vip", entered=False, within=7 * DAY)) == {"restored"}


async def test_who_was_merged_away_is_nobody_and_their_moves_are_those_of_the_person(vip: Town) -> None:
    heir = await vip.person("heir")
    gone = heir + 256 * 99
    await vip.insert(
        "alias",
        bucket=bucket_of(gone),
        id=gone,
        profile_id=heir,
        anchor=0,
        created_at=BEGUN,
        merged_at=START,
        because="{}",
    )
    change = {"bucket": bucket_of(gone), "segment_id": VIP, "profile_id": gone}
    await vip.insert("segment_change", **change, at=START - 2 * DAY, entered=True, cause="happened")
    await vip.insert("segment_change", **change, at=START - DAY, entered=False, cause="merge")
    assert await vip.ask(Moved("vip", entered=True, within=7 * DAY)) == {"heir": (True, START + 5 * DAY)}
    assert await vip.holds(Moved("vip", entered=False, within=7 * DAY)) == set()
    assert await vip.holds(InSegment("vip", TICK), START - 3 * DAY / 2, present=False) == set()


async def test_an_entry_counts_while_it_is_in_the_window(vip: Town) -> None:
    await live(vip, "ada", [START - 7 * DAY + TICK, START - 3 * DAY, START - 2 * DAY], first=False)
    await live(vip, "ben", [START - 7 * DAY], first=False)
    await live(vip, "first", [START - 7 * DAY + TICK], first=True)
    entered, left = Moved("vip", entered=True, within=7 * DAY), Moved("vip", entered=False, within=7 * DAY)
    assert await vip.ask(entered) == {"ada": (True, START + 5 * DAY), "ben": (False, None), "first": (False, None)}
    assert await vip.turns(left) == {"ada": 4 * DAY, "first": TICK}
    assert await vip.holds(Moved("vip", entered=True, within=None)) == {"ada", "ben"}
    assert await vip.turns(Moved("vip", entered=True, within=None)) == {}
    then = START - 5 * DAY
    assert await vip.holds(left, then, present=False) == {"first"}
    assert await vip.holds(Moved("vip", entered=True, within=None), then, present=False) == {"ada", "ben"}
    assert (await vip.turns(left, then, present=False))["ada"] == 2 * DAY
