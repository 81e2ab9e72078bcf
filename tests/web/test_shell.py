"""The frame of the app: keys, menus, the palette, what is shown to whom."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from antiphon import segments
from web.looking import PHONE, App, axe

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
EVERYBODY = {"version": 1, "rule": {"trait": "first_name", "op": "exists"}}


async def test_the_first_to_come_is_welcomed(shared_app: App) -> None:
    """It stands first here: all that follow have colleagues."""
    page = await shared_app.open("/", role=None)
    assert page.url.endswith("/app/welcome")
    assert await axe(page) == []


@pytest_asyncio.fixture(loop_scope="module")
async def app(shared_app: App) -> App:
    """One company for all that follow."""
    await shared_app.colleague()
    return shared_app


async def test_nobody_is_sent_to_sign_in_and_then_to_where_they_wanted(app: App) -> None:
    page = await app.open("/people?q=anna", role=None)
    assert re.search(r"/app/sign-in\?next=", page.url)
    await page.get_by_label("E-mail address").wait_for()


async def test_a_page_begins_with_a_way_past_the_navigation(app: App) -> None:
    page = await app.open("/")
    await page.locator("body").press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"


async def test_the_account_opens_over_the_page_closes_by_escape_and_gives_the_focus_back(app: App) -> None:
    page = await app.open("/")
    opener = page.get_by_role("button", name="Owner")
    await opener.press("Enter")
    await page.get_by_role("button", name="Sign out").wait_for()
    assert await axe(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Sign out").wait_for(state="hidden")
    assert await opener.evaluate("element => element === document.activeElement")


async def test_signed_out_is_signed_out(app: App) -> None:
    page = await app.open("/")
    await page.get_by_role("button", name="Owner").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/app/sign-in*")
    await page.goto("/app/people")
    await page.wait_for_url("**/app/sign-in*")


async def test_the_palette_finds_a_segment_and_goes_there(app: App) -> None:
    await app.stage.person("anna")
    await segments.create(app.stage.database, "everybody", EVERYBODY)
    page = await app.open("/")
    await page.keyboard.press("Control+k")
    field = page.get_by_role("textbox", name="Search and go").or_(page.get_by_role("combobox", name="Search and go"))
    await field.fill("everyb")
    await page.get_by_role("option", name="everybody").wait_for()
    assert await axe(page) == []
    await field.press("Enter")
    await page.wait_for_url("**/app/segments/*")


async def test_keys_lead_anywhere_and_are_listed(app: App) -> None:
    page = await app.open("/")
    await page.keyboard.press("g")
    await page.keyboard.press("p")
    await page.wait_for_url("**/app/people")
    await page.keyboard.press("?")
    await page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    assert await axe(page) == []


async def test_a_role_sees_where_it_may_go(app: App) -> None:
    page = await app.open("/", role="agent")
    shown = await page.get_by_role("navigation", name="Main").first.get_by_role("link").all_inner_texts()
    assert "World" not in shown
    owner = await app.open("/", role="owner")
    assert "World" in await owner.get_by_role("navigation", name="Main").first.get_by_role("link").all_inner_texts()


async def test_on_a_phone_everything_else_is_under_more(app: App) -> None:
    page = await app.open("/", size=PHONE)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("link", name="Settings").wait_for()
    assert await axe(page) == []
    await page.get_by_role("link", name="Settings").click()
    await page.wait_for_url("**/app/settings")
    await page.get_by_role("link", name="Settings").wait_for(state="hidden")


async def test_an_address_that_is_none_says_so(app: App) -> None:
    page = await app.open(role="owner")
    await page.goto("/app/nowhere")
    await page.get_by_role("heading", name="There is nothing here").wait_for()
    assert await axe(page) == []


async def test_it_speaks_the_language_that_was_chosen(app: App) -> None:
    page = await app.open("/sign-in", role=None)
    await page.get_by_role("button", name="Français").click()
    await page.get_by_role("heading", name="Se connecter").wait_for()
    assert await page.locator("html").get_attribute("lang") == "fr"
