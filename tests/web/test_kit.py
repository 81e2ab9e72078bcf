"""The parts that screens are made of, on a page of their own: by keys, by touch, by those who do not see them."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from antiphon.app.browser.app import HEADERS
from web import test_units
from web.looking import ARGS, CHROMIUM, DESKTOP, PHONE, WAIT_MS, Watch, axe, sideways

pytestmark = [
    *test_units.pytestmark,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is absent"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]


class Files(http.server.SimpleHTTPRequestHandler):
    """As the app is served: under /app/, with its headers."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.replace("/app/", "/", 1))

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_said: Any) -> None:
        pass


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address: built here, served on a free port."""
    folder = tmp_path_factory.mktemp("kit")
    vite = "node_modules/vite/bin/vite.js"
    done = test_units.node(vite, "build", "--config", "kit.config.ts", "--outDir", str(folder), "--emptyOutDir")
    assert done.returncode == 0, done.stderr
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    playwright = pytest.importorskip("playwright.async_api")
    async with playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def opened(browser: Any, kit: str, scheme: Any = "light", size: Any = DESKTOP) -> AsyncIterator[Any]:
    watch = Watch(kit, ["favicon"])
    context = await browser.new_context(
        color_scheme=scheme, viewport=size, locale="en-GB", timezone_id="UTC", reduced_motion="reduce"
    )
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    watch.follow(page)
    await page.goto(f"http://{kit}/app/kit.html")
    await page.locator(".u-over").first.wait_for()
    yield page
    await context.close()
    assert [said for said in watch.findings if "404" not in said] == []  # the icon of a page that is none


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Any, kit: str) -> AsyncIterator[Any]:
    async with opened(browser, kit) as page:
        yield page


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_kit_is_accessible_and_never_sideways(browser: Any, kit: str, scheme: str, size: Any) -> None:
    async with opened(browser, kit, scheme, size) as page:
        assert await axe(page) == []
        assert await sideways(page) == 0


async def test_a_chart_walks_by_keys_and_says_where_it_is(page: Any) -> None:
    walk = page.get_by_role("slider", name="Sent per minute: walk through the values")
    await walk.focus()
    await walk.press("Home")
    assert await walk.get_attribute("aria-valuetext") == "5 Jan 2026, 06:00, E-mail: 40, SMS: 25"
    await walk.press("ArrowRight")
    assert await walk.get_attribute("aria-valuetext") == "5 Jan 2026, 06:01, E-mail: 47, SMS: 30"
    assert "06:01" in await page.locator(".tip").first.inner_text()


async def test_a_chart_has_a_sentence_and_a_table(page: Any) -> None:
    chart = page.get_by_role("figure", name="Sent per minute")
    assert "E-mail: last 78, highest 84 (5 Jan 2026, 06:54)." in await chart.locator("figcaption").inner_text()
    await chart.get_by_role("button", name="Show as a table").click()
    cells = await chart.get_by_role("row").nth(1).get_by_role("cell").all_inner_texts()
    assert cells == ["40", "25"]
    await chart.get_by_role("button", name="Show as a chart").click()
    await chart.locator(".u-over").wait_for()


async def test_a_new_point_is_appended_in_place(page: Any) -> None:
    await page.locator(".u-over").first.wait_for(state="attached")
    await page.evaluate("document.querySelector('.u-over').dataset.first = 'yes'")
    walk = page.get_by_role("slider", name="Sent per minute: walk through the values")
    assert await walk.get_attribute("max") == "59"
    await page.get_by_role("button", name="One minute more").click()
    await page.locator(".plot input[max='60']").first.wait_for(state="attached")
    assert await page.evaluate("document.querySelector('.u-over').dataset.first") == "yes"


async def test_a_table_is_sorted_by_its_heads(page: Any) -> None:
    table = page.get_by_role("table", name="Campaigns")
    head = table.get_by_role("columnheader", name="Sent")
    await head.get_by_role("button").click()
    assert await head.get_attribute("aria-sort") == "ascending"
    await head.get_by_role("button").click()
    assert await head.get_attribute("aria-sort") == "descending"
    assert await table.get_by_role("row").nth(1).get_by_role("link").inner_text() == "Spring sale"


async def test_what_was_done_can_be_taken_back(page: Any) -> None:
    await page.get_by_role("button", name="Archive").first.click()
    toast = page.get_by_role("status").filter(has_text="Archived")
    await toast.get_by_role("button", name="Undo").press("Enter")
    await page.get_by_text("Back again").wait_for()
    assert await page.get_by_text("Archived").count() == 0


async def test_a_list_of_a_million_holds_a_few_and_jumps(page: Any) -> None:
    window = page.get_by_role("region", name="People")
    await page.get_by_role("slider", name="Jump within People").fill("500")
    await window.get_by_text("Person 500001", exact=True).wait_for()
    assert await window.get_by_role("listitem").count() < 60
    await window.get_by_text("Person 499995", exact=True).wait_for(state="attached")  # what was before has come
    await page.evaluate("document.querySelector('.window').scrollBy(0, -1000)")
    await window.get_by_text(re.compile(r"Person 4999\d\d")).first.wait_for()


async def value(page: Any) -> dict[str, Any]:
    return dict(json.loads(await page.get_by_test_id("value").inner_text()))


async def test_a_form_gives_back_what_its_schema_describes(page: Any) -> None:
    form = page.get_by_role("region", name="SchemaForm")
    await form.get_by_label("Port").fill("2525")
    await form.get_by_label("Complaints").fill("1.5")
    await form.get_by_role("switch", name="We read what comes there").check(force=True)
    await form.get_by_role("checkbox", name="email").check()
    await form.get_by_role("button", name="Remove GB").click()
    given = await value(page)
    assert (given["port"], given["complaints"], given["takes_mail"]) == (2525, 0.015, True)
    assert (given["channels"], given["prices"]) == (["email", "sms"], {})


async def test_an_optional_value_is_left_out_and_comes_back_as_it_was(page: Any) -> None:
    quiet = page.get_by_role("switch", name="Quiet hours")
    await page.get_by_role("textbox", name="From").fill("22:30")
    await quiet.uncheck(force=True)
    assert (await value(page))["quiet"] is None
    await quiet.check(force=True)
    assert (await value(page))["quiet"] == {"start": "22:30"}


async def test_a_secret_is_never_shown_and_left_out_until_it_is_replaced(page: Any) -> None:
    assert "password" not in await value(page)
    await page.get_by_role("button", name="Replace Password").click()
    await page.get_by_label("Password", exact=True).fill("correct horse")
    assert (await value(page))["password"] == "correct horse"
    await page.get_by_role("button", name="Keep what is set").click()
    assert "password" not in await value(page)


async def test_what_was_refused_stands_at_its_field(page: Any) -> None:
    for label, said in (("Host", "There is no such host."), ("Domain", "This is no domain.")):
        described = await page.get_by_label(label, exact=False).first.get_attribute("aria-describedby")
        texts = [await page.locator(f"[id='{one}']").inner_text() for one in described.split()]
        assert said in texts
