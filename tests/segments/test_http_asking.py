"""Questions about segments through the HTTP API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from antiphon.kernel import settings
from segments.stage import Stage
from segments.test_http import client as client

BUYERS: dict[str, Any] = {"event": "bought", "within": "48h"}


@pytest.fixture
async def shop(stage: Stage) -> Stage:
    """Ada bought, Bob did not."""
    await stage.identify("ada", email="ada@shop.example", first_name="Ada")
    await stage.identify("bob", email="bob@shop.example")
    await stage.track("ada", "bought")
    await stage.make("buyers", BUYERS)
    return stage


async def test_a_preview_takes_a_rule_as_a_document_or_in_words(shop: Stage, client: AsyncClient) -> None:
    by_document = await client.post("/segments/preview", json={"rule": BUYERS})
    assert by_document.json() == {
        "count": 1,
        "exact": True,
        "margin": 0,
        "reach": {"email": 1},
        "reach_by_topic": {},
        "reach_exact": True,
        "reach_margin": 0,
        "sample": [{"profile": str(shop.ids["ada"]), "external_id": "ada", "name": "Ada", "entered_at": None}],
        "warnings": [],
    }
    words = await client.post("/segments/preview", json={"rule": "event bought within 48h", "estimate": True})
    assert words.json() == by_document.json()


@pytest.mark.parametrize("words", ["event bought within", "event bought within 3x", "trait a == 1 and or"])
async def test_words_that_are_no_rule_are_refused_with_their_place(client: AsyncClient, words: str) -> None:
    answer = await client.post("/segments/preview", json={"rule": words})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "line 1" in str(answer.json())


async def test_a_draft_is_previewed_before_it_is_published(shop: Stage, client: AsyncClient) -> None:
    assert (await client.get("/segments/buyers/draft/preview")).json()["code"] == "no_draft"
    await client.put("/segments/buyers/draft", json={"rule": {"not": BUYERS}})
    said = (await client.get("/segments/buyers/draft/preview")).json()
    assert (said["count"], said["draft_count"], said["enter"], said["leave"]) == (1, 1, 1, 1)
    [bob], [ada] = said["entering"], said["leaving"]
    assert (bob["external_id"], bob["at"]) == ("bob", "rule.not")
    assert (ada["external_id"], ada["text"]) == ("ada", "event bought within 48h")


async def test_an_explanation_keeps_its_fields_and_has_more(shop: Stage, client: AsyncClient) -> None:
    said = (await client.get("/segments/buyers/explain/external_id:ada")).json()
    assert (said["member"], said["holds"], said["next_look_at"]) == (True, True, "2026-01-03T12:00:00Z")
    [part] = said["parts"]
    assert part == {
        "at": "rule",
        "holds": True,
        "text": "event bought within 48h",
        "turns_at": "2026-01-03T12:00:00Z",
        "asked": {"of": "count", "op": "gte", "value": 1},
        "value": 1,
    }
    assert said["to_change"] == [
        {
            "at": "rule",
            "text": "event bought within 48h",
            "says": 'The count of "bought" in the window would have to cease to be at least 1; it is 1.'
            " Time alone may change it at 2026-01-03T12:00:00Z.",
        }
    ]


async def test_somebody_s_way_comes_page_by_page(shop: Stage, client: AsyncClient) -> None:
    await shop.move(timedelta(hours=49))
    await shop.drain()
    await shop.track("ada", "bought")
    await shop.drain()
    first = (await client.get("/segments/buyers/history/external_id:ada?limit=1")).json()
    assert first["moves"] == [{"at": "2026-01-03T13:00:00Z", "entered": True, "cause": "happened", "leaf": "rule"}]
    second = (await client.get(f"/segments/buyers/history/external_id:ada?limit=2&cursor={first['cursor']}")).json()
    assert [move["cause"] for move in second["moves"]] == ["time"]
    assert second["cursor"] is None
    for query in ("cursor=x", "cursor=99999999", "limit=0", "limit=1001"):
        assert (await client.get(f"/segments/buyers/history/external_id:ada?{query}")).status_code == 400


async def test_the_size_over_time_and_now(shop: Stage, client: AsyncClient) -> None:
    await shop.track("bob", "bought")
    await shop.drain()
    said = (await client.get("/segments/buyers/size?from=2025-12-31T00:00:00Z&step=day")).json()
    assert said == {
        "points": [
            {"at": "2025-12-31T00:00:00Z", "size": 0, "entered": 0, "left": 0},
            {"at": "2026-01-01T00:00:00Z", "size": 2, "entered": 1, "left": 0},
        ]
    }
    assert (await client.get("/segments/buyers")).json()["count"] == 2
    assert (await client.get("/segments/buyers/size?step=week")).status_code == 400
    assert (await client.get("/segments/nobody/size")).status_code == 404


async def test_overlaps_name_the_other_segments(shop: Stage, client: AsyncClient) -> None:
    made = await shop.make("everybody", {"not": {"event": "never"}})
    said = (await client.get("/segments/buyers/overlaps")).json()
    assert said == {
        "overlaps": [{"id": str(made.id), "name": "everybody", "size": 2, "both": 1, "share": 1.0, "of_other": 0.5}]
    }


async def test_a_segment_says_what_it_cannot_know(shop: Stage, client: AsyncClient) -> None:
    assert (await client.get("/segments/buyers")).json()["warnings"] == []
    await shop.database.repeat(lambda tx: settings.write(tx, {"retention": {"events_months": 1}}))
    sums = {"event": "bought", "within": "90d", "sum": {"property": "a", "op": "gte", "value": 1}}
    await shop.make("spenders", {"any": [BUYERS, sums]})
    [warning] = (await client.get("/segments/spenders")).json()["warnings"]
    assert (warning["at"], warning["code"], warning["since"]) == ("rule.any[1]", "not_kept", "2025-12-01T00:00:00Z")


async def test_a_list_can_be_asked_the_same(shop: Stage, client: AsyncClient) -> None:
    await shop.make_list("vip")
    await shop.put("vip", ["ada"])
    said = (await client.get("/segments/vip/explain/external_id:ada")).json()
    assert (said["member"], said["parts"], said["last"]["cause"]) == (True, [], "list")
    assert (await client.get("/segments/vip")).json()["count"] == 1
