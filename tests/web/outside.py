"""Chromium before a house of real processes: what a person clicks, and what the world then wrote down.

    def test_it_arrives(home: House, door: Door) -> None:
        page = door.enter("owner")
        page.get_by_role("link", name="Campaigns").click()

`door.said` holds what pages said on the console that they must not, and is judged when the module ends.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chromium import ARGS
from flows.house import House, house
from web import bundle
from web.looking import CHROMIUM, DESKTOP, WAIT_MS

SAVED = re.compile("^Saved$")


class Door:
    """`allowed`: parts of what may be said on a console, where a test provokes it."""

    def __init__(self, home: House, browser: Any) -> None:
        self.home, self._browser = home, browser
        self.said: list[str] = []
        self.allowed: list[str] = []

    def open(self, path: str, **look: Any) -> Any:
        """A browser of its own, in which nobody is signed in."""
        context = self._browser.new_context(
            base_url=self.home.base_url,
            viewport=DESKTOP,
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
            **look,
        )
        return self.tab(context, path)

    def tab(self, context: Any, path: str) -> Any:
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda one: self.said.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        if path:
            page.goto(f"/app{path}")
        return page

    def enter(self, role: str = "owner", path: str = "/") -> Any:
        """By "just look around", as one of the sample colleagues."""
        page = self.open("")
        origin = {"Origin": self.home.base_url}
        entered = page.context.request.post("/api/v1/sandbox/enter", data={"role": role}, headers=origin)
        assert entered.ok, entered.text()
        page.goto(f"/app{path}")
        page.locator("h1").first.wait_for()
        return page

    @property
    def findings(self) -> list[str]:
        return [said for said in self.said if not any(part in said for part in self.allowed)]


@contextlib.contextmanager
def at_home(folder: Path, **options: Any) -> Iterator[tuple[House, Door]]:
    if CHROMIUM is None or not bundle.MANIFEST.exists():
        pytest.skip("Debian's chromium is absent, or the app is not built: python web/build.py")
    playwright = pytest.importorskip("playwright.sync_api")
    with house(folder, **options) as home, playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        door = Door(home, browser)
        yield home, door
        browser.close()
    assert door.findings == []


def pick(page: Any, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def go(page: Any, name: str) -> None:
    """By the navigation at the side."""
    page.get_by_role("navigation", name="Main").first.get_by_role("link", name=name, exact=True).click()


def let_an_hour_pass(page: Any) -> None:
    """On the page of the world, with its button; the page is left there."""
    go(page, "World")
    page.get_by_role("button", name="One hour on").click()
    page.get_by_text("Nothing is due", exact=True).wait_for()
