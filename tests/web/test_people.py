"""The people: found, looked at, changed by hand, made one, imported, erased, as a colleague does it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from antiphon import integrations, profiles, segments
from antiphon.kernel.records import Identifier
from web.looking import DESKTOP, PHONE, App, axe, sideways

ONE_LOOP = pytest.mark.asyncio(loop_scope="module")
pytestmark = pytest.mark.timeout(120)

EVERYBODY = {"version": 1, "rule": {"trait": "first_name", "op": "exists"}}
FILE = """customer_id,email,mobile,tier
n1,nina@mail.example,+447700900101,gold
n2,not-an-address,+447700900102,tin
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(shared_app: App) -> App:
    """Anna, who was told something; Annabel, who may be she; and twenty others."""
    stage = shared_app.stage
    await stage.providers()
    anna = await stage.person("anna", last_name="Lee", birthday="1990-02-03", tier="tin")
    await stage.person("annabel", last_name="Lee", birthday="1990-02-03", tier="gold")
    for n in range(20):
        await stage.person(f"person{n}")
    await stage.tell([anna], "email")
    async with stage.database.transaction() as tx:
        await profiles.write_topic(tx, profiles.Topic("coupons", titles={"en": "Coupons"}))
    await segments.create(stage.database, "everybody", EVERYBODY)
    return shared_app


def of(app: App, name: str) -> str:
    return f"/people/{app.stage.people[name]}"


@ONE_LOOP
async def test_somebody_is_found_by_typing_and_opened_by_keys(town: App) -> None:
    page = await town.open("/people")
    await page.get_by_text("22 people", exact=True).wait_for()
    await page.keyboard.press("f")
    await page.keyboard.type("anna")
    await page.get_by_role("link", name="Annabel Lee").wait_for()
    await page.wait_for_url("**/people*q=anna")
    await expect(page.locator(".person-line")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    first = await page.evaluate("document.activeElement.textContent")
    await page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1)
    await heading.filter(has_text="Lee").wait_for()
    assert first.startswith(await heading.inner_text())
    await page.go_back()
    assert await page.get_by_role("searchbox", name="Search people").input_value() == "anna"


@ONE_LOOP
async def test_the_list_of_a_segment_and_of_nobody(town: App) -> None:
    page = await town.open("/people?q=zzz")
    await page.get_by_role("heading", name="Nobody is called “zzz”").wait_for()
    await page.locator(".empty").get_by_role("button", name="Clear the search").click()
    await page.locator(".person-line").first.wait_for()
    await page.get_by_role("combobox", name="Segment").or_(page.get_by_label("Segment", exact=True)).first.click()
    await page.get_by_role("option", name="everybody", exact=True).click()
    await page.wait_for_url("**segment=*")
    await page.locator(".person-line").first.wait_for()
    href = await page.get_by_role("link", name="Export").get_attribute("href")
    assert "segment=" in href


