"""The messages: found, begun, written for all channels, checked, published, tried out; by keys alone as well."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from antiphon import content, profiles
from antiphon.content import editing
from pages.stage import MESSAGE
from web.looking import DESKTOP, PHONE, App, axe, sideways

pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]
LOOKS = [("light", DESKTOP), ("dark", PHONE)]
SAVED = re.compile("^Saved$")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(shared_app: App) -> App:
    """One company for all: each test has a message of its own."""
    await shared_app.stage.providers()
    await shared_app.stage.person("anna", tier="gold")
    return shared_app


numbers = itertools.count(1)


async def coupon(app: App) -> str:
    async with app.stage.database.transaction() as tx:
        named = {**MESSAGE, "name": f"coupon {next(numbers)}."}
        return str((await content.create(tx, content.parse(named))).id)


async def document(app: App, message: str) -> dict[str, Any]:
    async with app.stage.database.transaction(read_only=True) as tx:
        return (await content.store_editing.read(tx, message)).text


async def saved(page: Any) -> None:
    """What was typed is kept."""
    await page.wait_for_timeout(150)
    await expect(page.get_by_text(SAVED)).to_be_visible()


async def clean(page: Any) -> None:
    assert await axe(page) == []
    assert await sideways(page) == 0


async def test_a_message_is_begun_written_for_two_channels_and_published(app: App) -> None:
    page = await app.open("/messages")
    await page.get_by_role("button", name="New message").first.click()
    await page.get_by_role("textbox", name="Name", exact=True).fill("Spring")
    await page.get_by_text("Coupon", exact=True).click()
    await clean(page)
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="Spring")).to_be_visible()
    subject = page.get_by_role("textbox", name="Subject")
    await subject.fill("A fifth less")
    await expect(page.locator(".inbox-words")).to_contain_text("A fifth less")
    await page.get_by_role("tab", name="SMS").click()
    await page.get_by_role("textbox", name="Text").fill("Until Sunday “all” costs less. Reply STOP")
    await expect(page.locator(".facts")).to_contain_text("UCS-2")
    await page.get_by_role("button", name="Use plain characters").click()
    await expect(page.locator(".facts")).to_contain_text("GSM-7")
    await saved(page)
    await page.get_by_role("button", name="Publish").click()
    await page.get_by_role("button", name="Publish version 1").click()
    await expect(page.get_by_text("Version 1 is published")).to_be_visible()
    await page.get_by_role("link", name="Messages").last.click()
    await expect(page.get_by_role("row", name=re.compile("Spring.*Published"))).to_be_visible()
    (kept,) = [one for one in await stored(app) if one.name == "Spring"]
    assert kept.message.locales["en"].sms.text == 'Until Sunday "all" costs less. Reply STOP'
    assert kept.message.locales["en"].email.subject == "A fifth less"


async def stored(app: App) -> list[content.Stored]:
    async with app.stage.database.transaction(read_only=True) as tx:
        return list(await content.list_all(tx))


async def test_blocks_are_added_moved_and_removed_by_keys_and_come_back(app: App) -> None:
    message = await coupon(app)
    page = await app.open(f"/messages/{message}")
    await page.get_by_role("button", name="Add a block").press("Enter")
    await page.get_by_role("menuitem", name=re.compile("^Heading")).press("Enter")
    heading = page.get_by_role("textbox", name="Heading")
    await expect(heading).to_be_focused()
    await page.keyboard.type("News")
    await page.keyboard.press("Alt+ArrowUp")
    await page.keyboard.press("Alt+ArrowUp")
    await expect(page.get_by_role("listitem").filter(has=heading)).to_have_accessible_name("Heading, block 1 of 3")
    await expect(heading).to_be_focused()
    await page.keyboard.press("Control+d")
    await expect(page.get_by_role("textbox", name="Heading")).to_have_count(2)
    await page.keyboard.press("Control+z")
    await expect(page.get_by_role("textbox", name="Heading")).to_have_count(1)
    await saved(page)
    assert [block["kind"] for block in (await english(app, message))["blocks"]] == ["heading", "button", "button"]
    await page.get_by_role("button", name="Remove: Heading").click()
    await expect(heading).to_have_count(0)
    await page.get_by_role("status").get_by_role("button", name="Undo").click()
    await expect(heading).to_have_value("News")


async def english(app: App, message: str, channel: str = "email") -> dict[str, Any]:
    found: dict[str, Any] = (await document(app, message))["locales"]["en"][channel]
    return found


async def test_a_value_is_completed_by_keys(app: App) -> None:
    message = await coupon(app)
    page = await app.open(f"/messages/{message}")
    subject = page.get_by_role("textbox", name="Subject")
    await subject.fill("Hello ")
    await subject.press_sequentially("{{ first")
    await expect(page.get_by_role("option", name=re.compile("profile.first_name"))).to_be_visible()
    await clean(page)
    await page.keyboard.press("Enter")
    await expect(subject).to_have_value("Hello {{ profile.first_name }}")
    await expect(subject).to_be_focused()
    await expect(page.locator(".inbox-words")).to_contain_text("Hello Alex")
    await page.get_by_role("button", name="Insert a value: Subject").click()
    await page.get_by_role("textbox", name="Value, filter or condition").fill("tier")
    await clean(page)
    await page.keyboard.press("Enter")
    await expect(subject).to_have_value("Hello {{ profile.first_name }}{{ profile.tier }}")
    await page.get_by_role("combobox", name="Looked at as").click()
    await page.get_by_role("combobox", name="Looked at as").fill("anna")
    await page.get_by_role("option", name="Anna").click()
    await expect(page.locator(".inbox-words")).to_contain_text("Hello Annagold")


async def test_a_language_and_a_variant_say_it_otherwise(app: App) -> None:
    message = await coupon(app)
    page = await app.open(f"/messages/{message}")
    await page.get_by_role("button", name="Language", exact=True).click()
    await page.get_by_role("menuitem", name=re.compile("^Spanish es$")).click()
    await page.get_by_role("textbox", name="Subject").fill("Para usted")
    await page.get_by_role("button", name="English", exact=True).click()
    await page.get_by_role("button", name="Variant", exact=True).click()
    await page.get_by_role("textbox", name="Subject").fill("Only today")
    await expect(page.get_by_text("each gets 50%")).to_be_visible()
    await expect(page.locator(".inbox-words")).to_contain_text("Only today")
    await saved(page)
    await clean(page)
    kept = await document(app, message)
    assert kept["locales"]["es"]["email"]["subject"] == "Para usted"
    assert kept["variants"] == {"b": {"en": {"email": {"subject": "Only today"}}}}
    await page.get_by_role("button", name="As in A").click()
    await expect(page.get_by_role("textbox", name="Subject")).to_have_value("For you")


async def test_what_is_wrong_leads_to_its_place_and_keeps_it_from_being_published(app: App) -> None:
    message = await coupon(app)
    page = await app.open(f"/messages/{message}?channel=sms")
    await page.get_by_role("textbox", name="Text").fill("{{ broken")
    await page.get_by_role("tab", name="E-mail").click()
    await page.get_by_role("button", name=re.compile("English · SMS · Text")).first.click()
    await expect(page.get_by_role("tab", name="SMS")).to_have_attribute("aria-selected", "true")
    await expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    await expect(page.get_by_role("textbox", name="Text")).to_have_attribute("aria-invalid", "true")
    await saved(page)
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("button", name="Publish version 2")).to_be_disabled()
    await page.get_by_role("button", name="Show me").click()
    await expect(page.get_by_role("textbox", name="Text")).to_be_focused()


async def test_nobody_writes_over_what_a_colleague_wrote_meanwhile(app: App) -> None:
    app.watch.allowed.append("status of 409")
    message = await coupon(app)
    page = await app.open(f"/messages/{message}")
    theirs = await document(app, message)
    theirs["topic"] = "theirs"
    async with app.stage.database.transaction() as tx:
        await editing.save_draft(tx, message, theirs, by="staff:999")
    await page.get_by_role("textbox", name="Subject").fill("Mine")
    dialog = page.get_by_role("dialog", name="Somebody else changed this meanwhile")
    await expect(dialog.get_by_text("Mine", exact=True)).to_be_visible()
    await expect(dialog.get_by_text("theirs", exact=True)).to_be_visible()
    await clean(page)
    await dialog.get_by_role("button", name="Take theirs").click()
    await expect(page.get_by_role("combobox", name="Topic")).to_have_value("theirs")
    await expect(page.get_by_role("textbox", name="Subject")).to_have_value("For you")
    await page.get_by_role("textbox", name="Subject").fill("Mine at last")
    await saved(page)
    assert (await english(app, message))["subject"] == "Mine at last"


async def test_an_old_version_comes_back(app: App) -> None:
    message = await coupon(app)
    page = await app.open(f"/messages/{message}")
    await page.get_by_role("textbox", name="Subject").fill("Second")
    await saved(page)
    await page.get_by_role("button", name="Publish").click()
    await page.get_by_role("button", name="Publish version 2").click()
    await page.get_by_role("button", name="More for this message").click()
    await page.get_by_role("menuitem", name="Versions").click()
    await page.get_by_role("button", name=re.compile("^Version 1")).click()
    await expect(page.get_by_role("dialog").locator("ins")).to_have_text("Second")
    await clean(page)
    await page.get_by_role("button", name="Go back to version 1").click()
    await expect(page.get_by_role("textbox", name="Subject")).to_have_value("For you")
    await saved(page)
    assert (await english(app, message))["subject"] == "For you"


async def test_a_test_goes_to_an_address_and_is_followed(app: App) -> None:
    message = await coupon(app)
    page = await app.open(f"/messages/{message}")
    await page.get_by_role("button", name="Send a test").click()
    await page.get_by_role("checkbox").uncheck()
    await page.get_by_role("combobox", name="And to").fill("ann@customer.example")
    await page.keyboard.press("Enter")
    await clean(page)
    await page.get_by_role("button", name="Send the test").click()
    told = page.get_by_role("list", name="What became of it")
    await expect(told).to_contain_text("email:ann@customer.example")
    await expect(told).to_contain_text("On its way")
    async with app.stage.database.transaction(read_only=True) as tx:
        who = profiles.parse("email:ann@customer.example")
        assert who in await profiles.find(tx, [who])


async def test_the_list_is_searched_and_what_is_archived_comes_back(app: App) -> None:
    name = (await document(app, await coupon(app)))["name"]
    page = await app.open("/messages")
    await page.get_by_role("button", name=f"More for {name}").click()
    await page.get_by_role("menuitem", name="Archive").click()
    await expect(page.get_by_role("link", name=name)).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("link", name=name)).to_be_visible()
    await page.get_by_role("textbox", name="Search by name or topic").fill("nothing")
    await expect(page.get_by_text("No message is like that")).to_be_visible()
    assert "q=nothing" in page.url
    await page.get_by_role("button", name="Show all messages").click()
    await expect(page.get_by_role("link", name=name)).to_be_visible()


async def test_who_may_only_read_changes_nothing(app: App) -> None:
    message = await coupon(app)
    page = await app.open(f"/messages/{message}", role="analyst")
    await expect(page.get_by_role("textbox", name="Subject")).to_have_attribute("readonly", "")
    await expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    await expect(page.get_by_role("button", name="Add a block")).to_have_count(0)


async def test_the_mail_runs_no_script(app: App) -> None:
    message = await coupon(app)
    page = await app.open(f"/messages/{message}")
    frame = page.get_by_title(re.compile("The e-mail"))
    await expect(frame).to_have_attribute("sandbox", "")
    assert "Shop" in str(await frame.get_attribute("srcdoc"))


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=["light", "dark-phone"])
async def test_every_channel_is_written_and_shown(app: App, scheme: str, size: dict[str, int]) -> None:
    message = await coupon(app)
    page = await app.open(scheme=scheme, size=size)
    for channel in ("email", "sms", "push"):
        await app.go(page, f"/messages/{message}?channel={channel}")
        await clean(page)
        if size is PHONE:
            await page.get_by_text("Preview", exact=True).click()
            await clean(page)
    await app.go(page, "/messages?new=true")
    await clean(page)
