"""Presets: for each a handful of people, who is in, who is not, and who moves when time passes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from antiphon.kernel.errors import Invalid
from antiphon.segments import ladders, presets, stages
from antiphon.segments.language.parse import parse
from antiphon.segments.language.text import from_text, to_text
from antiphon.segments.presets import open_preset
from segments.stage import Stage
from segments.test_http import client

__all__ = ["client"]  # the fixture

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ORDER, USE = "Order Completed", "Product Viewed"
NAMES = [preset.name for preset in presets.presets()]


async def happened(stage: Stage, name: str, event: str, *days_ago: float, **properties: Any) -> None:
    await stage.track_many([(name, event, stage.now - ago * DAY, properties) for ago in days_ago])


async def live(stage: Stage, name: str, **values: Any) -> None:
    rule = open_preset(name, values).rule
    assert rule is not None
    await stage.make(name, rule)


async def inside(stage: Stage, name: str, *, after: timedelta = timedelta()) -> set[str]:
    if after:
        await stage.move(after)
    await stage.drain()
    ids = await stage.members(name)
    return {who for who, id in stage.ids.items() if id in ids}


async def climb(stage: Stage, name: str, **values: Any) -> None:
    made = [ladders.StageRule(each, rule) for each, rule in open_preset(name, values).stages]
    await ladders.create(stage.database, name, made)


async def on_stages(stage: Stage, ladder: str, *, after: timedelta = timedelta()) -> dict[str, str]:
    if after:
        await stage.move(after)
    await stage.drain()
    async with stage.database.transaction() as tx:
        found = await stages.get(tx, ladder)
    on = [(each.name, await inside(stage, each.segment.name)) for each in found.stages]
    return {who: name for name, people in on for who in people}


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_is_an_ordinary_rule_that_can_be_written_in_words(name: str) -> None:
    made = open_preset(name, {})
    for rule in [made.rule] if made.rule else [rule for _, rule in made.stages]:
        assert parse(from_text(to_text(rule)).document) == parse(rule)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_a_preset_changes_what_it_makes(name: str) -> None:
    (preset,) = [each for each in presets.presets() if each.name == name]
    for parameter in preset.parameters:
        other: Any = {str: "3h", list: ["other"], int: 7, float: 0.125}[type(parameter.default)]
        other = other if other != parameter.default else 8
        assert open_preset(name, {parameter.name: other}) != open_preset(name, {}), parameter.name


def test_a_value_of_the_command_line_is_read_as_its_kind_and_a_wrong_one_is_named() -> None:
    assert open_preset("win-back", {"days": "30"}) == open_preset("win-back", {"days": 30})
    assert open_preset("lifecycle", {"use": "a, b"}) == open_preset("lifecycle", {"use": ["a", "b"]})
    with pytest.raises(Invalid) as refused:
        open_preset("win-back", {"days": "1.5", "order": 3, "color": "red", "orders": 0})
    places = {flaw.at for flaw in refused.value.flaws}
    assert places == {f"parameters.{name}" for name in ("days", "order", "color", "orders")}
    with pytest.raises(Invalid):
        open_preset("abandoned-cart", {"after": "soon"})


async def test_lifecycle(stage: Stage) -> None:
    await happened(stage, "novice", USE, 1, 2)
    await happened(stage, "regular", USE, *range(1, 7))
    await happened(stage, "master", USE, *range(1, 22))
    await happened(stage, "payer", ORDER, *range(1, 22))
    await happened(stage, "casual", USE, 20, 30)
    await happened(stage, "dozing", USE, 46)
    await happened(stage, "gone", ORDER, 181)
    await stage.identify("imported")
    await climb(stage, "lifecycle")
    assert await on_stages(stage, "lifecycle") == {
        "novice": "new", "regular": "experienced", "master": "expert", "payer": "paying", "casual": "active",
        "dozing": "lapsing", "gone": "lost",
    }  # fmt: skip
    later = await on_stages(stage, "lifecycle", after=12 * DAY)  # the first use is 14 days old
    assert (later["novice"], later["casual"]) == ("active", "active")
    later = await on_stages(stage, "lifecycle", after=33 * DAY)
    assert (later["novice"], later["payer"]) == ("lapsing", "lapsing")
    await happened(stage, "gone", USE, 0)
    later = await on_stages(stage, "lifecycle", after=135 * DAY)
    assert (later["novice"], later["dozing"], later["gone"]) == ("lost", "lost", "lapsing")


async def test_rfm(stage: Stage) -> None:
    await happened(stage, "champion", ORDER, 1, 40, 80, 120, 160, total=100)
    await happened(stage, "thrifty", ORDER, 1, 40, 80, 120, 160, total=99)
    await happened(stage, "waning", ORDER, 91, 120, 160, total=500)
    await happened(stage, "first", ORDER, 29, total=5)
    await happened(stage, "second", ORDER, 35, 80, total=5)
    await happened(stage, "asleep", ORDER, 100, total=5)
    await happened(stage, "past", ORDER, 366, total=5)
    await stage.track("looker", USE)
    await climb(stage, "rfm")
    assert await on_stages(stage, "rfm") == {
        "champion": "champions", "thrifty": "loyal", "waning": "at risk", "first": "new", "second": "promising",
        "asleep": "hibernating", "past": "gone",
    }  # fmt: skip
    later = await on_stages(stage, "rfm", after=30 * DAY)
    assert (later["champion"], later["first"]) == ("loyal", "promising")
    later = await on_stages(stage, "rfm", after=60 * DAY)
    assert (later["champion"], later["first"], later["waning"]) == ("at risk", "hibernating", "at risk")
    assert set((await on_stages(stage, "rfm", after=300 * DAY)).values()) == {"gone"}


async def test_three_weeks_unopened_and_the_way_back(stage: Stage) -> None:
    for name in ("silent", "reader", "buyer", "newcomer", "few"):
        await stage.identify(name, email=f"{name}@shop.example")
    for name in ("silent", "reader", "buyer"):
        await happened(stage, name, "Email Sent", 20, 10, 5)
    await happened(stage, "reader", "Email Opened", 3)
    await happened(stage, "newcomer", "Email Sent", 3, 2, 1)
    await happened(stage, "few", "Email Sent", 30, 25)
    await climb(stage, "sunset")
    assert set((await on_stages(stage, "sunset")).values()) == {"main list"}
    turned = await on_stages(stage, "sunset", after=DAY)
    assert {who for who, name in turned.items() if name == "re-engagement"} == {"silent", "buyer"}
    await stage.track("buyer", ORDER)
    assert (await on_stages(stage, "sunset"))["buyer"] == "main list"
    later = await on_stages(stage, "sunset", after=69 * DAY)
    assert (later["silent"], later["reader"], later["few"]) == ("sunset", "re-engagement", "main list")
    await stage.track("silent", "Email Link Clicked")
    assert (await on_stages(stage, "sunset"))["silent"] == "main list"
    assert (await on_stages(stage, "sunset", after=21 * DAY))["silent"] == "re-engagement"


async def test_win_back(stage: Stage) -> None:
    await happened(stage, "faithful", ORDER, 89, 200)
    await happened(stage, "away", ORDER, 91, 200)
    await happened(stage, "once", ORDER, 91)
    await live(stage, "win-back")
    assert await inside(stage, "win-back") == {"away"}
    await stage.track("away", ORDER)
    assert await inside(stage, "win-back", after=DAY) == {"faithful"}


async def test_an_abandoned_cart(stage: Stage) -> None:
    cart = "Product Added"
    await happened(stage, "left", cart, 5 / 24)
    await happened(stage, "busy", cart, 5 / 24, 1 / 24)
    await happened(stage, "bought", cart, 5 / 24)
    await happened(stage, "bought", ORDER, 4 / 24)
    await live(stage, "abandoned-cart")
    assert await inside(stage, "abandoned-cart") == {"left"}
    assert await inside(stage, "abandoned-cart", after=3 * HOUR) == {"left", "busy"}
    await stage.track("left", ORDER)
    assert await inside(stage, "abandoned-cart") == {"busy"}
    assert await inside(stage, "abandoned-cart", after=7 * DAY) == set()


async def test_a_birthday_soon(stage: Stage) -> None:
    """Tests begin on 1 January."""
    for name, day in {"today": "01-01", "soon": "01-08", "later": "01-09", "past": "12-31"}.items():
        await stage.identify(name, birthday=f"1990-{day}")
    await live(stage, "birthday-soon")
    assert await inside(stage, "birthday-soon") == {"today", "soon"}
    assert await inside(stage, "birthday-soon", after=DAY) == {"soon", "later"}


async def test_a_trial_that_ends_soon(stage: Stage) -> None:
    for name, days in {"soon": 2, "later": 4, "over": -1, "paid": 2}.items():
        await stage.identify(name, trial_ends_at=(stage.now + days * DAY).isoformat())
    await stage.track("paid", "Subscription Started")
    await live(stage, "trial-ends-soon")
    assert await inside(stage, "trial-ends-soon") == {"soon"}
    assert await inside(stage, "trial-ends-soon", after=DAY) == {"soon", "later"}
    assert await inside(stage, "trial-ends-soon", after=DAY) == {"later"}


async def test_mostly_on_a_phone(stage: Stage) -> None:
    for name, devices in {"phone": "mmd", "desk": "mdd", "nothing": ""}.items():
        await stage.identify(name, email=f"{name}@shop.example")
        for device in devices:
            await stage.read_on(name, "email", f"{name}@shop.example", "mobile" if device == "m" else "desktop")
    await live(stage, "mostly-on-a-phone")
    assert await inside(stage, "mostly-on-a-phone") == {"phone"}
    for _ in range(5):
        await stage.read_on("desk", "email", "desk@shop.example", "mobile")
    assert await inside(stage, "mostly-on-a-phone") == {"phone", "desk"}


async def test_over_http_a_preset_opens_with_its_words(client: AsyncClient) -> None:
    listed = {each["name"]: each for each in (await client.get("/segments/presets")).json()["presets"]}
    assert listed["rfm"]["makes"] == "ladder"
    assert {"name": "days", "says": "so many days", "default": 90} in listed["win-back"]["parameters"]
    answer = await client.post("/segments/presets/win-back", json={"parameters": {"days": 30}})
    assert "within 30d count = 0" in answer.json()["text"]
    opened = (await client.post("/segments/presets/sunset", json={})).json()
    assert [each["name"] for each in opened["stages"]] == ["sunset", "re-engagement", "main list"]
    made = await client.post("/ladders", json={"name": "lists", "stages": [
        {"name": each["name"], "rule": each["text"]} for each in opened["stages"]
    ]})  # fmt: skip
    assert made.status_code == 201
    assert (await client.post("/segments/presets/luck", json={})).json()["code"] == "unknown_preset"
    answer = await client.post("/segments/presets/win-back", json={"parameters": {"days": -1}})
    assert answer.json()["errors"][0]["at"] == "parameters.days"