@ONE_LOOP
async def test_somebody_is_added_by_hand_and_nobody_twice(town: App) -> None:
    town.watch.allowed += ["status of 409", "status of 400"]
    page = await town.open("/people")
    await page.get_by_role("button", name="Add person").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("First name").fill("Zoe")
    await dialog.get_by_label("E-mail address").fill("anna@mail.example")
    await dialog.get_by_label("Phone").fill("12")
    await dialog.get_by_role("button", name="Add person").click()
    await expect(dialog.get_by_label("Phone")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Phone").fill("")
    await dialog.get_by_role("button", name="Add person").click()
    await dialog.get_by_role("link", name="Open this person").wait_for()
    assert await axe(page) == []
    await dialog.get_by_label("E-mail address").fill("zoe@mail.example")
    await dialog.get_by_role("button", name="Add person").click()
    await page.get_by_role("heading", name="Zoe", level=1).wait_for()


@ONE_LOOP
async def test_a_trait_is_changed_where_it_stands_and_taken_back(town: App) -> None:
    page = await town.open(of(town, "anna"))
    await page.get_by_role("button", name="Edit tier: tin").click()
    await page.get_by_role("textbox", name="Value of tier").fill("silver")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Edit tier: silver").wait_for()
    await page.get_by_role("button", name="Undo").first.click()
    await page.get_by_role("button", name="Edit tier: tin").wait_for()
    await until(town, "anna", lambda told: told.traits["tier"] == "tin")


@ONE_LOOP
async def test_a_wish_is_written_down_and_taken_back(town: App) -> None:
    page = await town.open(of(town, "anna"))
    cell = page.get_by_role("button", name="Coupons by SMS")
    await cell.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Does not want it").click()
    await page.get_by_role("button", name="Coupons by SMS: Would not be sent: not wanted").wait_for()
    await page.get_by_role("button", name="Consent", exact=True).click()
    await page.get_by_text("Does not want coupons by SMS").wait_for()
    await page.get_by_role("button", name="Undo").first.click()
    await page.get_by_role("button", name="Coupons by SMS: Would be sent").wait_for()


@ONE_LOOP
async def test_an_address_is_closed_with_a_reason_and_opened_again(town: App) -> None:
    page = await town.open(of(town, "person0"))
    await page.get_by_role("button", name="What to do with person0@mail.example").click()
    await page.get_by_role("menuitem", name="Send nothing there").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("Asked on the phone")
    assert await axe(page) == []
    await dialog.get_by_role("button", name="Send nothing there").click()
    await page.get_by_text("Opted out").wait_for()
    await page.get_by_role("button", name="Undo").first.click()
    await page.get_by_text("Opted out").wait_for(state="detached")


@ONE_LOOP
async def test_two_are_compared_made_one_and_parted_again(town: App) -> None:
    page = await town.open(of(town, "annabel"))
    await page.get_by_text("1 other may be the same customer.").wait_for()
    await page.locator(".person-hint").get_by_role("button", name="Compare").click()
    await page.get_by_role("button", name="Compare with Anna Lee").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("row", name="tier").wait_for()
    await expect(dialog.locator("tr:has([data-differs])").filter(has_text="tier")).to_have_count(1)
    assert await axe(page) == []
    await dialog.get_by_role("button", name="Make them one customer").click()
    await page.get_by_text("They are one customer now").wait_for()
    await page.locator(".rows").get_by_text("annabel@mail.example").first.wait_for()
    await page.locator(".rows").get_by_text("anna@mail.example", exact=True).first.wait_for()
    await page.get_by_role("button", name="Undo").first.click()
    await page.get_by_role("heading", name="Annabel Lee", level=1).wait_for()
    await page.locator(".rows").get_by_text("anna@mail.example", exact=True).first.wait_for(state="detached")


@ONE_LOOP
async def test_the_timeline_opens_what_is_known_and_is_narrowed(town: App) -> None:
    page = await town.open(of(town, "anna"))
    timeline = page.get_by_role("region", name="Timeline")
    line = timeline.get_by_role("button", name="coupon 1")
    await line.click()
    assert await line.get_attribute("aria-expanded") == "true"
    await timeline.get_by_text("anna@mail.example").wait_for()
    await timeline.get_by_role("button", name="Identity").click()
    await timeline.get_by_text("First heard of").wait_for()
    await line.wait_for(state="detached")
    assert "kinds=identity" in page.url
    await timeline.get_by_role("button", name="Voice").click()
    await timeline.get_by_role("button", name="Show everything").click()
    await timeline.get_by_role("button", name="coupon 1").wait_for()


@ONE_LOOP
async def test_who_is_erased_is_counted_and_named_first(town: App) -> None:
    page = await town.open(of(town, "person1"))
    await page.get_by_role("button", name="Actions").click()
    await page.get_by_role("menuitem", name="Erase…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("records are deleted").wait_for()
    erase = dialog.get_by_role("button", name="Erase for good")
    assert await erase.is_disabled()
    assert await axe(page) == []
    await dialog.get_by_label("To erase, type Person1").fill("person1")
    await erase.click()
    await page.get_by_role("heading", name="People", level=1).wait_for()
    async with town.stage.database.transaction(read_only=True) as tx:
        assert await profiles.find(tx, [Identifier("external_id", "person1")]) == {}


@ONE_LOOP
async def test_a_file_is_mapped_tried_and_taken_in(town: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTIPHON_DATA", str(tmp_path))
    file = tmp_path / "customers.csv"
    file.write_text(FILE)
    page = await town.open("/people/import")
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Choose a file").click()
    await (await chooser.value).set_files(file)
    becomes = page.get_by_role("combobox", name="mobile becomes")
    await becomes.wait_for()
    assert await becomes.input_value() == "phone"
    await page.get_by_role("combobox", name="email becomes").select_option("trait")
    await page.get_by_text("Tried with all 2 rows").wait_for()
    await page.get_by_role("combobox", name="email becomes").select_option("email")
    refused = page.get_by_role("status").locator("dl > div").filter(has_text="Refused")
    await refused.filter(has_text="1").wait_for()
    await page.get_by_role("region", name="Why rows are refused").get_by_text("Line 3").wait_for()
    for column in ("customer_id", "email", "mobile"):
        await page.get_by_role("combobox", name=f"{column} becomes").select_option("ignore")
    await page.get_by_text("Say which column tells who a row is about").wait_for()
    for column, kind in (("customer_id", "external_id"), ("email", "email"), ("mobile", "phone")):
        await page.get_by_role("combobox", name=f"{column} becomes").select_option(kind)
    start = page.get_by_role("button", name="Import 2 rows")
    await expect(start).to_be_enabled()
    assert await axe(page) == []
    async with page.expect_response("**/start"):  # it is shown as begun before it is
        await start.click()
    await page.get_by_role("button", name="Stop the import").wait_for()
    assert await integrations.work_imports(town.stage.runtime) == 1
    await page.get_by_role("link", name="Download 1 refused row").wait_for()
    async with town.stage.database.transaction(read_only=True) as tx:
        assert len(await profiles.find(tx, [Identifier("email", "nina@mail.example")])) == 1
    await page.get_by_role("button", name="Import another file").click()
    await page.get_by_role("button", name="customers.csv").click()
    await page.get_by_text("Done").first.wait_for()


@ONE_LOOP
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_person_is_readable_everywhere(town: App, scheme: str, size: dict[str, int]) -> None:
    page = await town.open(of(town, "anna"), scheme=scheme, size=size)
    await page.locator(".entry-line > button").first.click()
    if size is PHONE:
        assert await axe(page) == []
        await page.get_by_text("Profile", exact=True).click()
    await page.get_by_role("button", name="Coupons by E-mail").click()
    await page.get_by_role("button", name="Said nothing").wait_for()
    assert await axe(page) == []
    assert await sideways(page) == 0
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Said nothing").wait_for(state="detached")
    label = await page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("Coupons by E-mail")


@ONE_LOOP
async def test_who_only_reads_changes_nothing(town: App) -> None:
    page = await town.open(of(town, "anna"), role="analyst")
    await page.get_by_role("region", name="Traits").get_by_text("tier").wait_for()
    assert await page.get_by_role("button", name="Edit tier").count() == 0
    assert await page.get_by_role("button", name="Add identifier").count() == 0
    assert await page.get_by_role("button", name="What to do with").count() == 0


async def until(app: App, name: str, holds: Any) -> None:
    """A change was shown before it was done."""
    id = app.stage.people[name]
    for _ in range(100):
        async with app.stage.database.transaction(read_only=True) as tx:
            told = await profiles.led_to(tx, id)
        if told is not None and holds(told):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{name} never became so")
