"""The preference centre: what it shows, what it writes with which proof, and what it never does."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from antiphon import orchestration, profiles
from antiphon.kernel import settings
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.pages.bearer import link
from antiphon.profiles import Cell, Consent, Proof, Statement, Topic
from conftest import START
from pages.company import Company
from pages.stage import Stage

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def cells(company: Company) -> dict[str, Cell]:
    async with company.stage.database.transaction(read_only=True) as tx:
        return {f"{cell.channel}:{cell.topic}": cell for cell in await profiles.grid(tx, company.anna)}


async def allowed(company: Company) -> set[str]:
    return {name for name, cell in (await cells(company)).items() if cell.allowed and cell.topic != "hidden"} & REACH


REACH = {f"{channel}:{topic}" for channel in ("email", "sms", "push") for topic in ("offers", "orders", "recipes")}
ON = {name for name in REACH if not name.endswith("recipes")}


async def ledger(company: Company) -> list[Consent]:
    """The newest first, without the question of the double opt-in."""
    async with company.stage.database.transaction(read_only=True) as tx:
        return [row for row in await profiles.ledger(tx, company.anna) if row.state != "pending"]


class Sheet:
    """The page as a browser without script would send it: every field as it stands."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.form = html.partition('name="act" value="save"')[2].partition("</form>")[0]

    @property
    def on(self) -> set[str]:
        return set(self._inputs("checkbox", "on", checked=True))

    @property
    def boxes(self) -> set[str]:
        return set(self._inputs("checkbox", "on"))

    def chosen(self, name: str) -> list[str]:
        if name == "break":
            return re.findall(r'<option value="([^"]*)" selected', self.form)
        return self._inputs("radio", name, checked=True)

    def fields(self, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "act": "save",
            "topic": re.findall(r'name="topic" value="([^"]*)"', self.form),
            "break": self.chosen("break"),
            "on": sorted(self.on),
            "often": self.chosen("often"),
            "pause": self.chosen("pause"),
            "day": "",
        }
        return given | changes

    @property
    def told(self) -> str:
        found = re.search(r'<div class="note[^>]*>(.*?)</div>', self.html, re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""

    def _inputs(self, kind: str, name: str, *, checked: bool = False) -> list[str]:
        found = re.findall(rf'<input type="{kind}" name="{name}" value="([^"]*)"( checked)?>', self.form)
        return [unescape(value) for value, mark in found if mark or not checked]


async def sheet(client: httpx.AsyncClient, url: str, **headers: str) -> Sheet:
    answer = await client.get(url, headers=headers)
    assert answer.status_code == 200
    return Sheet(answer.text)


async def send(client: httpx.AsyncClient, url: str, fields: dict[str, Any], *, status: int = 200) -> Sheet:
    answer = await client.post(url, data=fields)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    return Sheet(answer.text)


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


async def test_an_old_link_works_for_whom_the_number_leads_to(company: Company, client: httpx.AsyncClient) -> None:
    """Anna's number becomes an alias of another: both kinds of links follow."""
    ben = await company.stage.person("ben")
    await merge(company.stage.database, company.anna, ben)
    for url in (company.preferences, company.by_profile):
        page = await sheet(client, url)
        await send(client, url, page.fields(on=["sms:orders"]))
    async with company.stage.database.transaction(read_only=True) as tx:
        grid = {f"{cell.channel}:{cell.topic}": cell.allowed for cell in await profiles.grid(tx, ben)}
    assert {name for name in REACH if grid[name]} == {"sms:orders"}


async def merge(database: Database, gone: ProfileId, stays: ProfileId) -> None:
    """The rows that a merge leaves behind: the alias, addresses with whom they belong to, the ledger where it was."""
    async with database.transaction() as tx:
        for statement in (
            "INSERT INTO alias (bucket, id, profile_id, anchor, created_at, merged_at, because)"
            " SELECT bucket, id, {stays}, anchor, created_at, created_at, '{{}}' FROM profile WHERE id = {gone}",
            "DELETE FROM profile WHERE id = {gone}",
            "UPDATE address SET profile_id = {stays}, bucket = {stays} & 255 WHERE profile_id = {gone}",
            "UPDATE consent SET profile_id = {stays}, bucket = {stays} & 255 WHERE profile_id = {gone}",
            "UPDATE person SET merged_into = {stays} WHERE profile_id = {gone}",
        ):
            await tx.rows(statement.format(gone=int(gone), stays=int(stays)))


@pytest.mark.parametrize("end", ["forged", "cut", "of_another_kind", "of_a_foreign_address"])
async def test_what_is_not_ours_opens_nothing(company: Company, client: httpx.AsyncClient, end: str) -> None:
    sign = company.stage.runtime.signer.sign
    urls = {
        "forged": company.preferences[:-1] + ("A" if company.preferences[-1] != "A" else "B"),
        "cut": company.preferences[:-3],
        "of_another_kind": f"/p/{company.unsubscribe[3:]}",
        "of_a_foreign_address": f"/p/{sign('p', company.anna, 12345)}",
    }
    for answer in (await client.get(urls[end]), await client.post(urls[end], data={"act": "stop"})):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text
    assert await allowed(company) == ON


async def test_a_post_that_says_nothing_does_nothing(company: Company, client: httpx.AsyncClient) -> None:
    for fields in ({}, {"act": "explode"}, {"List-Unsubscribe": "One-Click"}):
        await send(client, company.preferences, fields)
    assert await ledger(company) == []


async def test_boxes_that_the_page_never_had_change_nothing(company: Company, client: httpx.AsyncClient) -> None:
    page = await sheet(client, company.preferences)
    fields = page.fields(on=[*page.on, "email:hidden", "voice:offers", ":", "*:*"], often="hourly")
    fields |= {"topic": [*fields["topic"], "hidden"], "again": "12345", "was": "1"}
    done = await send(client, company.preferences, fields)
    assert "Nothing was different" in done.told
    assert (await send(client, company.preferences, {"act": "save"})).told.startswith("Saved")


async def test_a_program_can_ask_for_the_link(company: Company, api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/profiles/email:anna@mail.example/preferences-link")
    assert answer.status_code == 200
    page = await sheet(api, answer.json()["url"])
    assert page.boxes == REACH
    assert (await api.post("/api/v1/profiles/email:x@y.example/preferences-link")).status_code == 404
    keyless = await api.post("/api/v1/profiles/external_id:anna/preferences-link", headers={"Authorization": ""})
    assert keyless.status_code == 401


async def test_a_profile_says_where_its_addresses_stand_and_where_they_are_read(
    company: Company, api: httpx.AsyncClient
) -> None:
    delivery = await company.stage.delivery(await company.stage.tell([company.anna], "email"), company.anna)
    url = f"/o/{company.stage.runtime.signer.sign('o', int(delivery.id))}.gif"
    assert (await api.get(url, headers={"User-Agent": IPHONE})).status_code == 200
    shown = (await api.get("/api/v1/profiles/external_id:anna")).json()
    assert shown["mobile_share"] == 1
    by_channel = {address["channel"]: address for address in shown["addresses"]}
    assert by_channel["email"] == {
        "channel": "email",
        "value": "anna@mail.example",
        "state": "active",
        "opted_out": False,
        "succeeded_at": "2026-01-01T00:00:00Z",
        "failed_at": None,
        "mobile_share": 1.0,
    }
    assert by_channel["sms"]["mobile_share"] is None


async def test_the_link_in_a_message_leads_here(company: Company, client: httpx.AsyncClient) -> None:
    """`{{ preferences_url }}`, and the footer of every e-mail; opening it is no detour and counts as no click."""
    runtime = company.stage.runtime
    delivery = await company.stage.delivery(await company.stage.tell([company.anna], "email"), company.anna)
    async with company.stage.database.transaction(read_only=True) as tx:
        rows, sources = await orchestration.rendering.read(tx, [int(delivery.id)])  # type: ignore[list-item]
        (rendered,) = await orchestration.rendering.render(runtime, tx, rows, sources)
    assert rendered.outgoing is not None
    body: Any = rendered.outgoing.body
    (url,) = set(re.findall(rf"{runtime.base_url}/p/[\w-]+", body.text))
    assert (await sheet(client, url)).boxes == REACH | {f"{channel}:coupons" for channel in ("email", "sms", "push")}


async def test_a_break_of_a_topic_ends_when_it_is_over(company: Company, client: httpx.AsyncClient, move: Any) -> None:
    page = await sheet(client, company.preferences)
    await send(client, company.preferences, page.fields(**{"break": ["week", "none", "none"]}))
    page = await sheet(client, company.preferences)
    done = await send(client, company.preferences, page.fields(**{"break": ["end", "none", "none"]}))
    assert done.told == "Saved Offers: the break is over."
    await send(client, company.preferences, page.fields(**{"break": ["week", "none", "none"]}))
    await move(timedelta(days=8))
    assert (await sheet(client, company.preferences)).chosen("break") == ["none"] * 3
