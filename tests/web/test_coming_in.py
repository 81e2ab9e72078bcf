"""Coming in, by each way there is, and being sent nowhere else."""

from __future__ import annotations

import re
from urllib.parse import quote

import pyotp
import pytest

from access.serving import DEVICE
from access.staffed import ANOTHER, PASSWORD, next_code
from web.colleagues import MODULE, NO_OFFER, came_in, expect, member, sign_in, sign_out, watched
from web.looking import App, axe

pytestmark = pytest.mark.timeout(300)


async def test_the_first_who_opens_it_becomes_the_owner_and_lands_at_home(app: App) -> None:
    app.watch.allowed.append("status of 400")
    page = await app.open("/", role=None)
    await expect(page.get_by_role("heading", name="Welcome to Antiphon")).to_be_visible()
    await page.get_by_label("Company").fill("Larkspur")
    await page.get_by_label("Your name").fill("Ada King")
    await page.get_by_role("textbox", name="E-mail address").fill("ada@larkspur.example")
    await page.get_by_label("Choose a password").fill("larkspur larkspur")
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_label("Choose a password")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Choose a password").fill(PASSWORD)
    await page.get_by_role("button", name="Begin").click()
    await page.wait_for_url("**/app/")
    await expect(page.get_by_role("navigation").get_by_text("Larkspur", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Ada King")).to_be_visible()
    await app.go(page, "/welcome")
    await page.wait_for_url("**/app/")


@MODULE
async def test_a_wrong_password_is_said_and_after_five_there_is_a_wait_that_counts_down(shared_app: App) -> None:
    with watched(shared_app, "401", "429") as app:
        await member(app, "wren@example.org")
        page = await app.open("/sign-in", role=None)
        for _ in range(5):
            await sign_in(page, "wren@example.org", "not it, not at all")
            await expect(page.get_by_role("alert")).to_be_visible()
            await app.settled(page)
        await sign_in(page, "wren@example.org")
        await expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Wait 0:[123]\d"))
        button = page.get_by_role("button", name="Sign in", exact=True)
        await expect(button).to_be_disabled()
        assert await axe(page) == []
        await app.stage.database.pool.execute("DELETE FROM sign_in_throttle")


@MODULE
async def test_codes_are_set_up_asked_for_and_a_recovery_code_stands_in(shared_app: App) -> None:
    with watched(shared_app, "401") as app:
        await member(app, "tess@example.org")
        page = await came_in(app, "tess@example.org", "/me")
        await page.get_by_role("button", name="Set up").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("img", name="Picture to scan")).to_be_visible()
        secret = await dialog.locator("code").inner_text()
        codes = pyotp.TOTP(secret)
        await dialog.get_by_label("The six digits").fill(codes.now())
        await dialog.get_by_role("button", name="Turn on").click()
        await expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        recovery = await page.get_by_role("list", name="Recovery codes").locator("code").all_inner_texts()
        assert len(set(recovery)) == 10
        async with page.expect_download() as loading:
            await page.get_by_role("link", name="Download").click()
        text = (await (await loading.value).path()).read_text()
        assert all(code in text for code in recovery)
        done = page.get_by_role("button", name="Done")
        await expect(done).to_be_disabled()
        await page.get_by_label("I have kept them").check()
        await done.click()
        await expect(page.get_by_text("10 recovery codes left")).to_be_visible()

        await sign_out(page)
        await sign_in(page, "tess@example.org")
        await expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        await page.get_by_label("Code from your authenticator app").fill("000000")
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.get_by_label("Code from your authenticator app").fill(next_code(codes))  # goes by itself
        await page.wait_for_url("**/app/")

        await app.go(page, "/me")
        await sign_out(page)
        await sign_in(page, "tess@example.org")
        await page.get_by_role("button", name="Use a recovery code").click()
        await page.get_by_label("Recovery code").fill(recovery[3])
        await page.get_by_role("button", name="Continue").click()
        await page.wait_for_url("**/app/")
        await app.go(page, "/me")
        await expect(page.get_by_text("9 recovery codes left")).to_be_visible()


@MODULE
async def test_a_passkey_is_added_renamed_signs_in_and_is_removed(shared_app: App) -> None:
    with watched(shared_app, host="localhost") as app:
        await member(app, "pia@example.org")
        page = await app.open(role=None)
        await page.add_init_script(NO_OFFER)
        await app.go(page, "/sign-in")
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("WebAuthn.enable")
        device = {**DEVICE, "automaticPresenceSimulation": True}
        await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": device})
        await sign_in(page, "pia@example.org")
        await page.wait_for_url("**/app/")
        await app.go(page, "/me")
        await page.get_by_role("button", name="Add a passkey").click()
        await page.get_by_role("dialog").get_by_label("Name").fill("Work laptop")
        await page.get_by_role("button", name="Save").last.click()
        await expect(page.get_by_text("Work laptop can sign you in now.")).to_be_visible()
        await page.get_by_role("button", name="Rename Work laptop").click()
        await page.get_by_role("dialog").get_by_label("Name").fill("Home laptop")
        await page.get_by_role("dialog").get_by_role("button", name="Save").click()
        await expect(page.get_by_role("listitem").filter(has_text="Home laptop")).to_be_visible()

        await sign_out(page)
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await page.wait_for_url("**/app/")

        await app.go(page, "/me")
        await page.evaluate("localStorage.setItem('offers', 'yes')")
        await sign_out(page)
        await page.wait_for_url("**/app/")  # offered at the field, and the device says yes by itself

        await app.go(page, "/me")
        await page.get_by_role("button", name="Remove Home laptop").click()
        await expect(page.get_by_text("Home laptop opens nothing any more.")).to_be_visible()
        await expect(page.get_by_role("button", name="Remove Home laptop")).to_have_count(0)


@MODULE
async def test_an_invitation_is_made_taken_once_and_its_link_is_dead_afterwards(shared_app: App) -> None:
    with watched(shared_app, "404") as app:
        page = await app.open("/settings/team")
        await page.get_by_role("button", name="Invite", exact=True).click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("textbox", name="E-mail address").fill("nell@example.org")
        await dialog.get_by_label("Analyst").check()
        await dialog.get_by_role("button", name="Make the link").click()
        link = await dialog.locator("code").inner_text()
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_role("row").filter(has_text="nell@example.org")).to_contain_text("Invited")

        guest = await app.open(role=None)
        await guest.goto(link)
        await expect(guest.get_by_text("nell@example.org")).to_be_visible()
        await guest.get_by_label("Your name").fill("Nell Ash")
        await guest.get_by_label("Choose a password").fill(ANOTHER)
        await guest.get_by_role("button", name="Begin").click()
        await guest.wait_for_url("**/app/")
        await expect(guest.get_by_role("button", name="Nell Ash")).to_be_visible()

        late = await app.open(role=None)
        await late.goto(link)
        await expect(late.get_by_role("heading", name="This link does not work any more")).to_be_visible()
        assert await axe(late) == []


