"""From an empty installation to messages that arrived, by clicking alone; the world is the witness."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.house import House
from flows.journal import by_person
from flows.samples import mail_of, phone_of, user
from web.outside import SAVED, Door, at_home, go, let_an_hour_pass, pick

pytestmark = pytest.mark.timeout(240)
expect: Any = pytest.importorskip("playwright.sync_api").expect
BOTH, MAIL, PHONE, SILVER = range(2_001, 2_021), range(2_021, 2_029), range(2_029, 2_037), range(2_037, 2_047)
GOLD = range(2_001, 2_037)
SUBJECT = "Gold week begins"
PASSWORD = "heron violet cabinet 71"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Door]]:
    """Served under a name that is no address of this machine, so that the printed link is needed."""
    with at_home(tmp_path_factory.mktemp("first"), name="antiphon.localhost") as both:
        both[0].habits()
        yield both


def test_a_new_company_tells_its_first_customers(opened: tuple[House, Door], tmp_path: Path) -> None:
    home, door = opened
    page = become_owner(home, door)
    connect_providers(home, page)
    take_in(page, customers(tmp_path / "customers.csv"))
    make_segment(page)
    write_message(page)
    launch(page)
    let_an_hour_pass(door.tab(page.context, "/world"))
    arrived(home, page)


def become_owner(home: House, door: Door) -> Any:
    """Without the token of the link nobody is let in; with it they are at home, with first steps to do."""
    page = door.open("/welcome")
    expect(page.get_by_role("button", name="Begin")).to_have_count(0)
    printed = re.search(r"\S+/app/welcome\?token=\S+", (home.folder / "serve.log").read_text())
    assert printed is not None, "the link stands in what `serve` says"
    page.goto(printed[0])
    page.get_by_label("Company").fill("Larkspur")
    page.get_by_label("Your name").fill("Ada King")
    page.get_by_role("textbox", name="E-mail address").fill("ada@larkspur.example")
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("First steps")).to_be_visible()
    return page


def connect_providers(home: House, page: Any) -> None:
    page.get_by_role("link", name="Begin").click()
    page.get_by_role("link", name="Add a provider").click()
    page.get_by_role("button", name="SMTP").first.click()
    page.get_by_role("textbox", name="Host").fill("127.0.0.1")
    page.get_by_role("textbox", name="Port").fill(str(home.ports["smtp"][0]))
    page.get_by_role("textbox", name="Domain of bounces").fill("bounce.larkspur.example")
    pick(page, "Encryption", "None")
    add(page, "Mail relay")
    go(page, "Settings")
    page.get_by_role("link", name="Providers").click()
    page.get_by_role("link", name="Add a provider").click()
    page.get_by_role("button", name="SMPP").first.click()
    page.get_by_role("textbox", name="Host").fill("127.0.0.1")
    page.get_by_role("textbox", name="Port").fill(str(home.ports["smpp"][0]))
    page.get_by_role("textbox", name="System id").fill("larkspur")
    page.get_by_role("textbox", name="Password").fill("sandbox")
    add(page, "Operator")


def add(page: Any, name: str) -> None:
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("It let us in.")).to_be_visible()
    page.get_by_role("button", name="Add the provider").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def customers(file: Path) -> Path:
    """A file as a shop would export it, with one line that is nobody."""
    lines = ["customer_id,email,mobile,first_name,tier"]
    for number in (*GOLD, *SILVER):
        mail = mail_of(number) if number not in PHONE else ""
        phone = phone_of(number) if number not in MAIL else ""
        lines.append(f"{user(number)},{mail},{phone},Name{number},{'gold' if number in GOLD else 'silver'}")
    file.write_text("\n".join([*lines, ",not-an-address,,Nobody,gold"]) + "\n")
    return file


def take_in(page: Any, file: Path) -> None:
    go(page, "People")
    page.get_by_role("link", name="Import").first.click()
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Choose a file").click()
    choosing.value.set_files(file)
    expect(page.get_by_role("combobox", name="mobile becomes")).to_have_value("phone")
    page.get_by_role("button", name=re.compile("^Import 47 rows")).click()
    page.get_by_role("link", name="Download 1 refused row").wait_for()
    page.get_by_role("link", name="See the people").click()
    expect(page.get_by_text("46 people", exact=True)).to_be_visible()


def make_segment(page: Any) -> None:
    go(page, "Segments")
    page.get_by_role("link", name="New segment").first.click()
    page.get_by_role("textbox", name="Name").fill("Gold")
    page.get_by_role("combobox", name="Add a condition").click()
    page.get_by_placeholder("Search traits, events, conditions…").locator("visible=true").fill("tier")
    page.get_by_role("option", name="tier").first.click()
    page.get_by_role("combobox", name="Value").or_(page.get_by_role("textbox", name="Value")).fill("gold")
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="People")).to_contain_text(f"{len(GOLD)} people now")
    page.get_by_role("button", name="Create the segment").click()
    expect(page.get_by_role("heading", name="Gold")).to_be_visible()


def write_message(page: Any) -> None:
    go(page, "Messages")
    page.get_by_role("button", name="New message").first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Gold week")
    page.get_by_text("Coupon", exact=True).click()
    page.get_by_role("button", name="Create").click()
    page.get_by_role("textbox", name="Subject").fill(SUBJECT)
    page.get_by_role("tab", name="SMS").click()
    page.get_by_role("textbox", name="Text").fill(f"{SUBJECT}. Reply STOP to opt out")
    expect(page.get_by_text(SAVED)).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("Version 1 is published")).to_be_visible()


def launch(page: Any) -> None:
    go(page, "Campaigns")
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_label("Name").fill("Gold week")
    pick(page, "Audience", "Gold")
    page.get_by_role("button", name="Next: Message").click()
    pick(page, "Message", "Gold week")
    expect(page.get_by_text(SAVED)).to_be_visible()
    page.get_by_role("button", name="Next: Channels").click()
    page.get_by_role("checkbox", name="Push").click()
    expect(page.get_by_text(SAVED)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Review")).click()
    page.get_by_role("button", name=f"Send to {len(GOLD)} people").click()
    page.get_by_role("dialog").get_by_role("button", name=f"Send to {len(GOLD)} people").click()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    expect(page.get_by_text(f"0 of {len(GOLD)} people had their turn")).to_be_visible()


def arrived(home: House, page: Any) -> None:
    """Everybody with gold got it once, over a channel that they have; the page, never reloaded, tells it."""
    expect(page.get_by_text(f"{len(GOLD)} sent to {len(GOLD)} people")).to_be_visible()
    expect(page.get_by_text("Done", exact=True).first).to_be_visible()
    home.settle()
    got = by_person(home.journal.received(SUBJECT))
    assert {number: len(channels) for number, channels in got.items()} == dict.fromkeys(GOLD, 1)
    assert {got[number][0] for number in MAIL} == {"email"}
    assert {got[number][0] for number in PHONE} == {"sms"}
    seen = home.journal.counts(SUBJECT)
    table = page.get_by_role("table", name="By channel")
    for channel, name in (("email", "E-mail"), ("sms", "SMS")):
        cells = table.get_by_role("row").filter(has_text=name).get_by_role("cell")
        expect(cells.nth(1)).to_have_text(str(seen[channel]))
