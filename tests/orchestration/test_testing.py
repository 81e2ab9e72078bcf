"""Send a test: through this account, to this address, once, by the way that every message takes."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon import channels, profiles
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.records import Accepted, Identifier, NotificationId, Receipt, Refused
from antiphon.orchestration import testing
from antiphon.orchestration.testing import TestView
from orchestration.stage import Stage, working

ADA = Identifier("email", "ada@example.org")


async def send(stage: Stage, name: str, to: Identifier = ADA, **options: Any) -> NotificationId:
    async def work(tx: Any) -> NotificationId:
        return await testing.send_test(tx, await channels.find(tx, name), to, **options)

    return await stage.database.repeat(work)


async def look(stage: Stage, name: str, number: NotificationId) -> TestView:
    async with stage.database.transaction(read_only=True) as tx:
        return await testing.read_test(tx, await channels.find(tx, name), number)


async def done(stage: Stage, name: str, number: NotificationId) -> TestView:
    async def is_done() -> bool:
        return (await look(stage, name, number)).done

    await stage.eventually(is_done, what=lambda: look(stage, name, number))
    return await look(stage, name, number)


def steps(view: TestView) -> list[tuple[str, str]]:
    return [(step.name, step.state) for step in view.steps]


async def test_it_leaves_through_the_account_that_is_tested_though_another_is_preferred(
    stage: Stage, worker: None
) -> None:
    preferred = await stage.account("email", "preferred", rank=0)
    tested = await stage.account("email", "tested", rank=9)
    tested.answer = lambda _outgoing: Accepted("x1")
    view = await done(stage, "tested", await send(stage, "tested", text="Hello from here"))
    assert view.ok
    assert steps(view) == [("decided", "ok"), ("handed_over", "ok"), ("answered", "ok"), ("delivered", "waiting")]
    assert preferred.left == []
    ((_, outgoing),) = tested.left
    assert (outgoing.to, "Hello from here" in outgoing.body.text) == ("ada@example.org", True)
    (row,) = await stage.sql("SELECT purpose, kind FROM source")
    assert tuple(row) == ("test", "api")


async def test_what_the_provider_reports_later_is_followed(stage: Stage, worker: None) -> None:
    await stage.account("sms", "operator")
    number = await send(stage, "operator", Identifier("phone", "+447900000001"))
    await done(stage, "operator", number)
    (row,) = await stage.sql("SELECT id FROM delivery")
    await stage.hear(Receipt("delivered", stage.database.clock.now(), delivery=row["id"]))

    async def delivered() -> bool:
        return steps(await look(stage, "operator", number))[-1] == ("delivered", "ok")

    await stage.eventually(delivered)


async def test_a_refusal_is_told_in_the_providers_words_and_no_other_account_stands_in(
    stage: Stage, worker: None
) -> None:
    other = await stage.account("email", "other")
    tested = await stage.account("email", "tested", rank=9)
    tested.answer = lambda _o: Refused("policy", "550 5.7.1", "<ada@example.org> not from you, ada@example.org")
    number = await send(stage, "tested")
    view = await done(stage, "tested", number)
    assert not view.ok
    assert steps(view)[-1] == ("answered", "failed")
    assert "550 5.7.1" in view.steps[-1].says
    assert "ada" not in view.steps[-1].says
    await stage.until_state(number, "failed")
    assert other.left == []
    assert len(tested.left) == 1


async def test_an_account_that_goes_down_meanwhile_is_not_replaced(stage: Stage) -> None:
    other = await stage.account("email", "other")
    tested = await stage.account("email", "tested", rank=9)
    number = await send(stage, "tested")
    tested.down = True
    async with working(stage.runtime):
        await stage.until_state(number, "failed")
        with pytest.raises(Conflict, match="nobody is there"):
            await send(stage, "tested")
    view = await look(stage, "tested", number)
    assert (view.ok, view.done) == (False, True)
    assert other.left == []


async def test_of_several_addresses_the_one_that_was_named_is_taken(stage: Stage, worker: None) -> None:
    tested = await stage.account("email", "tested")
    second = Identifier("email", "second@example.org")
    fact = profiles.Fact("test", "1", stage.database.clock.now(), (Identifier("external_id", "1"), ADA, second))
    await stage.database.repeat(lambda tx: profiles.record(tx, [fact]))
    for to in (ADA, second):
        await done(stage, "tested", await send(stage, "tested", to))
    assert tested.to == [ADA.value, second.value]


async def test_whoever_opted_out_of_everything_gets_no_test_and_the_step_says_so(stage: Stage) -> None:
    await stage.account("email", "tested")
    async with stage.database.transaction() as tx:
        await profiles.opt_out(tx, "email", [ADA.value], scope="everything", how="test")
    view = await look(stage, "tested", await send(stage, "tested"))
    assert (view.state, view.done, steps(view)) == ("dropped", True, [("decided", "failed")])
    assert "opted out" in view.steps[0].says


async def test_what_cannot_be_tested_says_why(stage: Stage) -> None:
    await stage.account("email", "tested")
    number = await send(stage, "tested")
    await stage.account("email", "other")
    with pytest.raises(NotFound):
        await look(stage, "other", number)
    async with stage.database.transaction() as tx:
        await channels.switch(tx, stage.providers["other"], enabled=False)
    with pytest.raises(Conflict, match="switched off"):
        await send(stage, "other")
    await stage.account("voice", "caller")
    with pytest.raises(Conflict, match="voice"):
        await send(stage, "caller")
