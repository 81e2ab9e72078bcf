"""A message of a further brand has that brand's face everywhere; what the brand leaves empty is the company's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from antiphon import campaigns, content
from antiphon.kernel import settings
from antiphon.kernel.clock import ClockState
from antiphon.kernel.errors import Invalid
from antiphon.kernel.settings import FurtherBrand, Settings, UnknownBrand
from conftest import START
from orchestration.stage import Stage

COMPANY = {"brand_name": "Larkspur", "postal_address": "12 Mill Lane", "sender_email": "hello@larkspur.example"}
OFFICE = {
    "name": "Larkspur Office",
    "sender_email": "desk@office.example",
    "reply_to": "care@office.example",
    "sender_sms": "OFFICE",
    "brand_color": "#aa3300",
}


@pytest.fixture
async def company(stage: Stage) -> None:
    async with stage.database.transaction() as tx:
        await settings.write(tx, {**COMPANY, "brands": {"office": OFFICE}})


@pytest.mark.usefixtures("company", "worker")
async def test_a_mail_of_a_brand_has_its_name_sender_colour_and_answers_go_there(stage: Stage) -> None:
    desk = await stage.account("email")
    await stage.people(1, "email")
    message = await stage.message("email", brand="office")
    await stage.until(await stage.campaign("email", message=message), "done")
    ((_, outgoing),) = desk.left
    assert (outgoing.body.sender_name, outgoing.body.sender) == ("Larkspur Office", "desk@office.example")
    assert outgoing.body.reply_to == "care@office.example"
    assert "Larkspur Office" in outgoing.body.text
    assert "12 Mill Lane" in outgoing.body.text, "the brand has no address of its own"


@pytest.mark.usefixtures("company", "worker")
async def test_a_text_message_of_a_brand_comes_from_it(stage: Stage) -> None:
    desk = await stage.account("sms")
    await stage.people(1, "phone")
    message = await stage.message("sms", brand="office")
    await stage.until(await stage.campaign("sms", message=message), "done")
    ((_, outgoing),) = desk.left
    assert outgoing.body.sender == "OFFICE"


@pytest.mark.usefixtures("company")
async def test_a_message_of_no_brand_that_there_is_is_not_published_nor_sent(stage: Stage) -> None:
    await stage.account("email")
    with pytest.raises(Invalid) as refused:
        await stage.message("email", brand="offise")
    assert [flaw.at for flaw in refused.value.flaws] == ["brand"]
    message = await stage.message("email", brand="office")
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"brands": {}})
    with pytest.raises(UnknownBrand):
        await stage.campaign("email", message=message)


@pytest.mark.usefixtures("company", "worker")
async def test_a_brand_that_goes_away_under_way_sends_nothing_in_another_name(stage: Stage) -> None:
    desk = await stage.account("email")
    await stage.people(1, "email")
    draft = await stage.campaign("email", message=await stage.message("email", brand="office"), launched=False)
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"recall_s": 2.0})
    campaign = await stage.steer(campaigns.launch, draft)
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"brands": {}})
    await stage.database.move_clock(lambda _state: ClockState(held_at=START + timedelta(seconds=5)))
    await stage.until(campaign, "done")
    assert desk.left == []


@pytest.mark.usefixtures("company")
async def test_a_preview_shows_the_brand_and_names_one_that_is_none(stage: Stage) -> None:
    document = {
        "name": "m",
        "topic": "t",
        "brand": "office",
        "locales": {
            "en": {
                "email": {"subject": "Hi", "blocks": [{"kind": "button", "label": "Go", "url": "https://x.example"}]}
            }
        },
    }
    async with stage.database.transaction(read_only=True) as tx:
        right = await content.show(tx, document, content.Wanted())
        wrong = await content.show(tx, {**document, "brand": "none"}, content.Wanted())
    assert right.email is not None
    assert "#aa3300" in right.email.html
    assert [problem.at for problem in wrong.problems if problem.severity == "error"] == ["brand"]
    assert wrong.email is not None, "the rest is shown all the same"


def test_what_a_brand_leaves_empty_is_the_companys() -> None:
    company = Settings(brand_name="A", privacy_url="https://a.example", brands={"b": FurtherBrand(name="B")})
    face = company.as_brand("b")
    assert (face.brand_name, face.privacy_url) == ("B", "https://a.example")
    assert company.as_brand("") is company
