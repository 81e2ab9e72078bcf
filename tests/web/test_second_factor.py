"""A second factor that is demanded, as an owner demands it and a colleague meets it."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest

from access.serving import DEVICE
from access.staffed import next_code
from antiphon.access import second_factor
from web.colleagues import MODULE, NO_OFFER, came_in, member, sign_in, sign_out, watched
from web.looking import DESKTOP, PHONE, App, axe, sideways

pytestmark = pytest.mark.timeout(300)
expect: Any = pytest.importorskip("playwright.async_api").expect


async def demand(app: App, of: Any) -> None:
    async with app.stage.database.transaction() as tx:
        await second_factor.write(tx, of)


@MODULE
async def test_an_owner_sees_how_many_have_none_demands_it_and_takes_it_back(shared_app: App) -> None:
    with watched(shared_app) as app:
        await member(app, "olga@example.org", "owner")
        await member(app, "otis@example.org", "agent")
        page = await came_in(app, "olga@example.org", "/settings/team")
        panel = page.get_by_role("radiogroup", name="A second factor is demanded")
        await expect(panel.get_by_text("1 colleague has none yet")).to_be_visible()
        await expect(panel.get_by_text("2 colleagues have none yet")).to_be_visible()
        assert await axe(page) == []
        await panel.get_by_label("Of everybody").check()
        await expect(page.get_by_text("A second factor is demanded: Of everybody.")).to_be_visible()
        await page.get_by_role("button", name="Undo").click()
        await expect(panel.get_by_label("Of nobody")).to_be_checked()


@MODULE
async def test_who_has_none_sets_codes_up_by_keys_alone_and_keeps_the_recovery_codes(shared_app: App) -> None:
    with watched(shared_app, "401") as app:
        await member(app, "nils@example.org")
        await demand(app, "everybody")
        page = await app.open("/sign-in?next=/people", role=None)
        await sign_in(page, "nils@example.org")
        await expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
        await app.go(page, "/people")
        await page.wait_for_url("**/app/sign-in?next=*")  # nothing else works
        await page.get_by_role("button", name="Set up codes").focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        app_of_theirs = pyotp.TOTP(await dialog.locator("code").inner_text())
        assert await axe(page) == []
        await dialog.get_by_label("The six digits").fill(app_of_theirs.now())
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
        await expect(page.get_by_role("button", name="Done")).to_be_disabled()  # signed in by now, and still here
        await page.get_by_label("I have kept them").check()
        await page.get_by_role("button", name="Done").click()
        await page.wait_for_url("**/app/people")

        await app.go(page, "/me")
        await expect(page.get_by_text("10 recovery codes left")).to_be_visible()
        await expect(page.get_by_role("button", name="Turn off")).to_have_count(0)
        await sign_out(page)
        await sign_in(page, "nils@example.org")
        await page.get_by_label("Code from your authenticator app").fill(next_code(app_of_theirs))
        await page.wait_for_url("**/app/")
        await demand(app, "optional")


@MODULE
async def test_a_passkey_will_do_and_is_asked_for_after_the_password(shared_app: App) -> None:
    with watched(shared_app, "401", host="localhost") as app:
        await member(app, "petra@example.org")
        await demand(app, "everybody")
        page = await app.open("/sign-in", role=None)
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("WebAuthn.enable")
        await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        await page.add_init_script(NO_OFFER)
        await page.reload()
        await sign_in(page, "petra@example.org")
        await page.get_by_role("button", name="Add a passkey").click()
        await page.get_by_role("dialog").get_by_role("button", name="Save").click()
        await page.wait_for_url("**/app/")
        await sign_out(page)
        await sign_in(page, "petra@example.org")
        await expect(page.get_by_text("the passkey of this account is asked for")).to_be_visible()
        await expect(page.get_by_label("Code from your authenticator app")).to_have_count(0)
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await page.wait_for_url("**/app/")
        await demand(app, "optional")


@MODULE
@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)])
async def test_the_page_for_it_is_accessible_and_fits(shared_app: App, scheme: Any, size: Any) -> None:
    with watched(shared_app, "401") as app:
        await member(app, f"fit-{scheme}@example.org")
        await demand(app, "everybody")
        page = await app.open("/sign-in", role=None, scheme=scheme, size=size)
        await sign_in(page, f"fit-{scheme}@example.org")
        await expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
        assert await axe(page) == []
        assert not await sideways(page)
        await demand(app, "optional")
