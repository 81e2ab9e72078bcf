"""Who a mail says it is from: the company behind the brand, and where answers go."""

from __future__ import annotations

from antiphon.kernel import settings
from antiphon.kernel.settings import Settings
from orchestration.stage import Stage


def test_the_imprint_is_the_address_alone_until_a_legal_name_is_set() -> None:
    assert Settings().imprint == ""
    assert Settings(postal_address="Mill Lane").imprint == "Mill Lane"
    assert Settings(postal_address="Mill Lane", legal_name="Larkspur Ltd").imprint == "Larkspur Ltd, Mill Lane"


async def test_a_mail_names_the_company_in_its_footer_and_says_where_answers_go(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    async with stage.database.transaction() as tx:
        company = {"legal_name": "Larkspur Ltd", "postal_address": "12 Mill Lane", "reply_to": "care@larkspur.example"}
        await settings.write(tx, company)
    await stage.people(1, "email")
    await stage.until(await stage.campaign("email"), "done")
    ((_, outgoing),) = desk.left
    assert outgoing.body.reply_to == "care@larkspur.example"
    assert "Larkspur Ltd, 12 Mill Lane" in outgoing.body.text
    assert "Larkspur Ltd, 12 Mill Lane" in outgoing.body.html
