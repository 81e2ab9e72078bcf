"""The preference centre: what it shows, what is saved there, and what stops and comes back."""

from __future__ import annotations

import re
import time

import httpx

from antiphon import profiles
from antiphon.profiles import Proof, Statement
from conftest import START
from pages.company import Company
from pages.sheet import BROWSER, ON, REACH, allowed, cells, ledger, send, sheet


async def test_looking_changes_nothing(company: Company, client: httpx.AsyncClient) -> None:
    before = await ledger(company)
    for _ in range(2):
        for answer in (await client.get(company.preferences), await client.head(company.preferences)):
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers
    assert await ledger(company) == before


async def test_it_shows_what_holds_and_never_a_whole_address(company: Company, client: httpx.AsyncClient) -> None:
    page = await sheet(client, company.preferences)
    assert page.boxes == REACH
    assert page.on == ON
    assert "Hidden" not in page.html
    assert "a…@mail.example, +44…001 and this device" in page.html
    for secret in ("anna@", "+447700900001", "push.example"):
        assert secret not in page.html
    assert "Green Grocer &amp; Co" in page.html
    assert 'href="https://shop.example/privacy"' in page.html


async def test_only_channels_that_a_person_can_be_reached_at_are_offered(
    company: Company, client: httpx.AsyncClient
) -> None:
    async with company.stage.database.transaction() as tx:
        await profiles.mark_dead(tx, [(company.anna, "push", "https://push.example/anna")])
    page = await sheet(client, company.preferences)
    assert {box.split(":")[0] for box in page.boxes} == {"email", "sms"}


async def test_what_is_saved_is_told_in_words_and_stands_there_again(
    company: Company, client: httpx.AsyncClient
) -> None:
    page = await sheet(client, company.preferences)
    done = await send(
        client,
        company.preferences,
        page.fields(
            on=sorted(ON - {"email:offers"} | {"sms:recipes"}),
            often="week",
            pause="month",
            **{"break": ["quarter", "none", "none"]},
        ),
    )
    assert done.told == (
        "Saved Offers: no more e-mails. Offers: a break until 1 April 2026. Recipes: you receive text messages."
        " At most one message a week. Everything is paused until 31 January 2026."
    )
    again = await sheet(client, company.preferences)
    assert again.on == ON - {"email:offers"} | {"sms:recipes"} == await allowed(company)
    assert again.chosen("often") == ["week"]
    assert (again.chosen("pause"), again.chosen("break")) == (["keep"], ["keep", "none", "none"])
    assert "Paused until 31 January 2026" in again.html


async def test_saving_what_stands_there_says_nothing(company: Company, client: httpx.AsyncClient) -> None:
    for changes in ({}, {"on": sorted(ON - {"sms:orders"})}, {"on": sorted(ON - {"sms:orders"})}):
        page = await sheet(client, company.preferences)
        before = await ledger(company)
        done = await send(client, company.preferences, page.fields(**changes))
    assert "Nothing was different" in done.told
    assert await ledger(company) == before


async def test_the_proof_is_what_was_read_and_who_was_there(company: Company, client: httpx.AsyncClient) -> None:
    url = f"{company.preferences}?lang=es"
    page = await sheet(client, url)
    await send(client, url, page.fields(on=sorted(ON | {"email:recipes"})))
    said = {(row.channel, row.state): row for row in await ledger(company)}
    proof = said["email", "wanted"]
    assert proof.wording == "Recetas\nUna los viernes.\nCorreo electrónico\nMensaje de texto\nNotificación\nGuardar"
    assert len(proof.wording_version) == 16
    assert (proof.language, proof.ip, proof.user_agent, proof.method) == ("es", "127.0.0.1", BROWSER, "page")
    assert (proof.basis, proof.source, proof.at) == ("consent", "preference centre", START)
    assert said["sms", "unwanted"].wording_version == proof.wording_version


async def test_a_box_that_was_ticked_before_is_no_consent(company: Company, client: httpx.AsyncClient) -> None:
    page = await sheet(client, company.preferences)
    await send(client, company.preferences, page.fields(on=sorted(ON - {"sms:offers"})))
    said = {row.channel: (row.state, row.basis) for row in await ledger(company)}
    assert said == {"email": ("wanted", ""), "push": ("wanted", ""), "sms": ("unwanted", "")}


async def test_everything_stops_with_one_button_and_comes_back_with_another(
    company: Company, client: httpx.AsyncClient
) -> None:
    """Undone, it is as it was: also that nothing had been said, and what a question at the address had confirmed."""
    page = await sheet(client, company.preferences)
    await send(client, company.preferences, page.fields(on=sorted(ON - {"sms:orders"})))
    await client.post(company.question)
    before = await cells(company)
    assert before["email:recipes"].allowed
    stopped = await send(client, company.preferences, {"act": "stop"})
    assert "Everything is stopped" in stopped.told
    assert await allowed(company) == set()
    assert (await sheet(client, company.preferences)).on == set()
    assert (await ledger(company))[0].wording.endswith("Stop everything")
    was = re.findall(r'name="was" value="(\d+)"', stopped.html)
    undone = await send(client, company.preferences, {"act": "undo", "was": was})
    assert "as it was before" in undone.told
    after = await cells(company)
    assert {name: cell.allowed for name, cell in after.items()} == {name: cell.allowed for name, cell in before.items()}
    assert (after["sms:orders"].why, after["sms:offers"].why) == ("stated", "topic")


async def test_who_had_said_nothing_has_said_nothing_again(company: Company, client: httpx.AsyncClient) -> None:
    stopped = await send(client, company.preferences, {"act": "stop"})
    assert 'name="act" value="undo"' in stopped.html
    undone = await send(client, company.preferences, {"act": "undo"})
    assert undone.on == ON
    assert {cell.why for cell in (await cells(company)).values()} <= {"topic", "company"}


async def test_no_number_of_another_ledger_undoes_anything(company: Company, client: httpx.AsyncClient) -> None:
    ben = await company.stage.person("ben")
    async with company.stage.database.transaction() as tx:
        await profiles.state(tx, ben, [Statement("recipes", "email", "wanted", basis="consent")], Proof("api"))
        (row,) = await profiles.ledger(tx, ben)
    await send(client, company.preferences, {"act": "undo", "was": [str(row.id), "x", "9" * 40]})
    assert not (await cells(company))["email:recipes"].allowed


async def test_a_stop_holds_for_what_is_queued_within_a_second(company: Company, client: httpx.AsyncClient) -> None:
    source = await company.stage.tell([company.anna], "sms", topic="offers")
    begun = time.monotonic()
    await send(client, company.preferences, {"act": "stop"})
    assert (await company.stage.delivery(source, company.anna)).state == "cancelled"
    assert time.monotonic() - begun < 1
