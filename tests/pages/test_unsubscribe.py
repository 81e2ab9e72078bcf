"""Unsubscribe: what the page says, and that it is in force when it is answered."""

from __future__ import annotations

import json
import re
import string
from html import unescape
from importlib import resources
from pathlib import Path

import httpx
import pytest

from antiphon import profiles
from antiphon.kernel import i18n, settings
from antiphon.kernel.records import ProfileId
from antiphon.pages.words import masked
from pages.stage import Stage

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def opted_out(stage: Stage, person: ProfileId) -> set[str]:
    async with stage.database.transaction(read_only=True) as tx:
        (profile,) = await profiles.read(tx, [person])
    return {address.channel for address in profile.addresses if address.opted_out}


async def how(stage: Stage) -> list[str]:
    return [row["how"] for row in await stage.database.pool.fetch("SELECT how FROM opt_out")]


async def test_looking_stops_nothing(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"brand_name": "Green Grocer & Co", "postal_address": "12 Market Street"})
    url = (await stage.links(await stage.tell([anna], "email"), anna)).unsubscribe_url()
    for answer in (await client.get(url), await client.head(url)):
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    page = (await client.get(url)).text
    assert "Green Grocer &amp; Co sends e-mails to a…@mail.example." in page
    assert "12 Market Street" in page
    assert "Stop only “coupons”" in page
    assert await opted_out(stage, anna) == set()


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart", "nothing"])
async def test_one_click_is_in_force_when_it_is_answered(
    stage: Stage, client: httpx.AsyncClient, encoding: str
) -> None:
    anna = await stage.person("anna")
    source = await stage.tell([anna], "email")
    url = (await stage.links(source, anna)).unsubscribe_url()
    multipart = {"List-Unsubscribe": (None, "One-Click")} if encoding == "multipart" else None
    answer = await client.post(url, data=ONE_CLICK if encoding == "urlencoded" else None, files=multipart)
    assert answer.status_code == 200
    assert await opted_out(stage, anna) == {"email"}
    assert await how(stage) == ["one_click"]
    assert (await stage.delivery(source, anna)).state == "cancelled"


