from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from antiphon_world import customers
from world.stage import Play, Stage, Target
from world.test_mail import message, send

ALWAYS = {"opens": True, "clicks": True, "buys": True}
LATER = "2026-03-22T12:00:00.000Z"


def certain(**does: Any) -> dict[str, Any]:
    return {"people": {"1": does}}


async def test_a_customer_opens_clicks_and_buys_as_a_real_one_does(play: Play) -> None:
    async with play(habits=certain(**ALWAYS)) as stage:
        await send(stage, message())
        await stage.advance(LATER)
        [opened], [clicked], [bought] = (stage.target.seen(path) for path in ("/o/", "/c/", "/v1/track"))
        assert [line["kind"] for line in stage.log()] == ["mail_received", "opened", "clicked", "bought"]
        lines = stage.log("opened", "clicked", "bought")
    assert (opened.path, clicked.path) == ("/o/tok.gif", "/c/a_b-c?x=1&y=2")
    assert opened.headers["Host"] == clicked.headers["Host"] == "shop.example"
    assert "Thunderbird" in opened.headers["User-Agent"] or "iPhone" in opened.headers["User-Agent"]
    assert bought.headers["Authorization"] == "Basic " + base64.b64encode(b"key:").decode()
    track = json.loads(bought.body)
    assert (track["event"], track["userId"], track["timestamp"]) == ("Order Completed", "c000001", LATER)
    assert track["properties"]["revenue"] == track["properties"]["amount"] > 0
    assert {line["status"] for line in lines} == {200}
    assert {(line["delivery"], line["nth"], line["product"]) for line in lines} == {("token-1", 1, LATER)}


async def test_nothing_happens_while_product_time_stands_still(play: Play) -> None:
    async with play(habits=certain(**ALWAYS)) as stage:
        await send(stage, message())
        await stage.settled()
        waiting = await stage.waiting()
        assert (waiting["pending"], waiting["due"]) == (1, 0)
        assert waiting["next_at"] > waiting["product"]
        assert not stage.target.notes


async def test_nobody_clicks_a_mail_without_links_nor_buys_after_it(play: Play) -> None:
    mail = message()
    mail.clear_content()
    mail.set_content("no links")
    async with play(habits=certain(**ALWAYS)) as stage:
        await send(stage, mail)
        await stage.advance(LATER)
        assert [line["kind"] for line in stage.log()] == ["mail_received", "opened"]
        assert not stage.target.notes


async def test_one_click_unsubscribe_is_posted_as_rfc_8058_says(play: Play) -> None:
    async with play(habits=certain(opens=False, unsubscribes=True)) as stage:
        await send(stage, message())
        await stage.advance(LATER)
        [note] = stage.target.notes
        assert stage.log("unsubscribed")[0]["status"] == 200
    assert (note.method, note.path, note.body) == ("POST", "/u/tok", b"List-Unsubscribe=One-Click")
    assert note.headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_a_stranger_buys_without_a_user_id(play: Play) -> None:
    async with play(habits={"people": {"who@else.example": ALWAYS}}) as stage:
        await send(stage, message(to="who@else.example"))
        await stage.advance(LATER)
        [bought] = stage.target.seen("/v1/track")
    track = json.loads(bought.body)
    assert track["anonymousId"] == "world-who@else.example"
    assert "userId" not in track


async def test_machine_opens_and_scanners_are_logged_as_what_they_are(play: Play) -> None:
    async with play(habits={"machine_open": 1.0, "scanner": 1.0, "open": 0.0}) as stage:
        await send(stage, message())
        await stage.advance(LATER)
        kinds = sorted(line["kind"] for line in stage.log())
        [pixel] = stage.target.seen("/o/")
    assert kinds == ["machine_opened", "mail_received", "scanned"]
    assert pixel.headers["User-Agent"] == "Mozilla/5.0"


async def reactions(stage: Stage, addresses: list[str]) -> set[tuple[Any, ...]]:
    for address in addresses:
        await send(stage, message(to=address))
    await stage.advance("2026-12-01T00:00:00.000Z")
    lines = stage.log("opened", "clicked", "bought", "unsubscribed", "complained")
    return {(line["kind"], line["address"], line["nth"], line.get("amount")) for line in lines}


