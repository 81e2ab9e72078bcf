"""From traits and numbers to the wait: what the decision reads about where somebody lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from antiphon.kernel import settings
from antiphon.kernel.records import Identifier, Purpose
from orchestration.stage import Stage


@pytest.mark.parametrize(
    ("traits", "until"),
    [
        ({"country": "US", "state": "FL"}, datetime(2026, 1, 1, 14, tzinfo=UTC)),  # 8 in Pensacola, 9 in Miami
        ({"country": "United States", "timezone": "America/New_York"}, datetime(2026, 1, 1, 13, tzinfo=UTC)),
        ({"address": {"country": "US", "state": "Texas"}}, datetime(2026, 1, 1, 16, tzinfo=UTC)),  # 9 in El Paso
        ({"country": "FR"}, datetime(2026, 1, 2, 7, tzinfo=UTC)),
        ({"country": "IN"}, None),
        ({"country": "IN", "device_timezone": "Asia/Tokyo"}, datetime(2026, 1, 2, 1, tzinfo=UTC)),
        ({"country": "GB"}, None),
        ({}, None),
        ({"timezone": 7, "country": ["x"], "state": {"a": 1}, "address": "somewhere"}, None),
    ],
)
async def test_marketing_by_sms_waits_for_the_hours_of_where_they_live(stage: Stage, traits, until) -> None:
    await stage.account("sms")
    await stage.people(1, "phone", traits=traits)
    number = await stage.send(
        await stage.message("sms"), Identifier("phone", "+447900000000"), purpose=Purpose.CAMPAIGN
    )
    view = await stage.show(number)
    assert view.decision is not None
    if until is None:
        assert (view.state, view.channel) == ("open", "sms")
    else:
        assert (view.state, view.reason) == ("waiting", "quiet_hours")
        assert datetime.fromisoformat(view.decision["until"]) == until


async def test_the_wait_ends_by_itself_and_a_code_never_waits(stage: Stage, worker: None, move) -> None:
    desk = await stage.account("sms")
    await stage.people(1, "phone", traits={"country": "FR"})
    message, to = await stage.message("sms"), Identifier("phone", "+447900000000")
    held = await stage.send(message, to, purpose=Purpose.CAMPAIGN)
    code = await stage.send(message, to, purpose=Purpose.CODE)

    async def code_left() -> bool:
        return len(desk.left) == 1

    await stage.eventually(code_left, what=lambda: stage.show(code))
    assert (await stage.show(held)).state == "waiting"
    await move(timedelta(hours=20))

    async def both_left() -> bool:
        return len(desk.left) == 2

    await stage.eventually(both_left, what=lambda: stage.show(held))


async def test_a_law_that_the_operator_switched_off_holds_nobody_up(stage: Stage) -> None:
    await stage.account("sms")
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"jurisdictions": {"FR": {"enabled": False}}})
    await stage.people(1, "phone", traits={"country": "FR"})
    number = await stage.send(
        await stage.message("sms"), Identifier("phone", "+447900000000"), purpose=Purpose.CAMPAIGN
    )
    assert (await stage.show(number)).state == "open"
