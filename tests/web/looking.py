"""The app in a real browser: opened as a colleague, watched for what must never happen, looked at by axe."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from antiphon import access
from antiphon.access.records import StaffId
from chromium import ARGS, CHROMIUM
from pages.stage import Stage

__all__ = ["ARGS", "CHROMIUM", "DESKTOP", "PHONE", "WAIT_MS", "App", "Watch", "axe", "sideways"]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
WAIT_MS = 15_000
QUIET_S, SETTLE_S = 0.1, 15.0
STILL = """Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime < 1e4).map((one) => one.finished.catch(() => {})))
    .then(() => {})"""
_HOW = {"runOnly": TAGS, "resultTypes": ["violations"]}
AXE = f"""axe.run({json.dumps(_HOW)}).then((told) => told.violations.map((one) =>
    `${{one.id}}: ${{one.help}}: ` + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')))"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def running_test() -> str:
    """ "" while fixtures are made."""
    name, _, phase = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")
    return name if phase == "(call)" else ""


@dataclass
class Watch:
    """What a page did that it must not: `findings` is looked at when the company closes.

    `always`: parts of messages that any test may provoke, such as "status of 409"; `allowed`: those of this test.
    `seen`: each with the test that ran.
    """

    host: str
    always: list[str] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    provoked: dict[str, list[str]] = field(default_factory=dict)
    open: dict[Any, Any] = field(default_factory=dict)
    last: float = 0.0

    def follow(self, page: Any) -> None:
        """It speaks for the test that opened it; one of a fixture for whichever runs."""
        test = running_test()

        def say(said: str) -> None:
            self.seen.append((test or running_test(), said))

        def ask(request: Any) -> None:
            address = urlsplit(request.url)
            if address.scheme not in ("data", "blob", "about") and address.netloc != self.host:
                say(f"another host: {request.url}")
            self.open[request] = page
            self.last = time.monotonic()

        def hear(said: Any) -> None:
            if said.type == "error":
                say(f"console: {said.text} {said.location['url']}")

        page.on("console", hear)
        page.on("pageerror", lambda error: say(f"error: {error}"))
        page.on("request", ask)
        for ended in ("requestfinished", "requestfailed"):
            page.on(ended, self._end)
        page.on("close", self._close)

    @property
    def allowed(self) -> list[str]:
        return self.provoked.setdefault(running_test(), [])

    @allowed.setter
    def allowed(self, parts: list[str]) -> None:
        self.provoked[running_test()] = parts

    @property
    def findings(self) -> list[str]:
        return [
            f"{said} ({test})"
            for test, said in self.seen
            if not any(part in said for part in [*self.always, *self.provoked.get(test, [])])
        ]

    def _end(self, request: Any) -> None:
        self.open.pop(request, None)
        self.last = time.monotonic()

    def _close(self, page: Any) -> None:
        self.open = {request: asking for request, asking in self.open.items() if asking is not page}


@dataclass
class App:
    """`stage` is the company behind it; `url` is such as http://127.0.0.1:4711.

    `opened`: contexts, each with the test that opened it; "" for those of fixtures.
    """

    stage: Stage
    url: str
    browser: Any
    watch: Watch
    opened: list[tuple[str, Any]] = field(default_factory=list)

    async def colleague(self, role: str = "owner") -> StaffId:
        """One of each role."""
        async with self.stage.database.transaction() as tx:
            rows = await tx.rows(
                "INSERT INTO staff (email, email_key, name, role, state, password, created_at)"
                " VALUES ($1, $1, $2, $3, 'active', 'x', $4)"
                " ON CONFLICT (email_key) DO UPDATE SET role = $3 RETURNING id",
                f"{role}@example.org",
                role.title(),
                role,
                tx.now,
            )
        return StaffId(rows[0]["id"])

    async def open(
        self, path: str | None = None, *, role: str | None = "owner", scheme: Any = "light", size: Any = DESKTOP
    ) -> Any:
        """A page in a context of its own, signed in as somebody of that role; None: as nobody.

        It is closed once another test opens one, unless a fixture has opened it: who goes on looking goes on asking.
        """
        await self._close_those_of_others()
        context = await self.browser.new_context(
            base_url=self.url,
            color_scheme=scheme,
            viewport=size,
            locale="en-GB",
            timezone_id="Europe/London",
            reduced_motion="reduce",
        )
        self.opened.append((running_test(), context))
        if role is not None:
            staff = await self.colleague(role)
            async with self.stage.database.transaction() as tx:
                opened = await access.open_session(tx, staff, ("password",), client="test", address="")
            name = access.cookie_name(self.stage.runtime)
            await context.add_cookies([{"name": name, "value": opened.token, "url": self.url}])
        page = await context.new_page()
        page.set_default_timeout(WAIT_MS)
        self.watch.follow(page)
        if path is not None:
            await self.go(page, path)
        return page

    async def _close_those_of_others(self) -> None:
        here = ("", running_test())
        for test, context in [*self.opened]:
            if test not in here:
                await context.close()
                self.opened.remove((test, context))

    async def go(self, page: Any, path: str) -> None:
        await page.goto(f"/app{path}")
        await self.settled(page)

    async def settled(self, page: Any) -> None:
        """It has a heading, and has asked for nothing for a moment."""
        await page.locator("h1").first.wait_for()
        until = time.monotonic() + SETTLE_S
        while time.monotonic() < until and (  # noqa: ASYNC110  # a browser tells of no such event
            self.watch.open or time.monotonic() - self.watch.last < QUIET_S
        ):
            await asyncio.sleep(0.02)


async def axe(page: Any) -> list[str]:
    """What axe finds: rule, and where; once what fades in has done so, as a colour on its way is none to judge."""
    from axe_playwright_python.base import AXE_SCRIPT

    if not await page.evaluate(f"{STILL}.then(() => 'axe' in window)"):
        await page.evaluate(AXE_SCRIPT)
    found: list[str] = await page.evaluate(AXE)
    return found


async def sideways(page: Any) -> int:
    """By how many pixels the page is wider than its window."""
    return max(0, int(await page.evaluate(SIDEWAYS)))
