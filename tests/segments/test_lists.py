"""Lists, tables of members and computed traits, through the HTTP API."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient

from segments.stage import Stage
from segments.test_http import client

__all__ = ["client"]  # the fixture


def people(*names: str) -> list[dict[str, str]]:
    return [{"kind": "external_id", "value": name} for name in names]


async def put(client: AsyncClient, *names: str, **more: Any) -> Any:
    return await client.put("/lists/vips/members", json={"people": people(*names), **more})


async def test_people_are_put_in_and_taken_out_and_rules_follow(stage: Stage, client: AsyncClient) -> None:
    ada, bob = await stage.identify("ada"), await stage.identify("bob")
    made = (await client.post("/lists", json={"name": "vips"})).json()
    assert (made["kind"], made["state"], made["rule"], made["text"]) == ("list", "live", None, None)
    await client.post("/segments", json={"name": "others", "rule": {"not": {"segment": "vips"}}})
    assert (await put(client, "ada", "ada", "bob")).json() == {"changed": 2, "unknown": []}
    assert (await put(client, "ada")).json()["changed"] == 0
    await stage.drain()
    assert (await stage.members("vips"), await stage.members("others")) == ({ada, bob}, set())
    answer = await client.request("DELETE", "/lists/vips/members", json={"people": people("bob")})
    assert answer.json()["changed"] == 1
    await stage.drain()
    assert (await stage.members("vips"), await stage.members("others")) == ({ada}, {bob})


async def test_with_somebody_unknown_nothing_is_done_unless_they_are_to_be_skipped(
    stage: Stage, client: AsyncClient
) -> None:
    ada = await stage.identify("ada")
    await client.post("/lists", json={"name": "vips"})
    answer = await put(client, "ada", "eve")
    assert answer.status_code == 400
    assert [error["at"] for error in answer.json()["errors"]] == ["people[1]"]
    assert await stage.members("vips") == set()
    answer = await put(client, "ada", "eve", skip_unknown=True)
    assert answer.json() == {"changed": 1, "unknown": people("eve")}
    assert await stage.members("vips") == {ada}
    bad = {"people": [{"kind": "email", "value": "no address"}], "skip_unknown": True}
    assert (await client.put("/lists/vips/members", json=bad)).json()["errors"][0]["at"] == "people[0]"


async def test_a_list_has_no_rule_and_a_rule_takes_nobody_by_hand(stage: Stage, client: AsyncClient) -> None:
    await stage.identify("ada")
    await client.post("/lists", json={"name": "vips"})
    await client.post("/segments", json={"name": "ruled", "rule": {"event": "bought"}})
    assert (await client.post("/lists", json={"name": "vips"})).status_code == 409
    assert (await client.put("/segments/vips/draft", json={"rule": {"event": "bought"}})).status_code == 400
    assert (await client.put("/lists/ruled/members", json={"people": people("ada")})).status_code == 400


async def test_members_are_written_as_a_table_page_by_page(
    stage: Stage, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("antiphon.segments.lists.PAGE", 2)
    ids = [await stage.identify(f"p{n}", city=f'"{n}", Bristol', home={"floor": n}) for n in range(5)]
    await stage.identify("ada", email="ada@shop.example", city="Leeds")
    await client.post("/segments", json={"name": "all", "rule": {"trait": "city", "op": "exists"}})
    answer = await client.get("/segments/all/export?columns=external_id,email,home.floor,trait:city,profile")
    assert answer.headers["content-type"].startswith("text/csv")
    head, *rows = answer.text.splitlines()
    assert head == "external_id,email,home.floor,trait:city,profile"
    assert f'p4,,4,"""4"", Bristol",{ids[4]}' in rows
    assert f"ada,ada@shop.example,,Leeds,{stage.ids['ada']}" in rows
    assert len(rows) == 6
    assert (await client.get("/segments/all/export")).text.startswith("profile,external_id,entered_at\r\n")
    assert (await client.get("/segments/nobody/export")).status_code == 404
    assert (await client.get("/segments/all/export?columns=a,,b")).status_code == 400


async def test_a_computed_trait_is_named_shown_and_held_while_a_rule_names_it(
    stage: Stage, client: AsyncClient
) -> None:
    definition = {"event": "bought", "within": "90d", "of": "sum", "property": "total"}
    assert (await client.put("/computed-traits/spent%2Flately", json=definition)).status_code == 200
    shown = (await client.get("/computed-traits/spent%2Flately")).json()
    assert shown == {"name": "spent/lately", "definition": definition}
    assert (await client.get("/computed-traits")).json() == {"computed_traits": [shown]}
    await stage.track("ada", "bought", total=120)
    rule = {"computed": "spent/lately", "op": "gte", "value": 100}
    await client.post("/segments", json={"name": "spenders", "rule": rule})
    assert await stage.members("spenders") == {stage.ids["ada"]}
    other = definition | {"within": "30d"}
    answer = await client.put("/computed-traits/spent%2Flately", json=other)
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert (await client.delete("/computed-traits/spent%2Flately")).status_code == 409
    await client.delete("/segments/spenders")
    assert (await client.delete("/computed-traits/spent%2Flately")).status_code == 204
    assert (await client.get("/computed-traits/spent%2Flately")).json()["code"] == "unknown_computed_trait"
    answer = await client.put("/computed-traits/bad", json={"event": "bought", "of": "luck"})
    assert answer.json()["errors"][0]["at"] == "of"
