"""Story 10 by clicking: a pilot by two channels, what each brought and cost, and the rest by the one that does better.

What the page says is held against what the world wrote down; tests/flows/test_coupon.py is the same below the screens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from flows.house import House
from flows.journal import number_of
from flows.samples import COSTS, message, user
from web.outside import SAVED, Door, at_home, go, let_an_hour_pass, pick

pytestmark = pytest.mark.timeout(240)
expect: Any = pytest.importorskip("playwright.sync_api").expect
BY_MAIL, BY_PHONE = range(3_001, 3_041), range(3_041, 3_081)
BY_BOTH, CHOSE_MAIL = range(3_081, 3_201), range(3_201, 3_219)
ASKED_SHOP, ASKED_HERSELF = 3_219, 3_220
WANT_MAIL = {*CHOSE_MAIL, ASKED_SHOP, ASKED_HERSELF}
EVERYBODY = range(3_001, 3_221)
NAMES = {"email": "E-mail", "sms": "SMS"}
CLICKED, CONVERTED, COST = 4, 5, 6
REST = re.compile(r"^Send the rest by SMS$")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Door]]:
    """A shop whose customers came in by its own programs; most said nothing, some want coupons by e-mail."""
    with at_home(tmp_path_factory.mktemp("coupon")) as (home, door):
        home.accounts()
        home.habits()
        home.persons(BY_MAIL, "email", circle="coupon")
        home.persons(BY_PHONE, "sms", circle="coupon")
        home.persons([*BY_BOTH, *CHOSE_MAIL], "email", "sms", circle="coupon")
        for number, name in ((ASKED_SHOP, "Hetty"), (ASKED_HERSELF, "Odile")):
            home.person(number, "email", "sms", circle="coupon", first_name=name, last_name="Marsh")
        home.post("/segments", {"name": "Coupon", "rule": {"trait": "circle", "op": "eq", "value": "coupon"}})
        home.post("/messages", message("20 % off", topic="coupons"))
        yield home, door


def test_the_coupon_story_by_clicking(opened: tuple[House, Door]) -> None:
    home, door = opened
    page = door.enter("owner")
    name_the_topic(page)
    for number in CHOSE_MAIL:
        home.prefer(number, "coupons", "email", "wanted")
    write_down_a_wish(page, "Hetty")
    let_her_choose(page, "Odile")

    pilot = launch_a_pilot(page)
    world = door.tab(page.context, "/world")
    home.habits(open=0.5, click={"email": 0.4, "sms": 0.7}, buy=0.6)
    let_an_hour_pass(world)
    expect(page.get_by_role("heading", name="The pilot is done: what about the rest?")).to_be_visible()
    let_an_hour_pass(world)
    home.settle()
    told = home.journal.channels_of("20 % off")
    assert len(told) == pilot
    assert all(len(channels) == 1 for channels in told.values()), "somebody got it twice"
    says_what_happened(home, page)

    home.habits()
    shift(page)
    page.get_by_role("button", name="Take the shift back").click()
    expect(page.get_by_role("button", name=REST)).to_be_visible()
    shift(page)
    let_an_hour_pass(world)
    expect(page.get_by_text(f"{len(EVERYBODY)} sent to {len(EVERYBODY)} people")).to_be_visible()
    expect(page.get_by_text("Done", exact=True).first).to_be_visible()
    home.settle()
    by_their_wishes(home, told)
    says_what_happened(home, page)


def name_the_topic(page: Any) -> None:
    go(page, "Settings")
    page.get_by_role("link", name="Topics").click()
    page.get_by_role("link", name="Add a topic").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("coupons")
    page.get_by_role("group", name="Title").get_by_role("textbox", name="English").fill("Coupons")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Coupons", exact=True)).to_be_visible()


def find(page: Any, name: str) -> None:
    go(page, "People")
    page.get_by_role("searchbox", name="Search people").fill(name)
    page.get_by_role("link", name=f"{name} Marsh").click()
    expect(page.get_by_role("heading", name=f"{name} Marsh")).to_be_visible()


def write_down_a_wish(page: Any, name: str) -> None:
    """As she said it in the shop."""
    find(page, name)
    page.get_by_role("button", name="Coupons by E-mail").click()
    page.get_by_role("button", name="Wants it", exact=True).click()
    expect(page.get_by_text("Coupons by E-mail: changed")).to_be_visible()


def let_her_choose(page: Any, name: str) -> None:
    """On her own page, by the link that the shop gives her."""
    find(page, name)
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name=re.compile("reference")).click()
    with page.context.expect_page() as coming:
        page.get_by_role("link", name="Open").click()
    hers = coming.value
    coupons = hers.get_by_role("group", name="Coupons")
    coupons.get_by_role("checkbox", name="E-mail").check()
    coupons.get_by_role("checkbox", name="Text message").or_(coupons.get_by_role("checkbox", name="SMS")).uncheck()
    hers.get_by_role("button", name="Save").click()
    expect(hers.get_by_role("status")).to_be_visible()
    hers.close()
    page.keyboard.press("Escape")


def launch_a_pilot(page: Any) -> int:
    """How many are told first: a fifth, drawn by chance."""
    go(page, "Campaigns")
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_label("Name").fill("Coupon")
    pick(page, "Audience", "Coupon")
    page.get_by_role("button", name="Next: Message").click()
    pick(page, "Message", "20 % off")
    page.get_by_role("button", name="Next: Channels").click()
    page.get_by_role("checkbox", name="Push").click()
    page.get_by_role("button", name="Next: Pilot").click()
    page.get_by_role("switch", name="Try it on a part").click(force=True)
    expect(page.get_by_text(re.compile(r"^\d+ people first, \d+ later$"))).to_be_visible()
    expect(page.get_by_text(SAVED)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Review")).click()
    send = page.get_by_role("button", name=re.compile(r"^Send to \d+ people$"))
    n = int(re.findall(r"\d+", send.inner_text())[0])
    send.click()
    page.get_by_role("dialog").get_by_role("button", name=f"Send to {n} people").click()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    return n


def says_what_happened(home: House, page: Any) -> None:
    """By channel: people who clicked and bought, and what it cost, as the world saw it."""
    table = page.get_by_role("table", name="By channel")
    for channel, name in NAMES.items():
        lines = [line for line in home.journal.lines() if line.get("channel") == channel]
        received = [line for line in home.journal.received("20 % off") if line["channel"] == channel]
        clicked, bought = (len({number_of(x) for x in lines if x["kind"] == kind}) for kind in ("clicked", "bought"))
        cells = table.get_by_role("row").filter(has_text=name).get_by_role("cell")
        for column, n in ((CLICKED, clicked), (CONVERTED, bought)):
            assert n > 0, f"nobody did so by {channel}: this proves nothing"
            expect(cells.nth(column).locator(".share")).to_have_attribute("title", f"{n} of {len(received)}")
        cost = sum(line.get("parts", 1) for line in received) * COSTS[channel]
        shown = float(re.sub(r"[^\d.]", "", cells.nth(COST).inner_text()))
        assert shown == pytest.approx(cost, rel=0.05), "to the two digits that are shown"


def shift(page: Any) -> None:
    page.get_by_role("region", name="The pilot is done").get_by_role("radio", name="SMS").click()
    page.get_by_role("button", name=REST).click()
    expect(page.get_by_role("region", name="The shift can be taken back")).to_be_visible()


def by_their_wishes(home: House, told: dict[int, list[str]]) -> None:
    """Everybody once; the rest by SMS, but for who has no phone or chose e-mail."""
    got = home.journal.channels_of("20 % off")
    assert {number: len(channels) for number, channels in got.items()} == dict.fromkeys(EVERYBODY, 1)
    wrong = {
        user(number): channel
        for number, [channel] in got.items()
        if (number not in told and channel != ("sms" if number in {*BY_PHONE, *BY_BOTH} else "email"))
        or (number in WANT_MAIL and channel != "email")
    }
    assert wrong == {}
