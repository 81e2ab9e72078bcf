"""Every public page in a real browser: without script, accessible (axe, WCAG 2.2 AA), light, and never sideways."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from antiphon.kernel.db import Database
from chromium import ARGS, CHROMIUM
from pages.company import Company, found, serving
from pages.stage import Stage

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
BYTES_MAX = 30_000
DESKTOP, PHONE, SMALL = {"width": 1280, "height": 900}, {"width": 390, "height": 844}, {"width": 320, "height": 256}
"""SMALL is a window of 1,280 by 1,024 at 400 %: what WCAG 2.2, 1.4.10 asks to be read without scrolling sideways."""
WAYS = (("light", DESKTOP, "en"), ("dark", PHONE, "es"), ("light", PHONE, "fr"), ("dark", DESKTOP, "en"))

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is absent")

Page = Any  # playwright's, which may be absent
Visit = Callable[[Page, str, Company], Awaitable[Any]]


async def fresh(page: Page, lang: str, company: Company) -> Any:
    return await page.goto(f"{company.preferences}?lang={lang}")


async def saved(page: Page, lang: str, company: Company) -> Any:
    await fresh(page, lang, company)
    await page.locator('input[name="on"]').first.click()
    await page.locator('select[name="break"]').last.select_option("month")
    await page.locator('input[name="pause"][value="week"]').check()
    return await send(page, page.locator("main > form button").first)


async def unclear(page: Page, lang: str, company: Company) -> Any:
    await fresh(page, lang, company)
    await page.locator('input[name="pause"][value="date"]').check()
    return await send(page, page.locator("main > form button").first)


async def stopped(page: Page, lang: str, company: Company) -> Any:
    await fresh(page, lang, company)
    return await send(page, page.locator("main > form button").last)


async def leaving(page: Page, lang: str, company: Company) -> Any:
    return await page.goto(f"{company.unsubscribe}?lang={lang}")


async def left(page: Page, lang: str, company: Company) -> Any:
    await leaving(page, lang, company)
    return await send(page, page.locator("main button").first)


async def still_left(page: Page, lang: str, company: Company) -> Any:
    await left(page, lang, company)
    return await leaving(page, lang, company)


async def partly_stopped(page: Page, lang: str, company: Company) -> Any:
    await left(page, lang, company)
    return await fresh(page, lang, company)


async def asked(page: Page, lang: str, company: Company) -> Any:
    return await page.goto(f"{company.question}?lang={lang}")


async def confirmed(page: Page, lang: str, company: Company) -> Any:
    await asked(page, lang, company)
    return await send(page, page.locator("main button").first)


async def not_ours(page: Page, lang: str, company: Company) -> Any:
    return await page.goto(f"/p/AAAA?lang={lang}")


async def send(page: Page, button: Any) -> Any:
    async with page.expect_navigation() as navigation:
        await button.click()
    return await navigation.value


VISITS: Sequence[Visit] = (fresh, saved, unclear, stopped, leaving, left, still_left, partly_stopped, asked, not_ours)


async def look(browser: Any, base: str, scheme: str, size: dict[str, int], lang: str) -> Any:
    """A window without script, as in the browsers of some mail apps."""
    context = await browser.new_context(
        base_url=base, color_scheme=scheme, viewport=size, locale=lang, java_script_enabled=False
    )
    page = await context.new_page()
    page.set_default_timeout(10_000)
    return page


async def violations(page: Page) -> list[str]:
    from axe_playwright_python.async_playwright import Axe

    found = await Axe().run(page, options={"runOnly": TAGS})
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.timeout(400)  # on a machine that does five other things
@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way[0]} {way[1]['width']} {way[2]}")
async def test_every_page_is_accessible_light_and_needs_no_script(
    stage: Stage, database: Database, way: tuple[str, dict[str, int], str]
) -> None:
    playwright = pytest.importorskip("playwright.async_api")
    pytest.importorskip("axe_playwright_python.async_playwright")
    scheme, size, lang = way
    company = await found(stage)
    wrong: list[str] = []
    async with serving(stage) as base, playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        copy = await (await browser.new_context(color_scheme=scheme, bypass_csp=True)).new_page()
        assert await checked(copy, b"<title>x</title><button>x</button>", size), "nothing is ever found"
        page = await look(browser, base, scheme, size, lang)
        asked_for: list[str] = []
        page.on("request", lambda request: asked_for.append(request.url))
        for visit in VISITS:
            await company.reset()
            answer = await visit(page, lang, company)
            body = await answer.body()
            found_here = await checked(copy, body, size)
            if len(body) > BYTES_MAX:
                found_here.append(f"has {len(body)} bytes")
            if lang != await page.locator("html").get_attribute("lang"):
                found_here.append("is in another language")
            await save(page, f"{visit.__name__} {scheme} {size['width']} {lang}")
            wrong += [f"{visit.__name__}: {line}" for line in found_here]
        await browser.close()
    wrong += [f"asks {url}" for url in asked_for if not url.startswith((base, "data:"))]
    assert wrong == []


async def checked(copy: Page, body: bytes, size: dict[str, int]) -> list[str]:
    """axe needs script: the same bytes are shown once more where it may run, also in a window of 320 px."""
    await copy.set_viewport_size(size)
    await copy.set_content(body.decode())
    wrong = await violations(copy)
    await copy.set_viewport_size(SMALL)
    if (width := await copy.evaluate("document.documentElement.scrollWidth")) > SMALL["width"]:
        wrong.append(f"is {width} px wide in a window of {SMALL['width']}")
    return [*wrong, *await copy.evaluate(_TOO_SMALL)]


_TOO_SMALL = """() => [...document.querySelectorAll('button, select, input[type=date], label.choice, footer a, a.row')]
  .map(each => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.height < 44 || box.width < 44)
  .map(([each, box]) => `${each.outerHTML.slice(0, 80)} is ${box.width} by ${box.height} px`)"""


async def save(page: Page, name: str) -> None:
    """For people to look at: ANTIPHON_SCREENSHOTS names a folder."""
    if folder := os.environ.get("ANTIPHON_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name.replace(' ', '-')}.png", full_page=True)


@pytest.mark.timeout(400)
async def test_the_preference_centre_works_by_keyboard_alone(stage: Stage, database: Database) -> None:
    """Tab goes through it as it reads, what has the focus shows it, space ticks, Enter on the button saves."""
    playwright = pytest.importorskip("playwright.async_api")
    company = await found(stage)
    async with serving(stage) as base, playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        context = await browser.new_context(base_url=base, bypass_csp=True, viewport=DESKTOP)
        page = await context.new_page()
        await page.goto(f"{company.preferences}?lang=en")
        boxes = await page.locator('input[name="on"]').evaluate_all("all => all.map(each => each.value)")
        seen: list[str] = []
        for _ in range(60):
            await page.keyboard.press("Tab")
            name, value, outline = await page.evaluate(_FOCUS)
            assert outline != "none", f"{name} {value} does not show that it has the focus"
            seen += [value] if name == "on" else []
            if value == "email:recipes":
                await page.keyboard.press("Space")
            if name == "BUTTON":
                break
        assert seen == boxes
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert "Recipes: you receive e-mails." in await page.locator("#told").inner_text()
        await browser.close()


_FOCUS = """() => {
  const at = document.activeElement, label = at.closest('label.choice') ?? at
  return [at.name || at.tagName, at.value ?? '', getComputedStyle(label).outlineStyle]
}"""
