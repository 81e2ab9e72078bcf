"""The staff pages through the real server."""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import httpx
import pytest

from antiphon import campaigns, content, metrics, profiles, segments
from antiphon.app.browser import figures
from antiphon.app.browser.campaign import PAGE
from antiphon.app.browser.person import guess
from antiphon.kernel.records import Count, SourceId
from app.conftest import Served
from conftest import START
from pages.stage import MESSAGE

EVERYBODY = {"version": 1, "rule": {"trait": "first_name", "op": "exists"}}
CHROMIUM = shutil.which("chromium")


async def campaign(
    served: Served, *people: str, name: str = "spring", launched: bool = True, channels: tuple[str, ...] = ("email",)
) -> campaigns.Campaign:
    database = served.stage.database
    for person in people:
        await served.stage.person(person)
    await segments.create(database, "everybody", EVERYBODY)
    async with database.transaction() as tx:
        await content.create(tx, content.parse(MESSAGE))
        made = await campaigns.create(tx, name=name, message="coupon", segment="everybody", channels=channels)
        if launched:
            made = await campaigns.launch(tx, made)
    while await campaigns.work_chunks(served.runtime):
        pass
    return made


async def count(served: Served, source: SourceId | None, **kinds: int) -> None:
    """`sms_clicked=3` counts three clicks by SMS."""
    assert source is not None
    async with served.stage.database.transaction() as tx:
        counts = [
            Count(source, *key.split("_", 1)[:1], "", key.split("_", 1)[1], tx.now, n) for key, n in kinds.items()
        ]
        await metrics.add(tx, counts)


def cells(html: str, row: str) -> list[str]:
    """The texts of the cells of the table row that holds `row`."""
    found = next(part for part in re.findall(r"<tr.*?</tr>", html, re.DOTALL) if row in part)
    inner = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in inner]


async def test_a_new_installation_says_what_to_do_first(client: httpx.AsyncClient) -> None:
    html = (await client.get("/")).text
    assert "No campaigns yet." in html
    assert "No segments yet." in html
    assert "Product time, held" in html


async def test_the_first_page_lists_what_runs_first(served: Served, client: httpx.AsyncClient) -> None:
    made = await campaign(served, "anna", "ben")
    async with served.stage.database.transaction() as tx:
        await campaigns.create(tx, name="draft <1>", message="coupon", segment="everybody", channels=["sms"])
    await count(served, made.source, email_sent=2, email_in_doubt=1, email_clicked=1)
    html = (await client.get("/")).text
    assert html.index(">spring<") < html.index("draft &lt;1&gt;")
    assert cells(html, ">spring<") == ["spring", "running", "2", "3", "0", "0", "1", "0"]
    assert cells(html, ">everybody<") == ["everybody", "2", "live"]


async def test_a_campaign_shows_each_channel_and_what_cannot_be_measured(
    served: Served, client: httpx.AsyncClient
) -> None:
    made = await campaign(served, "anna", channels=("email", "sms"))
    await count(served, made.source, email_sent=200, email_delivered=100, email_opened=35, sms_sent=10, sms_clicked=1)
    html = (await client.get(f"/campaigns/{made.id}")).text
    assert cells(html, 'class="chip email"')[:5] == ["E-mail", "base", "200", "100 50.0 %", "35 17.5 %"]
    assert cells(html, 'class="chip sms"')[4] == "not measurable"
    assert 'aria-label="opened per minute: 35 in the last hour' in html


async def test_why_not_is_said_in_words(served: Served, client: httpx.AsyncClient) -> None:
    await served.stage.person("ben")
    async with served.stage.database.transaction() as tx:
        await profiles.opt_out(tx, "email", ["ben@mail.example"], how="page")
    made = await campaign(served, "anna")
    html = (await client.get(f"/campaigns/{made.id}")).text
    assert cells(html, "opted out") == ["opted out", "1"]
    assert cells(html, ">dropped</a>") == ["dropped", "1"]


