"""Coming in, going out, and what one's own account, the team, keys, the audit log and single sign-on look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, get_args
from urllib.parse import quote, urlsplit

import msgspec
import pyotp
import pytest

from access.serving import DEVICE
from access.staffed import ANOTHER, PASSWORD, next_code
from antiphon.access import audit, passwords
from antiphon.access.records import StaffId
from antiphon.access.roles import ROLES
from antiphon.access.sso_records import SignInProblem
from antiphon.kernel.permissions import PERMISSIONS
from flows.callers import needs
from web.bundle import ROOT
from web.looking import DESKTOP, PHONE, App, Watch, axe, sideways

pytestmark = pytest.mark.timeout(300)
MODULE = pytest.mark.asyncio(loop_scope="module")
expect: Any = pytest.importorskip("playwright.async_api").expect
WORDS = ROOT / "src/antiphon/kernel/i18n"
NO_OFFER = """if (!localStorage.getItem('offers')) delete PublicKeyCredential.isConditionalMediationAvailable"""
LOOKS = [("light", DESKTOP), ("dark", PHONE)]


@contextmanager
def watched(app: App, *allowed: str, host: str = "") -> Iterator[App]:
    """What its pages say is judged for itself. `host`: another of this machine's names; passkeys want `localhost`."""
    url = app.url.replace("127.0.0.1", host) if host else app.url
    one = replace(app, url=url, watch=Watch(urlsplit(url).netloc, [f"status of {status}" for status in allowed]))
    yield one
    assert one.watch.findings == []


async def member(app: App, email: str, role: str = "marketer", password: str = PASSWORD) -> StaffId:
    """A colleague who signs in with a password, and has nothing else."""
    hash = await passwords.make_hash(password)
    async with app.stage.database.transaction() as tx:
        rows = await tx.rows(
            "INSERT INTO staff (email, email_key, name, role, state, password, created_at)"
            " VALUES ($1, $1, $2, $3, 'active', $4, $5) RETURNING id",
            email,
            email.partition("@")[0].title(),
            role,
            hash,
            tx.now,
        )
    return StaffId(rows[0]["id"])


async def came_in(app: App, email: str, path: str = "/", **look: Any) -> Any:
    """A page of theirs, by the door."""
    page = await app.open(f"/sign-in?next={quote(path)}", role=None, **look)
    await sign_in(page, email)
    await page.wait_for_url(f"**/app{path}")
    await app.settled(page)
    return page


async def sign_in(page: Any, email: str, password: str = PASSWORD) -> None:
    await page.get_by_role("textbox", name="E-mail address").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def sign_out(page: Any) -> None:
    await page.locator("button[popovertarget=account]").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/app/sign-in")


async def age_proofs(app: App) -> None:
    await app.stage.database.pool.execute("UPDATE staff_session SET proved_at = proved_at - interval '1 hour'")


# Coming in


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


# Being here


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


# The team and what belongs to it


@MODULE
async def test_a_role_is_changed_and_taken_back_and_who_leaves_is_out(shared_app: App) -> None:
    with watched(shared_app, "401") as app:
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
        await dialog.get_by_role("button", name="Create").click()
        key = await dialog.locator("code").inner_text()
        assert key.startswith("ak_read_")
        await dialog.get_by_role("button", name="Done").click()
        row = page.get_by_role("row").filter(has_text="Data warehouse")
        await expect(row).to_contain_text("never")
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
            await page.wait_for_timeout(300)  # it opens with a movement
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


# Words


def words(locale: str = "en") -> dict[str, str]:
    files = (WORDS / locale).glob("*.json")
    return {key: text for file in files for key, text in msgspec.json.decode(file.read_bytes()).items()}


def test_whatever_can_stand_in_the_audit_log_has_words_and_can_be_asked_for() -> None:
    acts = set()
    for (method, path), permission in needs().items():
        if audit.is_audited(permission, method) and "{act}" not in path:
            acts.add(audit.act_of(method, f"/api/v1{path}", {}))
    source = (ROOT / "web/src/routes/settings/audit.ts").read_text()
    areas = dict(re.findall(r'^  "?([a-z-]+)"?: (\[[^\]]*\])', source, re.MULTILINE))
    listed = {f"{area}.{verb}" for area, verbs in areas.items() for verb in re.findall(r'"(\w+)"', verbs)}
    assert acts - listed == set()
    told = words()
    assert {act for act in listed if f"audit.{act}" not in told} == set()
    assert {area for area in areas if f"log.area.{area}" not in told} == set()


def test_roles_permissions_and_problems_have_words() -> None:
    keys = [
        *(f"app.sign_in.problem.{problem}" for problem in get_args(SignInProblem)),
        *(f"permission.{name}" for name in PERMISSIONS if name not in ("public", "self", "enrol")),
        *(f"{stem}.{role}" for role in ROLES for stem in ("app.role", "team.role.text")),
    ]
    assert [key for key in keys if key not in words()] == []
