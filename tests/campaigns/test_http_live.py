"""The operations of the live page, the list and the first screen, asked over HTTP with a key."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from antiphon import access, campaigns, content, segments
from app.conftest import Served, client, served
from pages.stage import MESSAGE

__all__ = ["client", "served"]

EVERYBODY = {"version": 1, "rule": {"trait": "first_name", "op": "exists"}}


@pytest.fixture
async def headers(served: Served) -> dict[str, str]:
    async with served.stage.database.transaction() as tx:
        _, key = await access.create_key(tx, "test", "admin")
    return {"Authorization": f"Bearer {key}"}


async def made(served: Served, **wishes: Any) -> campaigns.Campaign:
    for person in ("anna", "ben", "cleo"):
        await served.stage.person(person)
    database = served.stage.database
    await segments.create(database, "everybody", EVERYBODY)
    asked = campaigns.NewCampaign("Spring sale", "coupon", "everybody", ["email", "sms"], **wishes)
    async with database.transaction() as tx:
        await content.create(tx, content.parse(MESSAGE))
        return await campaigns.make(tx, asked)


async def test_a_launch_is_shown_taken_back_launched_and_watched(
    served: Served, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    campaign = await made(served, recall_s=60)
    at = f"/api/v1/campaigns/{campaign.id}"

    async def ask(path: str) -> Any:
        answer = await client.get(f"{at}{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def act(path: str, body: Any = None) -> httpx.Response:
        return await client.post(f"{at}{path}", headers=headers, json=body)

    assert (await act("/launch")).status_code == 200
    assert (await ask("/figures"))["recall_until"] is not None
    assert (await act("/recall")).json()["state"] == "draft"
    assert (await act("/recall")).status_code == 409
    await client.patch(at, headers=headers, json={"recall_s": 0})
    await act("/launch")
    while await campaigns.work_chunks(served.runtime):
        pass
    shown = await ask("/figures")
    assert (shown["progress"]["told"], shown["rows"], shown["recall_until"]) == (3, [], None)
    assert [step["what"] for step in (await ask("/timeline"))["steps"]][:2] == ["launched", "changed"]
    first = await ask("/timeline?limit=1")
    assert (await ask(f"/timeline?limit=1&cursor={first['cursor']}"))["steps"][0]["what"] == "changed"
    (told,) = [line for line in (await ask("/series"))["lines"] if line["kind"] == "notified"]
    assert told["total"] == 3
    assert await ask("/failovers") == {"failovers": [], "cursor": None}
    preview = await act("/shift/preview", {"channel": "sms"})
    assert (preview.status_code, preview.json()["rest"]) == (200, 0)
    shifted = await act("/shift", {"channel": "sms", "share": "rest", "undo_s": 10})
    assert (shifted.status_code, (await ask("/figures"))["prefer"]) == (200, "sms")
    assert (await act("/undo-shift")).status_code == 200
    assert (await ask("/figures"))["prefer"] is None


async def test_recipients_are_found_by_outcome_reason_and_who(
    served: Served, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    campaign = await made(served)
    async with served.stage.database.transaction() as tx:
        await campaigns.launch(tx, campaign)
    while await campaigns.work_chunks(served.runtime):
        pass
    at = f"/api/v1/campaigns/{campaign.id}/recipients"

    async def found(**asked: Any) -> list[str]:
        answer = await client.get(at, headers=headers, params=asked)
        assert answer.status_code == 200, answer.text
        return [one["person"] for one in answer.json()["recipients"]]

    everybody = await found()
    assert len(everybody) == 3
    ben = str(served.stage.people["ben"])
    assert await found(who="external_id:ben") == [ben]
    assert await found(who="ben@mail.example") == [ben]
    assert await found(who="email:nobody@example.org") == []
    assert await found(outcome="dropped") == []
    assert sorted(await found(outcome="open")) == sorted(everybody)
    assert await found(reason="capped") == []
    one = (await client.get(at, headers=headers, params={"who": "external_id:ben"})).json()
    assert one["names"] == {ben: "Ben"}
    async with served.stage.database.transaction() as tx:
        await tx.rows(
            'UPDATE profile SET traits = \'{"name": "Ben Nevis", "city": "Fort William"}\' WHERE id = $1', int(ben)
        )
    assert (await client.get(at, headers=headers, params={"who": "external_id:ben"})).json()["names"] == {
        ben: "Ben Nevis"
    }
    one = (await client.get(at, headers=headers, params={"limit": 1})).json()
    assert [*(r["person"] for r in one["recipients"]), *await found(cursor=one["cursor"])] == everybody
    assert (await client.get(at, headers=headers, params={"outcome": "lost"})).json()["errors"][0]["at"] == "outcome"


async def test_the_list_and_the_first_screen_are_one_request_each(
    served: Served, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    campaign = await made(served)
    listed = (await client.get("/api/v1/campaigns?state=draft&state=running&q=spring", headers=headers)).json()
    assert [(line["id"], line["progress"]["told"]) for line in listed["campaigns"]] == [(str(campaign.id), 0)]
    assert (await client.get("/api/v1/campaigns?state=done", headers=headers)).json()["campaigns"] == []
    shown = (await client.get("/api/v1/overview?step=hour", headers=headers)).json()
    assert {"sent", "cost", "person", "event"} <= {number["kind"] for number in shown["numbers"]}
    for query in ("from=2026-01-01T00:00:00", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "step=week"):
        answer = await client.get(f"/api/v1/overview?{query}", headers=headers)
        assert answer.status_code == 400, query
        assert answer.json()["errors"], query
    for path in ("campaigns?sort=luck", "campaigns?cursor=%00", f"campaigns/{campaign.id}/series?step=year"):
        assert (await client.get(f"/api/v1/{path}", headers=headers)).status_code == 400, path
    for path in ("failovers?cursor=x", "timeline?cursor=99999999999999999999"):
        assert (await client.get(f"/api/v1/campaigns/{campaign.id}/{path}", headers=headers)).status_code == 400, path
