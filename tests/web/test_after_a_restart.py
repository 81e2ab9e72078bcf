"""kill -9 of everything while somebody looks and writes: the page says so, waits, and goes on by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from flows.house import House, until
from flows.samples import message
from flows.storm import chosen_processes
from web.outside import SAVED, Door, at_home

pytestmark = pytest.mark.timeout(240)
expect: Any = pytest.importorskip("playwright.sync_api").expect
PEOPLE = range(5_001, 5_061)
PER_SECOND = 6
LEASE_S = 60
"""What was being handed over when it was killed is looked at again then."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Door]]:
    with at_home(tmp_path_factory.mktemp("restart"), durable=True) as (home, door):
        home.accounts(email=PER_SECOND)
        home.habits()
        home.persons(list(PEOPLE), "email", circle="restart")
        home.post("/segments", {"name": "Restart", "rule": {"trait": "circle", "op": "eq", "value": "restart"}})
        home.post("/messages", message("still here", topic="restart"))
        home.post("/messages", message("being written", topic="restart"))
        yield home, door


def test_the_page_goes_on_where_it_was(opened: tuple[House, Door]) -> None:
    home, door = opened
    door.allowed += [
        "ERR_CONNECTION_REFUSED",
        "ERR_CONNECTION_RESET",
        "ERR_EMPTY_RESPONSE",
        "WebSocket",
        "status of 50",
    ]
    campaign = home.launch(name="Through it", message="still here", segment="Restart", channels=["email"])
    numbers = door.enter(path=f"/campaigns/{home.get(f'/campaigns/{campaign}')['id']}")
    written = home.get("/messages/being written")["id"]
    composer = door.tab(numbers.context, f"/messages/{written}")
    subject = composer.get_by_role("textbox", name="Subject")
    subject.wait_for()
    side = numbers.locator(".side")
    side.get_by_text("Live", exact=True).wait_for()
    for page in (numbers, composer):
        page.evaluate("window.marked = true")
    until(lambda: sent(numbers), lambda n: n >= 3, within_s=30, what="the first to be sent")

    kill_all(home)
    seen = sent(numbers)
    side.get_by_text("Reconnecting", exact=True).wait_for()
    assert sent(numbers) >= seen > 0, "what was known stays on the page"
    subject.fill("Written while nobody listened")
    expect(composer.get_by_text("Not saved")).to_be_visible()

    home.serve()
    side.get_by_text("Live", exact=True).wait_for(timeout=30_000)
    expect(composer.get_by_text(SAVED)).to_be_visible(timeout=30_000)
    assert english(home, written)["subject"] == "Written while nobody listened"
    until(lambda: sent(numbers), lambda n: n > seen, within_s=30, what="the numbers to go on")
    view = home.wait_for(campaign, "done", within_s=LEASE_S + 60)
    home.settle()
    in_doubt = sum(one["n"] for one in view["counts"] if one["kind"] == "in_doubt")
    got = home.journal.channels_of("still here")
    assert {number: len(channels) for number, channels in got.items() if len(channels) > 1} == {}
    assert len(PEOPLE) - in_doubt <= len(got) <= len(PEOPLE), "somebody was forgotten"
    expect(numbers.get_by_role("main").get_by_text("Done", exact=True).first).to_be_visible()
    assert all(page.evaluate("window.marked === true") for page in (numbers, composer)), "it was loaded again"


def kill_all(home: House) -> None:
    """The supervisor, the web process, the worker and the database; nobody listens at the port any more."""
    assert home.platform is not None
    for pid in chosen_processes(home, "everything"):
        os.kill(pid, signal.SIGKILL)
    home.platform.wait()


def sent(page: Any) -> int:
    return int(page.locator(".panel .line b").first.inner_text().split(" ")[0].replace(",", ""))


def english(home: House, written: str) -> dict[str, Any]:
    view = home.get(f"/messages/{written}")
    document = (view.get("draft") or {}).get("document") or view["document"]
    found: dict[str, Any] = document["locales"]["en"]["email"]
    return found
