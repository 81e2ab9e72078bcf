"""The page of a person: how we know them, what may be sent and by whose word, with what proof."""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import timedelta

import httpx
import pytest

from antiphon import profiles
from antiphon.app.worker import run
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import AccountFact, Fact, Proof, Statement, Topic
from app.conftest import Served
from conftest import START
from pages.test_axe import DESKTOP, PHONE, violations

CHROMIUM = shutil.which("chromium")
BROWSER, ANNA = Identifier("anonymous_id", "b-1"), Identifier("external_id", "anna")
SIGN_UP = Proof(
    "form", source="https://shop.example/signup", wording="Yes, <b>send</b> me the letter.", wording_version="3"
)


async def tell(served: Served, *facts: Fact) -> ProfileId:
    recorded = await served.stage.database.repeat(lambda tx: profiles.record(tx, facts))
    assert recorded.profiles[-1] is not None
    return recorded.profiles[-1]


async def anna(served: Served) -> ProfileId:
    """Was in the shop before she signed in, has a number at the CRM, an account, and said several things."""
    await served.stage.person("anna")
    at = START - timedelta(days=2)
    visitor = await tell(served, Fact("web", "v1", at, (BROWSER,), event="Page Viewed"))
    crm = Identifier("external_id@crm", "K-1")
    account = AccountFact("north-pier", {"name": "North Pier Hotel"})
    await tell(served, Fact("crm", "c1", at, (crm, ANNA), traits={"stage": "lead"}, account=account))
    person = await tell(served, Fact("web", "s1", at, (ANNA, BROWSER), event="Signed In"))
    database = served.stage.database
    worker = asyncio.create_task(run(served.runtime))
    try:
        async with asyncio.timeout(20):
            while not await _leads(served, visitor, person):  # noqa: ASYNC110  # another process would tell nobody either
                await asyncio.sleep(0.05)
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    async with database.transaction() as tx:
        await profiles.write_topic(tx, Topic("letter", {"en": "The letter"}, needs="consent", basis="consent"))
        await profiles.write_topic(tx, Topic("fraud", {"en": "Fraud alerts"}, critical=True))
        await profiles.write_topic(tx, Topic("app", {"en": "App news"}, channels=("push",)))
        wants = [Statement("letter", "email", basis="consent"), Statement("letter", "sms", "unwanted")]
        await profiles.state(tx, person, wants, SIGN_UP)
        pause = Statement("app", "*", "paused", until=START + timedelta(days=9))
        all_paused = Statement(state="paused", until=START + timedelta(days=5))
        limit = Statement(state="limited", limit_count=1, limit_s=604800.0)
        await profiles.state(tx, person, [pause, all_paused, limit], Proof("page"))
        await profiles.opt_out(tx, "sms", ["+447700900001"], how="stop_keyword", scope="marketing")
    return person


async def _leads(served: Served, number: ProfileId, to: ProfileId) -> bool:
    async with served.stage.database.transaction(read_only=True) as tx:
        found = await profiles.led_to(tx, number)
        return found is not None and found.id == to and not await profiles.count_due(tx)


def section(html: str, name: str) -> str:
    found = re.search(rf'<section aria-labelledby="{name}">(.*?)</section>', html, re.DOTALL)
    assert found is not None, name
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


async def test_the_page_says_how_we_know_somebody_and_what_they_said(served: Served, client: httpx.AsyncClient) -> None:
    person = await anna(served)
    html = (await client.get(f"/people/{person}")).text
    known = section(html, "ids")
    assert "external id at crm K-1 from crm" in known
    assert "external_id:anna was named together with anonymous_id:b-1" in known
    assert "1 merged in" in html
    may = section(html, "may")
    assert "Paused: App news, until 10 Jan 2026" in may
    assert "At most 1 a week: everything" in may
    assert "Fraud alerts critical: passes wishes Yes urgent: passes the pause" in may
    assert "The letter needs consent Paused until 6 Jan 2026" in may
    assert "No said by a form" in may
    assert "Fraud alerts critical: passes wishes Yes urgent: passes the pause No campaigns opted out by a reply" in may
    reach = section(html, "reach")
    assert "+447700900001 opted out of marketing 1 Jan 2026, 12:00 UTC , by a reply" in reach
    said = section(html, "said")
    assert "Wants The letter by e-mail wording 3" in said
    assert "Yes, &lt;b&gt;send&lt;/b&gt; me the letter." in said
    assert "Opted +447700900001 out from marketing" in said
    assert "North Pier Hotel north-pier" in section(html, "accounts")
    assert "stage lead told 30 Dec 2025 by crm, of external id" in section(html, "traits")
    assert "Page Viewed" in section(html, "events")


async def test_a_merged_number_shows_the_person(served: Served, client: httpx.AsyncClient) -> None:
    person = await anna(served)
    html = (await client.get(f"/people/{person}")).text
    merged = re.search(r"<strong>profile (\d+)</strong>", html)
    assert merged is not None
    assert (await client.get(f"/people/{merged[1]}")).text == html


@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is absent")
async def test_the_page_is_accessible_light_and_dark_wide_and_narrow(served: Served) -> None:
    playwright = pytest.importorskip("playwright.async_api")
    pytest.importorskip("axe_playwright_python.async_playwright")
    person = await anna(served)
    wrong: list[str] = []
    async with playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scheme, size in (("light", DESKTOP), ("dark", PHONE)):
            context = await browser.new_context(color_scheme=scheme, viewport=size, bypass_csp=True)
            page = await context.new_page()
            await page.goto(f"http://{served.at}/people/{person}")
            for proof in await page.locator("details summary").all():
                await proof.press("Enter")
            assert await page.get_by_text("Yes, <b>send</b> me the letter.").first.is_visible()
            wrong += await violations(page)
            if await page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                wrong.append(f"goes sideways in {size['width']} px")
        await browser.close()
    assert wrong == []
