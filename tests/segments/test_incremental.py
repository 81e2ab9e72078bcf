"""Whatever happens in whatever order: memberships, counts and counts of the past are what the oracle says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon import segments
from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import Database, open_database
from conftest import START, named
from segments.stage import Stage

HOUR = timedelta(hours=1)
PEOPLE = ["ada", "bob", "cleo", "dan"]
EVENTS = ["looked", "added", "bought"]
DURATIONS = ["1h", "2h", "150m", "6h", "1d", "3d"]

people = st.sampled_from(PEOPLE)
events = st.sampled_from(EVENTS)
accounts = st.sampled_from(["acme", "house"])
number_ops = st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"])
scalars = st.sampled_from(["gold", "silver", "old", "", 0, 1, 2, 2.5, -1, True, False])
times = st.sampled_from(["2026-01-01", "2026-01-02T03:00:00Z", "2026-01-01T12:00:00+02:00"])
amounts = st.sampled_from([0, 1, 2, 10, 0.1, 0.2, -3, "7", None, True])


def conditions(field: str) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["amount", "tier"])
    values = {
        **dict.fromkeys(("eq", "ne", "contains"), scalars),
        **{op: st.sampled_from([0, 1, 0.2, 2]) for op in ("gt", "gte", "lt", "lte")},
        **{op: st.lists(scalars, min_size=1, max_size=3) for op in ("in", "not_in")},
        **dict.fromkeys(("before", "after"), times),
        "exists": st.booleans(),
    }
    return st.sampled_from(sorted(values)).flatmap(
        lambda op: st.fixed_dictionaries({field: names, "op": st.just(op), "value": values[op]})
    )


within = {"within": st.sampled_from(DURATIONS)}
measured = {
    "where": st.lists(conditions("property"), max_size=1),
    "count": st.fixed_dictionaries({"op": number_ops, "value": st.integers(0, 3)}),
}
summed = st.fixed_dictionaries(
    {"property": st.just("amount"), "op": number_ops, "value": st.sampled_from([0, 0.3, 3, 10])}
)
leaves = st.one_of(
    st.fixed_dictionaries({"event": events}, optional=within | measured),
    st.fixed_dictionaries({"event": events, **within, "count": measured["count"]}),
    st.fixed_dictionaries({"event": events, "sum": summed}, optional=within),
    conditions("trait"),
    st.fixed_dictionaries({"account": st.one_of(accounts, conditions("trait"))}),
    st.fixed_dictionaries({"reachable": st.sampled_from(["email", "sms"])}, optional={"topic": st.just("coupons")}),
    st.fixed_dictionaries(
        {"sequence": st.lists(events, min_size=2, max_size=3)}, optional=within | {"complete": st.booleans()}
    ),
)


def combined(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"all": some}),
        st.fixed_dictionaries({"any": some}),
        st.fixed_dictionaries({"not": parts}),
    )


rules = st.recursive(leaves, combined, max_leaves=4)
hours = st.integers(-30, 30)
properties = st.fixed_dictionaries({}, optional={"amount": amounts, "tier": scalars})
traits = st.fixed_dictionaries(
    {},
    optional={
        "amount": amounts,
        "tier": st.one_of(scalars, times, st.just(["gold", 1]), st.none()),
        "email": people.map(lambda name: f"{name}@shop.example"),
    },
)
account_traits = st.fixed_dictionaries({}, optional={"amount": amounts, "tier": st.one_of(scalars, times)})
happenings = st.lists(st.tuples(people, events, hours, properties), min_size=1, max_size=6)
steps = st.one_of(
    st.tuples(st.just("track"), happenings),
    st.tuples(st.just("track"), happenings),
    st.tuples(st.just("identify"), st.tuples(people, traits)),
    st.tuples(st.just("group"), st.tuples(people, accounts, account_traits)),
    st.tuples(st.just("leave"), st.tuples(people, accounts)),
    st.tuples(st.just("opt_out"), people),
    st.tuples(st.just("lose"), people),
    st.tuples(
        st.just("prefer"),
        st.tuples(people, st.sampled_from(["email", "sms"]), st.sampled_from(["wanted", "unwanted", "unset"])),
    ),
    st.tuples(st.just("move"), st.sampled_from([1, 2, 6, 24, 100])),
    st.tuples(st.just("make"), rules),
    st.tuples(st.just("make_not"), st.none()),
    st.tuples(st.just("work"), st.none()),
    st.tuples(st.just("check"), st.none()),
)


@dataclass
class Ground:
    """One database for all examples, emptied between them."""

    runner: asyncio.Runner
    database: Database


@pytest.fixture(scope="module")
def ground(server: str) -> Iterator[Ground]:
    with asyncio.Runner() as runner:
        runner.run(_execute(server, "CREATE DATABASE incremental TEMPLATE template_antiphon"))
        database = runner.run(open_database(named(server, "incremental"), connections_max=4))
        yield Ground(runner, database)
        runner.run(database.close())
        runner.run(_execute(server, "DROP DATABASE incremental WITH (FORCE)"))


async def _execute(dsn: str, text: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(text)
    await connection.close()


async def _emptied(database: Database) -> Stage:
    tables = (
        "segment, segment_fill_timer, member, segment_change, membership_due, "
        "profile, identifier, alias, link, verdict, identity_due, move_due, told, trait_change, account, belonging, "
        "crowd_due, consent, profile_word, address, opt_out, preference, event, seen_message, event_sum"
    )
    async with database.transaction() as tx:
        await tx.rows(f"TRUNCATE {tables}")
    await database.move_clock(lambda _: ClockState(held_at=START))
    return Stage(database)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(first=rules, story=st.lists(steps, min_size=3, max_size=14))
def test_memberships_are_what_the_oracle_says(ground: Ground, first: Any, story: list[Any]) -> None:
    ground.runner.run(_play(ground.database, first, story))


async def _play(database: Database, first: Any, story: list[Any]) -> None:
    stage = await _emptied(database)
    for name in PEOPLE[:3]:
        await stage.identify(name)
    await stage.make("s0", first)
    for kind, given_ in story:
        await _do(stage, kind, given_)
    await stage.drain()
    await stage.check()
    for back in (-9, -1, 5):
        for name, document in stage.world.segments.items():
            as_of = stage.now + back * HOUR
            assert await stage.count(document, as_of) == len(stage.expected(name, as_of)), (name, as_of)
    await stage.move(400 * HOUR)
    await stage.drain()
    await stage.check()


async def _do(stage: Stage, kind: str, given_: Any) -> None:
    if kind == "track":
        happened = [(name, event, stage.now + hour * HOUR, values) for name, event, hour, values in given_]
        await stage.track_many(happened)
    elif kind == "identify":
        await stage.identify(given_[0], **given_[1])
    elif kind == "group":
        await stage.group(given_[0], given_[1], **given_[2])
    elif kind == "leave" and given_[0] in stage.ids:
        await stage.leave(*given_)
    elif kind == "merge" and given_[0] in stage.ids and given_[1] in stage.ids:
        await stage.merge(*given_)
    elif kind == "part" and given_ in stage.ids:
        await stage.part(given_)
    elif kind == "follow":
        await stage.follow()
    elif kind == "opt_out":
        await stage.opt_out("email", f"{given_}@shop.example")
    elif kind == "lose" and given_ in stage.ids:
        await stage.lose(given_, "email", f"{given_}@shop.example")
    elif kind == "prefer" and given_[0] in stage.ids:
        await stage.prefer(given_[0], "coupons", given_[1], given_[2])
    elif kind == "move":
        await stage.move(given_ * HOUR)
    elif kind == "make":
        await stage.make(f"s{len(stage.world.segments)}", given_)
    elif kind == "make_not":
        number = len(stage.world.segments)
        await stage.make(f"s{number}", {"not": {"segment": f"s{number - 1}"}})
    elif kind == "work":
        await segments.work(stage.database)
    elif kind == "check":
        await stage.drain()
        await stage.check()


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(wanted=st.lists(rules, min_size=1, max_size=3), happened=st.lists(happenings, min_size=1, max_size=3))
def test_one_jump_of_the_clock_ends_where_many_steps_end(ground: Ground, wanted: Any, happened: Any) -> None:
    ends = [ground.runner.run(_walk(ground.database, wanted, happened, stride)) for stride in (48, 5)]
    assert ends[0] == ends[1]


async def _walk(database: Database, wanted: list[Any], happened: list[Any], stride: int) -> list[set[str]]:
    stage = await _emptied(database)
    for name in PEOPLE:
        await stage.identify(name)
    for number, rule in enumerate(wanted):
        await stage.make(f"s{number}", rule)
    for some in happened:
        await _do(stage, "track", some)
    end = stage.now + 48 * HOUR
    while stage.now < end:
        await stage.move(min(stride * HOUR, end - stage.now))
        await stage.drain()
        await stage.check()
    names = {id: name for name, id in stage.ids.items()}
    return [{names[id] for id in await stage.members(f"s{number}")} for number in range(len(wanted))]
