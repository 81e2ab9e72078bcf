"""Pauses, what is unclear or cannot be kept, and what has to be asked for again."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

import httpx
import pytest

from antiphon import profiles
from antiphon.kernel import settings
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.pages.bearer import link
from antiphon.profiles import Topic
from conftest import START
from pages.company import Company
from pages.sheet import ON, allowed, cells, ledger, send, sheet
from pages.stage import Stage


async def test_a_pause_lasts_until_the_day_begins_where_the_person_lives(
    company: Company, client: httpx.AsyncClient
) -> None:
    async with company.stage.database.transaction() as tx:
        await settings.write(tx, {"timezone": "America/New_York"})
    page = await sheet(client, company.preferences)
    done = await send(client, company.preferences, page.fields(pause="date", day="2026-03-08"))
    assert "Everything is paused until 8 March 2026." in done.told
    paused = (await cells(company))["email:offers"].paused_until
    assert paused == datetime.fromisoformat("2026-03-08T05:00:00Z")
    page = await sheet(client, company.preferences)
    done = await send(client, company.preferences, page.fields(pause="end"))
    assert "The pause is over." in done.told
    assert (await cells(company))["email:offers"].paused_until is None


async def test_a_day_without_its_button_is_meant(company: Company, client: httpx.AsyncClient) -> None:
    page = await sheet(client, company.preferences)
    done = await send(client, company.preferences, page.fields(day="2026-02-01"))
    assert "paused until 1 February 2026" in done.told


@pytest.mark.parametrize("day", ["", "2026-01-01", "2020-01-01", "2099-01-01", "tomorrow", "2026-13-01", "x" * 999])
async def test_what_is_unclear_is_said_and_nothing_that_was_entered_is_lost(
    company: Company, client: httpx.AsyncClient, day: str
) -> None:
    page = await sheet(client, company.preferences)
    wish = {"on": ["sms:orders", "email:recipes"], "often": "month", "break": ["week", "none", "none"]}
    kept = await send(client, company.preferences, page.fields(pause="date", day=day, **wish), status=422)
    assert "Choose a day after today" in kept.told
    assert kept.on == {"sms:orders", "email:recipes"}
    assert (kept.chosen("often"), kept.chosen("break"), kept.chosen("pause")) == (
        ["month"],
        ["week", "none", "none"],
        ["date"],
    )
    assert await ledger(company) == []


async def test_nothing_entered_is_lost_when_the_database_is(
    company: Company, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await sheet(client, company.preferences)

    async def lost(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(Database, "repeat", lost)
    fields = page.fields(on=["sms:orders"], often="month")
    answer = await client.post(company.preferences, data=fields)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    monkeypatch.undo()
    kept = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', answer.text)
    assert ("on", "sms:orders") in kept
    again: dict[str, list[str]] = {}
    for name, value in kept:
        again.setdefault(name, []).append(unescape(value))
    await send(client, company.preferences, again)
    assert await allowed(company) == {"sms:orders"}


async def test_a_stopped_address_can_be_asked_for_again(company: Company, client: httpx.AsyncClient) -> None:
    await client.post(company.unsubscribe, data={"choice": "all"})
    page = await sheet(client, company.preferences)
    assert {box.split(":")[0] for box in page.boxes} == {"sms", "push"}
    (again,) = re.findall(r'name="again" value="(\d+)"', page.html)
    assert "Receive e-mails at a…@mail.example again" in page.html
    done = await send(client, company.preferences, page.fields(again=again))
    assert done.told == "Saved E-mails at a…@mail.example come again."
    assert done.on == ON
    assert (await ledger(company))[0].wording.startswith("You asked us to stop writing here.")


async def test_what_needs_double_opt_in_is_confirmed_only_where_the_link_arrived(
    company: Company, client: httpx.AsyncClient
) -> None:
    async with company.stage.database.transaction() as tx:
        await profiles.write_topic(tx, Topic("recipes", needs="double_opt_in"))
    assert {box for box in (await sheet(client, company.by_profile)).boxes if "recipes" in box} == set()
    page = await sheet(client, company.preferences)
    assert {box for box in page.boxes if "recipes" in box} == {"email:recipes"}
    await send(client, company.preferences, page.fields(on=[*page.on, "email:recipes"]))
    cell = (await cells(company))["email:recipes"]
    assert (cell.allowed, cell.address) == (True, "anna@mail.example")
    row = (await ledger(company))[0]
    assert (row.method, row.confirmed_at) == ("double_opt_in", START)


async def test_without_topics_there_are_channels(stage: Stage, client: httpx.AsyncClient) -> None:
    anna = await stage.person("anna")
    url = link(stage.runtime, anna, None)
    page = await sheet(client, url)
    assert page.boxes == {"email:*", "sms:*", "push:*"} == page.on
    await send(client, url, page.fields(on=["email:*"]))
    async with stage.database.transaction(read_only=True) as tx:
        standing = (await profiles.preferences(tx, [anna]))[anna]
    assert {(row.topic, row.channel): row.state for row in standing} == {
        ("*", "email"): "wanted",
        ("*", "sms"): "unwanted",
        ("*", "push"): "unwanted",
    }


async def test_somebody_without_an_address_is_told_so(stage: Stage, client: httpx.AsyncClient) -> None:
    fact = profiles.Fact("test", "1", START, who=(Identifier("external_id", "x"),), traits={})
    recorded = await stage.database.repeat(lambda tx: profiles.record(tx, [fact]))
    assert recorded.profiles[0] is not None
    page = await sheet(client, link(stage.runtime, recorded.profiles[0], None))
    assert "We have no address" in page.html


@pytest.mark.parametrize("lang", ["es", "fr"])
async def test_the_chosen_language_stays(company: Company, client: httpx.AsyncClient, lang: str) -> None:
    url = f"{company.preferences}?lang={lang}"
    page = await sheet(client, url, **{"accept-language": "en"})
    assert f'<html lang="{lang}">' in page.html
    done = await send(client, url, page.fields(often="week"))
    assert f'<html lang="{lang}">' in done.html
    assert (await sheet(client, f"{company.preferences}?lang=xx", **{"accept-language": "fr"})).html.count(
        'lang="fr"'
    ) > 0
