"""Large campaigns are not counted anew for everybody who looks; small ones always are."""

from __future__ import annotations

import pytest

from antiphon.orchestration import tallying
from orchestration.stage import Stage

ONE_IS_DELIVERED = "UPDATE notification SET state = 'delivered' WHERE id = (SELECT min(id) FROM notification)"


async def test_what_is_large_is_told_as_it_was_a_moment_ago_but_never_of_another_state(
    stage: Stage, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallying, "MANY", 1)
    monkeypatch.setattr(tallying, "QUICK_S", -1.0)
    monkeypatch.setattr(tallying, "REST", 1e9)
    mail = await stage.account("email")
    mail.slow_s = 0.2
    await stage.people(30, "email")
    campaign = await stage.campaign("email")
    assert (await stage.until(campaign, "done")).notifications == {"sent": 30}
    await stage.sql(ONE_IS_DELIVERED)
    assert (await stage.view(campaign)).notifications == {"sent": 30}


async def test_what_is_small_is_counted_each_time_however_slow_the_machine(
    stage: Stage, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallying, "QUICK_S", -1.0)
    await stage.account("email")
    await stage.people(3, "email")
    campaign = await stage.campaign("email")
    assert (await stage.until(campaign, "done")).notifications == {"sent": 3}
    await stage.sql(ONE_IS_DELIVERED)
    assert (await stage.view(campaign)).notifications == {"sent": 2, "delivered": 1}
