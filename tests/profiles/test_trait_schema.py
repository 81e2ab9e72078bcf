"""Which traits and events there are, with examples that are nobody's own; and what a trait was."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import trait_schema
from antiphon.profiles.trait_schema import EventSchema, TraitSchema, TraitValue
from profiles.facts import ANNA, AT, fact, record

DAY = timedelta(days=1)
FIRST = ["Anna", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gwen", "Hugo", "Ines", "Jon"]


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    trait_schema._kept.clear()


def someone(n: int) -> Identifier:
    return Identifier("external_id", f"p{n}")


async def traits(database: Database) -> dict[str, TraitSchema]:
    async with database.transaction(read_only=True) as tx:
        return {one.name: one for one in await trait_schema.traits(tx)}


async def events(database: Database) -> dict[str, EventSchema]:
    async with database.transaction(read_only=True) as tx:
        return {one.name: one for one in await trait_schema.event_schemas(tx)}


async def told(database: Database, *people: dict[str, Any]) -> dict[str, TraitSchema]:
    await record(database, *(fact(str(n), someone(n), traits=one) for n, one in enumerate(people)))
    return await traits(database)


async def test_types_shares_and_paths(database: Database) -> None:
    found = await told(
        database,
        *({"tier": "gold" if n % 2 else "silver", "age": 30 + n % 3, "vip": n % 3 == 0, "since": f"2026-01-0{n + 1}",
           "tags": ["a"], "odd": n if n % 2 else str(n), "words": "2026-01-01" if n else "soon",
           "home": {"city": "Leeds", "geo": {"lat": 1, "deep": {"deeper": {"x": 1}}}}} for n in range(9)),
        {"other": None},
    )  # fmt: skip
    assert {name: one.type for name, one in found.items()} == {
        "tier": "text", "age": "number", "vip": "boolean", "since": "date", "tags": "list", "odd": "mixed",
        "words": "text", "home": "object",
    }  # fmt: skip
    assert found["tier"].share == 0.9
    assert sorted(found["tier"].examples) == ["gold", "silver"]
    assert sorted(found["age"].examples) == [30, 31, 32]
    assert found["home"].paths == ["city", "geo", "geo.deep", "geo.deep.deeper", "geo.lat"]


async def test_an_example_is_what_three_people_share(database: Database) -> None:
    found = await told(database, *({"tier": tier} for tier in ("gold", "gold", "gold", "silver", "silver")))
    assert found["tier"].examples == ["gold"]


@pytest.mark.parametrize(
    "values",
    [
        {"first_name": ["Anna"] * 9}, {"FullName": ["anna berg"] * 9}, {"shopper_name": ["Anna"] * 9},
        {"x": ["anna@shop.example"] * 9}, {"x": ["+44 7700 900123"] * 9}, {"x": [447700900123] * 9},
        {"home_phone": ["1"] * 9}, {"street": ["Elm"] * 9}, {"date_of_birth": ["2001-01-01"] * 9},
        {"label": [*FIRST * 2, *(f"Zoe{chr(97 + n)}" for n in range(20)), "Anna", *["Anna Berg"] * 3]},
        {"long": ["x" * 100] * 9},
    ],
)  # fmt: skip
async def test_what_looks_like_somebody_is_never_an_example(database: Database, values: dict[str, list[Any]]) -> None:
    [(name, all_values)] = values.items()
    found = await told(database, *({name: value} for value in all_values))
    assert found[name].examples == []


async def test_a_choice_of_few_may_be_capitalised(database: Database) -> None:
    found = await told(database, *({"city": city, "product_name": "House Blend"} for city in ["Leeds", "New York"] * 5))
    assert sorted(found["city"].examples) == ["Leeds", "New York"]
    assert found["product_name"].examples == ["House Blend"]


async def test_it_is_kept_for_a_minute(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await told(database, {"one": 1})
    assert set(await told(database, {}, {"two": 2})) == {"one"}
    monkeypatch.setattr(trait_schema, "KEPT_S", 0.0)
    assert set(await traits(database)) == {"one", "two"}


async def test_events_with_their_properties(database: Database) -> None:
    bought = [
        fact(f"b{n}", someone(n), event="bought", at=AT + n * DAY, properties=json.dumps({"sku": "s1", "total": n}))
        for n in range(4)
    ]
    busy = [fact(f"s{n}", ANNA, event="seen", at=AT, properties='{"page": "/mine"}') for n in range(6)]
    await record(database, *bought, *busy, fact("once", ANNA, event="once"))
    found = await events(database)
    assert [(one.name, one.count, one.is_exact) for one in found.values()] == [
        ("seen", 6, True), ("bought", 4, True), ("once", 1, True),
    ]  # fmt: skip
    assert found["bought"].last_at == AT + 3 * DAY
    properties = {one.name: one for one in found["bought"].properties}
    assert (properties["sku"].examples, properties["sku"].type) == (["s1"], "text")
    assert (properties["total"].examples, properties["total"].share) == ([], 1.0)
    assert found["seen"].properties[0].examples == [], "one person, however often"
    assert found["once"].properties == []


async def test_kinds_that_the_sample_overlooks_are_looked_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trait_schema, "PAGES", 0)
    await record(database, *(fact(str(n), someone(n), event="rare", properties='{"k": "v"}', at=AT) for n in range(3)))
    [rare] = (await events(database)).values()
    assert (rare.count, rare.last_at, [one.examples for one in rare.properties]) == (3, AT, [["v"]])


async def test_the_history_of_a_trait(database: Database, move: Any) -> None:
    async def told_now(n: int, value: Any, source: str) -> None:
        at = database.clock.now()
        await record(database, fact(str(n), ANNA, at=at, traits={"tier": value, "other": n}))

    async def history(name: str = "tier") -> list[TraitValue]:
        async with database.transaction(read_only=True) as tx:
            [row] = await tx.rows("SELECT id FROM profile")
            return await trait_schema.history(tx, ProfileId(row["id"]), name)

    start = database.clock.now()
    await told_now(0, "silver", "a")
    for n, value in enumerate(["gold", None, "gold"], 1):
        await move(DAY)
        await told_now(n, value, "b")
    await move(DAY)
    await told_now(5, "gold", "c")
    assert await history() == [
        TraitValue(start + 3 * DAY, "gold", "test"),
        TraitValue(start + 2 * DAY, None, "test"),
        TraitValue(start + DAY, "gold", "test"),
        TraitValue(start, "silver", ""),
    ]
    assert len(await history("other")) == 5
    assert await history("unheard of") == []
