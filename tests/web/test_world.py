"""The world in a browser, against a world that runs: an outage by a switch, and time by a button."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from flows.house import House, house
from flows.samples import message
from web import bundle
from web.looking import ARGS, CHROMIUM, WAIT_MS

pytestmark = pytest.mark.timeout(180)
SWITCHES = "fetch('/api/v1/sandbox/faults').then(answer => answer.json()).then(found => found.switches)"
PEOPLE = range(9_001, 9_031)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two relays, an operator behind them, and people whom both reach."""
    if CHROMIUM is None or not bundle.MANIFEST.exists():
        pytest.skip("Debian's chromium is absent, or the app is not built: python web/build.py")
    with house(tmp_path_factory.mktemp("world")) as opened:
        opened.account("Relay A", "smtp", 0)
        opened.account("Relay B", "smtp", 1, per_second=2)
        opened.account("Operator A", "smpp", 0)
        opened.habits()
        opened.persons(list(PEOPLE), "email", "sms", circle="world")
        opened.post("/segments", {"name": "world", "rule": {"trait": "circle", "op": "eq", "value": "world"}})
        opened.post("/messages", message("through the world", topic="world"))
        yield opened


@pytest.fixture
def page(home: House) -> Iterator[Any]:
    """The page of whoever came in by "just look around"; it says nothing on the console."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        context = browser.new_context(base_url=home.url, locale="en-GB", timezone_id="UTC")
        entered = context.request.post("/api/v1/sandbox/enter", data={"role": "owner"}, headers={"Origin": home.url})
        assert entered.ok, entered.text()
        page, said = context.new_page(), []
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
        page.goto("/app/world")
        page.get_by_role("heading", name="World").wait_for()
        yield page
        browser.close()
    assert said == []


def test_a_relay_is_switched_off_and_the_others_take_over_before_the_eyes_of_who_looks(home: House, page: Any) -> None:
    """Mail goes by the second relay; mailboxes that there are not lead to a text message, told as it happens."""
    home.habits(people={str(number): {"email": "unknown"} for number in PEOPLE})
    relay = page.get_by_role("group", name="Relay A")
    relay.get_by_role("switch", name="Off").press("Space")
    page.wait_for_function(f"() => {SWITCHES}.then(all => all.some(one => one.on))")
    home.launch(name="world", message="through the world", segment="world", channels=["email", "sms"])
    told = page.get_by_role("region", name="Failover, as it happens").get_by_role("listitem")
    told.filter(has_text="Relay B").filter(has_text="Operator A").first.wait_for()
    assert told.filter(has_text="Relay A").count() == 0, "nothing left by the relay that is off"
    assert not relay.get_by_text("Up", exact=True).is_visible()
    relay.get_by_role("switch", name="Off").press("Space")
    page.wait_for_function(f"() => {SWITCHES}.then(all => !all.some(one => one.on))")


def test_time_goes_on_by_a_button_and_stands_still_meanwhile(home: House, page: Any) -> None:
    before = home.get("/sandbox/clock")["now"]
    page.get_by_text("The clock stands still").wait_for()
    page.get_by_role("button", name="One day on").click()
    page.get_by_text(re.compile(r"3 Mar 2026, 12:00")).wait_for()
    after = home.get("/sandbox/clock")["now"]
    assert (before[:10], after[:10]) == ("2026-03-02", "2026-03-03")
    page.get_by_role("button", name="Let it run").click()
    page.get_by_text("The clock runs").wait_for()
    page.get_by_role("button", name="Hold the clock").click()
    page.get_by_text("The clock stands still").wait_for()
