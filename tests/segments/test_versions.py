"""A segment's rule changes in drafts and versions, through the HTTP API."""

from __future__ import annotations

from typing import Any

from httpx import AsyncClient

from segments.stage import Stage
from segments.test_http import client

__all__ = ["client"]  # the fixture

GOLD = {"trait": "tier", "op": "eq", "value": "gold"}
SILVER = {"trait": "tier", "op": "eq", "value": "silver"}


async def put(client: AsyncClient, path: str, body: Any) -> Any:
    return await client.put(path, json=body)


async def test_a_draft_has_no_members_until_it_is_published(stage: Stage, client: AsyncClient) -> None:
    ada = await stage.identify("ada", tier="gold")
    made = (await client.post("/segments", json={"name": "gold", "rule": GOLD, "publish": False})).json()
    assert (made["state"], made["version"], made["draft"]) == ("draft", 0, 1)
    assert await stage.members("gold") == set()
    published = (await client.post("/segments/gold/publish")).json()
    assert (published["state"], published["version"], published["draft"], published["build"]) == ("live", 1, None, None)
    assert await stage.members("gold") == {ada}


async def test_the_old_version_serves_until_the_new_one_is_live(stage: Stage, client: AsyncClient) -> None:
    ada, bob = await stage.identify("ada", tier="gold"), await stage.identify("bob", tier="silver")
    await client.post("/segments", json={"name": "best", "rule": GOLD})
    saved = (await put(client, "/segments/best/draft", {"rule": SILVER})).json()
    assert (saved["version"], saved["draft"], saved["rule"]["rule"]) == (1, 2, GOLD)
    assert await stage.members("best") == {ada}
    assert (await client.post("/segments/best/publish")).json()["rule"]["rule"] == SILVER
    assert await stage.members("best") == {bob}
    found = (await client.get("/segments/best/versions")).json()["versions"]
    assert [(each["version"], each["state"]) for each in found] == [(2, "live"), (1, "past")]
    assert found[0]["text"] == "tier = silver" or "silver" in found[0]["text"]


async def test_an_old_version_comes_back_as_a_draft(stage: Stage, client: AsyncClient) -> None:
    ada = await stage.identify("ada", tier="gold")
    await client.post("/segments", json={"name": "best", "rule": GOLD})
    await put(client, "/segments/best/draft", {"rule": SILVER})
    await client.post("/segments/best/publish")
    assert (await client.post("/segments/best/revert", json={"version": 1})).json()["draft"] == 3
    assert await stage.members("best") == set()
    await client.post("/segments/best/publish")
    assert await stage.members("best") == {ada}
    assert (await client.post("/segments/best/revert", json={"version": 9})).status_code == 404


async def test_a_draft_is_thrown_away_and_a_segment_that_was_never_published_with_it(client: AsyncClient) -> None:
    await client.post("/segments", json={"name": "gold", "rule": GOLD, "publish": False})
    assert (await client.delete("/segments/gold/draft")).status_code == 200
    assert (await client.get("/segments/gold")).status_code == 404
    await client.post("/segments", json={"name": "gold", "rule": GOLD})
    answer = await client.delete("/segments/gold/draft")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_draft")
    answer = await client.post("/segments/gold/publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_draft")


async def test_what_another_rule_names_is_not_archived(stage: Stage, client: AsyncClient) -> None:
    await stage.identify("ada", tier="gold")
    await client.post("/segments", json={"name": "gold", "rule": GOLD})
    await client.post("/segments", json={"name": "others", "rule": {"not": {"segment": "gold"}}})
    answer = await client.delete("/segments/gold")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert "others" in answer.json()["title"]
    assert (await client.delete("/segments/others")).json()["state"] == "archived"
    assert (await client.delete("/segments/gold")).json()["state"] == "archived"
    assert await stage.members("gold") == set()
    assert (await client.post("/segments/gold/restore")).json()["state"] == "live"
    assert await stage.members("gold") == {stage.ids["ada"]}


async def test_a_rule_in_words_is_shown_in_both_forms(stage: Stage, client: AsyncClient) -> None:
    ada = await stage.identify("ada", tier="gold")
    rule = 'trait tier = "gold"\nand not event bought'
    made = (await client.post("/segments", json={"name": "gold", "rule": rule})).json()
    assert made["rule"]["rule"] == {"all": [GOLD, {"not": {"event": "bought"}}]}
    assert await stage.members("gold") == {ada}
    again = (await client.post("/segments", json={"name": "again", "rule": made["text"]})).json()
    assert again["rule"] == made["rule"]


async def test_a_flaw_in_words_is_named_with_line_and_column(client: AsyncClient) -> None:
    for rule in ("event bought\nand and", "event bought\nand event sold within 99999d"):
        answer = await client.post("/segments", json={"name": "bad", "rule": rule})
        assert answer.status_code == 400
        told = str(answer.json()["errors"])
        assert "line 2, column" in told
    assert "rule.all[1].within" in told
    answer = await client.post("/segments", json={"name": "bad", "rule": "event bought\nand segment nobody"})
    assert "line 2, column 5" in answer.json()["errors"][0]["message"]
