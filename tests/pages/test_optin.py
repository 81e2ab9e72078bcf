"""Double opt-in: a question at the address, one button, an answer that lasts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from antiphon import content, orchestration, profiles
from antiphon.kernel.records import Channel, DeliveryId, Identifier, NotificationId
from antiphon.profiles import Consent, Proof, Statement, Topic
from conftest import START
from pages.company import Company
from pages.stage import Stage

ANNA = "anna@mail.example"
WORDING = "Yes, send me recipes every Friday."
MESSAGE: dict[str, Any] = {
    "name": "confirm",
    "topic": "recipes",
    "locales": {
        "en": {
            "email": {
                "subject": "One more click",
                "blocks": [{"kind": "button", "label": "Confirm", "url": "{{ confirm_url }}"}],
            }
        }
    },
}


async def allowed(company: Company) -> bool:
    async with company.stage.database.transaction(read_only=True) as tx:
        topic = await profiles.find_topic(tx, "recipes")
        standing = (await profiles.preferences(tx, [company.anna]))[company.anna]
    return profiles.effective(standing, topic, "email", now=START, address=ANNA).allowed


async def ledger(company: Company) -> list[Consent]:
    async with company.stage.database.transaction(read_only=True) as tx:
        return await profiles.ledger(tx, company.anna)


@pytest.fixture
async def _strict(company: Company) -> None:
    async with company.stage.database.transaction() as tx:
        await profiles.write_topic(tx, Topic("recipes", titles={"en": "Recipes"}, needs="double_opt_in"))


@pytest.mark.usefixtures("_strict")
async def test_looking_confirms_nothing_and_pressing_does(company: Company, client: httpx.AsyncClient) -> None:
    for answer in (await client.get(company.question), await client.head(company.question)):
        assert answer.status_code == 200
    page = (await client.get(company.question)).text
    assert WORDING in page
    assert "Green Grocer &amp; Co asks whether you want to receive this at a…@mail.example:" in page
    assert ANNA not in page
    assert not await allowed(company)
    done = await client.post(company.question)
    assert "You receive e-mails from Green Grocer &amp; Co about “Recipes” from now on." in done.text
    assert await allowed(company)


async def test_the_proof_has_what_was_read_when_and_where_it_was_answered(
    company: Company, client: httpx.AsyncClient, move: Any
) -> None:
    await move(timedelta(hours=2))
    await client.post(f"{company.question}?lang=es")
    said = (await ledger(company))[0]
    assert (said.wording, said.language, said.source) == (WORDING, "en", "")
    assert (said.method, said.basis, said.address) == ("double_opt_in", "consent", ANNA)
    assert (said.asked_at, said.confirmed_at) == (START, START + timedelta(hours=2))
    assert said.ip == "127.0.0.1"
    assert "Firefox" in said.user_agent


async def test_it_is_answered_as_often_as_one_likes_and_counts_once(
    company: Company, client: httpx.AsyncClient
) -> None:
    pages = [(await client.post(company.question)).text for _ in range(3)]
    assert len(set(pages)) == 1
    assert "Confirmed" in (await client.get(company.question)).text
    assert [row.state for row in await ledger(company)] == ["wanted", "pending"]


async def test_too_late_is_explained(company: Company, client: httpx.AsyncClient, move: Any) -> None:
    await move(timedelta(days=7, seconds=1))
    for answer in (await client.get(company.question), await client.post(company.question)):
        assert answer.status_code == 410
        assert "This question is too old" in answer.text
    assert [row.state for row in await ledger(company)] == ["pending"]


async def test_what_was_taken_back_since_is_said(company: Company, client: httpx.AsyncClient) -> None:
    await client.post(company.question)
    async with company.stage.database.transaction() as tx:
        await profiles.state(tx, company.anna, [Statement("recipes", "*", "unwanted")], Proof("api"))
    for answer in (await client.get(company.question), await client.post(company.question)):
        assert "This was withdrawn since" in answer.text
    assert not await allowed(company)
    (detail,) = re.findall(r'class="row" href="([^"]*)"', answer.text)
    assert (await client.get(detail)).status_code == 200


@pytest.mark.parametrize("end", ["forged", "of_another_kind", "of_nothing", "of_an_answer"])
async def test_what_is_not_ours_confirms_nothing(company: Company, client: httpx.AsyncClient, end: str) -> None:
    async with company.stage.database.transaction() as tx:
        await profiles.state(tx, company.anna, [Statement("offers", "sms", "unwanted")], Proof("api"))
        (said, _) = await profiles.ledger(tx, company.anna)
    sign = company.stage.runtime.signer.sign
    urls = {
        "forged": company.question[:-1] + ("A" if company.question[-1] != "A" else "B"),
        "of_another_kind": f"/y/{company.preferences[3:]}",
        "of_nothing": f"/y/{sign('y', 256 * 999_999)}",
        "of_an_answer": f"/y/{sign('y', said.id)}",
    }
    for answer in (await client.get(urls[end]), await client.post(urls[end])):
        assert answer.status_code == 404
    assert len(await ledger(company)) == 2


async def test_a_program_asks_and_the_question_goes_to_the_address(company: Company, api: httpx.AsyncClient) -> None:
    """Although the topic needs what is asked for: a question is no message about the topic."""
    async with company.stage.database.transaction() as tx:
        await profiles.write_topic(tx, Topic("recipes", titles={"en": "Recipes"}, needs="double_opt_in"))
        await content.create(tx, content.parse(MESSAGE))
    request = {"topic": "recipes", "channel": "email", "message": "confirm"}
    answer = await api.post("/api/v1/profiles/external_id:anna/double-opt-in", json=request)
    assert answer.status_code == 202, answer.text
    asked = answer.json()
    async with company.stage.database.transaction(read_only=True) as tx:
        shown = await orchestration.show(tx, NotificationId(int(asked["notification"])))
        rows, sources = await orchestration.rendering.read(tx, [DeliveryId(int(shown.deliveries[0].id))])
        (rendered,) = await orchestration.rendering.render(company.stage.runtime, tx, rows, sources)
    assert rendered.outgoing is not None
    body: Any = rendered.outgoing.body
    assert (rendered.outgoing.to, shown.deliveries[0].state) == (ANNA, "queued")
    assert f'href="{asked["confirm_url"]}"' in body.html
    path = asked["confirm_url"].removeprefix(company.stage.runtime.base_url)
    page = (await api.get(path)).text
    assert "Yes, I want to receive e-mails from Green Grocer &amp; Co about “Recipes”." in page
    await api.post(path)
    assert await allowed(company)
    assert (await ledger(company))[0].id != asked["id"]


@pytest.mark.parametrize(
    ("who", "changes", "status", "place"),
    [
        ("external_id:nobody", {}, 404, ""),
        ("external_id:anna", {"channel": "voice"}, 400, "channel"),
        ("external_id:anna", {"message": "coupon"}, 400, "message"),
        ("external_id:anna", {"message": "nothing"}, 404, ""),
        ("external_id:anna", {"topic": ""}, 400, "topic"),
        ("external_id:anna", {"topics": "x"}, 400, ""),
    ],
)
async def test_what_cannot_be_asked_is_refused_and_nothing_is_kept(
    company: Company, api: httpx.AsyncClient, who: str, changes: dict[str, str], status: int, place: str
) -> None:
    request = {"topic": "recipes", "channel": "email", "message": "confirm"} | changes
    answer = await api.post(f"/api/v1/profiles/{who}/double-opt-in", json=request)
    assert answer.status_code == status, answer.text
    if place:
        assert [error["at"] for error in answer.json()["errors"]] == [place]
    assert len(await ledger(company)) == 1


async def test_of_several_addresses_one_is_named_and_its_link_handed_out(
    company: Company, api: httpx.AsyncClient
) -> None:
    who = (Identifier("external_id", "anna"), Identifier("email", "anna@work.example"))
    fact = profiles.Fact("test", "second", START, who=who, traits={})
    await company.stage.database.repeat(lambda tx: profiles.record(tx, [fact]))
    request = {"topic": "recipes", "channel": "email"}
    unnamed = await api.post("/api/v1/profiles/external_id:anna/double-opt-in", json=request)
    assert unnamed.status_code == 409
    assert "leave `message` out" in unnamed.json()["title"]
    named = await api.post("/api/v1/profiles/email:anna@work.example/double-opt-in", json=request)
    assert named.json()["notification"] is None
    await api.post(named.json()["confirm_url"])
    assert (await ledger(company))[0].address == "anna@work.example"


async def test_nobody_without_an_address_is_asked(stage: Stage, api: httpx.AsyncClient) -> None:
    fact = profiles.Fact("test", "1", START, who=(Identifier("external_id", "x"),), traits={})
    await stage.database.repeat(lambda tx: profiles.record(tx, [fact]))
    request = {"topic": "recipes", "channel": "email"}
    answer = await api.post("/api/v1/profiles/external_id:x/double-opt-in", json=request)
    assert (answer.status_code, answer.json()["title"]) == (409, "This person has no address for email.")


def test_the_mail_keeps_its_links() -> None:
    """Of our own pages none is rewritten, in whatever order it stands; the others lead where they should."""
    message = content.parse(
        MESSAGE
        | {
            "name": "x",
            "locales": {
                "en": {
                    "sms": {"text": "{{ preferences_url }} https://a.example {{ unsubscribe_url }} https://b.example"}
                }
            },
        }
    )
    addressing = content.Addressing(
        "https://m.example", lambda kind, *numbers: "-".join(map(str, numbers)), 7, content.Brand("x"), preferences=True
    )
    body = content.render(message, channel=Channel.SMS, variables={}, addressing=addressing)
    assert getattr(body, "text", "") == (
        "https://m.example/p/7 https://m.example/c/7-1 https://m.example/u/7 https://m.example/c/7-3"
    )
    found = [content.target(message, n, channel=Channel.SMS, variables={}) for n in (1, 3)]
    assert found == ["https://a.example", "https://b.example"]
    for n in (0, 2):
        with pytest.raises(Exception, match="leads nowhere"):
            content.target(message, n, channel=Channel.SMS, variables={})