@MODULE
async def test_a_forgotten_password_is_set_by_a_link_that_a_manager_makes(shared_app: App) -> None:
    with watched(shared_app) as app:
        await member(app, "fern@example.org")
        page = await app.open("/sign-in", role=None)
        await page.get_by_role("button", name="Forgot your password?").click()
        await page.get_by_role("textbox", name="E-mail address").fill("fern@example.org")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_text("antiphon staff link fern@example.org")).to_be_visible()

        manager = await app.open("/settings/team", role="manager")
        await manager.get_by_role("button", name="More for Fern").click()
        await manager.get_by_role("menuitem", name="New link").click()
        link = await manager.get_by_role("dialog").locator("code").inner_text()
        await page.goto(link)
        await page.get_by_label("New password").fill(ANOTHER)
        await page.get_by_role("button", name="Set the password").click()
        await page.wait_for_url("**/app/")


@MODULE
async def test_whoever_is_signed_out_elsewhere_is_out_at_once_and_comes_back_to_the_same_page(shared_app: App) -> None:
    with watched(shared_app, "401") as app:
        await member(app, "sol@example.org")
        here = await came_in(app, "sol@example.org")
        there = await came_in(app, "sol@example.org", "/me")
        await here.locator(".side").get_by_text("Live").wait_for()
        await there.get_by_role("button", name="End all others").click()
        await expect(there.get_by_text("1 session has ended.")).to_be_visible()
        await here.wait_for_url("**/app/sign-in?next=*", timeout=8_000)  # nothing was touched there

        same = await there.context.new_page()
        app.watch.follow(same)
        await app.go(same, "/segments?q=x")
        await sign_out(there)
        await same.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
        await same.wait_for_url("**/app/sign-in?next=*")
        await sign_in(same, "sol@example.org")
        await same.wait_for_url("**/app/segments?q=x")


ELSEWHERE = (
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/app//evil.example",
    "/app/..//evil.example",
    "/%2Fevil.example/../..",
    "\t//evil.example",
    "/sign-in?next=//evil.example",
    "@evil.example",
)


@MODULE
async def test_nobody_is_sent_elsewhere_after_signing_in(shared_app: App) -> None:
    with watched(shared_app) as app:
        page = await app.open("/me")
        for wanted in ELSEWHERE:
            await page.goto(f"/app/sign-in?next={quote(wanted, safe='')}")
            await page.wait_for_url(lambda url: "/sign-in" not in url)
            assert page.url.startswith(f"{app.url}/app/"), wanted
            await app.settled(page)


@MODULE
async def test_the_sign_in_page_says_why_single_sign_on_came_to_nothing(shared_app: App) -> None:
    with watched(shared_app) as app:
        page = await app.open("/sign-in?problem=not_invited", role=None)
        await expect(page.get_by_role("alert")).to_contain_text("Nobody has invited this address")
        await app.go(page, "/sign-in?problem=%3Cimg%20src%3Dx%3E")
        await expect(page.get_by_role("alert")).to_contain_text("The provider did not answer")
