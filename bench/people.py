"""How fast one customer is on the screen, and found: at 1,000,000 profiles and 20,000,000 events.

    python -m bench.people [--profiles 1000000] [--events 20000000]

Three looks at the whole page of somebody drawn at random: the reads of the page in one transaction (who they are,
addresses, wishes, the last fifty events, what consent was said, segments, what they were told), then over HTTP the
profile, and all that the page in the app asks for. Then people are found by what somebody types. Beside each stands the
bare read of a profile by its key, in the same run. The server is a throw-away one with the product's settings, without
fsync.

Goals: the page within 30 ms, a search within 50 ms, for 99 of 100.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

import httpx

from antiphon import orchestration, profiles, segments
from antiphon.kernel import postgres
from antiphon.kernel.clock import FOREVER, ClockState
from antiphon.kernel.db import Database, Transaction, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import timeline
from antiphon.segments import of_person
from bench import crowd
from bench.house import house
from bench.machine import machine, settle

PAGE_MS, SEARCH_MS = 30, 50
SEGMENTS = {
    "gold": {"trait": "tier", "op": "eq", "value": "gold"},
    "de": {"trait": "country", "op": "eq", "value": "de"},
    "buyers": {"event": "kind 9", "count": {"op": "gte", "value": 3}},
}
ASKED = 1_000
WARM = 100

Timed = Callable[[Transaction, int], Awaitable[object]]


async def bare(tx: Transaction, number: int) -> object:
    id = crowd.profile_of(number)
    return await tx.rows("SELECT * FROM profile WHERE bucket = $1 AND id = $2", id & 255, id)


async def page(tx: Transaction, number: int) -> object:
    """Who they are, with fifty events and the ledger of consent."""
    who = Identifier("external_id", str(number))
    (profile,) = (await profiles.find(tx, [who])).values()
    (shown,) = await profiles.read(tx, [profile])
    assert shown.traits["country"]
    return (
        await timeline.page(tx, profile, upto=FOREVER, skip=0, limit=50),
        await profiles.ledger(tx, profile),
        await of_person.belongings(tx, profile),
        await orchestration.why(tx, profile, limit=50),
    )


async def in_process(database: Database, work: Timed, numbers: Sequence[int]) -> list[float]:
    """Milliseconds, each in a transaction of its own; the first hundred only warm up."""
    times = []
    for number in numbers:
        begun = perf_counter()
        async with database.transaction(read_only=True) as tx:
            await work(tx, number)
        times.append((perf_counter() - begun) * 1e3)
    return times[WARM:]


async def over_http(client: httpx.AsyncClient, paths: Sequence[str]) -> list[float]:
    times = []
    for path in paths:
        begun = perf_counter()
        answer = await client.get(path)
        times.append((perf_counter() - begun) * 1e3)
        assert answer.status_code == 200, (path, answer.text)
    return times[WARM:]


def show(name: str, times: Sequence[float], bare_p99: float, goal: float | None = None) -> bool:
    p50, p99 = crowd.quantile(times, 0.5), crowd.quantile(times, 0.99)
    kept = goal is None or p99 <= goal
    word = "" if goal is None else f"{goal:.0f} ms: {'kept' if kept else 'MISSED'}"
    print(f"{name:44} {p50:8.2f} {p99:8.2f} {max(times):8.1f} {p99 / bare_p99:7.1f}  {word}", flush=True)
    return kept


def questions(count: int) -> dict[str, list[str]]:
    """What somebody types, by kind."""
    draw = random.Random(7)
    first, family = crowd.names(crowd.FIRST_NAMES, seed=1), crowd.names(crowd.FAMILY_NAMES, seed=2)

    def some(pool: Sequence[str]) -> str:
        return pool[int(len(pool) ** draw.random()) - 1]

    def phone() -> str:
        return f"77{draw.randrange(1, count) * 7919 % 100_000_000:08}"

    letters = sorted({name[0] for name in first})
    return {
        "one letter": [draw.choice(letters) for _ in range(ASKED)],
        "two to five letters of a name": [some(first + family)[: draw.randint(2, 5)] for _ in range(ASKED)],
        "a whole name": [f"{some(first)} {some(family)}" for _ in range(ASKED)],
        "two beginnings": [f"{some(first)[:3]} {some(family)[:4]}" for _ in range(ASKED)],
        "two letters": [f"{draw.choice(letters)} {draw.choice(letters)}" for _ in range(ASKED)],
        "the beginning of an e-mail": [f"{some(first)}.{some(family)[: draw.randint(1, 4)]}" for _ in range(ASKED)],
        "a phone, national, 5 to 11 digits": [f"0{phone()}"[: draw.randint(5, 11)] for _ in range(ASKED)],
        "a phone with spaces, international": [f"+44 {(p := phone())[:4]} {p[4:]}" for _ in range(ASKED)],
        "an external id": [str(draw.randrange(1, count)) for _ in range(ASKED)],
    }


async def prepare(database: Database, *, people: int, events: int) -> None:
    await database.move_clock(lambda _state: ClockState(held_at=crowd.NOW))
    begun = perf_counter()
    await crowd.people(database, people)
    await crowd.events(database, people=people, count=events)
    for name, rule in SEGMENTS.items():
        await segments.create(database, name, {"version": 1, "rule": rule})
    await database.pool.execute("VACUUM ANALYZE", timeout=3600)
    size = await database.pool.fetchval("SELECT pg_database_size(current_database())")
    print(f"{people} profiles, {events} events: {size / 2**30:.1f} GiB made in {perf_counter() - begun:.0f} s\n")


async def measure(database: Database, people: int) -> bool:
    draw = random.Random(3)
    numbers = [draw.randrange(1, people + 1) for _ in range(WARM + ASKED)]
    print(f"{'ms':44} {'p50':>8} {'p99':>8} {'most':>8} {'of bare':>7}  goal for p99")
    reference = await in_process(database, bare, numbers)
    bare_p99 = crowd.quantile(reference, 0.99)
    show("a profile by its key, nothing else", reference, bare_p99)
    kept = show("the whole page", await in_process(database, page, numbers), bare_p99, PAGE_MS)
    for name, texts in questions(people).items():

        async def ask(tx: Transaction, number: int, texts: Sequence[str] = texts) -> object:
            return await profiles.find_people(tx, texts[number % len(texts)])

        kept &= show(f"found by {name}", await in_process(database, ask, range(len(texts))), bare_p99, SEARCH_MS)
    show("who may be the same as one", await in_process(database, same_as, numbers[: WARM + 300]), bare_p99)
    show("who may be one, a page of 2,000 people", await in_process(database, pairs, range(WARM + 20)), bare_p99)
    return kept


async def same_as(tx: Transaction, number: int) -> object:
    return await profiles.duplicates_of(tx, ProfileId(crowd.profile_of(number)))


async def pairs(tx: Transaction, number: int) -> object:
    return await profiles.find_duplicates(tx, cursor=str(crowd.profile_of(number % 20 + 1)), limit=200)


async def measure_http(port: int, key: str, people: int, bare_p99: float) -> bool:
    draw = random.Random(4)
    numbers = [draw.randrange(1, people + 1) for _ in range(WARM + ASKED)]
    texts = [text for kind in questions(people).values() for text in kind[:120]]
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=30
    ) as client:
        alone = [f"/api/v1/profiles/external_id:{n}" for n in numbers]
        pages = [f"/api/v1/people/external_id:{n}/page" for n in numbers]
        found = [f"/api/v1/profiles?q={quote(text)}" for text in texts]
        kept = show("HTTP: the profile, as JSON", await over_http(client, alone), bare_p99, PAGE_MS)
        kept &= show("HTTP: the page of the person, whole", await over_http(client, pages), bare_p99, PAGE_MS)
        return show("HTTP: found, all kinds of questions", await over_http(client, found), bare_p99, SEARCH_MS) and kept


async def run(dsn: str, arguments: argparse.Namespace, folder: Path) -> bool:
    await migrate(dsn)
    database = await open_database(dsn)
    await database.start()
    await prepare(database, people=arguments.profiles, events=arguments.events)
    await settle()
    kept = await measure(database, arguments.profiles)
    reference = await in_process(database, bare, range(1, WARM + ASKED))
    with house(folder / "data", "--role", "web", database=dsn) as made:
        kept &= await measure_http(made.port, made.key, arguments.profiles, crowd.quantile(reference, 0.99))
    await database.close()
    return kept


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--profiles", type=int, default=1_000_000)
    options.add_argument("--events", type=int, default=20_000_000)
    chosen = options.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder, postgres.throwaway(Path(folder) / "pg") as dsn:
        kept = asyncio.run(run(dsn, chosen, Path(folder)))
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
