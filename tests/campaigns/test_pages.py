"""The staff page of a campaign with a plan, one that stopped, and a dry run: what they say, and in a real browser."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from antiphon import campaigns, content, segments
from antiphon.campaigns import store
from antiphon.campaigns.records import Stopped
from app.conftest import Served, client, served
from conftest import START
from pages.stage import MESSAGE

__all__ = ["client", "served"]

CHROMIUM = shutil.which("chromium")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
EVERYBODY = {"version": 1, "rule": {"trait": "first_name", "op": "exists"}}
BECAUSE = "6.2 % of the messages by email went to addresses where nobody is; the limit is 5.0 %"


async def planned(served: Served, **wishes: Any) -> campaigns.Campaign:
    for person in ("anna", "ben", "cleo", "dora"):
        await served.stage.person(person)
    database = served.stage.database
    await segments.create(database, "everybody", EVERYBODY)
    await segments.create(
        database, "staff", {"version": 1, "rule": {"trait": "first_name", "op": "eq", "value": "Ben"}}
    )
    asked = campaigns.NewCampaign("Spring sale", "coupon", "everybody", ["email", "sms"], **wishes)
    async with database.transaction() as tx:
        await content.create(tx, content.parse(MESSAGE))
        return await campaigns.make(tx, asked)


async def everything(served: Served) -> campaigns.Campaign:
    from antiphon.campaigns.asked import Pilot, SendAt, Throttle

    return await planned(
        served,
        pilot=Pilot(0.2),
        send_at=SendAt(local="2026-02-03T09:00"),
        throttle=Throttle(600),
        exclude=["staff"],
        priority=3,
        budget=250.0,
        cost_max=0.08,
        expires_in="36h",
    )


async def stop(served: Served, campaign: campaigns.Campaign) -> None:
    async with served.stage.database.transaction() as tx:
        launched = await campaigns.launch(tx, campaign)
        await campaigns.pause(tx, launched)
        stopped = Stopped("bounces", START, BECAUSE, "email", 0.062, 0.05)
        await store.write_stopped(tx, campaign.id, stopped, tolerated={})


async def test_the_plan_is_on_the_page(served: Served, client: httpx.AsyncClient) -> None:
    made = await everything(served)
    html = (await client.get(f"/campaigns/{made.id}")).text
    for said in (
        "2026-02-03, 09:00 where each person lives", "600 people a minute", "<dd>staff</dd>", "<dd>3</dd>",
        "0.00 of 250.00 spent, 250.00 left", "<dd>0.08</dd>", "<dd>36 hours</dd>",
        "above 0.3 % complaints, 40.0 % bounces, 10.0 % opt-outs",
    ):  # fmt: skip
        assert said in html


async def test_before_it_starts_the_page_says_when(served: Served, client: httpx.AsyncClient) -> None:
    made = await everything(served)
    await client.post(f"/campaigns/{made.id}/act", data={"act": "launch"})
    html = (await client.get(f"/campaigns/{made.id}?done=launch")).text
    assert "It starts on" in html
    assert "2 Feb 2026, 19:00 UTC" in html
    assert "Numbers appear below" not in html


async def test_a_stopped_one_says_why_and_can_be_resumed(served: Served, client: httpx.AsyncClient) -> None:
    made = await planned(served)
    await stop(served, made)
    html = (await client.get(f"/campaigns/{made.id}")).text
    assert f"{BECAUSE}." in html
    assert "clean the list" in html
    assert 'value="resume"' in html
    assert (await client.post(f"/campaigns/{made.id}/act", data={"act": "resume"})).status_code == 303
    html = (await client.get(f"/campaigns/{made.id}")).text
    assert "stopped by itself" not in html


async def test_a_dry_run_is_a_button_and_changes_nothing(served: Served, client: httpx.AsyncClient) -> None:
    made = await planned(served, exclude=["staff"])
    assert f'formaction="/campaigns/{made.id}/dry-run"' in (await client.get(f"/campaigns/{made.id}")).text
    answer = await client.post(f"/campaigns/{made.id}/dry-run")
    assert answer.status_code == 200
    assert "3 people of 4 in <strong>everybody</strong> would get it" in answer.text
    assert "it is not for members of staff" in answer.text
    evil = await client.post(f"/campaigns/{made.id}/dry-run", headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403


@pytest.mark.timeout(300)
@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is absent")
@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE), ("light", PHONE), ("dark", DESKTOP)])
async def test_the_pages_are_accessible_and_never_sideways(
    served: Served, scheme: Any, size: Any, tmp_path: Path
) -> None:
    playwright = pytest.importorskip("playwright.async_api")
    axe = pytest.importorskip("axe_playwright_python.async_playwright")
    shots = Path(os.environ.get("ANTIPHON_SHOTS", tmp_path))
    made = await everything(served)
    async with playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(base_url=f"http://{served.at}", color_scheme=scheme, viewport=size)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        for name in ("draft", "dry", "scheduled", "stopped"):
            if name == "dry":
                await page.locator("button", has_text="Try it first").click()
                await page.wait_for_selector("h1:has-text('Dry run')")
            else:
                if name == "scheduled":
                    async with served.stage.database.transaction() as tx:
                        await campaigns.launch(tx, made)
                if name == "stopped":
                    async with served.stage.database.transaction() as tx:
                        await campaigns.pause(tx, await campaigns.find(tx, str(made.id)))
                        stopped = Stopped("bounces", START, BECAUSE, "email", 0.062, 0.05)
                        await store.write_stopped(tx, made.id, stopped, tolerated={})
                await page.goto(f"/campaigns/{made.id}")
            await page.screenshot(path=shots / f"{name}-{scheme}-{size['width']}.png", full_page=True)
            found = await axe.Axe().run(page, options={"runOnly": TAGS})
            assert [each["id"] for each in found.response["violations"]] == [], name
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, name
        await browser.close()
