"""How many people segments share: what SQL counts, whatever was kept in between."""

from __future__ import annotations

import importlib
from random import Random

import pytest

from antiphon import segments
from antiphon.segments.records_asked import Overlap
from segments.stage import Stage

PEOPLE = 300
RULES = {"many": ("n", "lt", 200), "few": ("n", "lt", 20), "late": ("n", "gte", 150), "nobody": ("n", "gt", 1000)}


async def overlaps(stage: Stage, name: str) -> list[Overlap]:
    async with stage.database.transaction(read_only=True) as tx:
        return await segments.overlaps(tx, name)


async def check(stage: Stage, name: str) -> None:
    """Against the memberships that are kept."""
    mine = await stage.members(name)
    found = {each.name: each for each in await overlaps(stage, name)}
    assert found.keys() == {*RULES, "drawn"} - {name}
    for other, each in found.items():
        theirs = await stage.members(other)
        both = len(mine & theirs)
        assert (each.both, each.size) == (both, len(theirs)), (name, other)
        assert each.share == pytest.approx(both / len(mine) if mine else 0, abs=1e-4)
        assert each.of_other == pytest.approx(both / len(theirs) if theirs else 0, abs=1e-4)


async def test_overlaps_are_what_the_memberships_say_also_after_they_changed(stage: Stage) -> None:
    for n in range(PEOPLE):
        await stage.identify(f"p{n}", n=n)
    for name, (trait, op, value) in RULES.items():
        await stage.make(name, {"trait": trait, "op": op, "value": value})
    await stage.make_list("drawn")
    await stage.put("drawn", [f"p{n}" for n in range(0, PEOPLE, 3)])
    await stage.make_list("archived")
    for name in ("many", "few", "nobody", "drawn"):
        async with stage.database.transaction(read_only=True) as tx:
            await segments.size(tx, name)
    await segments.archive(stage.database, "archived")
    for name in ("many", "few", "nobody", "drawn"):
        await check(stage, name)
    random = Random(2)
    for _round in range(3):  # at one instant: no tally is newer than the others
        for _n in range(10):
            await stage.identify(f"p{random.randrange(PEOPLE)}", n=random.randrange(PEOPLE))
        await stage.put("drawn", [f"p{random.randrange(PEOPLE)}"])
        await stage.merge(f"p{random.randrange(PEOPLE)}", f"p{random.randrange(PEOPLE)}")
        await stage.drain()
        await check(stage, "many")
        await check(stage, "drawn")
    assert [each.both for each in await overlaps(stage, "many")] == sorted(
        (each.both for each in await overlaps(stage, "many")), reverse=True
    )


async def test_what_is_kept_has_a_bound(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:

    kept = importlib.import_module("antiphon.segments.overlaps")
    monkeypatch.setattr(kept, "KEPT_BYTES_MAX", 100)
    for n in range(PEOPLE):
        await stage.identify(f"p{n}", n=n)
    for name, (trait, op, value) in RULES.items():
        await stage.make(name, {"trait": trait, "op": op, "value": value})
    await stage.make_list("drawn")
    await check(stage, "many")
    assert kept._kept[stage.database].bytes <= 100
    await check(stage, "late")
