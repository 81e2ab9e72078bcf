"""The link to the preference centre: whom it opens for, what opens nothing, and where it is found."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from antiphon import orchestration, profiles
from antiphon.kernel.db import Database
from antiphon.kernel.records import ProfileId
from pages.company import Company
from pages.sheet import IPHONE, ON, REACH, allowed, ledger, send, sheet


async def test_an_old_link_works_for_whom_the_number_leads_to(company: Company, client: httpx.AsyncClient) -> None:
    """Anna's number becomes an alias of another: both kinds of links follow."""
    ben = await company.stage.person("ben")
    await merge(company.stage.database, company.anna, ben)
    for url in (company.preferences, company.by_profile):
        page = await sheet(client, url)
        await send(client, url, page.fields(on=["sms:orders"]))
    async with company.stage.database.transaction(read_only=True) as tx:
        grid = {f"{cell.channel}:{cell.topic}": cell.allowed for cell in await profiles.grid(tx, ben)}
    assert {name for name in REACH if grid[name]} == {"sms:orders"}


async def merge(database: Database, gone: ProfileId, stays: ProfileId) -> None:
    """The rows that a merge leaves behind: the alias, addresses with whom they belong to, the ledger where it was."""
    async with database.transaction() as tx:
        for statement in (
            "INSERT INTO alias (bucket, id, profile_id, anchor, created_at, merged_at, because)"
            " SELECT bucket, id, {stays}, anchor, created_at, created_at, '{{}}' FROM profile WHERE id = {gone}",
            "DELETE FROM profile WHERE id = {gone}",
            "UPDATE address SET profile_id = {stays}, bucket = {stays} & 255 WHERE profile_id = {gone}",
            "UPDATE consent SET profile_id = {stays}, bucket = {stays} & 255 WHERE profile_id = {gone}",
            "UPDATE person SET merged_into = {stays} WHERE profile_id = {gone}",
        ):
            await tx.rows(statement.format(gone=int(gone), stays=int(stays)))


@pytest.mark.parametrize("end", ["forged", "cut", "of_another_kind", "of_a_foreign_address"])
async def test_what_is_not_ours_opens_nothing(company: Company, client: httpx.AsyncClient, end: str) -> None:
    sign = company.stage.runtime.signer.sign
    urls = {
        "forged": company.preferences[:-1] + ("A" if company.preferences[-1] != "A" else "B"),
        "cut": company.preferences[:-3],
        "of_another_kind": f"/p/{company.unsubscribe[3:]}",
        "of_a_foreign_address": f"/p/{sign('p', company.anna, 12345)}",
    }
    for answer in (await client.get(urls[end]), await client.post(urls[end], data={"act": "stop"})):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text
    assert await allowed(company) == ON


async def test_a_post_that_says_nothing_does_nothing(company: Company, client: httpx.AsyncClient) -> None:
    for fields in ({}, {"act": "explode"}, {"List-Unsubscribe": "One-Click"}):
        await send(client, company.preferences, fields)
    assert await ledger(company) == []


async def test_boxes_that_the_page_never_had_change_nothing(company: Company, client: httpx.AsyncClient) -> None:
    page = await sheet(client, company.preferences)
    fields = page.fields(on=[*page.on, "email:hidden", "voice:offers", ":", "*:*"], often="hourly")
    fields |= {"topic": [*fields["topic"], "hidden"], "again": "12345", "was": "1"}
    done = await send(client, company.preferences, fields)
    assert "Nothing was different" in done.told
    assert (await send(client, company.preferences, {"act": "save"})).told.startswith("Saved")


async def test_a_program_can_ask_for_the_link(company: Company, api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/profiles/email:anna@mail.example/preferences-link")
    assert answer.status_code == 200
    page = await sheet(api, answer.json()["url"])
    assert page.boxes == REACH
    assert (await api.post("/api/v1/profiles/email:x@y.example/preferences-link")).status_code == 404
    keyless = await api.post("/api/v1/profiles/external_id:anna/preferences-link", headers={"Authorization": ""})
    assert keyless.status_code == 401


async def test_a_profile_says_where_its_addresses_stand_and_where_they_are_read(
    company: Company, api: httpx.AsyncClient
) -> None:
    delivery = await company.stage.delivery(await company.stage.tell([company.anna], "email"), company.anna)
    url = f"/o/{company.stage.runtime.signer.sign('o', int(delivery.id))}.gif"
    assert (await api.get(url, headers={"User-Agent": IPHONE})).status_code == 200
    shown = (await api.get("/api/v1/profiles/external_id:anna")).json()
    assert shown["mobile_share"] == 1
    by_channel = {address["channel"]: address for address in shown["addresses"]}
    assert by_channel["email"] == {
        "channel": "email",
        "value": "anna@mail.example",
        "state": "active",
        "opted_out": False,
        "succeeded_at": "2026-01-01T00:00:00Z",
        "failed_at": None,
        "mobile_share": 1.0,
    }
    assert by_channel["sms"]["mobile_share"] is None


async def test_the_link_in_a_message_leads_here(company: Company, client: httpx.AsyncClient) -> None:
    """`{{ preferences_url }}`, and the footer of every e-mail; opening it is no detour and counts as no click."""
    runtime = company.stage.runtime
    delivery = await company.stage.delivery(await company.stage.tell([company.anna], "email"), company.anna)
    async with company.stage.database.transaction(read_only=True) as tx:
        rows, sources = await orchestration.rendering.read(tx, [int(delivery.id)])  # type: ignore[list-item]
        (rendered,) = await orchestration.rendering.render(runtime, tx, rows, sources)
    assert rendered.outgoing is not None
    body: Any = rendered.outgoing.body
    (url,) = set(re.findall(rf"{runtime.base_url}/p/[\w-]+", body.text))
    assert (await sheet(client, url)).boxes == REACH | {f"{channel}:coupons" for channel in ("email", "sms", "push")}


async def test_a_break_of_a_topic_ends_when_it_is_over(company: Company, client: httpx.AsyncClient, move: Any) -> None:
    page = await sheet(client, company.preferences)
    await send(client, company.preferences, page.fields(**{"break": ["week", "none", "none"]}))
    page = await sheet(client, company.preferences)
    done = await send(client, company.preferences, page.fields(**{"break": ["end", "none", "none"]}))
    assert done.told == "Saved Offers: the break is over."
    await send(client, company.preferences, page.fields(**{"break": ["week", "none", "none"]}))
    await move(timedelta(days=8))
    assert (await sheet(client, company.preferences)).chosen("break") == ["none"] * 3
