"""The team, keys, the audit log and single sign-on, and what each role is shown of them."""

from __future__ import annotations

from typing import Any

import pytest

from web.colleagues import LOOKS, MODULE, came_in, expect, member, watched
from web.looking import App, axe, sideways

pytestmark = pytest.mark.timeout(300)


@MODULE
async def test_a_role_is_changed_and_taken_back_and_who_leaves_is_out(shared_app: App) -> None:
    with watched(shared_app, "401") as app:
        app.watch.allowed.append("Unexpected response code: 403")  # it may try to listen again before it is shown out
        await member(app, "otto@example.org")
        theirs = await came_in(app, "otto@example.org", "/me")
        page = await app.open("/settings/team")
        role = page.get_by_label("Role of Otto")
        await role.select_option("agent")
        await expect(page.get_by_text("Otto is Agent now.")).to_be_visible()
        await page.get_by_role("button", name="Undo").click()
        await expect(role).to_have_value("marketer")
        await page.get_by_role("button", name="More for Otto").click()
        assert await axe(page) == []
        await page.get_by_role("menuitem", name="Has left").click()
        await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="More for Otto")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.get_by_role("menuitem", name="Has left").click()
        await page.get_by_role("button", name="Has left").click()
        await expect(page.get_by_role("row").filter(has_text="otto@example.org")).to_have_count(0)
        await theirs.get_by_role("link", name="Home").click()
        await theirs.wait_for_url("**/app/sign-in?next=*")
        await page.get_by_label("Show who has left").check()
        assert "left=true" in page.url
        await expect(page.get_by_role("row").filter(has_text="otto@example.org")).to_contain_text("Left")


@MODULE
async def test_a_key_is_made_shown_once_used_and_revoked(shared_app: App) -> None:
    with watched(shared_app) as app:
        page = await app.open("/settings/keys")
        await page.get_by_role("button", name="New key").first.click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Name").fill("Data warehouse")
        await dialog.get_by_label("Read", exact=True).check()
        await dialog.get_by_label("Requests a second").fill("50")
        await dialog.get_by_role("button", name="Create").click()
        key = await dialog.locator("code").inner_text()
        assert key.startswith("ak_read_")
        await dialog.get_by_role("button", name="Done").click()
        row = page.get_by_role("row").filter(has_text="Data warehouse")
        await expect(row).to_contain_text("never")
        await expect(row).to_contain_text("50")
        assert key not in await page.content()
        await page.get_by_role("button", name="Revoke Data warehouse").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(row).to_have_count(0)
        await page.get_by_label("Show revoked keys").check()
        await expect(row).to_contain_text("Revoked")


@MODULE
async def test_the_audit_log_says_sentences_filters_in_the_address_and_exports(shared_app: App) -> None:
    with watched(shared_app) as app:
        owner = await app.colleague()
        page = await app.open("/settings/keys")
        await page.get_by_role("button", name="New key").first.click()
        await page.get_by_role("dialog").get_by_label("Name").fill("Till")
        await page.get_by_role("button", name="Create").click()
        await page.get_by_role("button", name="Done").click()
        await app.go(page, "/settings/audit")
        row = page.get_by_role("row").filter(has_text="name: Till")
        await expect(row).to_contain_text("Owner made a key")
        await expect(row).to_contain_text("Done")
        await page.get_by_role("combobox", name="What").click()
        await page.get_by_role("option", name="revoked a key").click()
        await page.wait_for_url("**/settings/audit?act=keys.delete*")
        await expect(row).to_have_count(0)
        await app.go(page, f"/settings/audit?act=keys&actor=staff%3A{owner}&to=2001-01-01")
        await expect(page.get_by_text("No line fits these filters.")).to_be_visible()
        await page.get_by_role("button", name="Clear the filters").click()
        await expect(row).to_be_visible()
        await page.get_by_role("button", name="Export").click()
        async with page.expect_download() as loading:
            await page.get_by_role("menuitem", name="Export as CSV").click()
        assert "keys.create" in (await (await loading.value).path()).read_text()


@MODULE
async def test_single_sign_on_is_set_up_checked_and_stands_at_the_door(shared_app: App) -> None:
    with watched(shared_app) as app:
        page = await app.open("/settings/sso")
        await page.get_by_role("link", name="Add a provider").click()
        await page.get_by_label("Title on the button").fill("Larkspur Gärten")
        await expect(page.get_by_label("Short name")).to_have_value("larkspur-garten")
        await page.get_by_label("Issuer").fill("http://127.0.0.1:9/nobody")
        await page.get_by_label("Client ID").fill("antiphon")
        await page.get_by_label("Client secret").fill("s3cret")
        await page.get_by_role("combobox", name="Domains").fill("larkspur.example")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Save").click()
        await page.wait_for_url("**/settings/sso/larkspur-garten")
        await expect(page.get_by_text("/sso/larkspur-garten/callback")).to_be_visible()
        await page.get_by_role("button", name="Check", exact=True).click()
        await expect(page.get_by_text("The provider cannot be used as it is")).to_be_visible()
        assert await axe(page) == []
        door = await app.open("/sign-in", role=None)
        link = door.get_by_role("link", name="Sign in with Larkspur Gärten")
        assert (await link.get_attribute("href")).startswith("/api/v1/sso/larkspur-garten/start?next=")
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await page.wait_for_url("**/settings/sso")


@MODULE
async def test_an_analyst_is_shown_nothing_that_they_may_not_do(shared_app: App) -> None:
    with watched(shared_app) as app:  # no 403 on the console either
        page = await app.open("/", role="analyst")
        for path in ("/", "/people", "/segments", "/messages", "/campaigns", "/settings", "/me"):
            await app.go(page, path)
        await app.go(page, "/settings")
        for name in ("Team", "API keys", "Audit log", "Single sign-on"):
            await expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
        for path in ("/settings/team", "/settings/keys", "/settings/audit", "/settings/sso"):
            await app.go(page, path)
            await expect(page.get_by_role("table")).to_have_count(0)


@MODULE
async def test_a_developer_reads_and_makes_keys_but_sees_no_team(shared_app: App) -> None:
    with watched(shared_app) as app:
        page = await app.open("/settings/keys", role="developer")
        await expect(page.get_by_role("button", name="New key").first).to_be_visible()
        await app.go(page, "/settings/audit")
        await expect(page.get_by_role("table")).to_be_visible()
        await expect(page.get_by_role("link", name="Team", exact=True)).to_have_count(0)


@MODULE
@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=["light desktop", "dark phone"])
async def test_dialogs_are_accessible_and_closed_by_escape(shared_app: App, scheme: Any, size: Any) -> None:
    with watched(shared_app) as app:
        page = await app.open("/me", scheme=scheme, size=size)
        for path, name in (("/me", "Set up"), ("/settings/team", "Invite"), ("/settings/keys", "New key")):
            await app.go(page, path)
            button = page.get_by_role("button", name=name, exact=True).first
            await button.click()
            await page.get_by_role("dialog").wait_for()
            assert await axe(page) == [], path
            assert await sideways(page) == 0, path
            await page.keyboard.press("Escape")
            await expect(page.get_by_role("dialog")).to_have_count(0)
            await expect(button).to_be_focused()


@MODULE
async def test_a_key_is_made_by_keys_alone(shared_app: App) -> None:
    with watched(shared_app) as app:
        page = await app.open("/settings/keys")
        await page.get_by_role("button", name="New key").first.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
        await page.keyboard.type("By hand")
        await page.keyboard.press("Tab")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog").locator("code")).to_contain_text("ak_read_")
