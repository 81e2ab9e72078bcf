"""One's own account: language, colours, keys, name, password, and what asks who it is."""

from __future__ import annotations

import pytest

from access.staffed import ANOTHER, PASSWORD
from web.colleagues import MODULE, age_proofs, came_in, expect, member, sign_in, sign_out, watched
from web.looking import App, axe, sideways

pytestmark = pytest.mark.timeout(300)


@MODULE
async def test_language_and_colours_go_with_the_account(shared_app: App) -> None:
    with watched(shared_app) as app:
        await member(app, "lena@example.org")
        page = await came_in(app, "lena@example.org", "/me")
        for label, language, title in (("Language", "es", "Su cuenta"), ("Idioma", "fr", "Votre compte")):
            async with page.expect_navigation():
                await page.get_by_role("combobox", name=label).select_option(language)
            await expect(page.get_by_role("heading", level=1)).to_have_text(title)
            await app.settled(page)
            assert await page.evaluate("document.documentElement.lang") == language
            assert await sideways(page) == 0
        await page.get_by_role("radiogroup").get_by_text("Sombres").click()
        await expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
        await app.settled(page)
        other = await app.open("/sign-in", role=None)
        await sign_in(other, "lena@example.org")
        await expect(other.get_by_role("heading", level=1)).to_have_text("Accueil")
        await expect(other.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


@MODULE
async def test_single_letters_can_be_switched_off(shared_app: App) -> None:
    with watched(shared_app) as app:
        await member(app, "kit@example.org")
        page = await came_in(app, "kit@example.org", "/me")
        await page.get_by_label("Single-letter keys").uncheck()
        await app.settled(page)
        await page.locator("h1").click()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.get_by_label("Single-letter keys").check()
        await app.settled(page)
        await page.locator("h1").click()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()


@MODULE
async def test_what_is_grave_asks_who_it_is_and_is_then_done(shared_app: App) -> None:
    with watched(shared_app, "403", "401", "400") as app:
        await member(app, "gwen@example.org", "owner")
        page = await came_in(app, "gwen@example.org", "/me")
        await age_proofs(app)
        address = page.get_by_role("textbox", name="E-mail address")
        await address.fill("gwendolyn@example.org")
        save = page.get_by_role("button", name="Save")
        await save.click()
        dialog = page.get_by_role("dialog", name="Is it you?")
        await expect(dialog).to_be_visible()
        assert await axe(page) == []
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(address).to_have_value("gwendolyn@example.org")
        await save.click()
        await dialog.get_by_label("Password", exact=True).fill("not it, not at all")
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("alert")).to_be_visible()
        await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        await expect(page.get_by_text("Saved").first).to_be_visible()
        await sign_out(page)
        await sign_in(page, "gwendolyn@example.org")
        await page.wait_for_url("**/app/")


@MODULE
async def test_a_password_is_changed_by_who_knows_the_one_before(shared_app: App) -> None:
    with watched(shared_app, "400") as app:
        await member(app, "pia@example.org")
        page = await came_in(app, "pia@example.org", "/me")
        await page.get_by_role("button", name="Change the password").click()
        await page.get_by_label("Your password until now").fill(ANOTHER)
        await page.get_by_label("New password").fill(ANOTHER)
        await page.get_by_role("button", name="Set the password").click()
        await expect(page.get_by_label("Your password until now")).to_have_attribute("aria-invalid", "true")
        assert await axe(page) == []
        await page.get_by_label("Your password until now").fill(PASSWORD)
        await page.get_by_role("button", name="Set the password").click()
        await expect(page.get_by_text("Your password is changed.")).to_be_visible()
        await sign_out(page)
        await sign_in(page, "pia@example.org", ANOTHER)
        await page.wait_for_url("**/app/")


@MODULE
async def test_a_name_is_changed_and_taken_back(shared_app: App) -> None:
    with watched(shared_app) as app:
        await member(app, "rhea@example.org")
        page = await came_in(app, "rhea@example.org", "/me")
        await page.get_by_label("Name", exact=True).fill("Rhea Stone")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("button", name="Rhea Stone")).to_be_visible()
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_label("Name", exact=True)).to_have_value("Rhea")