async def test_the_same_seed_and_messages_make_the_same_reactions_in_any_order_of_arrival(play: Play) -> None:
    addresses = [f"x.{n:06d}@mail.example" for n in range(12)] * 3
    shuffled = random.Random(5).sample(addresses, len(addresses))
    habits = {"open": 0.6, "click": 0.6, "buy": 0.6, "unsubscribe": 0.2}
    async with play(habits=habits, log="one.jsonl") as stage:
        first = await reactions(stage, addresses)
        stage.target.product = "2026-03-01T12:00:00.000Z"
    async with play(habits=habits, log="two.jsonl") as stage:
        assert await reactions(stage, shuffled) == first
        stage.target.product = "2026-03-01T12:00:00.000Z"
    async with play(habits=habits, log="three.jsonl", seed=2) as stage:
        assert await reactions(stage, addresses) != first


async def test_a_platform_that_comes_back_hears_what_happened_meanwhile(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "BACK_OFF_S", 0.02)
    async with play(habits=certain(**ALWAYS)) as stage:
        await send(stage, message())
        stage.target.status = 503
        stage.target.product = LATER
        while len(stage.target.notes) < 3:
            await stage.waiting()
        stage.target.status = 200
        await stage.settled()
        assert [line["kind"] for line in stage.log()] == ["mail_received", "opened", "clicked", "bought"]


async def test_a_platform_that_stays_away_loses_the_reaction_and_the_log_says_so(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "BACK_OFF_S", 0.0001)
    async with play(habits=certain(**ALWAYS)) as stage:
        await send(stage, message())
        stage.target.status = 503
        await stage.advance(LATER)
        [lost] = stage.log("lost")
    assert lost["do"] == "open"
    assert len(stage.target.seen("/o/")) == customers.TRIES_MAX
    assert not stage.target.seen("/c/")


async def test_without_a_sandbox_clock_wall_time_is_used(play: Play, target: Target) -> None:
    target.product = None
    async with play(habits={**certain(opens=True, clicks=False), "latency_scale": 0.00001}) as stage:
        await send(stage, message())
        await stage.settled()
        assert [line["kind"] for line in stage.log()] == ["mail_received", "opened"]
        assert not stage.log("opened")[0]["product"].startswith("2026-03-01T12:00:00")


async def test_who_looks_around_before_buying_signs_in_and_says_whose_the_browser_is(play: Play) -> None:
    async with play(habits=certain(**ALWAYS, browses=True)) as stage:
        await send(stage, message())
        await stage.advance(LATER)
        looked, signed, bought = (
            json.loads(stage.target.seen(path)[0].body) for path in ("/v1/page", "/v1/identify", "/v1/track")
        )
        assert [line["kind"] for line in stage.log()] == [
            "mail_received", "opened", "clicked", "browsed", "signed_in", "bought"
        ]  # fmt: skip
    assert "userId" not in looked
    assert looked["anonymousId"] == signed["anonymousId"]
    assert signed["userId"] == bought["userId"] == "c000001"


CENTRE = b"""<form method="post"><input type="hidden" name="act" value="save">
<input type="hidden" name="topic" value="coupons"><input type="checkbox" name="on" value="email:coupons" checked>
<select name="break"><option value="none">No</option><option value="week" selected>A week</option></select></form>"""


async def test_one_box_of_the_preference_centre_is_turned_over_and_the_rest_sent_as_it_was(play: Play) -> None:
    mail = message()
    mail.clear_content()
    mail.set_content('<a href="http://shop.example/p/tok">Preferences</a>', subtype="html")
    async with play(habits=certain(opens=False, prefers=True)) as stage:
        stage.target.body = CENTRE
        await send(stage, mail)
        await stage.advance(LATER)
        looked, said = stage.target.notes
        assert stage.log("preferred")[0]["status"] == 200
    assert (looked.method, said.method, said.path) == ("GET", "POST", "/p/tok")
    assert said.body == b"act=save&topic=coupons&break=week"
