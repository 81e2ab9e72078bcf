"""Every rule of the cook-book has the answer that it says: from scratch, and by members while time goes by."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from antiphon import segments
from antiphon.segments.language.parse import parse
from antiphon.segments.language.text import from_text, to_text
from scale import sized
from segments import cookbook
from segments.cookbook import Recipe, Set, data, recipes
from segments.offers import enrol, pour_events
from segments.stage import Stage

RECIPES = recipes()
EVERY = {"Starbucks offers": timedelta(hours=126), "Online Retail": timedelta(days=20), "CDNOW": timedelta(days=45)}
FOLLOWED = sized({"Online Retail"}, set(EVERY))


def of(name: str) -> list[Recipe]:
    return [recipe for recipe in RECIPES if any(answer[0] == name for answer in recipe.answers)]


def asked(name: str) -> dict[datetime, list[tuple[int, int]]]:
    """By instant: number of the recipe, and how many."""
    found: dict[datetime, list[tuple[int, int]]] = {}
    for number, recipe in enumerate(of(name)):
        for set_, at, count in recipe.answers:
            if set_ == name:
                found.setdefault(at, []).append((number, count))
    return found


def test_the_recipes_are_rules_and_written_as_they_would_be() -> None:
    assert len(RECIPES) > 30
    for recipe in RECIPES:
        document = from_text(recipe.text).document
        parse(document)
        assert from_text(to_text(document)).document == document


@pytest.fixture(params=sorted(cookbook.FOLDERS), scope="module")
def name(request: pytest.FixtureRequest) -> str:
    if not (cookbook.DATA / cookbook.FOLDERS[request.param]).is_dir():
        pytest.skip(f"shared/data/{cookbook.FOLDERS[request.param]} is not here")
    return str(request.param)


async def test_counted_from_scratch(stage: Stage, name: str) -> None:
    """Now, when all is there; and at each instant before, by the raw events."""
    found, wanted = data(name), asked(name)
    last = max(wanted)
    ids = await enrol(stage.database, found.people, at=last)
    await pour_events(stage.database, ids, found.events)
    for at, answers in wanted.items():
        for number, count in answers:
            rule = from_text(of(name)[number].text).document
            assert await stage.count(rule, at) == count, (of(name)[number].text, at)
            if at == last:
                assert await stage.count(rule) == count, of(name)[number].text


async def test_kept_while_time_goes_by(stage: Stage, name: str) -> None:
    """The segments stand before anything happened; people enter and leave by what they do and by time."""
    if name not in FOLLOWED:
        pytest.skip("make test-long follows all of them; this one is counted from scratch")
    found, wanted = data(name), asked(name)
    begin = found.events[0][2] - timedelta(days=1)
    ids = await enrol(stage.database, found.people, at=begin)
    for number, recipe in enumerate(of(name)):
        await segments.create(stage.database, f"s{number}", from_text(recipe.text).document)
    before = begin
    for at in cookbook.steps(begin, wanted, EVERY[name]):
        await step(stage, found, ids, at, before)
        before = at
        for number, count in wanted.get(at, ()):
            assert await size(stage, f"s{number}") == count, (of(name)[number].text, at)


async def step(stage: Stage, found: Set, ids: dict[str, int], at: datetime, before: datetime) -> None:
    await stage.database.move_clock(lambda state: state.moved(at))
    await pour_events(stage.database, ids, found.until(at, after=before))
    while await segments.work(stage.database):
        pass


async def size(stage: Stage, segment: str) -> int:
    async with stage.database.transaction(read_only=True) as tx:
        bounds = await segments.bounds(tx, (await segments.get(tx, segment)).id)
    return bounds.count if bounds is not None else 0
