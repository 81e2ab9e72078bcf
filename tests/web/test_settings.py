"""Settings: a page is changed, saved and taken back; accounts, topics, what came in, health."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import expect

from antiphon import access
from antiphon.channels import describing, registry
from antiphon.kernel import i18n
from antiphon.kernel.settings_form import forms
from antiphon.kernel.settings_records import Settings
from web.looking import DESKTOP, PHONE, App, axe, sideways

ONE_LOOP = pytest.mark.asyncio(loop_scope="module")
pytestmark = pytest.mark.timeout(300)
LOOKS: list[tuple[Any, Any]] = [("light", DESKTOP), ("dark", PHONE)]
PAGES = ["/limits", "/providers", "/providers/new?adapter=smtp", "/topics/new", "/debugger"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(shared_app: App) -> App:
    """One company for all: each test has pages, accounts and topics of its own."""
    return shared_app


def words() -> dict[str, str]:
    path = Path(i18n.__file__).parent / i18n.DEFAULT / "settings.json"
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])


def test_english_words_of_settings_and_adapters_are_those_of_the_server() -> None:
    said = {}
    for each in forms(Settings(), ()):
        if not each.schema.get("readOnly"):
            said |= {each.title_key: each.title, each.help_key: each.help}
    for name in registry.ADAPTERS:
        adapter = describing.described(name)
        said |= {adapter.title_key: adapter.title, adapter.about_key: adapter.about}
    ours = words()
    assert {key: (text, ours.get(key)) for key, text in said.items() if text and ours.get(key) != text} == {}


@ONE_LOOP
async def test_a_page_is_saved_at_once_and_taken_back(app: App) -> None:
    page = await app.open("/settings/brand")
    name = page.get_by_role("textbox", name="Legal name")
    await name.fill("Larkspur Ltd")
    await page.get_by_role("textbox", name="Postal address").fill("12 Mill Lane")
    await expect(page.get_by_text("2 changes")).to_be_visible()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("2 settings saved")).to_be_visible()
    assert (await setting(page, "legal_name"))["value"] == "Larkspur Ltd"
    await page.get_by_role("button", name="Undo").click()
    await expect(name).to_have_value("")
    assert (await setting(page, "legal_name"))["is_set"] is False


@ONE_LOOP
async def test_a_length_of_time_is_so_many_of_a_unit_and_money_is_in_the_companys_currency(app: App) -> None:
    page = await app.open("/settings/limits")
    await page.get_by_role("textbox", name="Time to take back").fill("2")
    await page.get_by_role("combobox", name="Unit of: Time to take back").select_option("hours")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("1 setting saved")).to_be_visible()
    assert (await setting(page, "recall_s"))["value"] == 7_200
    await page.goto(page.url.replace("limits", "brand"))
    await page.get_by_role("combobox", name="Currency").click()
    await page.get_by_role("option", name="GBP").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("1 setting saved")).to_be_visible()
    await page.get_by_role("link", name="Home").click()
    await expect(page.get_by_role("button", name=re.compile("Cost.*£"))).to_be_visible()


@ONE_LOOP
async def test_what_is_refused_stands_at_its_field_and_nothing_is_kept(app: App) -> None:
    app.watch.allowed.append("status of 400")
    page = await app.open("/settings/data")
    number = page.get_by_role("textbox", name="Passing failures")
    await number.fill("0")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("At most a number from 1 to 1,000.")).to_be_visible()
    await expect(number).to_be_focused()
    assert (await setting(page, "soft_failures_max"))["value"] == 5
    await page.get_by_role("button", name="Discard").click()
    await expect(number).to_have_value("5")


@ONE_LOOP
async def test_a_setting_is_found_by_its_words_and_reached_by_keys_alone(app: App) -> None:
    page = await app.open("/settings")
    await page.keyboard.press("f")
    await page.keyboard.type("urgent messages")
    await expect(page.get_by_role("link", name="Urgent messages an hour")).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Limits and stops")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Urgent messages an hour")).to_be_focused()


@ONE_LOOP
async def test_what_is_not_saved_is_kept_while_another_page_is_looked_at(app: App) -> None:
    page = await app.open("/settings/brand")
    await page.get_by_role("textbox", name="Legal name").fill("Larkspur Ltd")
    await page.get_by_role("link", name="Data and retention").click()
    await expect(page.get_by_role("heading", name="Data and retention")).to_be_visible()
    await page.get_by_role("link", name="Company and brand").click()
    await expect(page.get_by_role("textbox", name="Legal name")).to_have_value("Larkspur Ltd")
    await page.get_by_role("button", name="Discard").click()


@ONE_LOOP
async def test_an_account_is_added_when_its_settings_were_checked(app: App) -> None:
    page = await app.open("/settings/providers")
    await page.get_by_role("link", name="Add a provider").click()
    await page.get_by_role("button", name="SMTP").click()
    await page.get_by_role("button", name="Check").click()
    await expect(page.get_by_text("This is needed.").first).to_be_visible()
    await page.get_by_role("textbox", name="Host").fill("127.0.0.1")
    await page.get_by_role("textbox", name="Port").fill("9")
    await page.get_by_role("textbox", name="Domain of bounces").fill("bounce.example")
    await page.get_by_role("button", name="Check").click()
    await expect(page.get_by_role("list", name="Check").get_by_text("Nobody listens")).to_be_visible()
    await page.get_by_role("textbox", name="Name", exact=True).fill("Relay A")
    await page.get_by_role("button", name="Add the provider").click()
    await expect(page.get_by_role("heading", name="Relay A")).to_be_visible()
    await page.get_by_role("button", name="Switch off").click()
    await expect(page.get_by_role("button", name="Switch on")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Switch off")).to_be_visible()


@ONE_LOOP
async def test_the_order_of_accounts_is_changed_and_taken_back(app: App) -> None:
    page = await app.open("/settings")
    for rank, name in enumerate(("Operator A", "Operator B")):
        await made(page, "/providers", smpp(name, rank))
    await app.go(page, "/settings/providers")
    await page.get_by_role("button", name="Operator B: try earlier").click()
    await expect(page.get_by_text("50%").first).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("50%")).to_have_count(0)


@ONE_LOOP
async def test_a_topic_is_written_and_deleted_and_comes_back(app: App) -> None:
    page = await app.open("/settings/topics")
    await page.get_by_role("link", name="Add a topic").click()
    await page.get_by_role("textbox", name="Name", exact=True).fill("news")
    await page.get_by_role("group", name="Title").get_by_role("textbox", name="English").fill("News")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="News", exact=True).click()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="No topics yet")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
    await expect(page.get_by_role("link", name="News", exact=True)).to_be_visible()


@ONE_LOOP
async def test_what_came_in_is_shown_with_why_it_was_refused(app: App) -> None:
    app.watch.allowed.append("status of 4")
    page = await app.open("/settings/debugger")
    await expect(page.get_by_role("heading", name="Nothing came in yet")).to_be_visible()
    answer = await page.request.post("/v1/track", data={"event": 5, "userId": "u1"}, headers=await key(app))
    assert answer.status < 500
    line = page.get_by_role("button", expanded=False).filter(has_text="Refused").first
    await line.click()
    await expect(page.get_by_text("What to do:")).to_be_visible()
    await expect(page.get_by_role("region", name="What was sent")).to_contain_text("u1")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("button", name="Continue")).to_be_visible()


@ONE_LOOP
async def test_health_says_what_is_checked_and_leads_to_the_licences(app: App) -> None:
    page = await app.open("/settings/health")
    await expect(page.get_by_text("Migrations")).to_be_visible()
    await expect(page.get_by_role("link", name="Licences")).to_have_attribute("href", "/app/licences.md")


@ONE_LOOP
async def test_who_may_only_look_changes_nothing(app: App) -> None:
    page = await app.open("/settings/brand", role="marketer")
    allowed = await page.get_by_role("textbox", name="Legal name").count()
    if allowed:
        await expect(page.get_by_role("textbox", name="Legal name")).to_be_disabled()
    await expect(page.get_by_role("button", name="Save")).to_have_count(0)


@ONE_LOOP
async def test_the_pages_are_accessible_and_never_sideways(app: App) -> None:
    for scheme, size in LOOKS:
        page = await app.open("/settings", scheme=scheme, size=size)
        if (scheme, size) == LOOKS[0]:
            await made(page, "/providers", smtp("Relay of the looks", 0))
        for path in PAGES:
            await app.go(page, f"/settings{path}")
            assert await axe(page) == [], (path, scheme)
            assert await sideways(page) == 0, (path, size)


async def setting(page: Any, name: str) -> dict[str, Any]:
    answer = await page.request.get(f"/api/v1/settings/{name}")
    return dict(await answer.json())


async def made(page: Any, path: str, body: dict[str, Any]) -> None:
    origin = page.url.split("/app")[0]
    answer = await page.request.post(f"/api/v1{path}", data=body, headers={"Origin": origin})
    assert answer.status == 201, await answer.text()


def smtp(name: str, rank: int) -> dict[str, Any]:
    settings = {"host": "127.0.0.1", "port": 9, "envelope_domain": "bounce.example"}
    return {"name": name, "adapter": "smtp", "rank": rank, "settings": settings}


def smpp(name: str, rank: int) -> dict[str, Any]:
    settings = {"host": "127.0.0.1", "port": 9, "system_id": "a", "password": "b"}
    return {"name": name, "adapter": "smpp", "rank": rank, "settings": settings}


async def key(app: App) -> dict[str, str]:
    async with app.stage.database.transaction() as tx:
        _, clear = await access.create_key(tx, "tests", "write")
    return {"Authorization": f"Bearer {clear}"}
