"""What a click, an open and a shown push do."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import httpx
import pytest

from antiphon import metrics, orchestration, profiles
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import DeliveryId, EmailBody, Identifier, SourceId
from antiphon.orchestration import rendering
from conftest import START
from pages.stage import MESSAGE, Stage


async def counted(stage: Stage, source: SourceId) -> dict[str, int]:
    async with stage.database.transaction(read_only=True) as tx:
        totals = await metrics.totals(tx, [source])
    return {total.kind: total.n for total in totals if total.channel}


async def test_a_click_is_on_record_before_the_reader_is_sent_on(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    source = await stage.tell([anna], "email")
    answer = await client.get((await stage.links(source, anna)).click_url(0))
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/s?who=Anna")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    delivery = await stage.delivery(source, anna)
    assert (delivery.state, delivery.clicked_at, delivery.opened_at) == ("read", START, START)
    assert await counted(stage, source) == {"delivered": 1, "opened": 1, "clicked": 1}


async def test_the_second_link_leads_elsewhere_and_counts_no_second_time(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    anna = await stage.person("anna")
    source = await stage.tell([anna], "email")
    links = await stage.links(source, anna)
    for number, target in ((0, "https://shop.example/s?who=Anna"), (1, "https://other.example/offer")) * 2:
        assert (await client.get(links.click_url(number))).headers["location"] == target
    assert (await counted(stage, source))["clicked"] == 1


@pytest.mark.parametrize("given", ["javascript:alert(1)", "//evil.example", "ftp://evil.example/x", "no URL"])
async def test_what_became_of_a_link_cannot_lead_anywhere_else(
    stage: Stage, client: httpx.AsyncClient, given: str
) -> None:
    anna = await stage.person("anna", offer=given)
    source = await stage.tell([anna], "email")
    answer = await client.get((await stage.links(source, anna)).click_url(1))
    assert answer.status_code == 404
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/c/{}", "/u/{}", "/d/{}"])
@pytest.mark.parametrize("token", ["nonsense", "AAAA", "%00", "x" * 5_000])
async def test_a_link_that_is_not_ours_gets_a_friendly_page(
    stage: Stage, client: httpx.AsyncClient, path: str, token: str
) -> None:
    answer = await client.get(path.format(token), headers={"Accept-Language": "fr-CA, en;q=0.5"})
    assert answer.status_code == 404
    assert "Ce lien ne fonctionne pas" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_token_of_one_kind_is_nothing_under_another(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    links = await stage.links(await stage.tell([anna], "email"), anna)
    assert (await client.post(f"/u/{links.open_url()[3:-4]}")).status_code == 404
    assert (await client.get(f"/c/{links.unsubscribe_url()[3:]}")).status_code == 404


async def test_an_open_is_on_record_when_the_picture_is_there(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    source = await stage.tell([anna], "email")
    answer = await client.get((await stage.links(source, anna)).open_url())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"GIF89a")
    assert await counted(stage, source) == {"delivered": 1, "opened": 1}


async def test_a_picture_without_a_valid_token_is_still_a_picture(stage: Stage, client: httpx.AsyncClient) -> None:
    answer = await client.get("/o/nonsense.gif")
    assert (answer.status_code, answer.content[:6]) == (200, b"GIF89a")


async def test_machines_prove_delivery_and_are_no_readers(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    source = await stage.tell([anna], "email")
    links = await stage.links(source, anna)
    await client.get(links.open_url(), headers={"User-Agent": "Mozilla/5.0"})
    await client.head(links.click_url(0))
    answer = await client.get(links.click_url(0), headers={"Sec-Purpose": "prefetch;prerender"})
    assert answer.status_code == 302
    delivery = await stage.delivery(source, anna)
    assert (delivery.state, delivery.opened_at, delivery.clicked_at) == ("delivered", None, None)
    assert await counted(stage, source) == {"delivered": 1, "machine_opened": 1, "machine_clicked": 1}


async def test_a_push_on_the_screen_is_delivered(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    source = await stage.tell([anna], "push")
    answer = await client.get((await stage.links(source, anna)).shown_url())
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert (await stage.delivery(source, anna)).state == "delivered"


async def test_a_thousand_visits_at_once_share_transactions_and_all_count(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    people = [await stage.person(f"p{n}") for n in range(50)]
    source = await stage.tell(people, "email")
    links = [await stage.links(source, person) for person in people]
    urls = [url for one in links for url in (one.open_url(), one.click_url(0))] * 10
    opened = _count_transactions(stage.database)
    answers = await asyncio.gather(*(client.get(url) for url in urls))
    assert len(opened) < 100
    assert Counter(answer.status_code for answer in answers) == {200: 500, 302: 500}
    assert await counted(stage, source) == {"delivered": 50, "opened": 50, "clicked": 50}


def _count_transactions(database: Database) -> list[bool]:
    """Grows with every transaction that is opened from now on."""
    opened: list[bool] = []
    open_one = database.transaction

    def note(*, read_only: bool = False) -> AbstractAsyncContextManager[Transaction]:
        opened.append(read_only)
        return open_one(read_only=read_only)

    database.transaction = note  # type: ignore[method-assign]
    return opened


async def test_without_its_database_a_click_is_asked_to_come_again(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    links = await stage.links(await stage.tell([anna], "email"), anna)
    stage.database.pool.terminate()
    click = await client.get(links.click_url(0), headers={"Accept-Language": "es"})
    assert (click.status_code, click.headers["retry-after"]) == (503, "5")
    assert "Un momento" in click.text
    opened = await client.get(links.open_url())
    assert (opened.status_code, opened.content[:6]) == (503, b"GIF89a")


async def test_a_reader_waits_no_longer_than_two_seconds_for_a_slow_record(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    anna = await stage.person("anna")
    source = await stage.tell([anna], "email")
    url = (await stage.links(source, anna)).click_url(0)
    async with stage.database.transaction() as tx:
        await tx.rows("SELECT FROM notification FOR UPDATE")
        async with asyncio.timeout(4):
            assert (await client.get(url)).status_code == 302
    for _ in range(100):
        if "clicked" in await counted(stage, source):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the click was not written when the lock was gone")


async def test_a_message_knows_the_account_that_was_joined_last(
    stage: Stage, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it is sent, and when its link is followed."""
    button = MESSAGE["locales"]["en"]["email"]["blocks"][1]
    monkeypatch.setitem(button, "url", "https://shop.example/{{ account.key }}/{{ account.plan }}/{{ accounts.size }}")
    monkeypatch.setitem(button, "label", "{{ account.plan | default: 'plainfolk' }}")
    anna, ben = await stage.person("anna"), await stage.person("ben")
    for day, key, plan in ((9, "first", "free"), (2, "last", "platinum"), (5, "between", "team")):
        told = profiles.AccountFact(key, {"plan": plan})
        who = (Identifier("external_id", "anna"),)
        fact = profiles.Fact("test", key, START - timedelta(days=day), who=who, account=told)
        await stage.database.repeat(lambda tx, fact=fact: profiles.record(tx, [fact]))  # type: ignore[misc]
    source = await stage.tell([anna, ben], "email")
    targets = (
        (anna, "platinum", "https://shop.example/last/platinum/3"),
        (ben, "plainfolk", "https://shop.example///0"),
    )
    for id, plan, target in targets:
        delivery = await stage.delivery(source, id)
        async with stage.database.transaction() as tx:
            rows, sources = await rendering.read(tx, [DeliveryId(int(delivery.id))])
            [rendered] = await rendering.render(stage.runtime, tx, rows, sources)
        assert rendered.outgoing is not None, rendered.problem
        assert isinstance(rendered.outgoing.body, EmailBody)
        assert plan in rendered.outgoing.body.html
        assert (await client.get((await stage.links(source, id)).click_url(1))).headers["location"] == target


@pytest.mark.parametrize(("traits", "locale"), [
    ({"language": "fr", "device_language": "es"}, "fr"), ({"device_language": "es-MX"}, "es-MX"), ({}, ""),
])  # fmt: skip
def test_the_language_is_the_one_told_else_the_one_of_the_device(traits: dict[str, str], locale: str) -> None:
    assert orchestration.locale_of(traits) == locale
