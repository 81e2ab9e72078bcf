"""Preferences, consents and topics through the HTTP API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from antiphon.kernel.db import Database
from profiles.facts import ANNA, MAIL, fact, record
from profiles.test_http import client

__all__ = ["client"]
WHO = "/profiles/external_id:42"


@pytest_asyncio.fixture
async def anna(database: Database) -> None:
    await record(database, fact("1", ANNA, MAIL))


def places(answer: Any) -> tuple[int, list[str]]:
    return answer.status_code, [one["at"] for one in answer.json().get("errors", [])]


async def test_a_pause_and_a_limit_stand_beside_the_wish(anna: None, client: Any) -> None:
    async def put(**body: Any) -> Any:
        answer = await client.put(f"{WHO}/preferences", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["preferences"]

    await put(topic="news", channel="email", state="wanted")
    await put(topic="*", channel="*", state="paused", until="2026-03-01T00:00:00Z")
    said = await put(topic="news", channel="*", state="limited", limit={"count": 2, "within": "7d"})
    assert said == [
        {"topic": "*", "channel": "*", "paused_until": "2026-03-01T00:00:00Z"},
        {"topic": "news", "channel": "*", "limit": {"count": 2, "within": "604800s"}},
        {"topic": "news", "channel": "email", "state": "wanted"},
    ]
    await put(topic="*", channel="*", state="resumed")
    said = await put(topic="news", channel="*", state="limited")
    assert said == [{"topic": "news", "channel": "email", "state": "wanted"}]


async def test_the_grid_shows_every_topic_on_every_channel(anna: None, client: Any) -> None:
    await client.put("/topics", json={"name": "news", "needs": "consent"})
    await client.put(f"{WHO}/preferences", json={"topic": "coupons", "channel": "sms", "state": "wanted"})
    cells = (await client.get(f"{WHO}/preferences")).json()["cells"]
    found = {(cell["topic"], cell["channel"]): cell for cell in cells}
    assert len(found) == 2 * 5
    assert (found["coupons", "sms"]["allowed"], found["coupons", "sms"]["why"]) == (True, "stated")
    assert (found["news", "email"]["allowed"], found["news", "email"]["reason"]) == (False, "no_consent")


async def test_a_statement_is_taken_with_its_proof_and_read_in_pages(anna: None, client: Any, move: Any) -> None:
    body = {
        "topic": "news",
        "channel": "email",
        "state": "wanted",
        "basis": "consent",
        "at": "2025-11-30T08:00:00Z",
        "method": "form",
        "source": "https://shop.example/signup",
        "wording": "Send me offers.",
        "wording_version": "3",
        "language": "en",
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0",
        "confirmed_at": "2025-11-30T08:05:00Z",
    }
    answer = await client.post(f"{WHO}/consents", json=body)
    assert answer.status_code == 201
    for n in range(4):
        await move(timedelta(minutes=n))
        await client.put(f"{WHO}/preferences", json={"topic": "coupons", "channel": "sms", "state": "unwanted"})
    seen: list[Any] = []
    cursor = ""
    for _ in range(9):
        page = (await client.get(f"{WHO}/consents?limit=2{cursor}")).json()
        seen += page["consents"]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert len(seen) == len({row["id"] for row in seen}) == 5
    assert [row["at"] for row in seen] == sorted((row["at"] for row in seen), reverse=True)
    assert seen[-1] == body | {"id": answer.json()["id"], "recorded_at": "2026-01-01T12:00:00Z"}
    assert (seen[0]["method"], seen[0]["state"]) == ("api", "unwanted")


async def test_a_double_opt_in_is_asked_by_a_pending_consent_for_an_address(anna: None, client: Any) -> None:
    pending = {"topic": "news", "channel": "email", "state": "pending"}
    assert places(await client.post(f"{WHO}/consents", json=pending)) == (400, ["address"])
    assert places(await client.put(f"{WHO}/preferences", json=pending)) == (400, ["state"])
    asked = await client.post(f"{WHO}/consents", json=pending | {"address": MAIL.value})
    (row,) = (await client.get(f"{WHO}/consents")).json()["consents"]
    assert (row["id"], row["state"], row["asked_at"]) == (asked.json()["id"], "pending", "2026-01-01T12:00:00Z")


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"topic": ""}, ["topic"]),
        ({"channel": "pigeon"}, ["channel"]),
        ({"state": "paused"}, ["until"]),
        ({"state": "paused", "until": "2025-12-31T00:00:00Z"}, ["until"]),
        ({"state": "paused", "until": "2026-03-01T00:00:00"}, ["until"]),
        ({"state": "limited", "limit": {"count": 2, "within": "weekly"}}, ["limit.within"]),
        ({"state": "limited", "limit": {"count": 2_000, "within": "7d"}}, ["limit.count"]),
        ({"limit": {"count": 2, "within": "7d"}}, ["limit"]),
        ({"address": "x", "channel": "*"}, ["address"]),
    ],
)
async def test_what_cannot_be_said_is_answered_with_its_place(
    anna: None, client: Any, change: dict[str, Any], at: list[str]
) -> None:
    good = {"topic": "news", "channel": "email", "state": "wanted"}
    for answer in (
        await client.put(f"{WHO}/preferences", json=good | change),
        await client.post(f"{WHO}/consents", json=good | change),
    ):
        assert places(answer) == (400, at)


async def test_nobody_is_nobody_and_a_cursor_is_ours(anna: None, client: Any) -> None:
    good = {"topic": "news", "channel": "email", "state": "wanted"}
    for answer in (
        await client.get("/profiles/external_id:43/consents"),
        await client.get("/profiles/external_id:43/preferences"),
        await client.post("/profiles/external_id:43/consents", json=good),
    ):
        assert answer.status_code == 404
    for cursor in ("x", "1.x", "1.-1", "9" * 30 + ".1"):
        assert places(await client.get(f"{WHO}/consents?cursor={cursor}")) == (400, ["cursor"])


@pytest.mark.parametrize("name", ["news", "a/b", "Angebote & mehr"])
async def test_a_topic_is_kept_shown_and_removed_by_any_name(database: Database, client: Any, name: str) -> None:
    topic = {"name": name, "titles": {"en": "News"}, "channels": ["email"]}
    kept = await client.put("/topics", json=topic)
    path = f"/topics/{quote(name, safe='')}"
    assert kept.status_code == 200
    assert (await client.get(path)).json() == kept.json() == (await client.get("/topics")).json()["topics"][0]
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_a_topic_that_cannot_be_is_answered_with_its_places(database: Database, client: Any) -> None:
    assert places(await client.put("/topics", json={"name": "*", "channels": ["pigeon"]})) == (
        400,
        ["name", "channels[0]"],
    )
    assert (await client.put("/topics", json={"name": "news", "color": "red"})).status_code == 400