async def test_the_pages_button_stops_the_channel_and_says_so(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    url = (await stage.links(await stage.tell([anna], "sms"), anna)).unsubscribe_url()
    answer = await client.post(url, data={"choice": "all"})
    assert "no more text messages to +44…001" in answer.text
    assert await opted_out(stage, anna) == {"sms"}
    assert await how(stage) == ["page"]
    assert "already stopped" in (await client.get(url)).text


async def test_as_often_as_one_likes(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    url = (await stage.links(await stage.tell([anna], "email"), anna)).unsubscribe_url()
    for body in (ONE_CLICK, ONE_CLICK, {"choice": "all"}):
        assert (await client.post(url, data=body)).status_code == 200
    assert await how(stage) == ["one_click"]


async def test_one_topic_can_be_stopped_alone(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    source = await stage.tell([anna], "email")
    url = (await stage.links(source, anna)).unsubscribe_url()
    answer = await client.post(url, data={"choice": "topic"}, headers={"Accept-Language": "es-MX"})
    assert "sobre «coupons»" in answer.text
    assert await opted_out(stage, anna) == set()
    assert (await stage.delivery(source, anna)).state == "cancelled"
    async with stage.database.transaction(read_only=True) as tx:
        (profile,) = await profiles.read(tx, [anna])
    assert profile.preferences == [profiles.Preference("coupons", "email", "unwanted")]


async def ledger(stage: Stage, person: ProfileId) -> list[profiles.Consent]:
    async with stage.database.transaction(read_only=True) as tx:
        return await profiles.ledger(tx, person)


async def scopes(stage: Stage) -> list[tuple[str, str]]:
    rows = await stage.database.pool.fetch("SELECT channel, scope FROM opt_out ORDER BY channel")
    return [(row["channel"], row["scope"]) for row in rows]


async def test_one_click_stops_marketing_with_its_proof(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    url = (await stage.links(await stage.tell([anna], "email"), anna)).unsubscribe_url()
    await client.post(url, data=ONE_CLICK)
    assert await scopes(stage) == [("email", "marketing")]
    (said,) = await ledger(stage, anna)
    assert (said.method, said.scope, said.address) == ("one_click", "marketing", "anna@mail.example")
    assert (said.wording, said.ip, said.source) == ("List-Unsubscribe=One-Click", "127.0.0.1", "unsubscribe")
    assert "Firefox" in said.user_agent


async def test_the_proof_of_the_page_is_the_button_and_its_text(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    url = (await stage.links(await stage.tell([anna], "email"), anna)).unsubscribe_url()
    await client.post(f"{url}?lang=fr", data={"choice": "topic"})
    (said,) = await ledger(stage, anna)
    page = unescape((await client.get(f"{url}?lang=fr")).text)
    assert said.language == "fr"
    assert [line in page for line in said.wording.splitlines()] == [True, True]


async def test_everything_stops_on_every_channel(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    source = await stage.tell([anna], "email")
    other = await stage.tell([anna], "sms")
    url = (await stage.links(source, anna)).unsubscribe_url()
    answer = await client.post(url, data={"choice": "everything"})
    assert "will send you nothing more, on any channel" in answer.text
    assert await scopes(stage) == [("email", "marketing")]
    assert [(await stage.delivery(each, anna)).state for each in (source, other)] == ["cancelled", "cancelled"]
    async with stage.database.transaction(read_only=True) as tx:
        (standing,) = (await profiles.preferences(tx, [anna]))[anna]
    assert (standing.topic, standing.channel, standing.state) == ("*", "*", "unwanted")


@pytest.mark.parametrize("choice", ["all", "topic", "everything"])
async def test_a_stop_is_undone_with_one_button(stage: Stage, client: httpx.AsyncClient, choice: str) -> None:
    anna = await stage.person("anna")
    async with stage.database.transaction() as tx:
        said = [profiles.Statement("coupons", "email", "wanted"), profiles.Statement("news", "sms", "unwanted")]
        await profiles.state(tx, anna, said, profiles.Proof("api"))

    async def wishes() -> set[tuple[str, str, str | None]]:
        async with stage.database.transaction(read_only=True) as tx:
            rows = (await profiles.preferences(tx, [anna]))[anna]
        return {(row.topic, row.channel, row.state) for row in rows}

    before = await wishes()
    url = (await stage.links(await stage.tell([anna], "email"), anna)).unsubscribe_url()
    stopped = (await client.post(url, data={"choice": choice})).text
    assert await wishes() != before or await opted_out(stage, anna) == {"email"}
    was = re.findall(r'name="was" value="([^"]*)"', stopped)
    undone = await client.post(url, data={"choice": "undo", "was": was})
    assert "Undone" in undone.text
    assert await wishes() == before
    assert await opted_out(stage, anna) == set()


async def test_undo_brings_no_older_stop_back_to_life(stage: Stage, client: httpx.AsyncClient) -> None:
    """Who had opted out before is not opted in by undoing something else."""
    anna = await stage.person("anna")
    url = (await stage.links(await stage.tell([anna], "email"), anna)).unsubscribe_url()
    async with stage.database.transaction() as tx:
        await profiles.opt_out(tx, "email", ["anna@mail.example"], how="complaint")
    stopped = (await client.post(url, data={"choice": "everything"})).text
    was = re.findall(r'name="was" value="([^"]*)"', stopped)
    await client.post(url, data={"choice": "undo", "was": was})
    assert await scopes(stage) == [("email", "everything")]


async def test_from_a_stop_there_is_a_way_to_choose(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    url = (await stage.links(await stage.tell([anna], "sms"), anna)).unsubscribe_url()
    for page in ((await client.get(url)).text, (await client.post(url, data={"choice": "all"})).text):
        (detail,) = re.findall(r'class="row" href="([^"]*)"', page)
        assert "coupons" in (await client.get(detail)).text


async def test_a_message_without_a_topic_offers_no_topic(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    url = (await stage.links(await stage.tell([anna], "email", topic=""), anna)).unsubscribe_url()
    assert "Stop only" not in (await client.get(url)).text
    await client.post(url, data={"choice": "topic"})
    assert await opted_out(stage, anna) == {"email"}


async def test_a_huge_body_is_refused(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    url = (await stage.links(await stage.tell([anna], "email"), anna)).unsubscribe_url()
    answer = await client.post(url, data={"choice": "x" * 20_000})
    assert answer.status_code == 413
    assert await opted_out(stage, anna) == set()


@pytest.mark.parametrize("page", ["frame.html", "notice.html", "optin.html", "preferences.html", "unsubscribe.html"])
def test_pages_need_no_script_and_no_style_of_their_own(page: str) -> None:
    source = resources.files("antiphon.pages").joinpath(f"templates/{page}").read_text("utf-8")
    assert "<script" not in source
    assert " style=" not in source
    assert "http" not in source


def test_every_language_has_the_same_words_and_places() -> None:
    places = {
        locale: {key: {name for _, name, _, _ in string.Formatter().parse(text) if name} for key, text in words.items()}
        for locale in i18n.LOCALES
        for words in [i18n.words(locale)]
    }
    assert places["es"] == places["en"] == places["fr"]
    folder = Path(str(resources.files("antiphon.kernel.i18n")))
    files = {locale: {path.name for path in folder.glob(f"{locale}/*.json")} for locale in i18n.LOCALES}
    assert files["es"] == files["en"] == files["fr"] != set()
    for path in folder.glob("*/*.json"):
        keys = list(json.loads(path.read_text()))
        assert keys == sorted(keys), path


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("es-419,es;q=0.9", "es"),
        ("de-DE,de;q=0.9,fr;q=0.4,en;q=0.2", "fr"),
        ("en;q=0.2,es;q=0.8", "es"),
        ("fr;q=0", "en"),
        ("*;q=1,;;,fr;q=x", "fr"),
        ("x" * 100_000, "en"),
    ],
)
def test_the_reader_is_spoken_to_in_the_language_liked_best(header: str, locale: str) -> None:
    assert i18n.choose(header) == locale


def test_a_page_shows_only_enough_of_an_address() -> None:
    assert masked("email", "anna.smith@mail.example") == "a…@mail.example"
    assert masked("sms", "+447700900123") == "+44…123"
    assert masked("push", "https://push.example/secret") == ""
