"""A campaign in the browser: planned, tried, launched, taken back, watched, shifted, stopped."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from antiphon import campaigns, content, segments
from antiphon.campaigns import steer
from antiphon.campaigns.records import Stopped
from pages.stage import MESSAGE
from web.looking import DESKTOP, PHONE, App, axe, sideways

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

EVERYBODY = {"version": 1, "rule": {"trait": "first_name", "op": "exists"}}
NOBODY = {"version": 1, "rule": {"trait": "first_name", "op": "eq", "value": "Zoe"}}
PEOPLE = ("anna", "ben", "cleo", "dora", "emil", "finn", "gita", "hugo", "ines", "juri", "kira", "lars")
STEPS = ("audience", "message", "channels", "pilot", "schedule", "limits", "review")
LIVE_MS = 1_000


@dataclass
class Company:
    app: App

    async def campaign(self, name: str, **wishes: Any) -> campaigns.Campaign:
        asked = campaigns.NewCampaign(name, "coupon", "everybody", ["email", "sms"], **wishes)
        async with self.app.stage.database.transaction() as tx:
            return await campaigns.make(tx, asked)

    async def launched(self, name: str, **wishes: Any) -> campaigns.Campaign:
        made = await self.campaign(name, **wishes)
        async with self.app.stage.database.transaction() as tx:
            return await campaigns.launch(tx, made)

    async def find(self, name: str) -> campaigns.Campaign:
        async with self.app.stage.database.transaction(read_only=True) as tx:
            return await campaigns.find(tx, name)

    async def walk(self) -> None:
        """Everybody whose turn it is is decided; a pilot that is through says so."""
        while await campaigns.work_chunks(self.app.stage.runtime):
            pass


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(shared_app: App) -> Company:
    stage = shared_app.stage
    await stage.providers()
    for name in PEOPLE:
        await stage.person(name)
    await segments.create(stage.database, "everybody", EVERYBODY)
    await segments.create(stage.database, "nobody", NOBODY)
    async with stage.database.transaction() as tx:
        await content.create(tx, content.parse(MESSAGE))
    return Company(shared_app)


async def pick(page: Any, label: str, option: str) -> None:
    await page.get_by_role("combobox", name=label, exact=True).click()
    await page.get_by_role("option", name=option, exact=True).click()


async def test_it_is_planned_step_by_step_launched_and_taken_back(company: Company) -> None:
    page = await company.app.open("/campaigns")
    await page.get_by_role("link", name="New campaign").first.click()
    await page.get_by_label("Name").fill("Autumn coupon")
    await pick(page, "Audience", "everybody")
    await expect(page.get_by_role("region", name="Reach by channel")).to_contain_text("12 people")
    await page.get_by_role("button", name="Next: Message").click()
    await pick(page, "Message", "coupon")
    await expect(page).to_have_url(re.compile(r"/campaigns/\d+/plan\?step=message"))
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    await page.locator("label", has_text="SMS").click()
    await expect(page.get_by_text("Have a look:")).to_be_visible()
    await page.get_by_role("button", name="Next: Channels").click()
    await page.get_by_role("checkbox", name="Push").click()
    await page.get_by_role("button", name=re.compile("^Review")).click()
    await page.get_by_role("button", name="Send to 12 people").click()
    dialog = page.get_by_role("dialog", name="Send to 12 people?")
    await expect(dialog).to_contain_text("Nothing leaves for 60 s")
    assert await axe(page) == []
    await dialog.get_by_role("button", name="Send to 12 people").click()
    back = page.get_by_role("button", name="Take it back")
    await expect(back).to_be_visible()
    assert await axe(page) == []
    launched = await company.find("Autumn coupon")
    assert (launched.state, launched.channels, launched.plan.recall_s) == ("running", ("email", "sms"), 60)
    await back.click()
    await expect(page).to_have_url(re.compile(r"/campaigns/\d+/plan"))
    await expect(page.get_by_text("it is a draft again")).to_be_visible()
    assert (await company.find("Autumn coupon")).state == "draft"


async def test_what_is_edited_is_kept_and_can_be_undone(company: Company) -> None:
    made = await company.campaign("Undone")
    page = await company.app.open(f"/campaigns/{made.id}/plan?step=pilot")
    await page.get_by_role("switch", name="Try it on a part").click(force=True)
    await expect(page.get_by_text("2 people first, 10 later")).to_be_visible()
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert (await company.find("Undone")).pilot_share == 0.2
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("2 people first")).to_have_count(0)
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert (await company.find("Undone")).pilot_share is None
    await page.get_by_role("button", name="Redo").click()
    await expect(page.get_by_text("2 people first")).to_be_visible()


async def test_a_time_that_is_over_is_refused_at_its_field_and_at_its_step(company: Company) -> None:
    company.app.watch.allowed.append("status of 400")
    made = await company.campaign("Too late")
    page = await company.app.open(f"/campaigns/{made.id}/plan?step=schedule")
    await page.get_by_role("radio", name="At a time").check()
    await page.get_by_label(re.compile("Date and time")).fill("2020-01-01T09:00")
    await expect(page.get_by_text("A time to come is needed").first).to_be_visible()
    await expect(page.get_by_text("Not saved")).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("Schedule.*something is not right"))).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("radio", name="At once").check()
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()


async def test_an_audience_of_nobody_is_said_before_anything_is_sent(company: Company) -> None:
    made = await company.campaign("Nobody there")
    page = await company.app.open(f"/campaigns/{made.id}/plan")
    await pick(page, "Audience", "nobody")
    await expect(page.get_by_text("Nobody is left.")).to_be_visible()
    await page.get_by_role("button", name=re.compile("^Review")).click()
    await expect(page.get_by_role("button", name="Send to 0 people")).to_be_disabled()


async def test_pause_is_instant_and_its_undo_goes_on(company: Company) -> None:
    made = await company.launched("Paused", recall_s=0)
    page = await company.app.open(f"/campaigns/{made.id}")
    await page.keyboard.press("p")
    await expect(page.get_by_text("nothing more leaves")).to_be_visible()
    assert (await company.find("Paused")).state == "paused"
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("It goes on")).to_be_visible()
    assert (await company.find("Paused")).state == "running"


async def test_cancelling_asks_with_how_many_would_never_get_it(company: Company) -> None:
    made = await company.launched("Cancelled", recall_s=0)
    page = await company.app.open(f"/campaigns/{made.id}")
    await page.get_by_role("button", name="More about Cancelled").click()
    await page.get_by_role("menuitem", name="Cancel the campaign").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("12 people would never get it")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert (await company.find("Cancelled")).state == "running"
    await page.get_by_role("button", name="More about Cancelled").click()
    await page.get_by_role("menuitem", name="Cancel the campaign").click()
    await dialog.get_by_role("button", name="Cancel the campaign").click()
    await expect(page.get_by_text("The campaign is cancelled")).to_be_visible()
    assert (await company.find("Cancelled")).state == "cancelled"


async def test_what_happens_is_on_the_page_within_a_second(company: Company) -> None:
    made = await company.launched("Live", recall_s=0)
    page = await company.app.open(f"/campaigns/{made.id}")
    await expect(page.get_by_text("0 of 12 people had their turn")).to_be_visible()
    await expect(page.get_by_text("Live", exact=True).first).to_be_visible()
    await company.walk()
    began = time.monotonic()
    await expect(page.get_by_text("12 of 12 people had their turn")).to_be_visible(timeout=5 * LIVE_MS)
    assert 1_000 * (time.monotonic() - began) < 1.5 * LIVE_MS  # the browser looks every 100 ms


async def test_who_got_it_is_found_by_name_and_told_why(company: Company) -> None:
    made = await company.launched("Asked", recall_s=0)
    await company.walk()
    page = await company.app.open(f"/campaigns/{made.id}?tab=people")
    await expect(page.get_by_role("row")).to_have_count(13)
    await page.get_by_role("textbox", name="Person").fill("Ben")
    await expect(page.get_by_role("row")).to_have_count(2)
    await expect(page).to_have_url(re.compile("who=Ben"))
    assert await axe(page) == []
    await page.get_by_role("button", name="Why: Ben").click()
    dialog = page.get_by_role("dialog", name="Why: Ben")
    await expect(dialog.get_by_text("What there was to choose from")).to_be_visible()
    assert await axe(page) == []
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Why: Ben")).to_be_focused()
    await page.get_by_label("Outcome").select_option("dropped")
    await expect(page.get_by_text("Nobody fits")).to_be_visible()
    await page.get_by_role("button", name="Show everybody").click()
    await expect(page.get_by_role("row")).to_have_count(13)


async def test_after_a_pilot_the_rest_is_shifted_and_the_shift_taken_back(company: Company) -> None:
    made = await company.launched("Pilot", recall_s=0, pilot=campaigns.asked.Pilot(0.5))
    await company.walk()
    async with company.app.stage.database.transaction() as tx:
        await campaigns.store.write_state(tx, made.id, "pilot_done", stage="pilot")
    page = await company.app.open(f"/campaigns/{made.id}")
    panel = page.get_by_role("region", name="The pilot is done: what about the rest?")
    await panel.get_by_role("radio", name="SMS").click()
    await expect(panel.get_by_role("columnheader", name="By SMS")).to_be_visible()
    assert await axe(page) == []
    await panel.get_by_role("button", name="Send the rest by SMS").click()
    await expect(page.get_by_text("Shifted to SMS")).to_be_visible()
    shifted = await company.find("Pilot")
    assert (shifted.state, shifted.shifted and shifted.shifted.channel) == ("running", "sms")
    assert await axe(page) == []
    await page.get_by_role("button", name="Undo").click()
    await expect(panel).to_be_visible()
    assert (await company.find("Pilot")).state == "pilot_done"
    await panel.get_by_role("radio", name="As planned").click()
    await panel.get_by_role("button", name="Send the rest as planned").click()
    await expect(page.get_by_role("dialog", name=re.compile(r"Send to \d+ (person|people)\?"))).to_be_visible()


async def test_one_that_stopped_by_itself_says_why_and_what_to_do(company: Company) -> None:
    made = await company.launched("Stopped", recall_s=0, budget=10.0)
    async with company.app.stage.database.transaction() as tx:
        await steer.stop(tx, made, Stopped("budget", tx.now, "The budget is spent", None, None, 10.0))
    page = await company.app.open(f"/campaigns/{made.id}")
    await expect(page.get_by_role("alert")).to_contain_text("It stopped by itself")
    await expect(page.get_by_role("alert")).to_contain_text("Raise the budget and resume")
    assert await axe(page) == []
    await page.get_by_label("New budget").fill("25")
    await page.get_by_role("button", name="Raise the budget").click()
    await expect(page.get_by_text("The budget is €25.00 now")).to_be_visible()
    assert (await company.find("Stopped")).plan.budget == 25
    await page.get_by_role("tab", name="Timeline").click()
    await expect(page.get_by_role("list", name="Timeline")).to_contain_text("The budget of €10.00 is spent")


async def test_one_begun_from_a_segment_or_a_message_begins_with_it(company: Company) -> None:
    page = await company.app.open("/campaigns/new/plan?segment=everybody&message=coupon")
    so_far = page.get_by_role("complementary", name="So far")
    for word in ("everybody", "coupon", "E-mail, Push and SMS"):
        await expect(so_far).to_contain_text(word)


async def test_the_list_is_searched_filtered_and_copied_from(company: Company) -> None:
    await company.campaign("Winter list")
    page = await company.app.open("/campaigns")
    await page.get_by_role("textbox", name="Name, message").fill("winter")
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("button", name="Running", exact=True).click()
    await expect(page.get_by_text("No campaign fits")).to_be_visible()
    await expect(page).to_have_url(re.compile("q=winter.*state"))
    await page.get_by_role("button", name="Show all campaigns").click()
    await expect(page.get_by_role("link", name="Winter list")).to_be_visible()
    await page.get_by_role("button", name="More about Winter list").click()
    await page.get_by_role("menuitem", name="Copy to a new draft").click()
    await expect(page.get_by_role("heading", name="Winter list (copy)")).to_be_visible()


async def test_a_plan_can_be_walked_by_keys_alone(company: Company) -> None:
    made = await company.campaign("By keys")
    page = await company.app.open(f"/campaigns/{made.id}/plan")
    await page.get_by_role("button", name=re.compile("^Pilot")).first.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name=re.compile("^Pilot")).first).to_have_attribute("aria-current", "step")
    switch = page.get_by_role("switch", name="Try it on a part")
    for _ in range(12):
        await page.keyboard.press("Tab")
        if await switch.evaluate("one => one === document.activeElement"):
            break
    await page.keyboard.press("Space")
    slider = page.get_by_role("slider", name="Share of the pilot")
    await page.keyboard.press("Tab")
    await expect(slider).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    await expect(page.get_by_role("region", name="Pilot").get_by_text("21%")).not_to_have_count(0)


async def test_an_analyst_looks_and_changes_nothing(company: Company) -> None:
    made = await company.campaign("Looked at")
    page = await company.app.open(f"/campaigns/{made.id}/plan", role="analyst")
    await expect(page.get_by_label("Name")).to_be_disabled()
    await company.app.go(page, "/campaigns")
    await expect(page.get_by_role("link", name="New campaign")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)])
async def test_every_step_and_every_view_is_accessible(company: Company, scheme: str, size: Any) -> None:
    draft = await company.campaign(f"Seen {scheme}", pilot=campaigns.asked.Pilot(0.2), budget=5.0)
    live = await company.launched(f"Going {scheme}", recall_s=0)
    await company.walk()
    page = await company.app.open(scheme=scheme, size=size)
    places = [f"/campaigns/{draft.id}/plan?step={step}" for step in STEPS]
    places += [f"/campaigns/{live.id}?tab={tab}" for tab in ("results", "failovers", "people", "steps")]
    for place in [*places, "/campaigns", "/campaigns/new/plan"]:
        await company.app.go(page, place)
        assert await axe(page) == [], place
        assert await sideways(page) == 0, place
