"""Single sign-on as a colleague does it: set up in the settings, the button at the door, in, out, and sent away.

The provider is oidc-provider (MIT), as in test_oidc.py: PKCE is demanded, nonce and signature are checked, and whoever
signs out there is signed out here. Here all of it is clicked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from access.serving import Browser, House, open_browser, open_house
from antiphon.kernel.db import Database
from peers.test_oidc import SECRET, node, oidc_provider
from web import bundle

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(not bundle.MANIFEST.exists(), reason="the app is not built: python web/build.py"),
]


class Office:
    def __init__(self, house: House, browser: Browser, issuer: str) -> None:
        self.house, self.page, self.issuer, self._browser = house, browser.page, issuer, browser
        self.base = house.runtime.base_url

    async def another(self) -> Any:
        """A page in a browser of its own."""
        context = await self.page.context.browser.new_context(locale="en-GB", base_url=self.base)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        return page


@pytest_asyncio.fixture
async def office(database: Database, tmp_path: Path) -> AsyncIterator[Office]:
    """An owner signed in at the settings; the provider runs beside."""
    node()
    async with open_house(database) as house, open_browser(house) as browser:
        with oidc_provider(house, tmp_path) as issuer:
            made = Office(house, browser, issuer)
            await made.page.request.post(
                f"{made.base}/api/v1/sandbox/enter", data={"role": "owner"}, headers={"Origin": made.base}
            )
            yield made


async def set_up(office: Office) -> None:
    page = office.page
    await page.goto(f"{office.base}/app/settings/sso")
    await page.get_by_role("link", name="Add a provider").click()
    await page.get_by_label("Title on the button").fill("Main")
    await expect(page.get_by_label("Short name")).to_have_value("main")
    await page.get_by_label("Issuer").fill(office.issuer)
    await page.get_by_label("Client ID").fill("antiphon")
    await page.get_by_label("Client secret").fill(SECRET)
    await page.get_by_role("combobox", name="Domains").fill("example.org")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/settings/sso/main")
    await page.get_by_role("button", name="Check", exact=True).click()
    await expect(page.get_by_text("The provider cannot be used as it is")).to_have_count(0)


async def come_in(page: Any, login: str, next: str = "/people") -> None:
    """From our door through the pages of the provider."""
    await page.goto(f"/app/sign-in?next={next}")
    await page.get_by_role("link", name="Sign in with Main").click()
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", "anything")
    await page.click("button[type=submit]")
    await page.click("button[type=submit]")  # consent


async def test_a_provider_is_set_up_and_leads_to_the_page_that_was_wanted(office: Office) -> None:
    await office.house.colleague("ada@example.org", state="invited")
    await set_up(office)
    page = await office.another()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await come_in(page, "ada")
    await page.wait_for_url("**/app/people")
    await expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
    (sent,) = [url for url in asked if url.startswith(f"{office.issuer}/auth?")]
    assert "code_challenge_method=S256" in sent
    assert "nonce=" in sent

    # Out here, and nobody is in.
    await page.locator("button[popovertarget=account]").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/app/sign-in*")
    await page.goto("/app/people")
    await page.wait_for_url("**/app/sign-in?next=*")


async def test_whoever_signs_out_at_the_provider_is_out_here_before_their_eyes(office: Office) -> None:
    await office.house.colleague("ada@example.org")
    await set_up(office)
    page = await office.another()
    await come_in(page, "ada", "/")
    await page.locator(".side").get_by_text("Live", exact=True).wait_for()
    there = await page.context.new_page()
    await there.goto(f"{office.issuer}/session/end")
    async with there.expect_navigation():
        await there.click("button[name=logout]")
    await page.wait_for_url("**/app/sign-in?next=*")  # nothing was touched there


async def test_who_is_not_invited_is_told_so_at_the_door(office: Office) -> None:
    await set_up(office)
    page = await office.another()
    await come_in(page, "eve")
    await page.wait_for_url("**/app/sign-in?*")
    await expect(page.get_by_role("alert")).to_contain_text("Nobody has invited this address")
