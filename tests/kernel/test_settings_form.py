"""Settings as a form: what a screen is drawn from, and what an operator does to one setting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon.kernel import settings_http
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from antiphon.kernel.settings import Settings
from antiphon.kernel.settings_form import GROUPS, properties


@pytest_asyncio.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    runtime = Runtime(database, await read_secrets(database), base_url="http://antiphon.example")
    app: Any = Litestar(
        settings_http.routes,
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http},
        signature_types=[Runtime],
        openapi_config=None,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://antiphon.example") as client:
        yield client


def every(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each property at any depth."""
    for inner in schema.get("properties", {}).values():
        yield inner
        yield from every(inner)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from every(schema[name])
    for each in schema.get("anyOf", ()):
        yield from every(each)


def test_every_setting_and_every_field_of_one_has_a_title_and_stands_in_a_section() -> None:
    found = dict(properties(Settings))
    assert list(found) == list(Settings.__struct_fields__)
    assert {schema["x-group"] for schema in found.values()} == set(GROUPS)
    assert all(schema["title"] and schema["description"] for schema in found.values())
    assert all(inner.get("title") for schema in found.values() for inner in every(schema))


def test_a_schema_is_whole_and_says_its_bounds_units_and_choices() -> None:
    found = dict(properties(Settings))
    assert "$ref" not in msgspec.json.encode(found).decode()
    assert (found["exploration"]["maximum"], found["exploration"]["x-unit"]) == (0.1, "share")
    (quiet,) = (each for each in found["quiet_hours"]["anyOf"] if each.get("type") == "object")
    assert quiet["required"] == ["start", "end"]
    assert quiet["properties"]["channels"]["items"]["enum"] == ["email", "sms", "push", "voice", "chat"]
    months = found["retention"]["properties"]["seen_message_days"]
    assert (months["minimum"], months["x-unit"]) == (7, "days")


async def test_the_form_tells_what_was_set_from_what_is_the_default(client: httpx.AsyncClient) -> None:
    await client.put("/settings/timezone", json={"value": "Europe/Madrid"})
    groups = (await client.get("/settings/form")).json()
    assert [group["name"] for group in groups] == list(GROUPS)
    found = {each["name"]: each for group in groups for each in group["settings"]}
    assert set(found) == set(Settings.__struct_fields__)
    zone, name = found["timezone"], found["brand_name"]
    assert (zone["value"], zone["default"], zone["is_set"]) == ("Europe/Madrid", "UTC", True)
    assert (name["value"], name["is_set"], name["title_key"]) == ("Your company", False, "setting.brand_name.title")


async def test_one_setting_is_written_alone_and_put_back(client: httpx.AsyncClient) -> None:
    quiet = {"start": "21:00", "end": "08:00", "channels": ["sms"], "holidays": []}
    assert (await client.put("/settings/quiet_hours", json={"value": quiet})).json()["value"] == quiet
    assert (await client.get("/settings/quiet_hours")).json()["is_set"]
    back = (await client.delete("/settings/quiet_hours")).json()
    assert (back["value"], back["is_set"]) == (None, False)


@pytest.mark.parametrize(
    ("name", "value", "places"),
    [
        ("quiet_hours", {"start": "25:00", "end": "8"}, ["quiet_hours.start", "quiet_hours.end"]),
        ("quiet_hours", {"start": "21:00"}, ["quiet_hours"]),
        ("quiet_hours", {"start": "21:00", "end": "08:00", "holidays": ["soon"]}, ["quiet_hours.holidays[0]"]),
        ("frequency_caps", [{"count": -1, "within_s": 0}], ["frequency_caps[0].count", "frequency_caps[0].within_s"]),
        ("frequency_cap", {"count": 1, "within_s": 60, "channel": "fax"}, ["frequency_cap.channel"]),
        ("routing", {"fax": "weighted"}, ["routing.fax"]),
        ("routing", {"sms": "dearest"}, ["routing[...]"]),
        ("senders", {"France": {"sms": "1"}}, ["senders.France"]),
        ("sender_email", "nobody", ["sender_email"]),
        ("reply_to", "a@b.example\r\nBcc: c@d.example", ["reply_to"]),
        ("brand_color", "blue", ["brand_color"]),
        ("currency", "euros", ["currency"]),
        ("stop_above", {"complaints": 2}, ["stop_above.complaints"]),
        ("retention", {"seen_message_days": 1}, ["retention.seen_message_days"]),
        ("critical_per_hour", "many", ["critical_per_hour"]),
    ],
)
async def test_what_is_wrong_is_named_by_its_place(
    client: httpx.AsyncClient, name: str, value: Any, places: list[str]
) -> None:
    answer = await client.put(f"/settings/{name}", json={"value": value})
    assert (answer.status_code, [each["at"] for each in answer.json()["errors"]]) == (400, places)
    assert not (await client.get(f"/settings/{name}")).json()["is_set"]


async def test_what_is_no_setting_is_not_there_and_identity_is_set_where_it_is_checked(
    client: httpx.AsyncClient,
) -> None:
    for answer in (await client.get("/settings/colour"), await client.delete("/settings/colour")):
        assert answer.status_code == 404
        assert "brand_color" in answer.json()["title"]
    refused = await client.put("/settings/identity", json={"value": {}})
    assert (refused.status_code, "/api/v1/identity" in refused.json()["title"]) == (409, True)
