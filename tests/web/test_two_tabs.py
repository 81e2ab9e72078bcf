"""Two tabs in step without a reload, and how far a live number is behind what happened."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest

from flows.house import House
from flows.samples import message
from slowness import slowness
from web.outside import Door, at_home

pytestmark = pytest.mark.timeout(240)
expect: Any = pytest.importorskip("playwright.sync_api").expect
PEOPLE = range(4_001, 4_025)
CLICKERS = range(4_001, 4_008)
STEP_MS = 1_000
RECORD = """() => {
  window.seen = {}
  const look = () => {
    const name = [...document.querySelectorAll('.keys dt')].find((one) => one.textContent === 'Clicked')
    const now = name?.parentElement.querySelector('.figure')?.textContent
    if (now !== undefined && !(now in window.seen)) window.seen[now] = Date.now()
  }
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true})
  look()
}"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Door]]:
    with at_home(tmp_path_factory.mktemp("tabs")) as (home, door):
        home.accounts()
        home.habits()
        home.persons(list(PEOPLE), "email", circle="tabs", first_name="Wilma")
        home.post("/segments", {"name": "Tabs", "rule": {"trait": "circle", "op": "eq", "value": "tabs"}})
        home.post("/messages", message("two tabs", topic="tabs"))
        yield home, door


def both(door: Door, path: str) -> tuple[Any, Any]:
    """Two tabs of one browser; what is marked in them is gone after a reload."""
    first = door.enter(path=path)
    tabs = first, door.tab(first.context, path)
    for tab in tabs:
        tab.locator("h1").first.wait_for()
        tab.evaluate("window.marked = true")
    return tabs


def never_reloaded(*tabs: Any) -> None:
    assert all(tab.evaluate("window.marked === true") for tab in tabs)


def test_a_click_is_in_both_tabs_within_a_second(opened: tuple[House, Door]) -> None:
    """By the wall clock of this machine, from before the customer clicks until the number stands in the page."""
    home, door = opened
    campaign = home.launch(name="Clicked", message="two tabs", segment="Tabs", channels=["email"])
    home.wait_for(campaign, "done")
    home.settle()
    tabs = both(door, f"/campaigns/{home.get(f'/campaigns/{campaign}')['id']}")
    for tab in tabs:
        tab.locator(".side").get_by_text("Live", exact=True).wait_for()
        tab.evaluate(RECORD)
    behind: list[float] = []
    for n, number in enumerate(CLICKERS, 1):
        began = time.time()
        home.act(number, "click")
        for tab in tabs:
            tab.wait_for_function("n => n in window.seen", arg=str(n))
            behind.append(tab.evaluate("n => window.seen[n]", str(n)) / 1000 - began)
    print(f"behind: median {statistics.median(behind):.2f} s, at most {max(behind):.2f} s")
    slower = slowness()
    assert statistics.median(behind) <= 1.0 * slower
    assert max(behind) <= 2.5 * slower, "one look may fall together with a pause of the machine, not two"
    never_reloaded(*tabs)


def test_pausing_in_one_tab_is_paused_in_the_other(opened: tuple[House, Door]) -> None:
    home, door = opened
    with home.paced("email", per_second=0.5):
        campaign = home.launch(name="Held for a while", message="two tabs", segment="Tabs", channels=["email"])
        one, other = both(door, f"/campaigns/{home.get(f'/campaigns/{campaign}')['id']}")
        state = other.get_by_role("main").get_by_text("Paused", exact=True)
        one.get_by_role("button", name="Pause", exact=True).click()
        expect(one.get_by_text("nothing more leaves")).to_be_visible()
        expect(state.first).to_be_visible(timeout=STEP_MS)
        one.get_by_role("button", name="Undo").click()
        expect(one.get_by_text("It goes on")).to_be_visible()
        expect(state).to_have_count(0, timeout=STEP_MS)
        never_reloaded(one, other)
        home.post(f"/campaigns/{campaign}/cancel")


def test_what_is_archived_and_brought_back_in_one_tab_is_so_in_the_other(opened: tuple[House, Door]) -> None:
    """Nothing is live in a list of segments: the tab that changes one tells the others."""
    home, door = opened
    home.post("/segments", {"name": "Of no use", "rule": {"trait": "circle", "op": "eq", "value": "nobody"}})
    found = next(one for one in home.get("/segments")["segments"] if one["name"] == "Of no use")
    one, other = both(door, "/segments")
    link = other.get_by_role("link", name="Of no use")
    link.wait_for()
    one.goto(f"/app/segments/{found['id']}")
    one.get_by_role("button", name="More", exact=True).click()
    one.get_by_role("menuitem", name="Archive").click()
    expect(one.get_by_text("Archived", exact=True)).to_be_visible()
    expect(link).to_have_count(0, timeout=STEP_MS)
    one.get_by_role("button", name="Undo").click()
    expect(one.get_by_text("Live", exact=True).first).to_be_visible()
    expect(link).to_be_visible(timeout=STEP_MS)
    never_reloaded(other)


def test_what_is_known_of_somebody_changes_in_both_tabs_and_is_taken_back_in_both(opened: tuple[House, Door]) -> None:
    home, door = opened
    home.person(4_100, "email", first_name="Greta", tier="tin")
    who = home.get("/profiles/external_id:c004100")["id"]
    one, other = both(door, f"/people/{who}")
    home.advance("1m")  # of two values said in the same instant, the first stays
    one.get_by_role("button", name="Edit tier: tin").click()
    one.get_by_role("textbox", name="Value of tier").fill("gold")
    one.keyboard.press("Enter")
    expect(one.get_by_role("button", name="Edit tier: gold")).to_be_visible()
    expect(other.get_by_role("button", name="Edit tier: gold")).to_be_visible(timeout=STEP_MS)
    home.advance("1m")
    one.get_by_role("button", name="Undo").first.click()
    expect(other.get_by_role("button", name="Edit tier: tin")).to_be_visible(timeout=STEP_MS)
    never_reloaded(one, other)