async def test_a_pause_is_in_force_when_it_is_answered(served: Served, client: httpx.AsyncClient) -> None:
    made = await campaign(served, "anna")
    answer = await client.post(f"/campaigns/{made.id}/act", data={"act": "pause"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/campaigns/{made.id}?done=pause")
    async with served.stage.database.transaction(read_only=True) as tx:
        assert (await campaigns.find(tx, str(made.id))).state == "paused"
    html = (await client.get(answer.headers["location"])).text
    assert 'role="status">Paused. Nothing leaves from this moment' in html
    assert 'value="resume"' in html
    assert 'value="pause"' not in html


async def test_every_act_does_what_its_button_says(served: Served, client: httpx.AsyncClient) -> None:
    made = await campaign(served, "anna", launched=False, channels=("email", "sms"))
    states = []
    for act in ("launch", "pause", "resume", "shift", "cancel"):
        answer = await client.post(f"/campaigns/{made.id}/act", data={"act": act, "channel": "sms"})
        assert answer.status_code == 303
        async with served.stage.database.transaction(read_only=True) as tx:
            shown = await campaigns.view(tx, await campaigns.find(tx, str(made.id)))
        states.append((shown.state, shown.prefer))
    assert states == [
        ("running", None), ("paused", None), ("running", None), ("running", "sms"), ("cancelled", "sms")
    ]  # fmt: skip


async def test_a_launch_names_how_many_people_it_is_about(served: Served, client: httpx.AsyncClient) -> None:
    made = await campaign(served, *(f"p{n}" for n in range(10)), launched=False)
    async with served.stage.database.transaction() as tx:
        pilot = await campaigns.create(
            tx, name="pilot", message="coupon", segment="everybody", channels=["email"], pilot_share=0.2
        )
    assert "<strong>everybody</strong>: 10 people." in (await client.get(f"/campaigns/{made.id}")).text
    assert "a pilot: about 2 of 10 people in" in (await client.get(f"/campaigns/{pilot.id}")).text


async def test_what_cannot_be_done_now_is_said_on_a_page(served: Served, client: httpx.AsyncClient) -> None:
    made = await campaign(served, "anna", launched=False)
    answer = await client.post(f"/campaigns/{made.id}/act", data={"act": "pause"})
    assert answer.status_code == 409
    assert "is draft; only running ones can be paused" in answer.text
    assert (await client.post(f"/campaigns/{made.id}/act", data={"act": "explode"})).status_code == 404


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_another_sites_form_does_nothing(
    served: Served, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    made = await campaign(served, "anna")
    answer = await client.post(f"/campaigns/{made.id}/act", data={"act": "cancel"}, headers=headers)
    assert answer.status_code == 403
    assert (await client.post("/clock", data={"advance": "1d"}, headers=headers)).status_code == 403
    async with served.stage.database.transaction(read_only=True) as tx:
        assert (await campaigns.find(tx, str(made.id))).state == "running"
        assert tx.now == START


async def test_our_own_form_in_a_browser_is_taken(served: Served, client: httpx.AsyncClient) -> None:
    headers = {"Origin": f"http://{served.at}", "Sec-Fetch-Site": "same-origin"}
    assert (await client.post("/clock", data={"advance": "21d"}, headers=headers)).status_code == 303
    assert served.stage.database.clock.now() == START + timedelta(days=21)


async def test_recipients_come_in_pages_and_by_outcome(served: Served, client: httpx.AsyncClient) -> None:
    await served.stage.person("zoe")
    async with served.stage.database.transaction() as tx:
        await profiles.opt_out(tx, "email", ["zoe@mail.example"], how="page")
    made = await campaign(served, *(f"p{n}" for n in range(PAGE)))
    first = (await client.get(f"/campaigns/{made.id}/recipients")).text
    following = re.search(r'href="(\?outcome=&amp;cursor=\d+)" rel="next"', first)
    assert following is not None
    second = (await client.get(f"/campaigns/{made.id}/recipients{following[1].replace('&amp;', '&')}")).text
    rows = [re.findall(r'href="/people/(\d+)"', page) for page in (first, second)]
    assert (len(rows[0]), len(rows[1])) == (PAGE, 1)
    assert len({*rows[0], *rows[1]}) == PAGE + 1
    dropped = (await client.get(f"/campaigns/{made.id}/recipients?outcome=dropped")).text
    assert re.findall(r'href="/people/(\d+)"', dropped) == [str(served.stage.people["zoe"])]
    assert (await client.get(f"/campaigns/{made.id}/recipients?outcome=nonsense")).status_code == 404


async def test_a_person_shows_who_they_are_and_why(served: Served, client: httpx.AsyncClient) -> None:
    await served.stage.person("anna", note="<script>alert(1)</script>")
    anna = served.stage.people["anna"]
    async with served.stage.database.transaction() as tx:
        await profiles.set_preferences(tx, anna, [("coupons", "sms", "wanted")])
        await profiles.mark_dead(tx, [(anna, "push", "https://push.example/anna")])
    await campaign(served, channels=("email", "sms"))
    by_mail = await client.get("/people/email:ANNA@mail.example")
    assert by_mail.status_code == 200
    html = by_mail.text
    assert "the person wants this topic by sms" in html
    assert "nobody there" in html
    assert "everybody" in html
    assert "<script>alert" not in html
    assert cells(html, 'class="state queued"')[:3] == ["1", "SMS", "queued"]
    assert (await client.get(f"/people/{anna}")).text == html


async def test_search_leads_to_the_person_or_says_that_nobody_is_known(
    served: Served, client: httpx.AsyncClient
) -> None:
    await served.stage.person("anna")
    found = await client.get("/people", params={"who": " +44 7700 900001 "})
    assert (found.status_code, found.headers["location"]) == (303, "/people/phone:+44%207700%20900001")
    assert (await client.get(found.headers["location"])).status_code == 200
    unknown = await client.get("/people", params={"who": "<b>"})
    assert unknown.status_code == 404
    assert "&lt;b&gt;" in unknown.text
    assert (await client.get("/people", params={"who": "phone:nonsense"})).status_code == 400
    assert (await client.get("/people")).status_code == 200
    begins = await client.get("/people", params={"who": "an"})
    assert (begins.status_code, f'href="/people/id:{served.stage.people["anna"]}"' in begins.text) == (200, True)


def test_what_people_type_is_understood() -> None:
    typed = ["42", "a@b.example", "+4477", "email:a@b.example", "a:b", "id:257"]
    assert [guess(one) for one in typed] == [
        "external_id:42", "email:a@b.example", "phone:+4477", "email:a@b.example", "external_id:a:b", "id:257"
    ]  # fmt: skip


STRANGE: list[dict[str, str]] = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"Host": "rebound.example"},
    {"Host": ""},
    {"X-Forwarded-For": "1.2.3.4", "Cookie": "antiphon_staff=guess"},
]


@pytest.mark.parametrize("headers", STRANGE)
async def test_strangers_see_a_page_that_says_how_to_come_in(
    served: Served, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    made = await campaign(served, "anna")
    for path in ("/", "/people", f"/campaigns/{made.id}", f"/campaigns/{made.id}/recipients", "/?token=guess"):
        answer = await client.get(path, headers=headers)
        assert answer.status_code in (400, 401)
        assert "spring" not in answer.text
        assert "set-cookie" not in answer.headers
    answer = await client.post(f"/campaigns/{made.id}/act", data={"act": "cancel"}, headers=headers)
    assert answer.status_code in (400, 401)


async def test_a_proxy_that_says_nothing_but_speaks_the_old_protocol_is_not_this_machine(served: Served) -> None:
    host, _, port = served.at.partition(":")
    for version, status in ((b"1.0", b"401"), (b"1.1", b"200")):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/%s\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % version)
        assert (await reader.readline()).split()[1] == status
        writer.close()


async def test_the_link_lets_in_from_elsewhere(served: Served, client: httpx.AsyncClient) -> None:
    elsewhere = {"X-Forwarded-For": "203.0.113.7", "Host": "antiphon.shop.example"}
    token = served.runtime.link_token
    entered = await client.get("/", params={"token": token}, headers=elsewhere)
    cookie = entered.headers["set-cookie"]
    assert entered.status_code == 200
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    assert token not in entered.text
    answer = await client.get("/", headers=elsewhere | {"Cookie": cookie.partition(";")[0]})
    assert answer.status_code == 200
    assert "No campaigns yet." in answer.text


async def test_every_page_says_that_nothing_comes_from_elsewhere(served: Served, client: httpx.AsyncClient) -> None:
    made = await campaign(served, "anna")
    for path in ("/", f"/campaigns/{made.id}", "/people", "/campaigns/77", "/static/style.css", "/static/live.js"):
        answer = await client.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'self'; ")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)
    assert (await client.get("/static/../frame.py")).status_code == 404
    assert (await client.get("/campaigns/77")).status_code == 404


def test_templates_have_no_script_and_no_style_of_their_own() -> None:
    for file in resources.files("antiphon.app.browser").joinpath("templates").iterdir():
        source = file.read_text("utf-8")
        assert not re.search(r"<script(?! type=\"module\" src=\"/static/)|<style| style=| on\w+=", source), file.name


def test_figures_add_up() -> None:
    source = 1
    totals = [
        metrics.Total(source, "sms", "b", kind, n, amount)
        for kind, n, amount in (("sent", 8, 0.4), ("in_doubt", 2, 0.1), ("delivered", 5, 0.0), ("converted", 2, 0.0))
    ]
    (base, other) = figures.table(totals, ["sms"], ["", "b"])
    assert [cell.n for cell in base.cells] == [0, 0, None, 0, 0, 0]
    assert {cell.kind: (cell.n, cell.share) for cell in other.cells} == {
        "sent": (10, None), "delivered": (5, 0.5), "opened": (None, None), "clicked": (0, 0.0), "converted": (2, 0.2),
        "failed": (0, 0.0),
    }  # fmt: skip
    assert (other.cost, other.cost_per_conversion) == (0.5, 0.25)
    assert figures.sums(totals)["sent"] == 10


def test_a_spark_shows_the_last_sixty_minutes() -> None:
    now = datetime(2026, 1, 1, 12, 30, 30, tzinfo=UTC)
    at = [now.replace(second=0) - timedelta(minutes=n) for n in (0, 59, 60)]
    points = [metrics.Point(minute, "email", "clicked", n) for minute, n in zip(at, (4, 1, 9), strict=True)]
    clicked = next(spark for spark in figures.sparks(points, now=now) if spark.kind == "clicked")
    assert (clicked.total, clicked.most) == (5, 4)
    assert clicked.bars == [(0, 12.0), (59, 48.0)]
    assert clicked.counts == [(at[1], 1), (at[0], 4)]


@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is absent")
async def test_in_a_browser_a_click_moves_the_number_and_a_pause_the_buttons(
    served: Served, client: httpx.AsyncClient
) -> None:
    playwright = pytest.importorskip("playwright.async_api")
    made = await campaign(served, "anna", "ben")
    assert made.source is not None
    said: list[str] = []
    async with playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.goto(f"http://{served.at}/campaigns/{made.id}")
        expect: Any = playwright.expect
        await expect(page.locator("#live")).to_have_text("Live", timeout=5_000)
        url = (await served.stage.links(made.source, served.stage.people["anna"])).click_url(0)
        agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
        await client.get(url, headers=agent)
        await expect(page.locator('dd[data-kind="clicked"]')).to_have_text("1", timeout=1_000)
        await expect(page.locator('[data-keys="email//clicked"]')).to_have_text("1", timeout=1_000)
        async with served.stage.database.transaction() as tx:
            await campaigns.pause(tx, made)
        await expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=3_000)
        await page.get_by_role("button", name="Resume").click()
        await expect(page.get_by_text("Resumed.", exact=True)).to_be_visible(timeout=3_000)
        await browser.close()
    assert said == []
