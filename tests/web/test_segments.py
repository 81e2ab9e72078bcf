"""Segments in the browser: found, written by keys alone, published and taken back, explained, put together by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest
import pytest_asyncio

from antiphon import profiles, segments
from pages.stage import Stage
from web.looking import DESKTOP, PHONE, App, axe, sideways

playwright = pytest.importorskip("playwright.async_api")
expect: Any = playwright.expect
pytestmark = pytest.mark.timeout(240)

GOLD = {"trait": "tier", "op": "eq", "value": "gold"}


async def bought(stage: Stage, name: str, total: int) -> None:
    fact = profiles.Fact(
        "test",
        f"b{name}{total}",
        stage.database.clock.now(),
        who=(profiles.normalise("external_id", name),),
        event="Order Completed",
        properties=f'{{"total": {total}}}',
    )
    await stage.database.repeat(lambda tx: profiles.record(tx, [fact]))


@pytest_asyncio.fixture
async def shop(app: App) -> App:
    """Ada has gold and bought, Ben has silver, Cho has gold; two segments and a list."""
    for name, tier in (("ada", "gold"), ("ben", "silver"), ("cho", "gold")):
        await app.stage.person(name, tier=tier)
    await bought(app.stage, "ada", 120)
    await segments.create(app.stage.database, "Gold", {"version": 1, "rule": GOLD})
    await segments.create(app.stage.database, "All with a tier", {"rule": {"trait": "tier", "op": "exists"}})
    async with app.stage.database.transaction() as tx:
        await segments.make_list(tx, "Guests")
    return app


async def page_of(app: App, name: str, *, tab: str = "overview", **given: Any) -> Any:
    async with app.stage.database.transaction(read_only=True) as tx:
        segment = await segments.get(tx, name)
    return await app.open(f"/segments/{segment.id}?tab={tab}", **given)


async def add(page: Any, what: str, *, nth: int = -1) -> None:
    """By keys: open, type, take the first that is found."""
    opener = page.get_by_role("combobox", name="Add a condition")
    await opener.nth(nth if nth >= 0 else await opener.count() - 1).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_placeholder("Search traits, events, conditions…").locator("visible=true")).to_be_focused()
    await page.keyboard.type(what)
    await expect(page.get_by_role("option", name=what).first).to_be_visible()
    await page.keyboard.press("Enter")


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["light desktop", "dark phone"])
async def test_every_view_is_accessible_and_never_sideways(shop: App, scheme: str, size: dict[str, int]) -> None:
    page = await page_of(shop, "Gold", scheme=scheme, size=size)
    for tab in ("Overview", "People", "Rule", "Why", "Versions"):
        await page.get_by_role("tab", name=tab).click()
        await shop.settled(page)
        assert await axe(page) == [], tab
        assert await sideways(page) == 0, tab
    for path in ("/segments", "/segments/new", "/segments/new?from=preset", "/segments/new?from=list"):
        await shop.go(page, path)
        assert await axe(page) == [], path
        assert await sideways(page) == 0, path
    await page.goto("/app/segments/new?from=preset")
    await page.get_by_role("button", name="Use “Win back”").click()
    await expect(page.get_by_role("dialog").get_by_text("and event")).to_be_visible()
    assert await axe(page) == []


async def test_the_list_is_searched_filtered_and_remembered_in_the_address(shop: App) -> None:
    page = await shop.open("/segments")
    row = page.get_by_role("row").filter(has_text="Gold")
    await expect(row.get_by_role("cell").nth(3)).to_have_text("2")
    await page.get_by_role("textbox", name="Search").fill("guest")
    await expect(page.get_by_role("row")).to_have_count(2)
    assert "q=guest" in page.url
    await page.get_by_role("textbox", name="Search").fill("nothing like it")
    await page.get_by_role("button", name="Show all").click()
    await expect(page.get_by_role("row")).to_have_count(4)


async def test_a_segment_is_written_by_keys_alone_counted_and_created(shop: App) -> None:
    page = await shop.open("/segments/new")
    await page.get_by_role("textbox", name="Name").fill("Gold buyers")
    await add(page, "tier")
    await page.keyboard.press("Tab")  # from the trait, which is filled in, to the operator
    await page.get_by_role("combobox", name="Value").or_(page.get_by_role("textbox", name="Value")).fill("gold")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("region", name="People")).to_contain_text("2 people now")
    await add(page, "Order Completed")
    await expect(page.get_by_role("region", name="People")).to_contain_text("1 person now")
    await expect(page.get_by_role("region", name="People").get_by_role("link", name="Ada")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("region", name="People")).to_contain_text("2 people now")
    await page.get_by_role("button", name="Redo").click()
    await page.get_by_text("In words").click()
    words = page.get_by_role("textbox", name="The rule in words")
    await expect(words).to_have_value('trait tier = "gold" and event "Order Completed"')
    await page.get_by_role("button", name="Create the segment").click()
    await expect(page.get_by_role("heading", name="Gold buyers")).to_be_visible()
    async with shop.stage.database.transaction(read_only=True) as tx:
        made = await segments.get(tx, "Gold buyers")
        assert made.state == "live"
        assert [one.external_id for one in await segments.members(tx, "Gold buyers")] == ["ada"]


async def test_words_become_conditions_and_what_cannot_be_read_is_said(shop: App) -> None:
    shop.watch.allowed.append("status of 400")
    page = await shop.open("/segments/new")
    await page.get_by_text("In words").click()
    words = page.get_by_role("textbox", name="The rule in words")
    await words.fill("trait tier =")
    await expect(page.get_by_text(re.compile("line 1"))).to_be_visible()
    await words.fill('trait tier = "gold" and (event "Order Completed" within 7d or not segment Gold)')
    await expect(page.get_by_role("region", name="People")).to_contain_text("1 person now")
    await page.get_by_text("Conditions", exact=True).click()
    await expect(page.get_by_role("group", name=re.compile("Group: Any of these holds, 2 parts"))).to_be_visible()
    await expect(page.get_by_role("group", name="Not: In segment Gold")).to_be_visible()


async def test_a_refusal_stands_at_its_row_and_a_warning_too(shop: App) -> None:
    shop.watch.allowed.append("status of 400")
    page = await shop.open("/segments/new")
    await add(page, "In segment")
    await expect(page.get_by_text("Something is still to be filled in here.")).to_be_visible()
    await page.keyboard.type("Nowhere")
    row = page.get_by_role("group", name="In segment Nowhere")
    await expect(row.get_by_text('There is no segment "Nowhere".')).to_be_visible()
    await row.get_by_role("button", name=re.compile("^Delete")).click()
    await add(page, "Trait")
    await page.keyboard.type("unheard")
    await page.keyboard.press("Tab")
    await page.get_by_placeholder("Value").fill("x")
    row = page.get_by_role("group", name="Trait unheard")
    await expect(row.get_by_text("Nobody who was looked at has this trait.")).to_be_visible()


async def test_rows_are_moved_by_keys_and_the_focus_goes_with_them(shop: App) -> None:
    page = await shop.open("/segments/new")
    await add(page, "Order Completed")
    await add(page, "Gold")
    first = page.get_by_role("group", name="Did Order Completed")
    await first.get_by_role("button", name=re.compile("^Move down")).focus()
    await page.keyboard.press("Enter")
    await expect(first).to_be_focused()
    await expect(first).to_have_attribute("data-at", "rule.all[1]")
    await page.keyboard.press("Control+z")
    await expect(first).to_have_attribute("data-at", "rule.all[0]")


async def test_a_changed_rule_is_kept_as_a_draft_previewed_published_and_taken_back(shop: App) -> None:
    page = await page_of(shop, "Gold", tab="rule")
    value = page.get_by_placeholder("Value")
    await value.fill("silver")
    await page.keyboard.press("Escape")
    publishing = page.get_by_role("region", name="Publishing would")
    await expect(publishing).to_contain_text("+1 person enters")
    await expect(publishing).to_contain_text("−2 people leave")
    await publishing.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("The new rule is published.")).to_be_visible()
    async with shop.stage.database.transaction(read_only=True) as tx:
        assert [one.external_id for one in await segments.members(tx, "Gold")] == ["ben"]
    await page.get_by_role("tab", name="Versions").click()
    await expect(page.get_by_role("region", name="Version 2").locator("ins")).to_contain_text('"silver"')
    await page.get_by_role("status").or_(page.locator(".toasts")).get_by_role("button", name="Undo").first.click()
    await expect(page.get_by_role("region", name="Version 3")).to_be_visible()
    async with shop.stage.database.transaction(read_only=True) as tx:
        assert len(await segments.members(tx, "Gold")) == 2


async def test_why_somebody_is_not_in_is_told_leaf_by_leaf(shop: App) -> None:
    page = await page_of(shop, "Gold", tab="explain")
    await page.get_by_role("textbox", name="Person").fill("ben")
    await page.get_by_role("option", name=re.compile("Ben")).click()
    await expect(page.get_by_text("Not in", exact=True)).to_be_visible()
    await expect(page.get_by_text("found: silver")).to_be_visible()
    await expect(page.get_by_role("region", name="What would change it")).to_contain_text("tier")
    assert "who=" in page.url
    assert await axe(page) == []


async def test_people_are_put_on_a_list_and_taken_off_again_with_undo(shop: App) -> None:
    page = await page_of(shop, "Guests", tab="people")
    await page.get_by_role("textbox", name="Add a person").fill("cho")
    await page.get_by_role("option", name=re.compile("Cho")).click()
    await expect(page.get_by_role("link", name="Cho")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("link", name="Cho")).to_have_count(0)
    await page.get_by_role("button", name="Paste many").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="Who").fill("ada@mail.example\nnobody@mail.example")
    assert await axe(page) == []
    await dialog.get_by_role("button", name="Add 2 people").click()
    await expect(dialog.get_by_text("nobody@mail.example")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Ada")).to_be_visible()


async def test_it_is_archived_and_brought_back(shop: App) -> None:
    page = await page_of(shop, "Gold")
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Archive").click()
    await expect(page.get_by_text("Archived", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Live", exact=True).first).to_be_visible()


async def test_whoever_may_only_look_is_offered_no_changes(shop: App) -> None:
    page = await page_of(shop, "Gold", tab="rule", role="analyst")
    await expect(page.get_by_text("Your role may look at segments, not change them.")).to_be_visible()
    await expect(page.get_by_role("button", name="Publish")).to_have_count(0)
