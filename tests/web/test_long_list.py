"""Three thousand people are scrolled through; the page holds a screenful of them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from antiphon import profiles
from web.looking import App

pytestmark = pytest.mark.timeout(120)
PEOPLE, ROWS_MAX = 3_000, 80
ROWS = "document.querySelectorAll('.person-line').length"
SCROLL = """async (most) => {
  const box = document.querySelector('.people-list .window')
  const seen = new Set()
  const until = performance.now() + 40_000
  let rows = 0
  while (seen.size < most && performance.now() < until) {
    for (const one of box.querySelectorAll('a')) seen.add(one.getAttribute('href'))
    rows = Math.max(rows, document.querySelectorAll('.person-line').length)
    box.scrollTop += box.clientHeight * 0.9
    await new Promise(requestAnimationFrame)
  }
  return [seen.size, rows]
}"""


async def crowd(app: App) -> None:
    facts = [
        profiles.Fact(
            "test",
            f"p{n}",
            app.stage.database.clock.now(),
            who=(profiles.normalise("external_id", f"p{n}"),),
            traits={"first_name": "Person", "last_name": f"{n:04d}"},
        )
        for n in range(PEOPLE)
    ]
    for start in range(0, PEOPLE, 500):
        some = facts[start : start + 500]
        await app.stage.database.repeat(lambda tx, some=some: profiles.record(tx, some))


async def test_thousands_are_scrolled_and_a_screenful_is_held(app: App) -> None:
    await crowd(app)
    page = await app.open("/people")
    await expect(page.locator(".person-line").first).to_be_visible()
    seen, rows = await page.evaluate(SCROLL, PEOPLE)
    assert seen == PEOPLE, "some were never shown"
    assert 0 < rows <= ROWS_MAX, "rows that nobody sees are in the page"
    assert await page.evaluate("document.querySelectorAll('*').length") < 2_500
    await jump(page, 0.5)
    await expect(page.locator(".jump")).to_contain_text("1,5")
    assert 0 < await page.evaluate(ROWS) <= ROWS_MAX
    await page.get_by_role("searchbox", name="Search people").fill("2718")
    await expect(page.locator(".person-line")).to_have_count(1)
    await expect(page.get_by_role("link", name="Person 2718")).to_be_visible()


async def jump(page: Any, share: float) -> None:
    await page.get_by_role("slider").first.fill(str(int(1000 * share)))
