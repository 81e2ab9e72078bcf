"""A key asks so often a second and no more; a rest gives back a second's worth, never more."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.gatehouse import FROM_OURS, asking, cookie
from antiphon import access
from antiphon.access.pace import Pace
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid, TooOften


@given(per_second=st.integers(1, 50), pauses=st.lists(st.floats(0, 2), max_size=200), begun=st.floats(0, 1e6))
def test_no_second_sees_more_than_two_seconds_worth_and_none_is_lost(
    per_second: int, pauses: list[float], begun: float
) -> None:
    """What was saved up and what came meanwhile: a full bucket and one second."""
    pace, now, taken = Pace(per_second), begun, []
    for pause in pauses:
        now += pause
        if pace.take(now):
            taken.append(now)
        else:
            assert len([at for at in taken if at > now - 1.0]) >= min(per_second, 1), "refused whoever asked little"
    for at in taken:
        assert len([other for other in taken if at <= other < at + 1.0]) <= 2 * per_second


def test_a_steady_asker_at_the_limit_is_never_refused() -> None:
    pace = Pace(10)
    assert all(pace.take(n / 9.99) for n in range(10_000))
    assert sum(pace.take(2_000 + n / 40) for n in range(400)) in range(105, 112)


async def made(database: Database, scope: access.Scope, per_second: int | None) -> str:
    async with database.transaction() as tx:
        return (await access.create_key(tx, "shop", scope, per_second=per_second))[1]


async def test_a_key_that_asks_too_fast_is_told_when_to_come_again(database: Database) -> None:
    async with asking(database) as client:
        slow = {"Authorization": f"Bearer {await made(database, 'read', 3)}"}
        free = {"Authorization": f"Bearer {await made(database, 'read', None)}"}
        answers = [await client.get("/api/v1/segments", headers=slow) for _ in range(20)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) > 10
        assert {answer.status_code for answer in answers} == {200, 429}
        assert refused[0].json()["code"] == "too_often"
        assert refused[0].headers["Retry-After"] == "1"
        assert "held to 3 a second" in refused[0].json()["title"]
        assert {(await client.get("/api/v1/segments", headers=free)).status_code for _ in range(20)} == {200}
        await asyncio.sleep(1)
        assert (await client.get("/api/v1/segments", headers=slow)).status_code == 200


async def test_a_limit_is_shown_and_one_that_is_none_is_refused(database: Database) -> None:
    async with asking(database) as client:
        owner = await cookie(database, "owner")
        for wanted, status in ((50, 201), (None, 201), (0, 400), (-1, 400), (100_001, 400), (1.5, 400)):
            body = {"name": "shop", "scope": "write", "per_second": wanted}
            answer = await client.post("/api/v1/keys", json=body, headers=owner | FROM_OURS)
            assert answer.status_code == status, answer.text
            if status == 400:
                assert answer.json()["errors"][0]["at"] == "per_second"
        listed = (await client.get("/api/v1/keys", headers=owner)).json()["keys"]
    assert [key["per_second"] for key in listed] == [None, 50]


async def test_the_check_of_the_intake_keeps_the_pace_too(database: Database) -> None:
    key = await made(database, "write", 1)
    await access.check(database, key, "write")
    with pytest.raises(TooOften, match="1 a second"):
        await access.check(database, key, "write")


async def test_no_limit_is_below_one(database: Database) -> None:
    for none in (0, -5):
        with pytest.raises(Invalid):
            await made(database, "read", none)
