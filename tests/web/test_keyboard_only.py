"""The app without a mouse: each main screen is walked by Tab, focus is always seen, its main job is done by keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from antiphon import campaigns, content, segments
from pages.stage import MESSAGE
from web.looking import STILL, App

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
EVERYBODY = {"version": 1, "rule": {"trait": "first_name", "op": "exists"}}
STEPS_MAX = 140
FOCUS = """() => {
  const one = document.activeElement
  if (!one || one === document.body) return null
  const drawn = (each) => {
    const style = each && getComputedStyle(each)
    return style && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1
      && !/rgba\\(.*, 0\\)|transparent/.test(style.outlineColor)
  }
  const own = one.getBoundingClientRect()
  const shows = own.width > 4 && own.height > 4 && getComputedStyle(one).opacity !== '0'
    ? [one, one.closest('.mantine-Input-input')]
    : [one.nextElementSibling, one.parentElement, one.closest('label'), one.labels?.[0]]
  const box = (shows.find(drawn) ?? shows[0] ?? one).getBoundingClientRect()
  const label = one.labels?.[0]?.innerText || one.getAttribute('aria-label') || one.innerText || one.placeholder || ''
  one.dataset.walked ??= String(Math.random())
  return {
    id: one.dataset.walked,
    said: `${one.tagName.toLowerCase()} ${label.trim().slice(0, 60)}`,
    framed: one.tagName === 'IFRAME',
    visible: one.tagName === 'IFRAME' || one.matches(':focus-visible') && shows.some(drawn),
    there: box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
  }
}"""
SCREENS = {
    "home": ("/", "24 hours"),
    "people": ("/people", "Add person"),
    "person": ("/people/{who}", "Add trait"),
    "segments": ("/segments", "New segment"),
    "builder": ("/segments/new", "Add a condition"),
    "messages": ("/messages", "New message"),
    "composer": ("/messages/{message}", "Send a test"),
    "campaigns": ("/campaigns", "New campaign"),
    "plan": ("/campaigns/{draft}/plan", "Next: Message"),
    "live": ("/campaigns/{live}", "Pause"),
    "settings": ("/settings/brand", "Legal name"),
    "providers": ("/settings/providers", "Add a provider"),
    "team": ("/settings/team", "Invite"),
    "keys": ("/settings/keys", "New key"),
    "account": ("/me", "Set up"),
    "world": ("/world", "One hour on"),
}


@dataclass
class Company:
    app: App
    ids: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(shared_app: App) -> Company:
    stage = shared_app.stage
    await stage.providers()
    who = await stage.person("anna", tier="tin")
    await stage.person("ben")
    await segments.create(stage.database, "everybody", EVERYBODY)
    async with stage.database.transaction() as tx:
        message = await content.create(tx, content.parse(MESSAGE))
        made = {}
        for name in ("draft", "live"):
            asked = campaigns.NewCampaign(name, "coupon", "everybody", ["email", "sms"], recall_s=0)
            made[name] = await campaigns.make(tx, asked)
        await campaigns.launch(tx, made["live"])
    ids = {name: str(one.id) for name, one in made.items()}
    return Company(shared_app, {"who": str(who), "message": str(message.id), **ids})


@pytest.mark.parametrize("screen", SCREENS)
async def test_tab_walks_through_and_out_again_and_is_always_seen(company: Company, screen: str) -> None:
    path, action = SCREENS[screen]
    page = await company.app.open(path.format(**company.ids))
    walked = await walk(page)
    assert [one["said"] for one in walked if not one["visible"]] == [], "focus that nobody sees"
    assert [one["said"] for one in walked if not one["there"]] == [], "focus outside the window"
    assert any(action in one["said"] for one in walked), f"{action} is not reached: {[one['said'] for one in walked]}"


async def walk(page: Any) -> list[dict[str, Any]]:
    """Every stop, until focus leaves the page or comes round. Fails where it does not get on."""
    await page.evaluate("document.activeElement?.blur()")
    walked: list[dict[str, Any]] = []
    for _ in range(STEPS_MAX):
        await page.keyboard.press("Tab")
        await page.evaluate(STILL)
        focus = await page.evaluate(FOCUS)
        if focus is None or (walked and focus["id"] == walked[0]["id"]):
            return walked
        if focus["framed"]:  # its own links, one by one; what they look like is the mail's affair
            continue
        assert focus["id"] not in {one["id"] for one in walked}, f"caught at {focus['said']}"
        walked.append(focus)
    raise AssertionError(f"no end after {STEPS_MAX}: {walked[-1]['said']}")


async def tab_to(page: Any, target: Any) -> None:
    for _ in range(STEPS_MAX):
        if await target.evaluate("one => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {target}")


async def keys(page: Any, *pressed: str) -> None:
    for key in pressed:
        await page.keyboard.press(key)


async def test_somebody_is_added_and_what_is_known_of_them_is_changed(company: Company) -> None:
    page = await company.app.open("/")
    await keys(page, "g", "p")
    await page.wait_for_url("**/people")
    await page.get_by_role("button", name="Add person").wait_for()
    await keys(page, "c")
    dialog = page.get_by_role("dialog")
    await tab_to(page, dialog.get_by_label("First name"))
    await page.keyboard.type("Zelda")
    await tab_to(page, dialog.get_by_label("E-mail address"))
    await page.keyboard.type("zelda@mail.example")
    await keys(page, "Enter")
    await expect(page.get_by_role("heading", name="Zelda", level=1)).to_be_visible()
    await tab_to(page, page.get_by_role("button", name="Edit first_name: Zelda"))
    await keys(page, "Enter")
    await expect(page.get_by_role("textbox", name="Value of first_name")).to_be_focused()
    await keys(page, "Control+a")
    await page.keyboard.type("Zoe")
    await keys(page, "Enter")
    await expect(page.get_by_role("button", name="Edit first_name: Zoe")).to_be_visible()


async def test_a_campaign_is_planned_launched_and_paused(company: Company) -> None:
    page = await company.app.open("/")
    await keys(page, "g", "c")
    await page.get_by_role("link", name="New campaign").first.wait_for()
    await tab_to(page, page.get_by_role("link", name="New campaign").first)
    await keys(page, "Enter")
    await page.get_by_role("textbox", name="Name", exact=True).wait_for()
    await tab_to(page, page.get_by_role("textbox", name="Name", exact=True))
    await page.keyboard.type("By keys")
    await choose(page, "Audience", "everybody")
    await tab_to(page, page.get_by_role("button", name="Next: Message"))
    await keys(page, "Enter")
    await choose(page, "Message", "coupon")
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    review = page.get_by_role("button", name=re.compile("^Review"))
    await page.locator("h1").first.evaluate("one => { document.activeElement.blur() }")
    await tab_to(page, review)
    await keys(page, "Enter")
    send = page.get_by_role("button", name=re.compile(r"^Send to \d+ people"))
    await send.wait_for()
    await tab_to(page, send)
    await keys(page, "Enter")
    await expect(page.get_by_role("dialog").get_by_role("button", name=re.compile("^Send to"))).to_be_focused()
    await keys(page, "Enter")
    await expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    await keys(page, "p")
    await expect(page.get_by_text("nothing more leaves")).to_be_visible()


async def choose(page: Any, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    await box.wait_for()
    await tab_to(page, box)
    await page.keyboard.type(option)
    await page.get_by_role("option", name=option, exact=True).wait_for()
    await keys(page, "ArrowDown", "Enter")
    await expect(box).to_have_value(option)


async def test_a_condition_is_put_together(company: Company) -> None:
    page = await company.app.open("/")
    await keys(page, "g", "s")
    await tab_to(page, page.get_by_role("link", name="New segment").first)
    await keys(page, "Enter")
    name = page.get_by_role("textbox", name="Name")
    await name.wait_for()
    await tab_to(page, name)
    await page.keyboard.type("Tin")
    await tab_to(page, page.get_by_role("combobox", name="Add a condition"))
    await keys(page, "Enter")
    await expect(page.get_by_placeholder("Search traits, events, conditions…")).to_be_focused()
    await page.keyboard.type("tier")
    await page.get_by_role("option", name="tier").first.wait_for()
    await keys(page, "Enter", "Tab")
    value = page.get_by_role("combobox", name="Value").or_(page.get_by_role("textbox", name="Value"))
    await tab_to(page, value)
    await page.keyboard.type("tin")
    await keys(page, "Escape")
    await expect(page.get_by_role("region", name="People")).to_contain_text("1 person now")
    create = page.get_by_role("button", name="Create the segment")
    await tab_to(page, create)
    await keys(page, "Enter")
    await expect(page.get_by_role("heading", name="Tin", level=1)).to_be_visible()


async def test_the_palette_leads_to_anything_by_its_name(company: Company) -> None:
    page = await company.app.open("/")
    for wanted, address in (("everybody", "/segments/"), ("coupon", "/messages/"), ("draft", "/campaigns/")):
        await keys(page, "Control+k")
        field = page.get_by_role("textbox", name="Search and go").or_(
            page.get_by_role("combobox", name="Search and go")
        )
        await expect(field).to_be_focused()
        await page.keyboard.type(wanted)
        await page.get_by_role("option", name=wanted).first.wait_for()
        await keys(page, "Enter")
        await page.wait_for_url(f"**{address}**")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.locator("h1")).to_be_focused()


async def test_an_hour_passes_and_a_colleague_is_invited(company: Company) -> None:
    page = await company.app.open("/")
    await keys(page, "g", "w")
    hour = page.get_by_role("button", name="One hour on")
    await hour.wait_for()
    before = await company.app.stage.database.pool.fetchval("SELECT held_at FROM product_clock")
    await tab_to(page, hour)
    await keys(page, "Enter")
    await expect(page.get_by_text("13:00").first).to_be_visible()
    assert await company.app.stage.database.pool.fetchval("SELECT held_at FROM product_clock") > before
    await company.app.go(page, "/settings/team")
    await tab_to(page, page.get_by_role("button", name="Invite", exact=True))
    await keys(page, "Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("textbox", name="E-mail address")).to_be_focused()
    await page.keyboard.type("kay@example.org")
    await keys(page, "Tab", "ArrowDown", "Enter")
    await expect(dialog.locator("code")).to_contain_text("/invitation")
    await keys(page, "Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("button", name="Invite", exact=True)).to_be_focused()
